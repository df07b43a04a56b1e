"""The kf part of the API: pull, send, states, customers (WeCom docs 94670, 94677, 94669, 95122, 95159)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.wecom.kf import Kf
from simulator.wecom.kf_content import content, wish
from simulator.wecom.kf_session import Session
from simulator.wecom.limits import Window
from simulator.wecom.media import MediaStore

_SENDABLE = ("text", "image", "voice", "video", "file", "link", "msgmenu")
_PULL_LIMIT = 1000
_BATCH = 100


class KfApi:
    """Handlers of /cgi-bin/kf/..."""

    def __init__(self, kf: Kf, media: MediaStore) -> None:
        self._kf = kf
        self._media = media
        self._now = kf.world.clock.now
        self._blind_pulls = Window(self._now, timedelta(minutes=1))

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {
            "/kf/sync_msg": self.sync_msg,
            "/kf/send_msg": self.send_msg,
            "/kf/send_msg_on_event": self.send_msg_on_event,
            "/kf/service_state/get": self.state_get,
            "/kf/service_state/trans": self.state_trans,
            "/kf/customer/batchget": self.customers,
            "/kf/account/list": self.accounts,
            "/kf/servicer/list": self.servicers,
            "/kf/add_contact_way": self.contact_way,
        }

    async def sync_msg(self, call: Call) -> Answer:
        """One page of the log behind a cursor; without a cursor everything of the last three days."""
        self._account(call)
        self._may_pull(call.maybe_text("token"))
        limit = call.number("limit", _PULL_LIMIT)
        if not 1 <= limit <= _PULL_LIMIT:
            raise Refusal(40058, "limit must be 1 to 1000")
        after = self._seq(call.maybe_text("cursor"))
        if self._kf.limits.kf_empty_pages > 0:
            self._kf.limits.kf_empty_pages -= 1
            return {"next_cursor": self._cursor(after), "has_more": 1, "msg_list": []}
        return self._page(after, min(limit, self._kf.limits.kf_page))

    async def send_msg(self, call: Call) -> Answer:
        """One message to a customer; the same msgid again is the same message."""
        self._account(call)
        session = self._kf.known(call.text("touser", missing=40096))
        message, msgid = content(call, *_SENDABLE), wish(call) or secrets.token_urlsafe(16)
        if message.media_id:
            self._media.take(message.media_id)
        if msgid in self._kf.sent:
            return {"msgid": msgid}
        session.may_send(self._now())
        session.sent += 1
        self._kf.sent[msgid] = session.person.external_userid
        if session.refuses is None:
            await self._kf.show(session, message, msgid)
        else:
            await self._fail(session, msgid, session.refuses)
        return {"msgid": msgid}

    async def send_msg_on_event(self, call: Call) -> Answer:
        """The one message that a welcome_code or msg_code is good for; outside the window's count."""
        code = call.text("code", missing=41050)
        occasion = self._kf.codes.look(code)
        message, msgid = content(call, *occasion.msgtypes), wish(call) or secrets.token_urlsafe(16)
        self._kf.codes.spend(code)
        if occasion.name == "welcome":
            occasion.session.welcomed_at = self._now()
        await self._kf.show(occasion.session, message, msgid)
        return {"msgid": msgid}

    async def state_get(self, call: Call) -> Answer:
        """The state of one session; servicer_userid only in state 3."""
        self._account(call)
        session = self._kf.known(call.text("external_userid", missing=40096))
        servicer = {"servicer_userid": session.servicer} if session.state == 3 else {}
        return {"service_state": session.state, **servicer}

    async def state_trans(self, call: Call) -> Answer:
        """Move a session; no event tells of it, since the API did it."""
        self._account(call)
        session = self._kf.known(call.text("external_userid", missing=40096))
        target = call.number("service_state", -1)
        session.move(target, self._servicer(call) if target == 3 else "")
        if target not in (2, 3, 4):
            return {}
        return {"msg_code": self._kf.code_for_move(session)}

    async def customers(self, call: Call) -> Answer:
        """Names and union ids of customers, with the scene they came by when asked for."""
        asked = call.texts("external_userid_list", at_most=_BATCH)
        if not asked:
            raise Refusal(40096, "external_userid_list is empty")
        known = [self._kf.sessions[key] for key in asked if key in self._kf.sessions]
        scene = call.number("need_enter_session_context", 0) == 1
        return {
            "customer_list": [_customer(session, scene) for session in known],
            "invalid_external_userid": [key for key in asked if key not in self._kf.sessions],
        }

    async def accounts(self, call: Call) -> Answer:
        """The one account of the world."""
        managed = self._kf.limits.kf_managed
        about = {"open_kfid": self._kf.account, "name": "客服", "avatar": "", "manage_privilege": managed}
        return {"account_list": [about]}

    async def servicers(self, call: Call) -> Answer:
        """Who may take sessions over in the WeCom client; the account stands in the query (doc 94645)."""
        if call.query.get("open_kfid", call.maybe_text("open_kfid")) != self._kf.account:
            raise Refusal(95004, "unknown open_kfid")
        pairs = self._kf.servicers.items()
        return {"servicer_list": [{"userid": userid, "status": status} for userid, status in pairs]}

    async def contact_way(self, call: Call) -> Answer:
        """The link customers come in by; the caller may append &scene_param= to it."""
        self._account(call)
        scene = call.maybe_text("scene")
        if len(scene) > 32:
            raise Refusal(40058, "scene above 32 bytes")
        return {"url": f"{self._kf.world.base_url}/wecom-open/kfid/{self._kf.account}?enc_scene={scene}"}

    def _page(self, after: int, size: int) -> Answer:
        oldest = self._now() - timedelta(days=self._kf.limits.kf_history_days)
        left = [item for item in self._kf.items[after:] if item.at >= oldest]
        page = left[:size]
        return {
            "next_cursor": self._cursor(page[-1].seq if page else after),
            "has_more": int(len(left) > len(page)),
            "msg_list": [item.json for item in page],
        }

    def _may_pull(self, token: str) -> None:
        if token:
            until = self._kf.pull_tokens.get(token)
            if until is None or self._now() > until:
                raise Refusal(95007, "pull token unknown or older than 10 minutes")
        elif not self._blind_pulls.hit(self._kf.limits.kf_pulls_without_token):
            raise Refusal(45009, "too many pulls without a token")

    def _cursor(self, seq: int) -> str:
        return f"4gw7{self._kf.account}.{seq}"

    def _seq(self, cursor: str) -> int:
        if not cursor:
            return 0
        head, _, tail = cursor.rpartition(".")
        if head != f"4gw7{self._kf.account}" or not re.fullmatch("[0-9]{1,9}", tail) or int(tail) > len(self._kf.items):
            raise Refusal(40058, "unknown cursor")
        return int(tail)

    def _account(self, call: Call) -> None:
        if call.text("open_kfid", missing=95000) != self._kf.account:
            raise Refusal(95004, "unknown open_kfid")

    def _servicer(self, call: Call) -> str:
        asked = call.text("servicer_userid", missing=95014)
        userid = next((u for u in self._kf.servicers if u.lower() == asked.lower()), None)
        if userid is None:
            raise Refusal(95014, "not a servicer of this account")
        if self._kf.servicers[userid] != 0:
            raise Refusal(95019, "the servicer is not receiving")
        return userid

    async def _fail(self, session: Session, msgid: str, fail_type: int) -> None:
        event = {"event_type": "msg_send_fail", "fail_msgid": msgid, "fail_type": fail_type}
        await self._kf.happen(session, event)


def _customer(session: Session, scene: bool) -> dict[str, object]:
    person = session.person
    told: dict[str, object] = {
        "external_userid": person.external_userid, "nickname": person.name, "avatar": "", "gender": 0,
        "unionid": person.unionid,
    }  # fmt: skip
    if scene:
        told["enter_session_context"] = {"scene": session.scene, "scene_param": session.scene_param}
    return told
