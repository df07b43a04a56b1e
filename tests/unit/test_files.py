"""What a file really is: only its first bytes count, never its name or what somebody says."""

from __future__ import annotations

import time

import pytest

from rules.files import LONGEST_NAME, MOST_PIXELS, FileKind, clean_name, judge, pixels, sniff
from tests.unit.samples import AMR, EXE, GIF, HTML, JPEG, MP4, PDF, PNG, SVG, ZIP, png


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (AMR, "audio/amr"),
        (b"ID3\x04", "audio/mpeg"),
        (MP4, "video/mp4"),
        (b"\x00\x00\x00\x18ftypM4A ", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypqt  ", "video/quicktime"),
        (PDF, "application/pdf"),
        (ZIP, "application/zip"),
        (EXE, "application/x-executable"),
        (b"#!/bin/sh\nrm -rf /", "application/x-executable"),
        (HTML, "text/html"),
        (b"\xef\xbb\xbf  \n<HTML>", "text/html"),
        (b"<!-- quiet --><script>", "text/html"),
        (SVG, "image/svg+xml"),
        (b'<?xml version="1.0"?><svg>', "image/svg+xml"),
        ("报价如下：".encode(), "text/plain"),
        (("报" * 2000).encode(), "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
        ("报价".encode("gbk"), "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_content_is_known_by_its_first_bytes(content: bytes, kind: str) -> None:
    assert sniff(content) == kind


@pytest.mark.parametrize(
    ("kind", "name", "claimed", "content", "reason"),
    [
        ("image", "a.png", "image/png", PNG, ""),
        ("image", "a.jpg", "image/png", JPEG, ""),
        ("image", "a.png", "image/png", HTML, "file_type_differs"),
        ("image", "a.png", "image/png", SVG, "file_type_differs"),
        ("image", "a.png", "image/png", ZIP, "file_type_differs"),
        ("voice", "", "", AMR, ""),
        ("voice", "", "audio/amr", MP4, "file_type_differs"),
        ("video", "a.mp4", "video/mp4", MP4, ""),
        ("file", "报价.pdf", "application/pdf", PDF, ""),
        ("file", "报价.pdf", "application/pdf", HTML, "file_type_differs"),
        ("file", "报价.pdf", "", ZIP, "file_type_differs"),
        ("file", "photo.png", "application/octet-stream", PNG, ""),
        ("file", "报价.xlsx", "", ZIP, ""),
        ("file", "page.html", "text/html", HTML, ""),
        ("file", "报价.pdf.exe", "application/pdf", EXE, "file_dangerous"),
        ("file", "setup.bin", "", EXE, "file_dangerous"),
        ("file", "运行.bat", "text/plain", b"del *.*", "file_dangerous"),
        ("file", "empty.txt", "", b"", "file_empty"),
        ("image", "a.png", "image/png", png(20_000, 20_000), "file_pixels"),
    ],
)
def test_what_is_not_what_it_says_is_not_opened(
    kind: FileKind, name: str, claimed: str, content: bytes, reason: str
) -> None:
    assert judge(kind, name, claimed, content).reason == reason


def test_a_picture_tells_how_large_it_is_and_may_lie_only_upwards() -> None:
    assert pixels("image/png", png(4000, 3000)) == 12_000_000 < MOST_PIXELS
    assert pixels("image/jpeg", JPEG) == 6
    assert pixels("image/gif", GIF) == 6
    for kind in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        assert pixels(kind, b"\xff\xd8\xff") == 0
    assert pixels("image/jpeg", b"\xff\xd8" + b"\xff\xe0\x00\x00" * 1000) == 0


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("报价 2026.pdf", "报价 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/abs/olute/", "file"),
        ("...", "file"),
        ("", "file"),
        ("a\0b\r\nc.pdf", "abc.pdf"),
        ("fdp.\u202efdp.exe", "fdp.fdp.exe"),
        ('a"b<c>.png', "a_b_c_.png"),
        (".htaccess", "htaccess"),
    ],
)
def test_a_name_is_only_a_name(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_a_long_name_keeps_its_ending() -> None:
    found = clean_name("长" * 2000 + ".pdf")
    assert len(found) == LONGEST_NAME
    assert found.endswith("长.pdf")
    assert len(clean_name("😀" * 2000)) == LONGEST_NAME


def test_fill_bytes_hide_no_size() -> None:
    large = b"\xff\xd8" + b"\xff" * 5000 + b"\xc0\x00\x0b\x08" + b"\xff\xff\xff\xff" + b"\x00" * 20
    assert pixels("image/jpeg", large) == 65_535**2
    assert judge("image", "a.jpg", "image/jpeg", b"\xff\xd8\xff" + large[3:]).reason == "file_pixels"


def test_what_a_customer_sends_is_looked_at_in_no_time() -> None:
    began = time.process_time()
    assert sniff(b"<!---->" * 500 + b"x") == "text/plain"
    assert sniff(b"<!--" * 1000) == "text/plain"
    assert sniff(b"<!---->" * 300 + b"<!--" + b"y" * 600 + b"--><html>") == "text/html"
    assert pixels("image/jpeg", b"\xff\xd8" + b"\xff" * 5_000_000) == 0
    assert pixels("image/jpeg", b"\xff\xd8" + b"\xff\xe0\x00\x02" * 2_000_000) == 0
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "chunk",
    [
        b"VP8X" + bytes(8) + (19_999).to_bytes(3, "little") * 2,
        b"VP8L" + bytes(4) + b"\x2f" + (16_383 | 16_383 << 14).to_bytes(4, "little"),
        b"VP8 " + bytes(4) + b"\0\0\0\x9d\x01\x2a" + (16_383).to_bytes(2, "little") * 2,
    ],
)
def test_a_webp_tells_its_size_in_each_of_its_forms(chunk: bytes) -> None:
    picture = b"RIFF\0\0\0\0WEBP" + chunk
    assert pixels("image/webp", picture) > MOST_PIXELS
    assert judge("image", "a.webp", "image/webp", picture).reason == "file_pixels"
    assert pixels("image/webp", picture[:20]) == 0
