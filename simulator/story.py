"""The whole main job, played by scripted people over the platforms' own protocols and the control API.

A customer scans a code and writes; a rep claims and answers; she leaves her address; the conversation goes quiet;
one mail wakes it; her answer reopens the thread. `python -m simulator.story --world URL` plays it against a running
world and prints one JSON line. It exits 0 only if every step happened and nothing was lost or doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

CUSTOMER = "王敏"
REP = "陈磊"
MANAGER = "Julia Weber"
FIRST = "你好，我们是做汽车零部件的制造企业，想了解智能工厂方案，能发一份报价吗？"
SECOND = "我们有三条产线，预计明年一季度上线。"
ANSWER = "王总您好，我是陈磊。智能工厂方案和报价我今天整理给您，三条产线可以分期上线。"
PATIENCE = 5
"""Virtual seconds people wait before they look again."""
WAKE_REPLY = "谢谢资料，案例很有参考价值。下周二上午可以安排演示吗？"


class StoryError(Exception):
    """A step did not happen."""


@dataclass(kw_only=True)
class Story:
    """The people of the story, and what they saw."""

    http: ClientSession
    world: str
    tell: Callable[[str], None] = lambda line: None
    start: datetime | None = None
    steps: list[dict[str, str]] = field(default_factory=list)
    trace: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    """Notices about unclear sendings that were answered."""

    async def get(self, path: str, **query: str) -> Any:
        """Ask the control API."""
        async with self.http.get(self.world + path, params=query) as answer:
            return orjson.loads(await answer.read())

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Tell the control API. Raises StoryError when it refuses."""
        async with self.http.post(self.world + path, json=body) as answer:
            told = orjson.loads(await answer.read() or b"{}")
            if answer.status >= 400:
                raise StoryError(f"{path}: {answer.status} {told}")
            return told

    async def until(self, what: str, look: Callable[[], Awaitable[Any]]) -> Any:
        """Settle the world and look, a few times over; what was seen. Raises StoryError when it never shows."""
        for _ in range(40):
            await self.settle()
            if seen := await look():
                return seen
            await self.post("/control/clock", {"push_seconds": PATIENCE})
        raise StoryError(f"never happened: {what}")

    async def settle(self) -> None:
        """Wait until hub and world are at rest, settling as an owner would what ended unclear."""
        await self.post("/control/settle", {})
        await self.settle_unknown()

    async def step(self, step: Step) -> None:
        """Play one step at its fixed virtual moment, counted from the start of the story."""
        assert self.start is not None  # noqa: S101
        moment = self.start + timedelta(minutes=step.minutes)
        await self.post("/control/clock", {"to": moment.isoformat()})
        await self.settle_unknown()
        await step.act(self)
        self.steps.append({"step": step.name, "at": moment.isoformat()})
        self.tell(f"{moment:%Y-%m-%d %H:%M}  {step.name}")

    # --- what people see --------------------------------------------------------------------------------------------

    async def thread(self) -> dict[str, Any] | None:
        """The thread of the customer: the newest one whose card names her."""
        channels = (await self.get("/control/teams/threads"))["channels"]
        ours = [t for c in channels for t in c["threads"] if CUSTOMER in seen_on(t["root"])]
        return max(ours, key=lambda t: str(t["root"]["at"]), default=None)

    async def line(self, text: str) -> dict[str, Any] | None:
        """The newest line of her thread that holds this text: one that was posted again says so, and counts."""
        thread = await self.thread()
        return next((r for r in reversed(thread["replies"] if thread else []) if text in seen_on(r)), None)

    async def chat(self, text: str, by: str = "hub") -> dict[str, Any] | None:
        """The message in her chat that holds this text."""
        messages = (await self.get("/control/wecom/chat", person=CUSTOMER))["lines"]
        return next((m for m in reversed(messages) if m["by"] == by and text in str(m["text"])), None)

    async def mails(self) -> list[dict[str, Any]]:
        """Her mailbox."""
        address = (await self.get("/control/people"))["people"][0]["mail"]
        box: list[dict[str, Any]] = await self.get("/control/mail/box", address=address)
        return box

    # --- what people do ---------------------------------------------------------------------------------------------

    async def press(
        self, rep: str, verb: str, inputs: dict[str, str], done: Callable[[], Awaitable[Any]] | None = None
    ) -> Any:
        """Press a button of her root card; press again only when nothing came of it, as a person would.

        `done` looks whether it had its effect; a button that only tells something is done when it told it.
        """
        for _ in range(10):
            thread = await self.until("her thread", self.thread)
            wish = {"rep": rep, "activity_id": thread["root"]["id"], "verb": verb, "inputs": inputs}
            answer = await self._pressed(wish)
            await self.settle()
            if answer if done is None else await done():
                return answer
            await self.post("/control/clock", {"push_seconds": PATIENCE})
        raise StoryError(f"{verb} had no effect")

    async def _pressed(self, wish: dict[str, Any]) -> dict[str, Any] | None:
        """What the client showed, or None for its "something went wrong"."""
        try:
            answer = await self.post("/control/teams/card", wish)
        except (StoryError, ClientError, TimeoutError):
            return None
        body = answer.get("body")
        return body if answer["status"] == 200 and isinstance(body, dict) and body.get("statusCode") == 200 else None

    async def settle_unknown(self) -> None:
        """Answer every open question "did this arrive?" by looking whether it did, as its owner can."""
        for rep in (REP, MANAGER):
            chat = await self.get("/control/teams/personal", rep=rep)
            for notice in chat["messages"]:
                verbs = {a["verb"] for a in actions(notice["cards"])}
                if "settle_arrived" in verbs and notice["id"] not in self.settled:
                    self.settled.add(notice["id"])
                    await self.settle_one(rep, notice)
                    await self.post("/control/settle", {})

    async def settle_one(self, rep: str, notice: dict[str, Any]) -> None:
        """One open question. A card that may stand in its channel is best answered by pressing a button on it."""
        text, post = seen_on(notice), notice["id"]
        if "会话卡片" in text or "card may stand" in text:
            root = await self.thread()
            post, verb = (root["root"]["id"], "why") if root else (post, "settle_again")
        else:
            verb = "settle_arrived" if await self.arrived(text) else "settle_again"
        await self.post("/control/teams/card", {"rep": rep, "activity_id": post, "verb": verb, "inputs": {}})

    async def arrived(self, notice: str) -> bool:
        """Whether what the notice is about is to be seen in the world."""
        if "唤醒邮件" in notice or "wake-up mail" in notice:
            return bool(await self.mails())
        entries = (await self.get("/control/log", after="0", wait="0"))["entries"]
        shown = [str(e["data"].get("text", "")) for e in entries if e["kind"] == "shown"]
        quoted = [text for text in (FIRST, SECOND, ANSWER, WAKE_REPLY) if text in notice]
        if not quoted:
            raise StoryError(f"nobody can tell what this notice is about: {notice}")
        return any(quoted[0] in body for body in shown)

    # --- the story --------------------------------------------------------------------------------------------------

    async def play(self) -> dict[str, Any]:
        """Play every step; the summary."""
        self.start = datetime.fromisoformat((await self.get("/clock"))["now"]) + timedelta(minutes=5)
        for step in STEPS:
            await self.step(step)
        await self.settle()
        counts = await self.get("/control/counts")
        return {
            "story": self.steps,
            "messages": {"in": counts["said"]} | {k: counts[k] for k in ("delivered", "lost", "doubled")},
            "lost": counts["lost"],
            "doubled": counts["doubled"],
            "wakeups": counts["wakeups"],
            "trace": self.trace,
        }

    async def install(self) -> None:
        """The bot comes into the team and into the chats of everybody in it; channels appear."""
        if await self._channels():
            return
        await self.post("/control/teams/install", {"team": True})
        for employee in (await self.get("/control/people"))["employees"]:
            if not employee["in_teams"]:
                continue
            await self.post("/control/teams/install", {"rep": employee["aad_id"]})
        await self.until("channels of the matrix", self._channels)
        wish = {"rep": REP, "personal": True, "text": "settings notices both"}
        await self.post("/control/teams/say", wish)

    async def _channels(self) -> bool:
        return len((await self.get("/control/teams/threads"))["channels"]) > 1

    async def scan(self) -> None:
        """She scans the code of the fair stand and is welcomed."""
        await self.post("/control/wecom/enter", {"person": CUSTOMER, "scene": "qr", "scene_param": "expo-2026"})
        await self.until("a welcome", lambda: self.chat(""))

    async def write(self) -> None:
        """She writes, twice."""
        await self.post("/control/wecom/say", {"person": CUSTOMER, "text": FIRST})
        await self.post("/control/wecom/say", {"person": CUSTOMER, "text": SECOND})
        await self.until("her first words in a thread", lambda: self.line(FIRST))
        await self.until("her second words in the thread", lambda: self.line(SECOND))

    async def routed(self) -> None:
        """The reason can be read in both languages."""
        for rep, language in ((REP, "zh"), (MANAGER, "en")):
            answer = await self.press(rep, "why", {})
            self.trace[language] = str(answer["value"])

    async def claim(self) -> None:
        """The rep takes the conversation."""
        await self.press(REP, "claim", {}, lambda: self.on_card(REP))

    async def on_card(self, text: str) -> bool:
        """Whether the root card shows this text."""
        thread = await self.thread()
        return bool(thread and text in seen_on(thread["root"]))

    async def answer(self) -> None:
        """The rep answers from the card; the thread says that it was delivered."""
        await self.press(REP, "reply", {"text": ANSWER}, lambda: self.line(ANSWER))

    async def read(self) -> None:
        """The customer reads the answer where she wrote, and the rep sees that."""
        await self.until("the answer in her chat", lambda: self.chat(ANSWER))
        await self.until("delivered, on the line", self._delivered)

    async def _delivered(self) -> bool:
        line = await self.line(ANSWER)
        seen = seen_on(line) if line else ""
        return "已送达" in seen or "delivered" in seen.lower()

    async def ask_mail(self) -> None:
        """The rep asks for her address; she gets a one-time link in her own chat."""
        await self.press(REP, "form", {}, lambda: self.chat("/f/"))

    async def form(self) -> None:
        """She leaves address and consent behind the link."""
        message = await self.until("the link", lambda: self.chat("/f/"))
        [link] = re.findall(r"https?://[\w.:/-]+/f/[\w.-]+", str(message["text"]))
        address = (await self.get("/control/people"))["people"][0]["mail"]
        fields = {"mail": address, "name": CUSTOMER, "company": "华锐汽车零部件", "title": "CIO", "consent": "yes"}
        told = await self.post("/control/mail/form", {"url": link, "fields": fields})
        if told["status"] != 200:
            raise StoryError(f"the form answered {told['status']}")

    async def preview(self) -> None:
        """Quiet for a week: the owner sees the mail before anybody else."""
        await self.until("the mail's preview in the thread", self._preview)
        if await self.mails():
            raise StoryError("the mail went out before its owner could see it")

    async def _preview(self) -> bool:
        thread = await self.thread()
        return any(a["verb"] == "wake_now" for r in (thread or {}).get("replies", ()) for a in actions(r["cards"]))

    async def woken(self) -> None:
        """The owner said nothing: the mail is in her box, once."""
        await self.until("the wake-up mail", self.mails)
        if len(await self.mails()) != 1:
            raise StoryError("more than one mail arrived")

    async def answer_mail(self) -> None:
        """She answers the mail."""
        mail = (await self.mails())[0]
        await self.post(
            "/control/mail/reply", {"address": mail["address"], "id": mail["id"], "text": WAKE_REPLY, "auto": False}
        )

    async def reopened(self) -> None:
        """Her answer stands in her own thread, which still has its owner."""
        await self.until("her answer in the thread", lambda: self.line(WAKE_REPLY))
        await self.until("the owner on the card", lambda: self.on_card(REP))


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the story: what it is called, when it begins, and what people do in it."""

    name: str
    minutes: float
    """Virtual minutes after the start of the story."""
    act: Callable[[Story], Awaitable[None]]


_DAY = 24 * 60
STEPS = (
    Step(name="bot_installed", minutes=0, act=Story.install),
    Step(name="customer_scanned_code", minutes=10, act=Story.scan),
    Step(name="customer_wrote", minutes=20, act=Story.write),
    Step(name="routed_with_reason", minutes=30, act=Story.routed),
    Step(name="rep_claimed", minutes=40, act=Story.claim),
    Step(name="rep_answered", minutes=50, act=Story.answer),
    Step(name="customer_read_answer", minutes=60, act=Story.read),
    Step(name="rep_asked_for_mail", minutes=70, act=Story.ask_mail),
    Step(name="customer_left_mail_and_consent", minutes=80, act=Story.form),
    Step(name="went_quiet_owner_saw_mail", minutes=7 * _DAY + 120, act=Story.preview),
    Step(name="wakeup_mail_arrived", minutes=8 * _DAY, act=Story.woken),
    Step(name="customer_answered_mail", minutes=8 * _DAY + 120, act=Story.answer_mail),
    Step(name="thread_reopened_with_owner", minutes=8 * _DAY + 130, act=Story.reopened),
)
"""The whole story, in order."""


def walk(card: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a card."""
    if isinstance(card, dict):
        yield card
        for value in card.values():
            yield from walk(value)
    elif isinstance(card, list):
        for value in card:
            yield from walk(value)


