"""The reverse proxies of docs/proxy.md, really run: what the world reaches, what it does not, who the caller is."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import io
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PAGE = Path("docs/proxy.md").read_text(encoding="utf-8")
NAME = "tower.example.com"
OPEN = (
    "/api/messages",
    "/api/v1/openapi.json",
    "/wecom/callback/tower?msg_signature=a%2Bb&timestamp=1",
    "/WW_verify_abc123.txt",
    "/sidebar/wecom/c/1",
    "/manage",
    "/manage/today?days=7",
    "/u/token",
    "/r/token",
    "/f/token",
    "/m/token",
)
SHUT = ("/metrics", "/healthz", "/readyz", "/", "/api/messages/x", "/managed", "/control/story")
PATIENCE = 15.0


def block(kind: str) -> str:
    """The configuration the page shows."""
    [found] = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return chain, private


async def echo(request: web.Request) -> web.Response:
    """What the hub would have seen."""
    seen = {
        "path": request.raw_path,
        "host": request.host,
        "from": request.headers.getall("X-Forwarded-For", []),
        "bytes": len(await request.read()),
    }
    return web.json_response(seen)


@contextlib.asynccontextmanager
async def hub() -> AsyncIterator[int]:
    """Something that listens where Tower would."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def nginx(folder: Path, port: int, behind: int) -> list[str]:
    """The page's server block, inside the least that nginx needs around it."""
    chain, key = certificate(folder)
    server = (
        block("nginx")
        .replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        .replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    )
    server = re.sub(r"/etc/letsencrypt/\S+/fullchain.pem", str(chain), server)
    server = re.sub(r"/etc/letsencrypt/\S+/privkey.pem", str(key), server)
    rooms = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(
        f"pid {folder}/pid;\nerror_log stderr;\ndaemon off;\nmaster_process off;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{rooms}{server}}}\n"
    )
    return ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(conf)]


def caddy(folder: Path, port: int, behind: int) -> list[str]:
    """The page's Caddyfile, with a certificate of its own in place of one from outside."""
    chain, key = certificate(folder)
    site = block("caddy").replace(f"{NAME} {{", f"{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {chain} {key}", 1)
    conf = folder / "Caddyfile"
    conf.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site.replace("127.0.0.1:8080", f"127.0.0.1:{behind}"))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(conf)]


@contextlib.asynccontextmanager
async def running(kind: str, folder: Path, behind: int) -> AsyncIterator[int]:
    """The proxy, once it listens."""
    port = free_port()
    words = {"nginx": nginx, "caddy": caddy}[kind](folder, port, behind)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    program = str(shutil.which(words[0]))
    log = (folder / "log").open("wb")
    process = await asyncio.create_subprocess_exec(program, *words[1:], env=home, stdout=log, stderr=log)
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                assert process.returncode is None, (folder / "log").read_text()
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await process.wait()
        log.close()


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
async def test_the_world_reaches_what_it_needs_and_nothing_else(kind: str, tmp_path: Path) -> None:
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed here")
    async with hub() as behind, running(kind, tmp_path, behind) as port:
        trust = ssl.create_default_context(cafile=str(tmp_path / "chain.pem"))
        resolver = aiohttp.TCPConnector(ssl=trust, resolver=Here())
        async with aiohttp.ClientSession(f"https://{NAME}:{port}", connector=resolver) as session:
            for path in OPEN:
                async with session.get(path, headers={"X-Forwarded-For": "6.6.6.6"}) as answer:
                    seen = await answer.json()
                assert seen["path"] == path and seen["host"].partition(":")[0] == NAME
                assert seen["from"] == ["127.0.0.1"], "what a caller claims about herself is not passed on"
            for path in SHUT:
                async with session.get(path) as answer:
                    assert answer.status == 404, path
            async with session.post("/sidebar/files", data=io.BytesIO(b"x" * 20_000_000)) as answer:
                assert (await answer.json())["bytes"] == 20_000_000
            async with session.post("/sidebar/files", data=io.BytesIO(b"x" * 27_000_000)) as answer:
                assert answer.status in (413, 502)


class Here(aiohttp.abc.AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        one: aiohttp.abc.ResolveResult = {
            "hostname": host,
            "host": "127.0.0.1",
            "port": port,
            "family": socket.AF_INET,
            "proto": 0,
            "flags": 0,
        }
        return [one]

    async def close(self) -> None:
        """Nothing is held."""


def test_the_page_and_the_hub_name_the_same_paths() -> None:
    """A route of the hub that is not opened, or opened and gone, is seen here."""
    operate = Path("docs/operate.md").read_text(encoding="utf-8")
    assert "proxy.md" in operate
    opened = re.search(r"@open path (.*)", block("caddy"))
    assert opened is not None
    for path in opened[1].split():
        stem = path.removesuffix("*").rstrip("/").split("*")[0].removesuffix("_")
        assert stem.lstrip("/").split("/")[0] in block("nginx"), path
