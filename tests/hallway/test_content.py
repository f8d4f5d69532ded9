from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import content
from workbench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: math.copysign(1, x) > 0 or x != 0)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def test_canonical_json_is_that_of_the_standard() -> None:
    """The worked number and key examples of RFC 8785 come out byte for byte."""
    record = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001], "literals": [None, True, False]}

    expected = b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    assert expected == content.canonical(record)


@given(JSON)
def test_key_order_does_not_matter(record: Any) -> None:
    """The same content in another order has the same address."""
    turned = dict(reversed(record.items())) if isinstance(record, dict) else record

    assert content.content_hash(record) == content.content_hash(turned)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0])
def test_numbers_without_an_agreed_text_are_refused(value: float) -> None:
    """NaN, infinities and minus zero are refused, with their place."""
    with pytest.raises(InputError, match=r"record\.a\[1\]"):
        content.content_hash({"a": [1.0, value]})


def test_a_type_that_json_does_not_know_is_refused() -> None:
    """A set has no JSON text."""
    with pytest.raises(InputError):
        content.content_hash({"a": {1, 2}})


def test_a_files_address_is_that_of_its_bytes(tmp_path: Path) -> None:
    """A file and its bytes have the same address, the plain SHA-256."""
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 100_000)

    assert content.file_hash(path) == content.bytes_hash(path.read_bytes()) == hashlib.sha256(b"abc" * 100_000).hexdigest()
