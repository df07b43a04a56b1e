"""Plays the story on the world page: play, pause, step by step, slow or fast. It sees only what people can see.

While it plays, the clock stands still and jumps from due time to due time; paused or over, the clock goes on as before.
Log entries: `story` / `step` (step, number, of, zh, en, because_zh, because_en, seen), `story` / `halted` (text).
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from simulator.narrator import TELLINGS
from simulator.story import CUSTOMER, REP, STEPS, Step, Story, StoryError
from simulator.wire import Json, answer, asked, control_body, wrong
from simulator.witness import Sight, news, sights
from simulator.world import World

PAUSES = {"slow": 6.0, "normal": 1.6, "fast": 0.0}
"""Wall seconds to read after a step, by speed."""
MORNING, NOON = 1, 3
"""UTC hours between which a story may begin: nine to eleven in Shanghai, with the day ahead of it."""


@dataclass(kw_only=True)
class Position:
    """Where the story stands, as the page shows it."""

    state: str = "ready"
    """`ready`, `playing`, `pausing` (the step under way is finished first), `paused`, `over` or `halted`."""
    done: int = 0
    """Steps that have happened."""
    acting: bool = False
    """Whether the next step is under way."""
    speed: str = "normal"
    trouble: str = ""
    """Why it halted."""


class Player:
    """One story in one world, played once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.position = Position()
        self.changes = 0
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._start: datetime | None = None
        self._ran = False
        self._seen: list[Sight] = []
        """What was told already: news that come between two steps belong to the next one."""

    def told(self) -> Json:
        """The position, the step that is next or under way, and who is in it."""
        here = self.position
        number = here.done if here.acting else here.done - 1
        step = STEPS[number].name if number >= 0 else ""
        return {
            **asdict(here),
            "version": self.changes,
            "of": len(STEPS),
            "step": step,
            "telling": asdict(TELLINGS[step]) if step else None,
            "people": {"customer": CUSTOMER, "rep": REP},
            "again": self._world.again is not None,
        }

    async def changed(self, after: int, wait: float) -> None:
        """Wait until the position is newer than `after`, at most `wait` wall seconds."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: self.changes > after), wait)
            except TimeoutError:
                return

    async def play(self, *, once: bool) -> None:
        """Go on from where it stands: to the end, or for one step. Raises StoryError when there is nothing to play."""
        if self.position.state in ("over", "halted"):
            raise StoryError("the story is over; start again for another one")
        await self._move(state="pausing" if once else "playing")
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def pause(self) -> None:
        """Stop after the step under way."""
        if self.position.state == "playing":
            await self._move(state="pausing")

    async def pace(self, speed: str) -> None:
        """How long to wait between two steps."""
        await self._move(speed=speed)

    def restart(self) -> None:
        """Leave this company; whoever started it founds a new one. Raises StoryError when nobody would."""
        if self._world.again is None:
            raise StoryError("nobody here founds a new company: stop it and start it again")
        self._world.again.set()

    async def _run(self) -> None:
        """Play until paused, over or in trouble; the clock is ours meanwhile."""
        clock = self._world.clock
        self._ran = clock.running
        await clock.set_running(False)
        try:
            async with ClientSession(timeout=ClientTimeout(total=180)) as http:
                await self._steps(Story(http=http, world=self._world.base_url))
        except (StoryError, ClientError, TimeoutError) as trouble:
            await self._move(state="halted", acting=False, trouble=str(trouble) or type(trouble).__name__)
            await self._world.log.add("story", "halted", text=self.position.trouble)
        finally:
            await clock.set_running(self._ran)

    async def _steps(self, story: Story) -> None:
        while self.position.done < len(STEPS):
            step = STEPS[self.position.done]
            story.start = self._start = self._begin(step)
            await self._one(story, step)
            if self.position.state == "pausing":
                break
            await self._read()
        over = self.position.done == len(STEPS)
        await self._move(state="over" if over else "paused")

    async def _one(self, story: Story, step: Step) -> None:
        await self._move(acting=True)
        before = self._seen or await sights(story)
        await story.step(step)
        self._seen = await sights(story)
        seen = news(before, self._seen)
        await self._world.log.add("story", "step", **self._entry(step, seen, story.trace))
        await self._move(done=self.position.done + 1, acting=False)

    def _entry(self, step: Step, seen: list[Sight], trace: dict[str, str]) -> dict[str, Any]:
        """The drawer's line about a step: the narrator's words, what it meant, and what people now see."""
        telling = TELLINGS[step.name]
        because = {"zh": telling.because_zh, "en": telling.because_en}
        if step.name == "routed_with_reason":
            because = {language: f"{said} {trace[language]}" for language, said in because.items()}
        return {
            "step": step.name,
            "number": self.position.done + 1,
            "of": len(STEPS),
            "zh": telling.zh,
            "en": telling.en,
            "because_zh": because["zh"],
            "because_en": because["en"],
            "seen": "\n".join(f"{sight.place}\t{sight.text}" for sight in seen),
        }

    def _begin(self, step: Step) -> datetime:
        """The story's start: it never lies so far back that this step would be in the past."""
        now = self._world.clock.now()
        if self._start is None:
            return _morning(now + timedelta(minutes=5))
        late = now - (self._start + timedelta(minutes=step.minutes))
        return self._start + max(late, timedelta())

    async def _read(self) -> None:
        """Leave time to read; a pause, or another speed, ends it."""
        if self.position.done < len(STEPS) and (pause := PAUSES[self.position.speed]):
            await self.changed(self.changes, pause)

    async def _move(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self.position, name, value)
        self.changes += 1
        async with self._changed:
            self._changed.notify_all()


def _morning(moment: datetime) -> datetime:
    """This moment, or the next Tuesday morning in Shanghai when the day is too old for a story to begin."""
    if moment.weekday() == 1 and MORNING <= moment.hour < NOON:
        return moment
    days = (1 - moment.weekday()) % 7
    tuesday = (moment + timedelta(days=days)).replace(hour=MORNING, minute=5, second=0, microsecond=0)
    return tuesday if tuesday >= moment else tuesday + timedelta(days=7)


def player(world: World) -> Player:
    """The one player of this world."""
    room = world.rooms.get("story")
    if not isinstance(room, Player):
        room = world.rooms["story"] = Player(world)
    return room


async def _do(room: Player, body: Json) -> None:
    """Do what a button asks. Raises HTTPBadRequest."""
    deed = asked(body, "do")
    try:
        if deed in ("play", "step"):
            await room.play(once=deed == "step")
        elif deed == "pause":
            await room.pause()
        elif deed == "restart":
            room.restart()
        elif deed in PAUSES:
            await room.pace(deed)
        else:
            wrong(f"`do` is none of play, step, pause, restart, {', '.join(PAUSES)}")
    except StoryError as refused:
        wrong(str(refused))


def routes(world: World) -> list[web.RouteDef]:
    """`GET /control/story` tells where the story stands; `POST {"do": "play"}` and so on move it."""
    room = player(world)

    async def read(_: web.Request) -> web.StreamResponse:
        return answer(room.told())

    async def move(request: web.Request) -> web.StreamResponse:
        await _do(room, await control_body(request))
        return answer(room.told())

    return [web.get("/control/story", read), web.post("/control/story", move)]
