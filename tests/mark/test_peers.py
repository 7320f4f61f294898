"""What others make of our envelopes, keys and timestamps, and we of theirs: OpenSSL and securesystemslib."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate

from assaymark.mark import keys
from assaymark.mark.container import Container, read_container
from assaymark.mark.demand import Demand
from assaymark.mark.envelope import PAYLOAD_TYPE, Envelope, pre_authentication, seal
from assaymark.mark.keys import SecretKey
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.timestamp import check_timestamp
from assaymark.mark.verify import verify
from assaymark.testing.trust import NOW, World
from mark.vectors import Bench

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def openssl(*words: str | Path, data: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


# --- keys and signatures ---------------------------------------------------------------------------------------------

OPENSSL_KEYS = {
    "ed25519": ["-algorithm", "ED25519"],
    "ecdsa-p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "sm2": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"],
}


@needs_openssl
@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_openssl_reads_our_keys_and_we_read_its(tmp_path: Path, algorithm: str) -> None:
    theirs = tmp_path / "theirs.pem"
    openssl("genpkey", *OPENSSL_KEYS[algorithm], "-out", theirs)
    key = SecretKey.from_pem(theirs.read_bytes())
    assert key.algorithm == algorithm
    assert openssl("pkey", "-in", theirs, "-pubout", "-outform", "DER") == key.spki
    ours = tmp_path / "ours.pem"
    made = keys.generate(algorithm)
    ours.write_bytes(made.to_pem())
    assert openssl("pkey", "-in", ours, "-pubout", "-outform", "DER") == made.spki
    assert SecretKey.from_pem(ours.read_bytes()) == made


@needs_openssl
def test_sm2_signatures_go_both_ways(tmp_path: Path) -> None:
    """OpenSSL's signer id is set by hand: its default is empty, that of GB/T 35276 is 1234567812345678."""
    key = keys.generate("sm2")
    secret, public, message, signature = (tmp_path / name for name in ("s.pem", "p.der", "m", "sig"))
    secret.write_bytes(key.to_pem())
    public.write_bytes(key.spki)
    message.write_bytes(b"a message " * 99)
    identity = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
    openssl("pkeyutl", "-sign", "-inkey", secret, "-in", message, "-out", signature, *identity)
    assert keys.verify("sm2", key.point, signature.read_bytes(), message.read_bytes())
    assert not keys.verify("sm2", key.point, signature.read_bytes(), b"another")
    signature.write_bytes(key.sign(message.read_bytes()))
    verify = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        public,
        "-in",
        message,
        "-sigfile",
        signature,
    ]
    assert b"Verified Successfully" in openssl(*verify, *identity)


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_a_signature_is_of_one_message_and_one_key(algorithm: str) -> None:
    key, other = keys.generate(algorithm), keys.generate(algorithm)
    signature = key.sign(b"message")
    assert keys.verify(algorithm, key.point, signature, b"message")
    assert not keys.verify(algorithm, other.point, signature, b"message")
    assert not keys.verify(algorithm, key.point, signature[:-1], b"message")
    assert not keys.verify(algorithm, key.point, b"", b"message")
    assert not keys.verify(algorithm, bytes(len(key.point)), signature, b"message")


