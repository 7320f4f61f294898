"""Our verdicts on signatures against those of apksigner, on real packages and on ones that apksigner signs here."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from assaymark import _engine

CORPUS = Path(os.environ.get("ASSAYMARK_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
EXPECTED = CORPUS / "malformed" / "apksig" / "expected.csv"
SAMPLE = 30
SCHEMES = ("v1", "v2", "v3")

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not there")
needs_apksigner = pytest.mark.skipif(shutil.which("apksigner") is None, reason="apksigner is not installed")


@dataclass(frozen=True)
class Verdict:
    """What a verifier says of one package, for all platforms from one on."""

    verified: bool
    schemes: frozenset[str] = frozenset()
    certificates: frozenset[str] = frozenset()


def ours(path: Path, min_sdk: int) -> Verdict:
    """Put our results for each scheme together as apksigner does.

    It looks at the newest scheme first, at an older one only if some platform from `min_sdk` on does not know the newer
    one, and refuses the package at the first scheme that fails.
    """
    try:
        rows, _pairs, _problems = _engine.signatures(_engine.Package.open(path), min_sdk)
    except _engine.EngineError:
        return Verdict(verified=False)
    used: list[str] = []
    for scheme, first_beyond in (("v3", None), ("v2", 28), ("v1", 24)):
        if used and (first_beyond is None or min_sdk >= first_beyond):
            continue
        signers = [row for row in rows if row["scheme"] == scheme]
        if any(row["status"] != "verified" for row in signers):
            return Verdict(verified=False)
        if signers:
            used.append(scheme)
        elif scheme == "v1":
            return Verdict(verified=False)
    newest = {row["certificate_sha256"] or "" for row in rows if row["scheme"] == used[0]}
    return Verdict(verified=True, schemes=frozenset(used), certificates=frozenset(newest))


def apksigner(path: Path, min_sdk: int) -> Verdict | None:
    """Ask apksigner; `None` if it breaks off before a verdict, as over a manifest that it cannot read."""
    command = ["apksigner", "verify", "-v", "--print-certs", "--min-sdk-version", str(min_sdk), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if "Exception in thread" in done.stderr:
        return None
    if done.returncode != 0:
        return Verdict(verified=False)
    schemes = re.findall(r"Verified using (v\d) scheme .*: true", done.stdout)
    certificates = re.findall(r"^Signer #\d+ certificate SHA-256 digest: ([0-9a-f]{64})", done.stdout, re.MULTILINE)
    return Verdict(verified=True, schemes=frozenset(schemes) & set(SCHEMES), certificates=frozenset(certificates))


def sample() -> list[Path]:
    """Give some packages of the corpus, the same ones each time, chosen by the digest of their names."""
    packages = [path for path in CORPUS.rglob("*.apk") if path.stat().st_size < 4 << 20]
    by_digest = sorted(packages, key=lambda path: hashlib.sha256(path.relative_to(CORPUS).as_posix().encode()).digest())
    return by_digest[:SAMPLE]


@pytest.mark.corpus
@needs_corpus
@pytest.mark.skipif(not EXPECTED.is_file(), reason="this half of the corpus has no table of verdicts")
def test_recorded_verdicts() -> None:
    """The table of verdicts for the test packages of apksig, as apksigner gave them with `--min-sdk-version 24`."""
    different = {}
    with EXPECTED.open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if (EXPECTED.parent / row["apk"]).is_file()]
    assert len(rows) > 20
    for row in rows:
        # Where apksigner broke off, what its own test demands holds: newer Java does not know its name of RSA-PSS.
        broke_off = "Exception" in row["apksigner_message"]
        demanded = row["expected"] == "accept" if broke_off else row["apksigner_31_min24"] == "verified"
        if ours(EXPECTED.parent / row["apk"], 24).verified != demanded:
            different[row["apk"]] = row["apksigner_31_min24"]
    assert different == {}


@pytest.mark.corpus
@needs_corpus
@needs_apksigner
def test_sample_of_the_corpus() -> None:
    paths = sample()
    with ThreadPoolExecutor(2) as pool:
        theirs = list(pool.map(lambda path: apksigner(path, 24), paths))
    compared = [(path, verdict) for path, verdict in zip(paths, theirs, strict=True) if verdict is not None]
    assert len(compared) >= SAMPLE // 2
    assert {path.name: ours(path, 24) for path, _ in compared} == {path.name: verdict for path, verdict in compared}


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key store with a key of each kind."""
    if shutil.which("keytool") is None:
        pytest.skip("keytool is not installed")
    store = tmp_path_factory.mktemp("keys") / "store.p12"
    for kind, bits in (("RSA", 2048), ("EC", 384), ("DSA", 2048)):
        command = ["keytool", "-genkeypair", "-keystore", str(store), "-storepass", "password", "-alias", kind]
        command += ["-keyalg", kind, "-keysize", str(bits), "-dname", f"CN={kind} key", "-validity", "9000"]
        subprocess.run(command, check=True, capture_output=True)
    return store


@needs_apksigner
@pytest.mark.parametrize(
    ("kind", "bits", "verity"), [("RSA", 2048, True), ("EC", 384, True), ("DSA", 2048, True), ("RSA", 2048, False)]
)
def test_packages_that_apksigner_signs(tmp_path: Path, keystore: Path, kind: str, bits: int, verity: bool) -> None:
    """All schemes, with each kind of key, and with the Merkle tree digest of a file system that verifies itself."""
    unsigned, signed = tmp_path / "unsigned.apk", tmp_path / "signed.apk"
    with zipfile.ZipFile(unsigned, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("classes.dex", b"code " * 50_000)
        archive.writestr("res/a-name-that-takes-more-than-one-line-of-the-manifest/" + "x" * 80, b"")
    min_sdk = 28 if kind == "DSA" or verity else 18
    command = ["apksigner", "sign", "--ks", str(keystore), "--ks-pass", "pass:password", "--ks-key-alias", kind]
    command += ["--min-sdk-version", str(min_sdk), "--v1-signing-enabled", "true", *["--verity-enabled"] * verity]
    subprocess.run([*command, "--out", str(signed), str(unsigned)], check=True, capture_output=True)

    rows, _pairs, problems = _engine.signatures(_engine.Package.open(signed), min_sdk)
    assert [(row["scheme"], row["status"]) for row in rows] == [(scheme, "verified") for scheme in SCHEMES]
    assert {(row["subject"], row["algorithm"], row["key_bits"]) for row in rows} == {(f"CN={kind} key", kind, bits)}
    assert problems == []

    data = bytearray(signed.read_bytes())
    data[data.index(b"classes.dex") + 40] ^= 1
    rows, _pairs, _problems = _engine.signatures(_engine.Package.from_bytes(bytes(data)), min_sdk)
    assert {row["scheme"] for row in rows if row["problem"] == "content-digest-mismatch"} >= {"v2", "v3"}
    assert all(row["status"] == "failed" for row in rows)
