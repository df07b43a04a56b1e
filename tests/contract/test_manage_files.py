"""A manager's page of a conversation: addresses of files that are good for this manager, and the same upload."""

from __future__ import annotations

from pathlib import Path

from aiohttp import FormData

from connectors.contract import Inbound, InboundFile
from rules.events import Attachment, MessageReceived
from rules.model import Address, Identity, RepHandle
from tests.contract.manage_world import BOSS, office
from tests.contract.page_world import Page
from tests.unit.samples import PNG

FILE = InboundFile(id="f" * 32, form="image", name="a.png", type="image/png", content=PNG)


async def test_a_manager_sees_files_with_addresses_of_her_own(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        address = Address(connector="wecom", account="wk-1", wire_id="wm-9")
        event = MessageReceived(
            id="m1",
            at=o.clock.at,
            address=address,
            identity=Identity(platform="wecom", kind="external_userid", value="wm-9"),
            text="",
            attachments=(Attachment(media="image", file_id=FILE.id),),
            name="王敏",
        )
        await o.hub.act(Inbound(event=event, order=address, files=(FILE,)), limit=10)
        talk = await o.hub.conversation_for(event.identity, RepHandle(platform="hub", value=BOSS.id))
        browser, _ = await o.signed_in()
        _, page = await browser.get(f"/manage/c/{talk}")
        [shown] = [a["src"] for tag, a in page.elements if tag == "img"]
        assert shown.startswith(f"/sidebar/media/{FILE.id}?for=")
        form = next(f for f in page.forms if f.action == f"/manage/c/{talk}/file")
        data = FormData(quote_fields=False)
        for name, value in form.fields.items():
            if name != "file":
                data.add_field(name, value)
        data.add_field("file", b"MZ" + b"\0" * 50, filename="setup.exe", content_type="application/octet-stream")
        async with browser.http.post(o.base + form.action, data=data, headers={"Origin": o.base}) as answer:
            assert answer.status == 409
            assert "harm" in Page(await answer.text()).text
