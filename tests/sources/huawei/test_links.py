"""No link is kept, wherever it stands and however it is written; ordinary text stays."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.sources.huawei.links import may_hold_link, without_links

SIGNED = "obs.example.com/a_video?AWSAccessKeyId=AK&Expires=1&Signature=abc%3D"

LINKS = [
    f"https://{SIGNED}",
    f"HTTPS://{SIGNED}",
    f"http://user:pw@{SIGNED}",
    f"//{SIGNED}",
    "//host/single-label",
    "www.example.com/a",
    "WWW.Example.Com",
    "obs://bucket/key",
    "ftp://host/file",
    "file:///etc/passwd",
    f"  https://{SIGNED} \n",
    "https%3A%2F%2Fobs.example.com%2Fa%3FSignature%3Dabc",
    "://obs.example.com/a",
    "https://主机.example/视频.mp4?Signature=abc",
]
TEXTS = [
    "",
    "Test Name",
    "too dark / too loud",
    "a // b",
    "16:9",
    "C:/video",
    "AC/DC = loud",
    "2023-12-09T07:31:37Z",
    "null",
    "50 % brighter",
    "请重拍：光线太暗。",  # noqa: RUF001 Chinese punctuation is the point
    "wwwhat?",
    "a\\b",
    "1 == 1",
]
INSIDE = {
    f"see https://{SIGNED} and redo": "see <link> and redo",
    f"(https://{SIGNED})": "(<link>",
    f"请看https://{SIGNED}，谢谢": "请看<link>，谢谢",  # noqa: RUF001 Chinese punctuation is the point
    f'"https://{SIGNED}" twice "https://{SIGNED}"': '"<link>" twice "<link>"',
    f"at //{SIGNED} now": "at <link> now",
    "on www.example.com/x?y=z too": "on <link> too",
    "https://obs.example.com/a file.mp4?Signature=abc": "<link> file.mp4<link>",
    "file.mp4?Expires=1&Signature=abc&x=y": "file.mp4?Expires=1<link>",
}


@pytest.mark.parametrize("text", LINKS)
def test_what_is_a_link_as_a_whole_is_left_out_wherever_it_stands(text: str) -> None:
    nested: Any = {"a": text, "b": [text, {"c": text, "d": 1}, None], "e": None, text: 2}
    assert without_links(text) is None
    assert without_links(nested) == {"b": [{"d": 1}, None], "e": None}
    assert may_hold_link(json.dumps(text).encode())


@pytest.mark.parametrize("text", TEXTS)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert without_links({"a": [text]}) == {"a": [text]}


@pytest.mark.parametrize(("text", "masked"), INSIDE.items())
def test_a_link_inside_a_text_is_masked(text: str, masked: str) -> None:
    assert without_links(text) == masked


def test_numbers_flags_and_null_stay() -> None:
    value: Any = {"a": [1, 1.5, True, None, {}, []]}
    assert without_links(value) == value


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
pieces = st.lists(words | st.sampled_from(LINKS), min_size=1, max_size=4).map(" ".join)


@given(pieces)
@settings(max_examples=300, deadline=None)
def test_the_quick_look_never_overlooks_what_would_be_changed(text: str) -> None:
    changed = without_links(text) != text
    assert may_hold_link(json.dumps(text, ensure_ascii=False).encode()) or not changed


@given(words, st.sampled_from([f"https://{SIGNED}", f"//{SIGNED}"]), words)
@settings(max_examples=200, deadline=None)
def test_no_signature_is_left_whatever_stands_around_the_link(before: str, link: str, after: str) -> None:
    left = without_links(f"{before} {link} {after}")
    assert "Signature" not in str(left)
    assert "AWSAccessKeyId" not in str(left)


@given(pieces)
@settings(max_examples=200, deadline=None)
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once: Any = without_links(text)
    assert once is None or without_links(once) in {once, None}


def test_four_megabytes_of_anything_are_looked_through_in_no_time() -> None:
    for unit in ("a", "a.", "//", "https:", "?a", "www", "//a.b ", "%3a%2f"):
        start = time.perf_counter()
        without_links(unit * (400_000 // len(unit)))
        assert time.perf_counter() - start < 5, unit
