"""Pictures through the whole house, over the real wire: her phone, the thread, the side bar, a web chat, and back."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from typing import Any
from urllib.parse import quote

from tests.story.cast import REP
from tests.story.test_rep_pages import visit
from tests.story.test_webchat import Visitor, call
from tests.story.town import Town
from tests.unit.samples import JPEG, PDF, PNG

USERID = "chenlei"


def coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def bubbles(town: Town, person: str) -> list[dict[str, Any]]:
    """The files on her phone that came from us."""
    lines = town.made.ask(f"/control/wecom/chat?person={quote(person)}")["lines"]
    return [line for line in lines if line["by"] == "hub" and line["msgtype"] != "text"]


def test_a_picture_goes_both_ways_between_her_phone_and_the_thread(town: Town) -> None:
    town.at_work()
    before = town.counts()  # other tests of this town say the same short words again and again
    person, words = town.guest(), "产线照片发您，请看"
    town.talk(person, words)
    sent = {"person": person, "kind": "image", "name": "line.png", "base64": coded(PNG)}
    town.made.ask("/control/wecom/send_media", sent)
    town.settle()
    [shown] = [line for line in town.lines(words) if "[图片]" in line]
    [address] = re.findall(r"/sidebar/media/[0-9a-f]{32}", shown)
    status, _, page = visit(town.made, USERID, address)
    assert status == 200, page.text
    pictures = [{"type": "image/jpeg", "base64": coded(JPEG)}]
    wish = {
        "rep": REP,
        "conversation": town.thread(words)["id"],
        "text": "@Tower 回复 收到，方案如图",
        "pictures": pictures,
    }
    town.made.ask("/control/teams/say", wish)
    town.settle()
    [bubble] = bubbles(town, person)
    assert bubble["msgtype"] == "image"
    with urllib.request.urlopen(f"{town.made.world}/control/wecom/media/{bubble['content']['media_id']}") as answer:
        assert answer.read() == JPEG
    assert [line for line in town.lines(words) if "[图片]" in line][-1].rstrip().endswith("✓ 已送达")
    after = town.counts()
    assert (after["lost"], after["doubled"]) == (before["lost"], before["doubled"])
    assert after["delivered"] > before["delivered"]


def test_a_visitors_upload_is_on_her_card(town: Town) -> None:
    visitor = Visitor(town.made)
    visitor.write("Please see our drawing of the hall")
    town.settle()
    edge = "0123456789"
    activity = json.dumps({"text": "the drawing"})
    body = (
        (
            f'--{edge}\r\nContent-Disposition: form-data; name="activity"\r\n'
            f"Content-Type: application/vnd.microsoft.activity\r\n\r\n{activity}\r\n"
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="hall.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        ).encode()
        + PDF
        + f"\r\n--{edge}--\r\n".encode()
    )
    headers = {**visitor.pass_, "Content-Type": f"multipart/form-data; boundary={edge}"}
    where = visitor.here.removesuffix("/activities") + "/upload?userId=dl_1"
    with urllib.request.urlopen(urllib.request.Request(where, data=body, headers=headers)) as answer:
        assert answer.status == 200
    town.settle()
    lines = town.lines("Please see our drawing of the hall")
    assert any("hall.pdf" in line and "/sidebar/media/" in line for line in lines), lines


def test_a_visitor_gets_a_picture_as_an_address_she_can_open(town: Town) -> None:
    visitor = Visitor(town.made)
    visitor.write("Could you show me the cell layout?")
    town.settle()
    thread = town.thread("Could you show me the cell layout?")
    pictures = [{"type": "image/png", "base64": coded(PNG)}]
    wish = {"rep": REP, "conversation": thread["id"], "text": "@Tower reply", "pictures": pictures}
    town.made.ask("/control/teams/say", wish)
    town.settle()
    town.push(seconds=10)
    page, _ = call(f"{visitor.here}?watermark=", None, **visitor.pass_)
    [file] = [a for one in page["activities"] if one["from"].get("role") == "bot" for a in one.get("attachments", [])]
    with urllib.request.urlopen(file["contentUrl"]) as answer:
        assert answer.read() == PNG
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
