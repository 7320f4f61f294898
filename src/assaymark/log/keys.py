"""Files of secret keys: PKCS #8 in PEM, for their owner only (mode 0600), with a passphrase if one is given."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from assaymark.log.errors import LogError
from assaymark.mark.keys import SecretKey
from assaymark.mark.note import Kind, Signer
from assaymark.mark.reasons import Refused

MAX_KEY = 1 << 16
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


def write_secret(path: Path, key: SecretKey, passphrase: str | None = None) -> None:
    """Keep a key in a new file, on the disk when this returns.

    Raises `LogError`: `key-exists` (nothing is replaced), `cannot-write`; `key-unreadable` for SM2 with a passphrase.
    """
    content = key.to_pem()
    if passphrase is not None:
        if key.algorithm == "sm2":
            raise LogError("key-unreadable", "SM2 keys have no passphrase", file=path.name, detail="SM2")
        secret = load_pem_private_key(content, None)
        content = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise LogError("key-exists", f"{path} exists", file=str(path)) from None
    except OSError as error:
        raise LogError("cannot-write", f"{path}: {error}", folder=str(path), detail=error.strerror) from None


def read_secret(path: Path, passphrase: str | None = None) -> SecretKey:
    """Read a key. Raises `LogError`: `key-unreadable`, `key-open` (others may read the file), `wrong-passphrase`."""
    try:
        if path.stat().st_mode & 0o077:
            raise LogError("key-open", f"{path} may be read by others", file=str(path))
        with path.open("rb") as file:
            content = file.read(MAX_KEY)
    except OSError as error:
        raise LogError("key-unreadable", f"{path}: {error}", file=str(path), detail=error.strerror) from None
    try:
        if not content.startswith(_ENCRYPTED):
            return SecretKey.from_pem(content)
        if passphrase is None:
            raise LogError("needs-passphrase", f"{path} is encrypted", file=str(path))
        key = load_pem_private_key(content, passphrase.encode())
        if not isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
            raise LogError("key-unreadable", f"{path}: algorithm", file=str(path), detail=type(key).__name__)
        return SecretKey.of(key)
    except Refused as refused:
        raise LogError("key-unreadable", f"{path}: {refused}", file=str(path), detail=str(refused)) from None
    except ValueError:
        raise LogError("wrong-passphrase", f"{path}: wrong passphrase", file=str(path)) from None


def read_signer(path: Path, name: str, kind: Kind, passphrase: str | None = None) -> Signer:
    """Read a key that signs notes under this name. Raises `LogError`, `Refused` (`key-malformed`)."""
    key = read_secret(path, passphrase)
    if key.algorithm != "ed25519":
        raise LogError("key-unreadable", f"{path}: {key.algorithm}", file=str(path), detail=key.algorithm)
    return signer(key, name, kind)


def signer(key: SecretKey, name: str, kind: Kind = Kind.ED25519) -> Signer:
    """Give an Ed25519 key as one that signs notes. Raises `Refused` (`key-malformed`)."""
    return Signer.of(name, kind, Ed25519PrivateKey.from_private_bytes(key.secret))
