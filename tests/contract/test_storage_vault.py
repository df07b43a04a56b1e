"""The vault: sealed values open only where they were sealed; indexes find what people mean to be the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Unreadable
from storage.vault import Vault
from tests.contract.backends import vault

SEALED = vault().seal("customers.sealed", "k1", b"secret")


@given(st.binary(max_size=300), st.text(max_size=40))
def test_what_was_sealed_opens_again(plain: bytes, row: str) -> None:
    v = vault()
    assert v.open("t.c", row, v.seal("t.c", row, plain)) == plain


def test_nothing_shows_and_nothing_repeats() -> None:
    again = vault().seal("customers.sealed", "k1", b"secret")
    assert b"secret" not in SEALED and again != SEALED


@pytest.mark.parametrize(("place", "row"), [("customers.sealed", "k2"), ("tasks.sealed", "k1")])
def test_a_moved_blob_does_not_open(place: str, row: str) -> None:
    with pytest.raises(Unreadable):
        vault().open(place, row, SEALED)


@given(st.integers(min_value=0, max_value=len(SEALED) - 1), st.integers(min_value=1, max_value=255))
def test_a_changed_blob_does_not_open(at: int, by: int) -> None:
    changed = bytearray(SEALED)
    changed[at] ^= by
    with pytest.raises(Unreadable):
        vault().open("customers.sealed", "k1", bytes(changed))


@given(st.binary(max_size=40))
def test_a_foreign_blob_does_not_open(blob: bytes) -> None:
    with pytest.raises(Unreadable):
        vault().open("customers.sealed", "k1", blob)


def test_keys_rotate_and_old_blobs_stay_readable() -> None:
    old = Vault({"a": b"a" * 32}, "a", b"i" * 32)
    both = Vault({"a": b"a" * 32, "b": b"b" * 32}, "b", b"i" * 32)
    sealed = old.seal("t.c", "r", b"x")
    assert both.open("t.c", "r", sealed) == b"x"
    with pytest.raises(Unreadable):
        old.open("t.c", "r", both.seal("t.c", "r", b"y"))
    assert old.index("mail", "a@b.cn") == both.index("mail", "a@b.cn")


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("mail", "Wang.Min@Example.CN", " wang.min@example.cn"),
        ("mail", "ｗａｎｇ@example.cn", "wang@example.cn"),
        ("phone", "138 0013-8000", "+8613800138000"),
        ("phone", "１３８００１３８０００", "+86 138 0013 8000"),
        ("phone", "+49 30 123456", "+4930123456"),
        ("phone", "ext. 12-34", "1234"),
    ],
)
def test_the_same_address_is_found_however_it_is_written(kind: str, one: str, other: str) -> None:
    assert vault().index(kind, one) == vault().index(kind, other)


def test_other_names_keep_their_case_and_kinds_do_not_mix() -> None:
    v = vault()
    assert v.index("wecom/external_userid", "wmA") != v.index("wecom/external_userid", "wma")
    assert v.index("mail", "x") != v.index("phone", "x")
    assert v.index("mail", "x") != Vault({"a": b"a" * 32}, "a", b"j" * 32).index("mail", "x")


@pytest.mark.parametrize(
    ("keys", "current", "index"),
    [
        ({"a": b"a" * 31}, "a", b"i" * 32),
        ({"a": b"a" * 32}, "b", b"i" * 32),
        ({"a": b"a" * 32}, "a", b"i"),
        ({"": b"a" * 32}, "", b"i" * 32),
        ({"ключ": b"a" * 32}, "ключ", b"i" * 32),
    ],
)
def test_weak_keys_are_refused(keys: dict[str, bytes], current: str, index: bytes) -> None:
    with pytest.raises(ValueError, match="key"):
        Vault(keys, current, index)


def test_keys_never_show() -> None:
    assert "aaa" not in repr(Vault({"k": b"a" * 32}, "k", b"i" * 32))
