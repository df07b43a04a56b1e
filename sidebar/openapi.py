"""What the open API offers, as an OpenAPI 3.1 document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PREFIX = "/api/v1"
CODES = {
    403: ("origin", "This site is not among those that may open a chat."),
    429: ("too_many", "Too many chats were opened from this address: try again later."),
    503: ("away", "No chat can be opened right now: try again later."),
}
"""Status -> code and sentence of each refusal a caller can do something about."""


def document() -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tower", "version": "1", "description": "The open API of the control tower."},
        "paths": {
            f"{PREFIX}/webchat/token": {"post": _token()},
            f"{PREFIX}/openapi.json": {"get": _self()},
        },
        "components": {"schemas": {"ChatPass": _chat_pass(), "Error": _error()}},
    }


def _token() -> Json:
    answers: Json = {
        str(status): _answer(words, "Error", retry=status in (429, 503)) for status, (_, words) in CODES.items()
    }
    return {
        "operationId": "openWebChat",
        "summary": "Open a web chat for a visitor",
        "description": (
            "Called from a page whose origin is on the hub's list (`teams.webchat_origins`). The answer is a token for "
            "one Direct Line conversation, bound to that origin and to a visitor of its own."
        ),
        "responses": {
            "200": _answer("The visitor may write.", "ChatPass"),
            "400": _answer("The body is neither empty nor an empty JSON object.", "Error"),
            "404": _answer("There is no web chat here.", "Error"),
            "413": _answer("The body is too long.", "Error"),
            **answers,
        },
    }


def _self() -> Json:
    document = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": "describe",
        "summary": "This document",
        "responses": {"200": {"description": "OpenAPI 3.1", "content": document}},
    }


def _answer(words: str, schema: str, *, retry: bool = False) -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    headers = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return {"description": words, "content": content} | ({"headers": headers} if retry else {})


def _chat_pass() -> Json:
    return {
        "type": "object",
        "required": ["token", "conversationId", "expires_in"],
        "properties": {
            "token": {"type": "string", "description": "Bearer token for Direct Line 3.0."},
            "conversationId": {"type": "string"},
            "expires_in": {"type": "integer", "description": "Seconds until the token must be refreshed."},
        },
    }


def _error() -> Json:
    properties = {"error": {"type": "string", "description": "A code."}, "message": {"type": "string"}}
    return {"type": "object", "required": ["error"], "properties": properties}
