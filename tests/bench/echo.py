"""The peer: a botbuilder bot that answers each message with its own text, through the SDK's adapter and verification.

`python -m tests.bench.echo FOLDER` reads `echo.json` there and writes its port into `echo.port`. What
botbuilder-integration-aiohttp would add (a dozen lines that take the request apart) is written out here. The SDK is
spared one thing that it does in each turn in real life: its own access token is a constant, so nothing is fetched.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
import uvloop
from aiohttp import web
from botbuilder.core import CloudAdapterBase, TurnContext
from botbuilder.schema import Activity, ActivityTypes
from botframework.connector.auth import BotFrameworkAuthenticationFactory, ServiceClientCredentialsFactory
from msrest.authentication import BasicTokenAuthentication

from tests.bench.stub import listen


class ConstantCredentials(ServiceClientCredentialsFactory):  # type: ignore[misc]  # the SDK has no types
    """One registration whose token never ends."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id

    async def is_valid_app_id(self, app_id: str) -> bool:
        return app_id == self._app_id

    async def is_authentication_disabled(self) -> bool:
        return False

    async def create_credentials(
        self, app_id: str, oauth_scope: str, login_endpoint: str, validate_authority: bool
    ) -> Any:
        return BasicTokenAuthentication({"access_token": "bench"})


async def _echo(context: TurnContext) -> None:
    if context.activity.type == ActivityTypes.message:
        await context.send_activity(context.activity.text)


def application(known: dict[str, str]) -> web.Application:
    """The bot in a web application, as the SDK's samples put it there."""
    auth = BotFrameworkAuthenticationFactory.create(
        validate_authority=False,
        to_channel_from_bot_login_url=known["login"],
        to_channel_from_bot_oauth_scope="https://api.botframework.com",
        to_bot_from_channel_token_issuer=known["issuer"],
        oauth_url=known["login"],
        to_bot_from_channel_open_id_metadata_url=known["openid"],
        to_bot_from_emulator_open_id_metadata_url=known["openid"],
        caller_id="",
        credential_factory=ConstantCredentials(known["app_id"]),
    )
    adapter = CloudAdapterBase(auth)

    async def messages(request: web.Request) -> web.Response:
        activity = Activity().deserialize(await request.json())
        await adapter.process_activity(request.headers["Authorization"], activity, _echo)
        return web.Response(status=201)

    app = web.Application()
    app.add_routes([web.post("/api/messages", messages)])
    return app


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    uvloop.run(listen(application(orjson.loads((folder / "echo.json").read_bytes())), folder / "echo.port"))