def test_keys_of_other_kinds_are_refused() -> None:
    with pytest.raises(Refused, match="key-malformed"):
        SecretKey.of(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(Refused, match="key-malformed"):
        SecretKey.from_pem(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(Refused, match="key-malformed"):
        SecretKey.from_pem(b"nothing")


# --- envelopes -------------------------------------------------------------------------------------------------------


def test_the_encoding_is_that_of_the_specification() -> None:
    """The example of the DSSE protocol page: type `http://example.com/HelloWorld`, body `hello world`."""
    wanted = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pre_authentication("http://example.com/HelloWorld", b"hello world") == wanted


def test_securesystemslib_verifies_our_envelopes() -> None:
    from securesystemslib.dsse import Envelope as Theirs
    from securesystemslib.signer import SSlibKey

    secret = Ed25519PrivateKey.generate()
    key = SecretKey.of(secret)
    curve = ec.generate_private_key(ec.SECP256R1())
    second = SecretKey.of(curve)
    theirs = Theirs.from_dict(json.loads(seal(b'{"a":1}', [key, second])))
    known = [
        SSlibKey.from_crypto(secret.public_key(), keyid=key.keyid),
        SSlibKey.from_crypto(curve.public_key(), keyid=second.keyid),
    ]
    assert len(theirs.verify(known, 2)) == 2


def test_we_verify_the_envelopes_of_securesystemslib() -> None:
    from securesystemslib.dsse import Envelope as Theirs
    from securesystemslib.signer import CryptoSigner, SSlibKey

    secret = Ed25519PrivateKey.generate()
    key = SecretKey.of(secret)
    theirs = Theirs(b'{"b":2}', PAYLOAD_TYPE, {})
    theirs.sign(CryptoSigner(secret, SSlibKey.from_crypto(secret.public_key(), keyid=key.keyid)))
    ours = Envelope.parse(json.dumps(theirs.to_dict()).encode())
    assert ours.payload == b'{"b":2}'
    assert keys.verify("ed25519", key.point, ours.signatures[key.keyid], ours.signed)


# --- timestamps ------------------------------------------------------------------------------------------------------

CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
[req]
distinguished_name = name
x509_extensions = usage
[name]
[usage]
extendedKeyUsage = critical,timeStamping
"""


@pytest.fixture(params=["EC", "RSA"])
def authority(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give a folder with a timestamp authority of OpenSSL's."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "tsa.conf").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "serial").write_text("01\n")
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if request.param == "EC" else ["rsa:2048"]
    command = ["req", "-x509", "-newkey", *kind, "-nodes", "-days", "9000", "-subj", "/CN=Example time authority"]
    command += ["-config", tmp_path / "tsa.conf", "-keyout", tmp_path / "tsa.key", "-out", tmp_path / "tsa.pem"]
    openssl(*command)
    return tmp_path


def token(authority: Path, data: bytes, *options: str) -> bytes:
    """Give the token of this authority over some bytes."""
    (authority / "data").write_bytes(data)
    query, answer = authority / "query", authority / "answer"
    openssl("ts", "-query", "-data", authority / "data", "-sha256", *options, "-out", query)
    sign = ["ts", "-reply", "-config", authority / "tsa.conf", "-queryfile", query, "-out", answer, "-token_out"]
    openssl(*sign, "-signer", authority / "tsa.pem", "-inkey", authority / "tsa.key")
    return answer.read_bytes()


@pytest.mark.parametrize("options", [["-cert"], ["-no_nonce"]])
def test_tokens_of_openssl_are_verified(authority: Path, options: list[str]) -> None:
    certificate = load_pem_x509_certificate((authority / "tsa.pem").read_bytes())
    made = token(authority, b"envelope", *options)
    stamp = check_timestamp(made, b"envelope", [certificate])
    assert stamp.authority == "CN=Example time authority"
    assert check_timestamp(made, b"envelope").authority is None
    assert check_timestamp(made, b"envelope").time == stamp.time > 1_700_000_000


def test_a_token_over_something_else_is_refused(authority: Path) -> None:
    certificate = load_pem_x509_certificate((authority / "tsa.pem").read_bytes())
    made = token(authority, b"envelope")
    with pytest.raises(Refused, match="timestamp-wrong"):
        check_timestamp(made, b"another", [certificate])
    for at in range(0, len(made), 3):
        changed = bytearray(made)
        changed[at] ^= 1
        try:
            stamp = check_timestamp(bytes(changed), b"envelope", [certificate])
        except Refused as refused:
            assert refused.reason is Reason.TIMESTAMP_WRONG  # noqa: PT017
            continue
        # What is outside the signature may change: then it is the same statement, or one of nobody that we know.
        assert stamp.authority is None or stamp == check_timestamp(made, b"envelope", [certificate])


def test_a_certificate_with_a_timestamp(authority: Path) -> None:
    bench = Bench(authority / "case")
    path = bench.apk()
    held = read_container(bench.world.certify(bench.world.statement(path)))
    good = replace(held, timestamps=(token(authority, held.envelope, "-cert"),))
    bench.embed(path, good.to_bytes())
    certificate = load_pem_x509_certificate((authority / "tsa.pem").read_bytes())
    verdict = verify(
        [path], bench.world.root(), now=NOW, statuses=bench.fresh(), demand=Demand(authorities=(certificate,))
    )
    assert verdict.state == "valid"
    assert verdict.marks[0].certificate is not None
    assert verdict.marks[0].certificate.timestamps[0].authority == "CN=Example time authority"
    bench.embed(path, replace(held, timestamps=(token(authority, b"another"),)).to_bytes())
    assert verify([path], bench.world.root(), now=NOW).refusal.reason is Reason.TIMESTAMP_WRONG  # type: ignore[union-attr]


def test_a_container_that_grew_beyond_its_bound_is_not_made() -> None:
    with pytest.raises(Refused, match="container-too-large"):
        Container(bytes(65_000), bytes(1000)).to_bytes()


def test_the_world_is_the_same_each_time() -> None:
    assert World().root_note() == World().root_note()
