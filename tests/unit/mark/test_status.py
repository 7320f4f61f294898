"""Status lists."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.mark.note import Note, sign
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.status import LEEWAY, State, StatusList
from assaymark.mark.strict import to_base64
from assaymark.testing.trust import NOW, ORIGIN, World
from logs import STEADY

WORLD = World()
KEY = WORLD.status_key


def _parse(content: bytes) -> StatusList:
    return StatusList.parse(content, [KEY.key])


def _reason(content: bytes) -> Reason:
    with pytest.raises(Refused) as caught:
        _parse(content)
    return caught.value.reason


def _signed(*lines: object) -> bytes:
    return sign("".join(f"{line}\n" for line in lines), KEY).to_bytes()


def _packed(content: bytes) -> str:
    return to_base64(zlib.compress(content))


def test_states_are_kept_and_their_neighbours_are_good() -> None:
    """Cases 32 and 33."""
    states = {0: State.SUPERSEDED, 3: State.REVOKED, 4: State.SUSPENDED, 8: State.REVOKED}
    held = _parse(sign(StatusList.of(ORIGIN, NOW, 9, states).text(), KEY).to_bytes())
    assert {index: held.find_state(index) for index in range(9)} == {i: states.get(i, State.GOOD) for i in range(9)}
    assert held.not_good() == states
    assert held.find_state(9) is None
    assert held.find_state(-1) is None


def test_two_bits_for_each_index_lowest_first() -> None:
    """As the format says, so that a second reader can be written."""
    states = {0: State.SUSPENDED, 1: State.REVOKED, 2: State.SUPERSEDED, 5: State.REVOKED}
    held = StatusList.of(ORIGIN, NOW, 6, states)
    assert held.bits == bytes([0b00_11_10_01, 0b10_00])
    assert held.text().split("\n")[:5] == ["assaymark-status/v1", ORIGIN, str(NOW), "0", "6"]


def test_a_page_covers_a_part() -> None:
    page = _parse(sign(StatusList.of(ORIGIN, NOW, 4, {1002: State.REVOKED}, first=1000).text(), KEY).to_bytes())
    assert [page.find_state(index) for index in (999, 1000, 1002, 1004)] == [None, State.GOOD, State.REVOKED, None]
    assert page.not_good() == {1002: State.REVOKED}
    with pytest.raises(ValueError, match="999"):
        StatusList.of(ORIGIN, NOW, 4, {999: State.REVOKED}, first=1000)


def test_news_have_an_age() -> None:
    held = StatusList.of(ORIGIN, NOW, 4, {1: State.REVOKED})
    assert held.standing(1, NOW + 60) is not None
    assert (held.standing(1, NOW + 60).state, held.standing(1, NOW + 60).age) == (State.REVOKED, 60)  # type: ignore[union-attr]
    assert held.standing(2, NOW - 60).age == 0  # type: ignore[union-attr]
    assert held.standing(4, NOW) is None


def _refusal(new: StatusList, held: StatusList | None, now: int = NOW + 100) -> Reason:
    with pytest.raises(Refused) as caught:
        new.require_newer(held, now)
    return caught.value.reason


def test_lists_never_go_back() -> None:
    """Case 48."""
    held = StatusList.of(ORIGIN, NOW, 9, {3: State.REVOKED})
    StatusList.of(ORIGIN, NOW + 1, 9, {}).require_newer(held, NOW + 100)
    StatusList.of(ORIGIN, NOW + 1, 12, {}).require_newer(held, NOW + 100)
    held.require_newer(held, NOW)
    held.require_newer(None, NOW)
    assert _refusal(StatusList.of(ORIGIN, NOW - 1, 9, {}), held) is Reason.STATUS_OLDER
    assert _refusal(StatusList.of(ORIGIN, NOW, 9, {}), held) is Reason.STATUS_OLDER
    assert _refusal(StatusList.of(ORIGIN, NOW + 1, 8, {}), held) is Reason.STATUS_OLDER
    assert _refusal(StatusList.of(ORIGIN, NOW + 1, 8, {}, first=1), held) is Reason.STATUS_OLDER
    assert _refusal(StatusList.of("log.example/2027", NOW + 1, 9, {}), held) is Reason.STATUS_OTHER_LOG


def test_a_list_from_the_future_is_refused() -> None:
    new = StatusList.of(ORIGIN, NOW + LEEWAY + 1, 9, {})
    assert _refusal(new, None, NOW) is Reason.STATUS_FUTURE
    new.require_newer(None, NOW + 1)


@pytest.mark.parametrize(
    "content",
    [
        _signed("assaymark-status/v2", ORIGIN, NOW, 0, 4, _packed(b"\0")),
        _signed("assaymark-status/v1", "", NOW, 0, 4, _packed(b"\0")),
        _signed("assaymark-status/v1", ORIGIN, "012", 0, 4, _packed(b"\0")),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 4, _packed(b"\0"), "more"),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 4),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 4, _packed(b"")),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 4, _packed(b"\0\0")),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 3, _packed(b"\xc0")),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 4, to_base64(zlib.compress(b"\0")[:-1])),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 4, to_base64(zlib.compress(b"\0") + b"x")),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 4, to_base64(b"garbage")),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 2**40, _packed(b"\0")),
        _signed("assaymark-status/v1", ORIGIN, NOW, 0, 4, _packed(bytes(50_000_000))),
        _signed(ORIGIN, 4, to_base64(bytes(32))),
    ],
)
def test_what_is_no_list_is_refused(content: bytes) -> None:
    assert _reason(content) is Reason.STATUS_MALFORMED


def test_a_list_of_another_key_is_refused() -> None:
    text = StatusList.of(ORIGIN, NOW, 4, {}).text()
    assert _reason(sign(text, WORLD.log_key).to_bytes()) is Reason.SIGNATURE_MISSING
    line = KEY.sign(text.replace(ORIGIN, "other"))
    assert _reason(Note(text, (line,)).to_bytes()) is Reason.SIGNATURE_WRONG


def test_an_empty_log_has_an_empty_list() -> None:
    held = _parse(sign(StatusList.of(ORIGIN, NOW, 0, {}).text(), KEY).to_bytes())
    assert (held.count, held.bits, held.find_state(0)) == (0, b"", None)


@STEADY
@given(st.integers(0, 300), st.dictionaries(st.integers(0, 299), st.sampled_from(State)), st.integers(0, 50))
def test_lists_go_both_ways(count: int, states: dict[int, State], first: int) -> None:
    within = {first + index: state for index, state in states.items() if index < count}
    held = StatusList.of(ORIGIN, NOW, count, within, first)
    assert _parse(sign(held.text(), KEY).to_bytes()) == held
    assert held.not_good() == {index: state for index, state in within.items() if state}


@STEADY
@given(st.binary(max_size=200), st.integers(0, 1000))
def test_arbitrary_and_damaged_lists_are_refused_and_never_crash(noise: bytes, place: int) -> None:
    content = sign(StatusList.of(ORIGIN, NOW, 50, {7: State.REVOKED}).text(), KEY).to_bytes()
    place %= len(content)
    for candidate in (noise, content[:place] + noise + content[place:], content[:place]):
        try:
            held = _parse(candidate)
        except Refused:
            continue
        assert held.not_good() == {7: State.REVOKED}
    for candidate in (noise, b"\x78\x9c" + noise):
        try:
            _parse(_signed("assaymark-status/v1", ORIGIN, NOW, 0, 50, to_base64(candidate)))
        except Refused:
            continue
