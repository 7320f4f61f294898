"""OpenSSL, and a timestamp authority of its."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def openssl(*words: str | Path, data: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


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
