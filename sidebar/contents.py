"""A file's content as an answer: in headers that let nothing in it run or be taken for something else."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from aiohttp import web

from rules.card import FileView
from rules.files import HEARD, SHOWN, clean_name

INLINE = SHOWN | HEARD
"""What a browser may show in a page; nothing here can hold a script."""


def answer(file: FileView, content: bytes, *, embeds: Literal["same-origin", "cross-origin"]) -> web.Response:
    """The content. `embeds`: which pages may put it into themselves; nobody may frame it."""
    inline = file.type in INLINE
    name = clean_name(file.name, file.kind)
    plain = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "_" for c in name)
    way = "inline" if inline else "attachment"
    return web.Response(
        body=content,
        content_type=file.type if inline else "application/octet-stream",
        headers={
            "Content-Disposition": f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": embeds,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "private, no-store",
            "X-Robots-Tag": "noindex",
        },
    )
