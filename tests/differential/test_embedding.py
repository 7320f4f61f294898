"""apksig, the verifier of Android's build tools, before and after a certificate was put into real packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from assaymark.mark.container import PAIR_ID
from assaymark.mark.subject import opened
from assaymark.signing.block import add_pair, has_pair, remove_pair
from assaymark.signing.errors import SigningError

CORPUS = Path(os.environ.get("ASSAYMARK_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
APKSIG = Path("/usr/share/java/apksig.jar")
LARGEST = 16 << 20

SOURCE = """
import com.android.apksig.ApkVerifier;
import java.io.File;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.*;

public class VerifyAll {
    static String hex(X509Certificate one) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(one.getEncoded()));
    }

    public static void main(String[] files) throws Exception {
        for (String line : java.nio.file.Files.readAllLines(new File(files[0]).toPath())) {
            String said;
            try {
                ApkVerifier.Result all = new ApkVerifier.Builder(new
                File(line)).setMinCheckedPlatformVersion(24).build().verify(); StringBuilder out = new
                StringBuilder(all.isVerified() ? "yes" : "no");
                out.append('\\t').append(all.isVerifiedUsingV1Scheme()).append(',').append(all.isVerifiedUsingV2Scheme());
                out.append(',').append(all.isVerifiedUsingV3Scheme()).append('\\t'); for (var one :
                all.getV2SchemeSigners()) out.append("v2=").append(hex(one.getCertificate())).append(' '); for (var one
                : all.getV3SchemeSigners()) out.append("v3=").append(hex(one.getCertificate())).append(' '); said =
                out.toString().strip(); } catch (Throwable error) { said = "broke off\\t" +
                error.getClass().getSimpleName(); } System.out.println(said); } } }
"""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not there"),
    pytest.mark.skipif(not APKSIG.is_file() or shutil.which("javac") is None, reason="apksig or the JDK is not there"),
]


@dataclass(frozen=True)
class Said:
    """What apksig says of one file: its verdict and schemes, and the signers of the signing block."""

    verdict: str
    schemes: str
    signers: dict[str, tuple[str, ...]]

    @classmethod
    def parse(cls, line: str) -> Said:
        verdict, schemes, *rest = line.split("\t")
        signers: dict[str, tuple[str, ...]] = {}
        for word in " ".join(rest).split():
            scheme, _, digest = word.partition("=")
            signers[scheme] = (*signers.get(scheme, ()), digest)
        return cls(verdict, schemes, signers)


def ask(paths: list[Path], folder: Path) -> list[Said]:
    """Ask apksig about many files in one process."""
    (folder / "VerifyAll.java").write_text(SOURCE)
    listing = folder / "files.txt"
    listing.write_text("".join(f"{path}\n" for path in paths))
    subprocess.run(["javac", "-cp", str(APKSIG), "-d", str(folder), str(folder / "VerifyAll.java")], check=True)
    done = subprocess.run(
        ["java", "-cp", f"{folder}:{APKSIG}", "VerifyAll", str(listing)], capture_output=True, text=True, check=True
    )
    return [Said.parse(line) for line in done.stdout.splitlines()]


def test_apksig_says_the_same_and_every_byte_comes_back(tmp_path: Path) -> None:
    """Also: the content digests that we compute, and the signers that we read, are those that apksig verifies."""
    before: list[Path] = []
    after: list[Path] = []
    for number, path in enumerate(sorted(CORPUS.rglob("*.apk"))):
        if path.stat().st_size > LARGEST:
            continue
        data = path.read_bytes()
        try:
            pieces = add_pair(data, PAIR_ID, b"certificate" * 229)
        except SigningError:
            continue  # no block, or one that would not come back
        marked = tmp_path / f"{number}.apk"
        marked.write_bytes(b"".join(pieces))
        assert has_pair(marked.read_bytes(), PAIR_ID), path.name
        assert b"".join(remove_pair(marked.read_bytes(), PAIR_ID)) == data, path.name
        before.append(path)
        after.append(marked)
    assert len(before) >= 20
    first, second = ask(before, tmp_path), ask(after, tmp_path)
    assert {path.name: said for path, said in zip(before, first, strict=True)} == {
        path.name: said for path, said in zip(before, second, strict=True)
    }
    verified = 0
    for path, said in zip(after, second, strict=True):
        if said.verdict != "yes" or not said.signers:
            continue
        with opened(path) as file:
            file.content(file.stated or {"sha256"})  # what we compute is what the developer's signature is held against
            ours = file.signers
        assert ours.problem is None, (path.name, ours.problem)
        for scheme, signers in said.signers.items():
            assert ours.certificates[scheme] == signers, path.name
        verified += 1
    assert verified >= 15
