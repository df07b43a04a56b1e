"""Draws the app's two icons: a control tower, as PNG bytes made with nothing but zlib.

Sizes: 192x192 in colour, 32x32 white on transparent (Teams, app icons).
"""

from __future__ import annotations

import struct
import zlib

Pixel = tuple[int, int, int, int]
BACK: Pixel = (31, 78, 121, 255)
WHITE: Pixel = (255, 255, 255, 255)
CLEAR: Pixel = (255, 255, 255, 0)
SAMPLES = 4
"""Points a pixel side: edges are smooth."""


def colour() -> bytes:
    """The icon of the app catalogue."""
    return _png(192, WHITE, BACK)


def outline() -> bytes:
    """The icon of the side rail."""
    return _png(32, WHITE, CLEAR)


def _tower(x: float, y: float) -> bool:
    """Whether a point of the unit square belongs to the tower: mast, roof, cab with windows, shaft, foot."""
    side = abs(x - 0.5)
    if y < 0.24:
        return y > 0.12 and side < 0.018
    if y < 0.30:
        return side < 0.20
    if y < 0.50:
        return side < 0.27 - 0.5 * (y - 0.30) and not _window(side, y)
    if y < 0.82:
        return side < 0.09 + 0.05 * (y - 0.50)
    return y < 0.88 and side < 0.22


def _window(side: float, y: float) -> bool:
    return 0.34 < y < 0.43 and (side < 0.05 or 0.075 < side < 0.165)


def _png(size: int, front: Pixel, back: Pixel) -> bytes:
    rows = b"".join(b"\0" + b"".join(_pixel(x, y, size, front, back) for x in range(size)) for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _pixel(x: int, y: int, size: int, front: Pixel, back: Pixel) -> bytes:
    step = 1 / (size * SAMPLES)
    hits = sum(
        _tower((x * SAMPLES + i + 0.5) * step, (y * SAMPLES + j + 0.5) * step)
        for i in range(SAMPLES)
        for j in range(SAMPLES)
    )
    share = hits / SAMPLES**2
    return bytes(round(b + (f - b) * share) for f, b in zip(front, back, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
