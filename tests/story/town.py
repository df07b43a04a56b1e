"""A company with many customers: every test takes one nobody has met, and business time only goes on."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.story.cast import Cast, Json

_GIVEN = ("安然", "思远", "若水", "知行", "清和")
GUESTS = tuple(f"{family}{given}" for family in "赵钱孙周吴郑冯蒋沈韩杨朱" for given in _GIVEN)
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Town(Cast):
    """The company with its customers."""

    addresses: dict[str, str]
    _next: int = 0

    def guest(self) -> str:
        """A customer nobody has met."""
        self._next += 1
        return GUESTS[self._next - 1]

    def at_work(self) -> None:
        """Go on to a moment at which the office is open for some hours more."""
        local = self.now.astimezone(SHANGHAI)
        while not (local.weekday() < 5 and 9 <= local.hour < 15):
            local = (local + timedelta(days=local.hour >= 9)).replace(hour=9, minute=30)
        self.until(local.isoformat())

    def quiet_guest(self, words: str) -> str:
        """A customer with an owner, an address and consent, and nothing said for a while."""
        person = self.guest()
        self.talk(person, words)
        self.consent(person, words, self.addresses[person])
        return person

    def preview(self, words: str) -> Json:
        """The line with the wake-up mail's preview, a week after the last word: the limit of her stage."""
        self.push(days=7)
        for _ in range(5):
            if found := self.offers(self.thread(words), "wake_now"):
                return found[-1]
            self.push(minutes=30)
        raise AssertionError(f"no wake-up was proposed\n{self.made.logs()}")

    def log(self, kind: str) -> list[Json]:
        """What the world noted of one kind."""
        return [e for e in self.made.ask("/control/log?after=0&wait=0")["entries"] if e["kind"] == kind]

    def box(self, person: str) -> list[Json]:
        return self.mails(self.addresses[person])