def texts(card: Any) -> str:
    """All text a person can read on a card, one piece a line."""
    words = []
    for part in walk(card):
        words += [str(part[k]) for k in ("text", "title", "value") if isinstance(part.get(k), str)]
        words += [str(run["text"]) for run in part.get("inlines", ()) if isinstance(run, dict) and "text" in run]
    return "\n".join(words)


def seen_on(post: dict[str, Any]) -> str:
    """All text of a post and its cards."""
    return str(post["text"]) + "\n" + texts(post["cards"])


def actions(card: Any) -> list[dict[str, Any]]:
    """Every button of a card that acts."""
    return [part for part in walk(card) if part.get("type") == "Action.Execute" and "verb" in part]


async def open_doors(world: str) -> int:
    """Only what an administrator does before the first customer comes: the bot into the team and into the chats."""
    async with ClientSession(timeout=ClientTimeout(total=60)) as http:
        try:
            await Story(http=http, world=world).install()
        except (StoryError, ClientError, TimeoutError) as problem:
            print(f"the bot could not be installed: {problem}", file=sys.stderr)  # noqa: T201
            return 1
    return 0


async def main(world: str, *, quiet: bool) -> int:
    """Play and print; the exit code."""

    def tell(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    async with ClientSession(timeout=ClientTimeout(total=180)) as http:
        story = Story(http=http, world=world, tell=tell)
        try:
            summary = await story.play()
        except (StoryError, ClientError, TimeoutError) as problem:
            counts = await story.get("/control/counts")
            print(f"the story stopped: {problem}; counts {counts}", file=sys.stderr)  # noqa: T201
            return 1
    print(orjson.dumps(summary).decode(), flush=True)  # noqa: T201
    return 0 if (summary["lost"], summary["doubled"], summary["wakeups"]) == (0, 0, 1) else 1


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--world", required=True, help="base URL of the running simulator")
    arguments.add_argument("--quiet", action="store_true", help="print nothing but the summary")
    arguments.add_argument("--open-doors", action="store_true", help="install the bot and play nothing")
    given = arguments.parse_args()
    sys.exit(asyncio.run(open_doors(given.world) if given.open_doors else main(given.world, quiet=given.quiet)))
