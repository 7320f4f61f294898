"""Trust roots: who may sign what, and how one root leads to the next."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.mark.note import Kind, Note, Signer, sign
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.root import Root
from assaymark.testing.trust import DAY, NOW, ORIGIN, World, secret
from logs import STEADY

WORLD = World()


def _reason(call: Any, *args: Any, **more: Any) -> Reason:
    with pytest.raises(Refused) as caught:
        call(*args, **more)
    return caught.value.reason


def _new(name: str) -> Signer:
    return Signer.of(f"{name}.example", Kind.ED25519, secret(name))


def _signed(tree: dict[str, Any], *signers: Signer) -> bytes:
    return sign(json.dumps(tree, indent=1) + "\n", *signers).to_bytes()


def test_a_root_is_read() -> None:
    root = WORLD.root()
    assert (root.version, root.threshold, len(root.keys)) == (1, 2, 3)
    assert root.policy.logs == {ORIGIN: WORLD.log_key.key}
    issuer = root.issuer(WORLD.issuers["lab"].key.keyid)
    assert (issuer.name, issuer.role, issuer.alg, issuer.max_level) == ("Lab", "inspector", "ed25519", 3)
    assert issuer.point == WORLD.issuers["lab"].key.point
    assert _reason(root.issuer, "00" * 32) is Reason.ISSUER_UNKNOWN


def test_a_root_below_its_threshold_is_refused() -> None:
    """Case 47."""
    assert _reason(Root.parse, WORLD.root_note(signers=1)) is Reason.ROOT_BELOW_THRESHOLD
    one = WORLD.root_keys[0]
    twice = Note.parse(WORLD.root_note(signers=1)).with_signatures([one.sign(Note.parse(WORLD.root_note()).text)])
    assert _reason(Root.parse, twice.to_bytes()) is Reason.ROOT_BELOW_THRESHOLD
    stranger = _signed(WORLD.root_tree(), one, _new("stranger"))
    assert _reason(Root.parse, stranger) is Reason.ROOT_BELOW_THRESHOLD


def test_a_changed_root_is_refused() -> None:
    changed = WORLD.root_note().replace(b'"threshold": 2', b'"threshold": 1')
    assert _reason(Root.parse, changed) is Reason.ROOT_BELOW_THRESHOLD


def test_an_expired_root_is_refused() -> None:
    """Case 47."""
    root = WORLD.root(expires=NOW)
    root.require_fresh(NOW - 1)
    assert _reason(root.require_fresh, NOW) is Reason.ROOT_EXPIRED


def test_roots_follow_each_other_and_never_go_back() -> None:
    """Case 47: roll-back, skipped version, another root of the same version."""
    first = WORLD.root()
    second = first.next(WORLD.root_note(version=2))
    assert second.version == 2
    assert first.next(first.content) is first
    assert _reason(second.next, first.content) is Reason.ROOT_OLDER
    assert _reason(second.next, WORLD.root_note(version=2, expires=NOW + DAY)) is Reason.ROOT_OLDER
    assert _reason(first.next, WORLD.root_note(version=3)) is Reason.ROOT_SKIPPED


def test_the_next_root_needs_the_threshold_of_both() -> None:
    old = WORLD.root_keys
    new = [_new("new-1"), _new("new-2"), _new("new-3")]
    first = WORLD.root()
    tree = WORLD.root_tree(version=2, rootKeys=[str(one.key) for one in new])
    assert first.next(_signed(tree, *old[:2], *new[:2])).keys == tuple(one.key for one in new)
    for signers in ((*old, new[0]), (old[0], *new), (*new,), (*old,)):
        assert _reason(first.next, _signed(tree, *signers)) is Reason.ROOT_BELOW_THRESHOLD


def test_keys_that_left_cannot_sign_the_root_after() -> None:
    new = [_new("new-1"), _new("new-2")]
    keys = [str(one.key) for one in new]
    second = WORLD.root().next(_signed(WORLD.root_tree(version=2, rootKeys=keys), *WORLD.root_keys, *new))
    third = WORLD.root_tree(version=3)
    assert _reason(second.next, _signed(third, *WORLD.root_keys)) is Reason.ROOT_BELOW_THRESHOLD
    assert second.next(_signed(third, *WORLD.root_keys, *new)).version == 3


def test_a_chain_may_lead_through_a_root_that_has_expired() -> None:
    second = WORLD.root().next(WORLD.root_note(version=2, expires=NOW - DAY))
    third = second.next(WORLD.root_note(version=3))
    third.require_fresh(NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "assaymark-root/v2"},
        {"version": 0},
        {"version": True},
        {"version": "1"},
        {"expires": -1},
        {"threshold": 0},
        {"threshold": 4},
        {"rootKeys": []},
        {"rootKeys": ["hello"]},
        {"rootKeys": [str(WORLD.root_keys[0].key)] * 2, "threshold": 1},
        {"rootKeys": [str(one.key) for one in WORLD.witnesses]},
        {"logs": []},
        {"logs": [str(WORLD.log_key.key)] * 2},
        {"logs": WORLD.root_tree()["logs"][0]},
        {"policy": "quorum nobody"},
        {"policy": f"witness w {WORLD.witnesses[0].key}\nwitness v {WORLD.witnesses[0].key}\nquorum none"},
        {"issuers": []},
        {"issuers": {"ab": {}}},
        {"statusKeys": []},
        {"statusUrl": None},
    ],
)
def test_roots_that_are_not_as_described_are_refused(changes: dict[str, Any]) -> None:
    content = WORLD.root_note(signers=3, **changes)
    assert _reason(Root.parse, content) is Reason.ROOT_MALFORMED


@pytest.mark.parametrize("name", WORLD.root_tree())
def test_no_member_may_be_missing(name: str) -> None:
    """Case 58d."""
    tree = WORLD.root_tree()
    del tree[name]
    assert _reason(Root.parse, _signed(tree, *WORLD.root_keys)) is Reason.ROOT_MALFORMED


def test_a_member_named_twice_is_refused() -> None:
    """Case 44: the second one would win in some readers, the first in others."""
    text = json.dumps(WORLD.root_tree(), indent=1).replace('"threshold": 2', '"threshold": 2, "threshold": 1') + "\n"
    assert _reason(Root.parse, sign(text, *WORLD.root_keys).to_bytes()) is Reason.ROOT_MALFORMED


def _with_issuer(**changes: Any) -> bytes:
    tree = WORLD.root_tree()
    keyid = WORLD.issuers["p256"].key.keyid
    tree["issuers"][keyid] |= changes
    return _signed(tree, *WORLD.root_keys)


@pytest.mark.parametrize("alg", ["ed25519", "sm2", "rsa", "none", "ecdsa-p384"])
def test_a_key_that_is_not_of_its_algorithm_is_refused(alg: str) -> None:
    """Case 46: a P-256 key listed as something else."""
    assert _reason(Root.parse, _with_issuer(alg=alg)) is Reason.ISSUER_ALGORITHM


@pytest.mark.parametrize(
    "changes",
    [
        {"maxLevel": 4},
        {"maxLevel": 0},
        {"role": "king"},
        {"spki": WORLD.root_tree()["issuers"][WORLD.issuers["lab"].key.keyid]["spki"]},
        {"spki": "AAAA"},
        {"validFrom": -1},
        {"maxLogIndex": 5},
        {"maxLogIndex": {ORIGIN: -1}},
        {"name": 5},
    ],
)
def test_issuers_that_are_not_as_described_are_refused(changes: dict[str, Any]) -> None:
    assert _reason(Root.parse, _with_issuer(**changes)) is Reason.ROOT_MALFORMED


def test_an_issuer_may_sign_its_levels_in_its_time_and_up_to_its_cut_off() -> None:
    """Cases 13, 34 and 37."""
    root = Root.parse(_with_issuer(maxLevel=2, validFrom=100, validTo=200, maxLogIndex={ORIGIN: 41}))
    issuer = root.issuer(WORLD.issuers["p256"].key.keyid)

    def refusal(level: int = 2, issued_at: int = 150, origin: str = ORIGIN, index: int = 41) -> Reason:
        return _reason(issuer.require, level=level, issued_at=issued_at, origin=origin, index=index)

    issuer.require(level=2, issued_at=100, origin=ORIGIN, index=41)
    issuer.require(level=1, issued_at=200, origin=ORIGIN, index=0)
    assert refusal(level=3) is Reason.ISSUER_LEVEL
    assert refusal(issued_at=99) is Reason.ISSUER_NOT_VALID
    assert refusal(issued_at=201) is Reason.ISSUER_NOT_VALID
    assert refusal(index=42) is Reason.ISSUER_CUT_OFF
    assert refusal(origin="log.example/2027", index=0) is Reason.ISSUER_CUT_OFF


@STEADY
@given(st.binary(max_size=300), st.integers(0, 5000))
def test_arbitrary_and_damaged_roots_are_refused_and_never_crash(noise: bytes, place: int) -> None:
    """Case 58."""
    content = WORLD.root_note()
    place %= len(content)
    for candidate in (noise, content[:place] + noise + content[place:], content[:place]):
        try:
            root = Root.parse(candidate)
        except Refused:
            continue
        assert Note.parse(candidate).text == Note.parse(content).text
        assert root.version == 1


@STEADY
@given(st.dictionaries(st.sampled_from(list(WORLD.root_tree())), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
), min_size=1))  # fmt: skip
def test_signed_nonsense_is_refused_and_never_crashes(changes: dict[str, Any]) -> None:
    with suppress(Refused):
        Root.parse(WORLD.root_note(signers=3, **changes))
