"""WeCom's way to answer: always HTTP 200, the truth in `errcode`, a text nobody may branch on (WeCom doc 90313)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from aiohttp import web

Answer = dict[str, object]
"""What an API call gives back besides errcode and errmsg."""

TEXTS: Mapping[int, str] = {
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid code",
    40058: "invalid Request Parameter",
    40068: "invalid tagid",
    40071: "invalid tag name, tag exists",
    40072: "invalid tag name length",
    40096: "invalid external userid",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41044: "invalid contact way config_id",
    41050: "invalid welcome code",
    41051: "externaluser has started chatting",
    41096: "welcome msg is being distributed",
    42001: "access_token expired",
    42003: "code expired",
    42014: "invalid task_id",
    42022: "code has been used",
    42027: "horizontal_content_list keyname missing",
    42028: "template card url missing",
    42031: "template card card_type invalid",
    42033: "template card title missing",
    42035: "horizontal_content_list length invalid",
    42036: "vertical_content_list length invalid",
    42037: "option_list length invalid",
    42038: "button_list text invalid",
    42039: "button_list key invalid",
    42042: "jump_list length invalid",
    42044: "card_image url invalid",
    42045: "card_action invalid",
    42046: "submit_button key invalid",
    42047: "select_list length invalid",
    44004: "text content is empty",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    60140: "invalid response_code",
    81013: "user & party & tag all invalid",
    84061: "not external contact",
    86001: "invalid chatid",
    86003: "chatid not found",
    86207: "owner not in userlist",
    86215: "chatid exist",
    86216: "invalid chat member",
    95000: "invalid open_kfid",
    95001: "send msg count limit",
    95002: "send msg time limit",
    95004: "open_kfid not exist",
    95007: "invalid msg token",
    95008: "too many menu items",
    95009: "invalid menu item type",
    95013: "session has ended",
    95014: "user is not a servicer",
    95016: "not allow to trans to this service state",
    95018: "send msg session status invalid",
    95019: "servicer has stopped receiving",
    301002: "not allow operate another agent with this accesstoken",
}


class Refusal(Exception):
    """The platform says no: `errcode` by WeCom's table, `extra` members of the answer that go with it."""

    def __init__(self, errcode: int, rule: str, **extra: object) -> None:
        super().__init__(f"{errcode}: {rule}")
        self.errcode = errcode
        self.rule = rule
        self.extra = extra


def granted(answer: Answer) -> web.Response:
    """The answer to a call that worked."""
    return web.json_response({"errcode": 0, "errmsg": "ok", **answer})


def refused(refusal: Refusal, remote: str | None) -> web.Response:
    """The answer to a call that did not: the same 200, with a hint like the real one's."""
    code = refusal.errcode
    text = (
        f"{TEXTS.get(code, 'refused')}, hint: [{secrets.randbelow(10**22):022d}], from ip: {remote or '127.0.0.1'}, "
        f"more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
    )
    return web.json_response({"errcode": code, "errmsg": text, **refusal.extra})
