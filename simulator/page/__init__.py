"""The world page: the whole company in one browser window, where a visitor plays anybody in it.

It is plain HTML, CSS and JavaScript of our own, asks no other host, and does everything through the control API.
Text from outside becomes text nodes only; a mail is drawn in a frame that may run and load nothing.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from simulator import player
from simulator.mail import MailRoom
from simulator.page.events import stream
from simulator.page.member import become
from simulator.world import World

_FILES = Path(__file__).parent / "static"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


def routes(world: World) -> list[web.RouteDef]:
    """`/`, its files, the facts it starts from, its events, and one mail as a page."""

    async def index(_: web.Request) -> web.Response:
        return _file("index.html", _policy(world))

    async def file(request: web.Request) -> web.Response:
        return _file(request.match_info["name"], "default-src 'none'")

    async def facts(_: web.Request) -> web.Response:
        return web.json_response(world_facts(world))

    async def events(request: web.Request) -> web.StreamResponse:
        return await stream(world, request)

    async def member(request: web.Request) -> web.Response:
        return await become(world, request)

    async def letter(request: web.Request) -> web.Response:
        return _letter(world, request.match_info["id"])

    return [
        web.get("/", index),
        web.get("/page/world", facts),
        web.post("/control/member", member),
        web.get("/page/mail/{id}", letter),
        web.get("/page/{name}", file),
        web.get("/control/events", events),
        *player.routes(world),
    ]


def world_facts(world: World) -> dict[str, object]:
    """Who lives here and where the hub is; no secrets."""
    settings = world.settings
    people = [
        {"name": p.name, "id": p.external_userid, "mail": p.mail, "language": p.language} for p in settings.people
    ]
    employees = [
        {
            "name": e.name,
            "aad_id": e.aad_id,
            "teams_id": e.teams_id,
            "userid": e.userid,
            "mail": e.mail,
            "role": e.role,
            "in_teams": e.in_teams,
            "language": e.language,
        }
        for e in settings.employees
    ]
    return {
        "company": settings.tenant_id,
        "hub_url": settings.hub_url,
        "team": settings.team.name,
        "people": people,
        "employees": employees,
    }


def _policy(world: World) -> str:
    """Content-Security-Policy of the page: itself, the hub's pages in a frame, the hub's web chat."""
    hub = urlsplit(world.settings.hub_url)
    there = f"'self' {hub.scheme}://{hub.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src {there}; frame-src {there}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _file(name: str, policy: str) -> web.Response:
    path = _FILES / name
    if path.parent != _FILES or path.suffix not in _TYPES or not path.is_file():
        raise web.HTTPNotFound
    response = web.Response(body=path.read_bytes(), content_type=_TYPES[path.suffix], charset="utf-8")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.enable_compression()
    return response


def _letter(world: World, letter_id: str) -> web.Response:
    """A mail's HTML part. The policy is the sandbox: even opened by itself it runs and loads nothing."""
    room = world.rooms.get("mail")
    if not isinstance(room, MailRoom):
        raise web.HTTPNotFound
    try:
        letter = room.letter(letter_id)
    except KeyError:
        raise web.HTTPNotFound from None
    headers = {"Content-Security-Policy": _MAIL_POLICY, "X-Content-Type-Options": "nosniff"}
    return web.Response(text=letter.html, content_type="text/html", charset="utf-8", headers=headers)
