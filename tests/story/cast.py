"""The people of a made-up company, played by hand: what they do, and what each of them sees."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

from simulator.story import actions, seen_on
from tests.company import Company

REP = "陈磊"
SECOND = "王芳"
MANAGER = "Julia Weber"
ENGLISH_REP = "Lena Fischer"
LAST_CHANNEL = "客户成功"
OFFICE_OPENS = 60
"""Wall seconds: the hub's Teams side is ready when its SDK is loaded, which no clock of ours can push."""
Json = dict[str, Any]


@dataclass(kw_only=True)
class Cast:
    """Everybody, through the world's control API."""

    made: Company

    # --- time ---------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until hub and world are at rest."""
        self.made.ask("/control/settle", {})

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.made.ask("/clock")["now"])

    def push(self, **span: float) -> None:
        """Let business time pass: days, hours, minutes, seconds."""
        units = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
        self.made.ask("/control/clock", {"push_seconds": sum(units[u] * n for u, n in span.items())})

    def until(self, moment: str) -> None:
        """Let business time pass until an ISO moment."""
        self.made.ask("/control/clock", {"to": moment})

    # --- reps ---------------------------------------------------------------------------------------------------------

    def open_office(self) -> None:
        """The bot comes into the team and into everybody's chat; the channels of the matrix appear."""
        self.made.ask("/control/teams/install", {"team": True})
        for rep in (REP, SECOND, ENGLISH_REP, MANAGER):
            self.made.ask("/control/teams/install", {"rep": rep})
        self.settle()
        end = time.monotonic() + OFFICE_OPENS
        while time.monotonic() < end:
            if any(c["name"] == LAST_CHANNEL for c in self.made.ask("/control/teams/threads")["channels"]):
                self.push(minutes=10)  # the hub may have to wait before it can look up the last of it
                return
            self.push(seconds=5)
        raise AssertionError(f"the channels of the matrix never appeared\n{self.made.logs()}")

    def threads(self) -> list[Json]:
        """Every thread with the name of its channel, oldest first."""
        channels = self.made.ask("/control/teams/threads")["channels"]
        found = [t | {"channel": c["name"]} for c in channels for t in c["threads"]]
        return sorted(found, key=lambda t: str(t["root"]["at"]))

    def thread(self, words: str) -> Json:
        """The newest thread in which these words stand, on its card or in a line."""
        for thread in reversed(self.threads()):
            if any(words in seen_on(post) for post in (thread["root"], *thread["replies"])):
                return thread
        raise AssertionError(f"{words!r} stands in no thread\n{self.made.logs()}")

    def lines(self, words: str) -> list[str]:
        """What can be read in the thread of these words, line by line, without its card, a moment later."""
        self.push(seconds=5)
        return [seen_on(reply) for reply in self.thread(words)["replies"]]

    def card(self, words: str) -> str:
        """What can be read on the card of the thread of these words, a moment later: Teams limits how often we post."""
        self.push(seconds=40)
        return seen_on(self.thread(words)["root"])

    def press(self, rep: str, post: Json, verb: str, **inputs: str) -> Json:
        """Press a button of a post; the answer's body."""
        self.settle()
        wish = {"rep": rep, "activity_id": post["id"], "verb": verb, "inputs": inputs}
        answer: Json = self.made.ask("/control/teams/card", wish)["body"]
        self.settle()
        return answer

    def type(self, rep: str, thread: Json, text: str) -> None:
        """Write `@Tower ...` into a thread."""
        wish = {"rep": rep, "conversation": thread["id"], "text": text, "mention": True}
        self.made.ask("/control/teams/say", wish)
        self.push(seconds=5)

    def tell_bot(self, rep: str, text: str) -> None:
        """Write to the bot alone."""
        self.made.ask("/control/teams/say", {"rep": rep, "personal": True, "text": text})
        self.settle()

    def told(self, rep: str) -> list[Json]:
        """What the bot wrote to a rep alone."""
        messages: list[Json] = self.made.ask(f"/control/teams/personal?rep={quote(rep)}")["messages"]
        return [m for m in messages if m["by_bot"]]

    def offers(self, thread: Json, verb: str) -> list[Json]:
        """Lines of a thread with a button for this verb."""
        return [r for r in thread["replies"] if any(a["verb"] == verb for a in actions(r["cards"]))]

    # --- customers ----------------------------------------------------------------------------------------------------

    def enter(self, person: str, code: str = "expo-2026") -> None:
        """She scans a code and the service chat opens."""
        self.made.ask("/control/wecom/enter", {"person": person, "scene": "qr", "scene_param": code})
        self.settle()

    def say(self, person: str, text: str) -> None:
        """She writes in her chat."""
        self.made.ask("/control/wecom/say", {"person": person, "text": text})
        self.settle()

    def talk(self, person: str, text: str) -> Json:
        """She scans, writes, and a rep claims her; her thread."""
        self.enter(person)
        self.say(person, text)
        self.press(REP, self.thread(text)["root"], "claim")
        return self.thread(text)

    def consent(self, person: str, text: str, address: str) -> None:
        """The rep asks for her address; she leaves it, and agrees to mails, behind the link."""
        self.press(REP, self.thread(text)["root"], "form")
        [link] = re.findall(r"https?://[\w.:/-]+/f/[\w.-]+", self.chat(person)[-1])
        fields = {"mail": address, "name": person, "company": "华锐汽车零部件", "consent": "yes"}
        assert self.made.ask("/control/mail/form", {"url": link, "fields": fields})["status"] == 200
        self.settle()

    def mail(self, deed: str, **wish: object) -> Json:
        """What a customer does with her mail: reply, bounce, complain, unsubscribe, click, scan, refuse."""
        told: Json = self.made.ask(f"/control/mail/{deed}", wish)
        self.settle()
        return told

    def chat(self, person: str) -> list[str]:
        """What we wrote to her in her chat."""
        lines = self.made.ask(f"/control/wecom/chat?person={quote(person)}")["lines"]
        return [str(line["text"]) for line in lines if line["by"] == "hub"]

    def mails(self, address: str) -> list[Json]:
        """Her mailbox."""
        box: list[Json] = self.made.ask(f"/control/mail/box?address={address}")
        return box

    def counts(self) -> Json:
        found: Json = self.made.ask("/control/counts")
        return found


def more_people(folder: Path, *names: str) -> dict[str, str]:
    """Let more customers live in the world; their mail addresses by name. Before the world is started."""
    path = folder / "world.json"
    world = json.loads(path.read_text(encoding="utf-8"))
    for number, name in enumerate(names):
        key = f"guest{number:02}"
        person = {
            "name": name,
            "external_userid": f"wm{key}AAAAAAAAAAAAAAAA",
            "unionid": f"o{key}AAAAAAAAAAAAAAAA",
            "mail": f"{key}@customer.example",
            "language": "zh-CN",
        }
        world["people"].append(person)
    path.write_text(json.dumps(world, ensure_ascii=False), encoding="utf-8")
    return {person["name"]: person["mail"] for person in world["people"]}


def status_of(error: HTTPError) -> int:
    """The status of a refused call; its body is read, so that nothing is left open."""
    error.read()
    error.close()
    return error.code
