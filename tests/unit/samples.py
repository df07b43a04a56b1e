"""Small contents of every kind, true to their first bytes, for tests of files."""

from __future__ import annotations

import struct
import zlib


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int = 1, height: int = 1) -> bytes:
    """A picture that claims to be so large; only one of a single dot is whole."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")


PNG = png()
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01" + b"\0" * 9
)
"""Three dots wide, two high."""
GIF = b"GIF89a\x02\x00\x03\x00\x80\x00\x00" + b"\0" * 12
AMR = b"#!AMR\n" + b"\x3c" * 32
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n"
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"\0" * 24
ZIP = b"PK\x03\x04" + b"\0" * 40
EXE = b"MZ\x90\x00" + b"\0" * 60
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
