"""A made-up company: the files that the simulator and a hub beside it are started with.

`python -m simulator.company FOLDER` writes `world.json` for the simulator and `hub.toml` with its secrets for the hub.
Every secret is made anew; nothing in the files tells the hub that this company is made up.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import secrets
import socket
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

START = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
"""Tuesday morning, nine o'clock in Shanghai: where the story's clock begins."""
EMPLOYEES = (
    ("陈磊", "chen.lei", "rep", "zh-CN"),
    ("王芳", "wang.fang", "rep", "zh-CN"),
    ("Lena Fischer", "lena.fischer", "rep", "en"),
    ("Julia Weber", "julia.weber", "manager", "en"),
)
PEOPLE = (("王敏", "wang.min", "zh-CN"), ("Anna Schmidt", "anna.schmidt", "en"), ("李强", "li.qiang", "zh-CN"))
WECOM_ONLY = (("赵静", "zhao.jing", "rep", "zh-CN"),)
"""Who works in WeCom and has no Teams."""
CORP = "ww1f2e3d4c5b6a7980"
KF = "wkTowerService"
TEAM = "19:towersales@thread.tacv2"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where everything listens: free ports of this machine."""

    world: int
    world_smtp: int
    hub: int
    hub_smtp: int
    world_dns: int
    """For UDP."""


def free_places(preferred_world: int = 0) -> Places:
    """Five free ports; the world's page gets the preferred one if nobody has it."""
    with contextlib.ExitStack() as held:
        taken = [_bind(held, preferred_world), *(_bind(held, 0) for _ in range(4))]
    return Places(world=taken[0], world_smtp=taken[1], hub=taken[2], hub_smtp=taken[3], world_dns=taken[4])


def _bind(held: contextlib.ExitStack, port: int) -> int:
    for wanted in (port, 0):
        listener = held.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            continue
        bound: int = listener.getsockname()[1]
        return bound
    raise OSError("no free port on 127.0.0.1")


@dataclass(frozen=True, kw_only=True)
class Company:
    """The identifiers and secrets that both sides share."""

    tenant: str
    app: str
    secrets: dict[str, str]

    @classmethod
    def invent(cls) -> Company:
        """New identifiers and secrets."""
        made = {name: secrets.token_urlsafe(24) for name in ("bot", "agent", "mx", "directline")}
        made["callback"] = secrets.token_hex(12)
        made["aes"] = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        made |= {name: secrets.token_hex(32) for name in ("master", "index", "tokens")}
        return cls(tenant=str(uuid.uuid4()), app=str(uuid.uuid4()), secrets=made)


