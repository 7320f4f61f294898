"""Which checkpoints a policy believes."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.note import Kind, Note, Signer, sign
from assaymark.mark.policy import Policy
from assaymark.mark.reasons import Reason, Refused
from logs import STEADY


def _signer(name: str, kind: Kind = Kind.COSIGNATURE, seed: str | None = None) -> Signer:
    secret = (seed or name).encode().ljust(32, b".")[:32]
    return Signer.of(name, kind, Ed25519PrivateKey.from_private_bytes(secret))


LOG = _signer("log.example/2026", Kind.ED25519)
W = [_signer(f"w{at}.example") for at in range(1, 7)]
HEAD = Checkpoint("log.example/2026", 7, bytes(32)).text()

# The shape of the example of c2sp.org/tlog-policy: two of three here, and any of three there.
TWO_LEVELS = f"""
log {LOG.key}
witness X1 {W[0].key}
witness X2 {W[1].key} https://x2.example/
  witness\tX3   {W[2].key}
group X-witnesses 2 X1 X2 X3
# Others
witness Y1 {W[3].key}
witness Y2 {W[4].key}
witness Y3 {W[5].key}
group Y-witnesses any Y1 Y2 Y3
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def _believes(policy: Policy, note: Note) -> bool:
    try:
        policy.check(note)
    except Refused as refused:
        if refused.reason is not Reason.QUORUM_MISSED:
            raise
        return False
    return True


@pytest.mark.parametrize("mask", range(64))
def test_a_quorum_of_groups_is_counted_as_it_says(mask: int) -> None:
    policy = Policy.parse(TWO_LEVELS)
    present = [one for at, one in enumerate(W) if mask >> at & 1]
    wanted = (mask & 7).bit_count() >= 2 and mask >> 3 > 0
    assert _believes(policy, sign(HEAD, LOG, *present, time=5)) is wanted


def test_addresses_are_kept() -> None:
    assert Policy.parse(TWO_LEVELS).urls == {W[1].key: "https://x2.example/"}


def _two_of_three(*more: str) -> Policy:
    lines = [f"log {LOG.key}", *(f"witness w{at} {one.key}" for at, one in enumerate(W[:3])), *more]
    return Policy.parse("\n".join([*lines, "group g 2 w0 w1 w2", "quorum g"]))


def test_one_witness_that_signs_twice_counts_once() -> None:
    """Case 24: a split view that one of three was talked into."""
    policy = _two_of_three()
    once = sign(HEAD, LOG, W[0], time=5)
    twice = once.with_signatures([W[0].sign(HEAD, 6), W[0].sign(HEAD, 7)])
    assert not _believes(policy, once)
    assert not _believes(policy, twice)
    assert _believes(policy, twice.with_signatures([W[2].sign(HEAD, 6)]))


def test_no_witness_at_all_is_too_few() -> None:
    """Case 23."""
    assert not _believes(_two_of_three(), sign(HEAD, LOG))


