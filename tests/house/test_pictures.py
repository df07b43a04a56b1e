"""The pictures of the product: every face in both languages and every look it has, small, and listed."""

from __future__ import annotations

import pytest

from docs import gallery
from tests.house.tree import ROOT, text

FOLDER = ROOT / "docs" / "pictures"
ONE_LOOK = ("story-over", "mail")
"""A story that is over is told once; a mail looks as its reader's program draws it."""
LARGEST, ALL = 150_000, 6_000_000
"""Bytes of one picture, and of all of them."""


def wanted() -> set[str]:
    return {
        f"{face}-{look}-{language}.png"
        for face in gallery.FACES
        for look in (("light",) if face in ONE_LOOK else ("light", "dark", "contrast"))
        for language in ("zh", "en")
    }


def test_every_face_has_every_picture_and_no_picture_has_no_face() -> None:
    assert {path.name for path in FOLDER.glob("*.png")} == wanted(), "run `make pictures`"
    assert text(FOLDER / "README.md") == gallery.page(FOLDER)


@pytest.mark.parametrize("face", gallery.FACES)
def test_pictures_are_pictures_and_small(face: str) -> None:
    for path in FOLDER.glob(f"{face}-*.png"):
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n") and path.stat().st_size <= LARGEST, path.name


def test_all_of_them_are_small_together() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.png")) <= ALL