def found(folder: Path, places: Places, *, database: str = "", running: bool = False, start: datetime = START) -> None:
    """Write `world.json`, `hub.toml` and the secrets into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    company = Company.invent()
    for name, secret in company.secrets.items():
        path = folder / f"{name}.secret"
        path.touch(mode=0o600)
        path.write_text(secret, encoding="utf-8")
    world = _world(folder, places, company, running=running, start=start)
    path = folder / "world.json"
    path.touch(mode=0o600)
    path.write_bytes(orjson.dumps(world, option=orjson.OPT_INDENT_2))
    database = database or f"sqlite:///{(folder / 'tower.db').resolve()}"
    (folder / "hub.toml").write_text(_hub(places, company, database), encoding="utf-8")


def _world(folder: Path, places: Places, company: Company, *, running: bool, start: datetime) -> dict[str, object]:
    staff = [
        {
            "name": name,
            "mail": f"{key}@tower.example",
            "aad_id": str(uuid.uuid4()),
            "teams_id": f"29:{secrets.token_urlsafe(24)}",
            "userid": key.replace(".", ""),
            "role": role,
            "language": language,
            "in_teams": (name, key, role, language) in EMPLOYEES,
        }
        for name, key, role, language in EMPLOYEES + WECOM_ONLY
    ]
    people = [
        {
            "name": name,
            "external_userid": f"wm{secrets.token_urlsafe(18)}",
            "unionid": f"o{secrets.token_urlsafe(18)}",
            "mail": f"{key}@customer.example",
            "language": language,
        }
        for name, key, language in PEOPLE
    ]
    return {
        "host": "127.0.0.1",
        "port": places.world,
        "smtp_port": places.world_smtp,
        "ports_file": str((folder / "ports.json").resolve()),
        "hub_url": f"http://127.0.0.1:{places.hub}",
        "hub_smtp_port": places.hub_smtp,
        "dns_port": places.world_dns,
        "mail_secret": company.secrets["mx"],
        "clock_start": start.isoformat(),
        "clock_running": running,
        "tenant_id": company.tenant,
        "app_id": company.app,
        "app_password": company.secrets["bot"],
        "tab_audience": company.app,
        "directline_secret": company.secrets["directline"],
        "corp_id": CORP,
        "agent_id": 1000002,
        "agent_secret": company.secrets["agent"],
        "callback_token": company.secrets["callback"],
        "callback_aes_key": company.secrets["aes"],
        "open_kfid": KF,
        "team": {
            "group_id": str(uuid.uuid4()),
            "thread_id": TEAM,
            "name": "销售塔台",
            "members": [str(e["aad_id"]) for e in staff if e["in_teams"]],
        },
        "employees": staff,
        "people": people,
    }


def _hub(places: Places, company: Company, database: str) -> str:
    """The hub's configuration for this company."""
    world = f"http://127.0.0.1:{places.world}"
    hub = f"http://127.0.0.1:{places.hub}"
    login = f"{world}/login/{company.tenant}"
    return f"""# Written by simulator.company; hub.example.toml explains every key.
[server]
port = {places.hub}
public_url = "{hub}"
frame_ancestors_tab = ["{world}"]
frame_ancestors_sidebar = ["{world}"]
frame_ancestors_form = ["{world}"]

[database]
url = "{database}"

[clock]
url = "{world}/clock"

[keys]
master = "file:master.secret"
index = "file:index.secret"
tokens = "file:tokens.secret"

[rules]
mirror = "full"

{_staff()}
[teams]
app_id = "{company.app}"
app_password = "file:bot.secret"
tenant_id = "{company.tenant}"
openid_url = "{world}/botframework/v1/.well-known/openidconfiguration"
token_url = "{login}/oauth2/v2.0/token"
service_hosts = ["127.0.0.1:{places.world}"]
directline_url = "{world}/directline/"
directline_secret = "file:directline.secret"
webchat_origins = ["{world}"]
graph_url = "{world}/graph/v1.0"
client_url = ""
tab_audience = ["{company.app}"]
tab_issuers = ["{login}/v2.0"]
tab_keys_url = "{login}/discovery/v2.0/keys"

[manage]
authority = "{login}"

[wecom]
corp_id = "{CORP}"
api_base = "{world}/wecom"
open_base = "{world}/wecom-open"
login_base = "{world}/wecom-open"
verify_files = {{ "WW_verify_Tower0123456789.txt" = "Tower0123456789" }}

[wecom.apps.agent]
agent_id = 1000002
secret = "file:agent.secret"
token = "file:callback.secret"
aes_key = "file:aes.secret"

[wecom.kf]
{KF} = "agent"

[mail]
from_name = "Tower 塔台"
from_address = "hello@tower.example"
reply_domain = "reply.tower.example"
mx_secret = "file:mx.secret"
dkim_selector = "tower"
dns = "127.0.0.1:{places.world_dns}"

[mail.smtp]
host = "127.0.0.1"
port = {places.world_smtp}
tls = "none"

[mail.listener]
port = {places.hub_smtp}
"""


def _staff() -> str:
    """The company's people, as its operator would write them down."""
    tables = [
        f'[staff.people."{key}@tower.example"]\n'
        f'name = "{name}"\nuserid = "{key.replace(".", "")}"\nrole = "{role}"\nlanguage = "{language}"\n'
        for name, key, role, language in EMPLOYEES + WECOM_ONLY
    ]
    return "\n".join(tables)


def main() -> None:
    """Found a company in a folder and print where its world will be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0, help="preferred port of the world page")
    parser.add_argument("--database", default="", help="database URL of the hub; default: SQLite in the folder")
    parser.add_argument("--running", action="store_true", help="let the clock follow the wall clock")
    given = parser.parse_args()
    places = free_places(given.port)
    found(given.folder, places, database=given.database, running=given.running)
    told = {"world": f"http://127.0.0.1:{places.world}", "hub": f"http://127.0.0.1:{places.hub}"}
    sys.stdout.write(orjson.dumps(told).decode() + "\n")


if __name__ == "__main__":
    main()