def test_the_time_is_the_median_and_the_earlier_of_two() -> None:
    policy = _two_of_three()
    two = sign(HEAD, LOG, W[0], time=50).with_signatures([W[1].sign(HEAD, 40)])
    assert policy.check(two).time == 40
    assert policy.check(two.with_signatures([W[2].sign(HEAD, 45)])).time == 45


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        (sign(HEAD.replace("2026", "2027"), LOG, *W[:3]), Reason.LOG_UNKNOWN),  # case 25
        (sign(HEAD, _signer("log.example/2026", Kind.ED25519, "thief"), *W[:3]), Reason.LOG_NOT_SIGNED),  # case 26
        (sign(HEAD, *W[:3]), Reason.LOG_NOT_SIGNED),
        (sign(HEAD, _signer("nobody", Kind.ED25519)), Reason.LOG_NOT_SIGNED),
        (sign("hello\n", LOG, *W[:3]), Reason.CHECKPOINT_MALFORMED),
    ],
)
def test_what_is_not_from_the_log_is_refused(note: Note, reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        _two_of_three().check(note)
    assert caught.value.reason is reason


def test_a_damaged_line_of_a_known_witness_refuses_all() -> None:
    """Case 27, although two others would do."""
    damaged = W[2].sign(HEAD.replace("7", "8"), 5)
    with pytest.raises(Refused) as caught:
        _two_of_three().check(sign(HEAD, LOG, W[0], W[1]).with_signatures([damaged]))
    assert caught.value.reason is Reason.SIGNATURE_WRONG


def test_log_and_witness_of_one_name_are_told_apart() -> None:
    """Case 58e: neither stands for the other, and both lines may stand in one note."""
    twin = _signer("log.example/2026", Kind.COSIGNATURE, "a key of its own")
    policy = Policy.parse(f"log {LOG.key}\nwitness w {twin.key}\nquorum w")
    assert _believes(policy, sign(HEAD, LOG, twin))
    assert not _believes(policy, sign(HEAD, LOG))
    with pytest.raises(Refused) as caught:
        policy.check(sign(HEAD, twin))
    assert caught.value.reason is Reason.LOG_NOT_SIGNED


@pytest.mark.parametrize(
    "lines",
    [
        ["quorum none", "quorum none"],
        [],
        ["quorum w9"],
        ["quorum g", "group g 1 w0"],
        ["group g 0 w0", "quorum g"],
        ["group g 2 w0", "quorum g"],
        ["group g 01 w0", "quorum g"],
        ["group g -1 w0", "quorum g"],
        ["group g some w0", "quorum g"],
        ["group g any", "quorum g"],
        ["group g any w0 w0", "quorum g"],
        ["group g any none", "quorum g"],
        ["group g any g", "quorum g"],
        ["group g any w0", "group h any w0", "quorum h"],
        ["group w0 any w1", "quorum w0"],
        ["group none any w1", "quorum none"],
        [f"witness none {W[3].key}", "quorum none"],
        [f"witness w0 {W[3].key}", "quorum none"],
        [f"witness again {W[0].key}", "quorum none"],  # case 58e: one key under two names
        [
            f"witness again {_signer('other-name.example', seed='w1.example').key}",
            "quorum none",
        ],  # … and another key name
        [f"witness log {_signer('x', seed='log.example/2026').key}", "quorum none"],  # a log that watches itself
        [f"log {LOG.key}", "quorum none"],
        [f"log {_signer('log.example/2026', Kind.ED25519, 'second').key}", "quorum none"],
        [f"log {W[4].key}", "quorum none"],
        [f"witness w9 {_signer('plain', Kind.ED25519).key}", "quorum none"],
        ["witness w9", "quorum none"],
        ["log", "quorum none"],
        ["hello", "quorum none"],
        ["quorum none\r"],
        ["quorum none\x00"],
    ],
)
def test_policies_that_say_two_things_or_nothing_are_refused(lines: list[str]) -> None:
    head = [f"log {LOG.key}", f"witness w0 {W[0].key}", f"witness w1 {W[1].key}"]
    assert Policy.parse("\n".join([*head, "quorum w0"]))
    with pytest.raises(Refused) as caught:
        Policy.parse("\n".join([*head, *lines]))
    assert caught.value.reason is Reason.POLICY_MALFORMED


def test_quorum_none_asks_for_no_witness_and_knows_no_time() -> None:
    seen = Policy.parse(f"log {LOG.key}\nquorum none").check(sign(HEAD, LOG))
    assert (seen.checkpoint.size, seen.time, seen.witnesses) == (7, None, ())


def test_names_are_bytes_and_not_letters() -> None:
    """The Kelvin sign is not a K, and bytes that are no UTF-8 stay what they are."""
    text = f"witness K {W[0].key}\nwitness \u212a {W[1].key}\nquorum \u212a".encode()
    assert Policy.parse(text).quorum == "\u212a"
    assert (
        Policy.parse(f"witness \udcff {W[0].key}\nquorum \udcff".encode("utf-8", "surrogateescape")).quorum == "\udcff"
    )


def test_thirty_two_of_each_are_read_and_thousands_are_not() -> None:
    def many(count: int) -> str:
        lines = [f"witness w{at} {_signer(f'many{at}').key}" for at in range(count)]
        return "\n".join([*lines, *(f"group g{at} any w{at}" for at in range(count)), "quorum none"])

    assert len(Policy.parse(many(32)).groups) == 32
    with pytest.raises(Refused):
        Policy.parse(many(300))


@STEADY
@given(st.text(alphabet="logwitnesgrupqm 0129anyl#\t\n+=/", max_size=200))
def test_arbitrary_lines_are_refused_and_never_crash(text: str) -> None:
    try:
        quorum = Policy.parse(text).quorum
    except Refused as refused:
        if refused.reason is not Reason.POLICY_MALFORMED:
            raise
        quorum = "none"
    assert quorum == "none"  # no witness can be made of these letters
