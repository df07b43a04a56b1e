"""What the load consists of: signed activities of 1.6 KB as Teams and web chat send them, ready to be written."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://api.botframework.com"
KID = "bench"
TEAM = "19:bench@thread.tacv2"
THREADS = 5_000
REPS = 20
SIZE = 1_600
"""Bytes of one activity: what a Teams channel message with a mention weighs."""
_MARK = b"0000000000001"
"""Stands for a number that is different in each request; thirteen digits, like Teams' own message ids."""
_PLACE = b"0000000000002"
"""Stands for the number of the conversation."""


@dataclass(frozen=True, kw_only=True)
class Company:
    """One bot registration with the key its calls are signed with."""

    app_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    tenant_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)

    def jwks(self) -> dict[str, Any]:
        """The key document of the made-up Bot Framework."""
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KID, "endorsements": ["msteams", "directline"]}]}

    def token(self, service_url: str) -> str:
        """What stands in the Authorization header for an hour."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": self.app_id, "serviceurl": service_url, "nbf": now - 60, "exp": now + 3600}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KID})


@dataclass(kw_only=True)
class Requests:
    """HTTP requests, each under a new message id; `spread` conversations are written to in turn."""

    company: Company
    service_url: str
    numbers: Iterator[int]
    spread: int = THREADS

    def channel_messages(self) -> Iterator[bytes]:
        """A rep writes into threads of a team channel."""
        return self._filled(self._channel_message())

    def customer_messages(self) -> Iterator[bytes]:
        """Customers write in web chat."""
        return self._filled(self._customer_message())

    def installations(self) -> Iterator[bytes]:
        """The bot is added to the team, and to the chat of each rep."""
        yield self._team_installation()
        for number in range(REPS):
            activity = self._base("msteams", {"id": f"a:chat-{number}", "conversationType": "personal"})
            activity |= {"type": "installationUpdate", "action": "add", "id": f"install-{number}"}
            yield self._request(activity | {"from": rep(number)})

    def _team_installation(self) -> bytes:
        activity = self._base("msteams", {"id": TEAM, "conversationType": "channel", "isGroup": True})
        team = {"id": TEAM, "aadGroupId": str(uuid.uuid4()), "name": "Bench"}
        data = {"team": team, "tenant": {"id": self.company.tenant_id}}
        activity |= {"type": "installationUpdate", "action": "add", "channelData": data}
        return self._request(activity)

    def _filled(self, activity: dict[str, Any]) -> Iterator[bytes]:
        padded = activity | {"text": activity["text"] + "x" * (SIZE - len(orjson.dumps(activity)))}
        whole = self._request(padded)
        first = next(self.numbers)
        for number in self.numbers:
            place = b"%013d" % (first + number % self.spread)
            yield whole.replace(_MARK, b"%013d" % number).replace(_PLACE, place)

    def _request(self, activity: dict[str, Any]) -> bytes:
        body = orjson.dumps(activity)
        head = (
            "POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.company.token(self.service_url)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _base(self, channel: str, conversation: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": _MARK.decode(),
            "type": "message",
            "timestamp": "2026-03-03T01:00:00.1234567Z",
            "localTimestamp": "2026-03-03T09:00:00.1234567+08:00",
            "localTimezone": "Asia/Shanghai",
            "serviceUrl": self.service_url,
            "channelId": channel,
            "from": rep(0),
            "recipient": {"id": f"28:{self.company.app_id}", "name": "Tower"},
            "conversation": conversation | {"tenantId": self.company.tenant_id},
            "channelData": {"tenant": {"id": self.company.tenant_id}},
            "locale": "zh-CN",
        }

    def _channel_message(self) -> dict[str, Any]:
        thread = f"{TEAM};messageid={_PLACE.decode()}"
        activity = self._base("msteams", {"id": thread, "conversationType": "channel", "isGroup": True})
        activity["channelData"] |= {
            "teamsChannelId": TEAM,
            "teamsTeamId": TEAM,
            "channel": {"id": TEAM},
            "team": {"id": TEAM},
        }
        tag = "<at>Tower</at>"
        mention = {"type": "mention", "text": tag, "mentioned": activity["recipient"]}
        client = {"type": "clientInfo", "locale": "zh-CN", "country": "CN", "platform": "Web"}
        return activity | {"textFormat": "plain", "text": f"{tag} note ", "entities": [mention, client]}

    def _customer_message(self) -> dict[str, Any]:
        activity = self._base("directline", {"id": f"talk-{_PLACE.decode()}"})
        activity["from"] = {"id": f"dl_{_PLACE.decode()}", "name": "王敏"}
        return activity | {"textFormat": "plain", "text": "我们想了解智能工厂,请发一份报价 "}


def rep(number: int) -> dict[str, str]:
    """An employee as the roster and the activities name them."""
    return {"id": f"29:rep-{number}", "name": f"陈磊 {number}", "aadObjectId": f"7b1c2f7e-0000-4000-8000-{number:012}"}
