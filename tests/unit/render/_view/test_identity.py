from __future__ import annotations

import pytest

from assaymark.render._view.identity import identity, origin, size_words
from golden.builder import Sample
from golden.samples import busy_app


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_960, "1.0 MB"),
        (38_214_556, "38.2 MB"),
        (4_100_000_000, "4.1 GB"),
    ],
)
def test_sizes_read_as_people_say_them(size: int, words: str) -> None:
    assert size_words(size) == words


def test_the_package_stands_in_for_a_missing_label() -> None:
    assert identity(Sample("org.example").report()).label.zh == "org.example"


def test_a_subject_without_anything_still_has_a_card() -> None:
    sample = Sample("org.example")
    sample.subject = {}
    found = identity(sample.report())
    assert found.label.en == "(no name)"
    assert found.version == ""


def test_lines_without_a_value_are_left_out() -> None:
    sample = Sample("org.example", min_sdk=None, target_sdk=None)
    heads = [head.en for head, _ in identity(sample.report()).facts]
    assert "API levels (lowest – target)" not in heads


def test_an_unsigned_package_says_so() -> None:
    sample = Sample("org.example", schemes=[], signers=[])
    facts = {head.en: value for head, value in identity(sample.report()).facts}
    assert facts["Signature schemes"][1] == "no verified signature was seen"


def test_the_origin_names_every_digest() -> None:
    found = origin(busy_app())
    assert found.engine == "assaymark 0.1.0"
    assert [name for name, _ in found.files] == ["apis.toml", "sdks.toml"]
    assert len(found.packs[0][2].text) == 64


@pytest.mark.parametrize(
    ("icon", "shown"),
    [
        ("data:image/png;base64,iVBORw0KGgo=", True),
        ("data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=", False),
        ('data:image/png;base64,iVBO" onerror="alert(1)', False),
        ("https://tracker.example/i.png", False),
        (None, False),
    ],
)
def test_only_a_bitmap_inside_the_report_is_shown_as_icon(icon: str | None, shown: bool) -> None:
    sample = Sample("org.example")
    sample.add("artifact", "base.apk", role="package", sha256="0" * 64, icon=icon)
    assert identity(sample.report()).icon == (icon if shown else "")
