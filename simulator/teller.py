"""Tells on a terminal what happens in a running world: `python -m simulator.teller --world URL` follows its log.

One line for each step of the story and for each message that people say to one another. It ends with the world.
"""

from __future__ import annotations

import argparse
import asyncio
import locale
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

ZONE = ZoneInfo("Asia/Shanghai")
"""Where the company and its customers live, as on the world page."""
WAIT = 25
"""Wall seconds of one long poll."""
LONGEST = 96
"""Characters of one message that are shown."""
_TOWARD = {"team": ("团队", "the team"), "customer": ("客户", "the customer")}


def line(entry: dict[str, Any], chinese: bool) -> str:
    """What a terminal shows of a log entry; empty for what is only wire."""
    data, tongue = entry["data"], "zh" if chinese else "en"
    at = datetime.fromisoformat(entry["at"]).astimezone(ZONE)
    if entry["kind"] == "step":
        return f"{at:%Y-%m-%d %H:%M}  {data[tongue]}\n{'':18}→ {data[f'because_{tongue}']}"
    if entry["kind"] != "said":
        return ""
    toward = _TOWARD.get(str(data.get("toward")), ("", ""))[0 if chinese else 1]
    words = " ".join(str(data.get("text", "")).split())
    cut = words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
    return f"{at:%Y-%m-%d %H:%M}  {data.get('by', '?')} → {toward}: {cut}"


async def follow(world: str, chinese: bool) -> None:
    """Print what happens until the world is gone."""
    after = 0
    async with ClientSession(timeout=ClientTimeout(total=WAIT + 10)) as http:
        while True:
            query = {"after": str(after), "wait": str(WAIT)}
            try:
                async with http.get(f"{world}/control/log", params=query) as response:
                    entries = orjson.loads(await response.read())["entries"]
            except (ClientError, TimeoutError):
                return
            for entry in entries:
                after = entry["seq"]
                if told := line(entry, chinese):
                    print(told, flush=True)  # noqa: T201


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--world", required=True, help="base URL of the running simulator")
    locale.setlocale(locale.LC_ALL, "")
    spoken = locale.getlocale(locale.LC_MESSAGES)[0] or ""
    sys.exit(asyncio.run(follow(arguments.parse_args().world, spoken.startswith("zh"))))
