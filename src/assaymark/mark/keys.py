"""Keys that sign certificates: Ed25519, ECDSA P-256 with SHA-256, and SM2 with SM3 (needs the extra `sm`).

Key files are PEM: PKCS #8 for secrets, SubjectPublicKeyInfo for public keys, as OpenSSL 3 writes them without a
password. Sources: RFC 5208 and 5915 for the secrets, GB/T 32918 and GB/T 35276 for SM2; its signer id is the usual
1234567812345678.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.root import SPKI

ALGORITHMS = ("ed25519", "ecdsa-p256", "sm2")

_PEM = re.compile(rb"-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)-----END PRIVATE KEY-----\s*")
# PKCS #8 around an ECPrivateKey on the SM2 curve, as OpenSSL writes it; the secret is the 32 bytes between, the point
# follows.
_SM2_HEAD = bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")
_SM2_MIDDLE = bytes.fromhex("a14403420004")


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key that signs. `secret` is as `ALGORITHMS` has it: 32 bytes."""

    algorithm: str
    secret: bytes
    point: bytes

    @property
    def spki(self) -> bytes:
        """The public key, a DER SubjectPublicKeyInfo."""
        return SPKI[self.algorithm][0] + self.point

    @property
    def keyid(self) -> str:
        """The name of the key in envelopes and roots."""
        return sha256(self.spki).hexdigest()

    def sign(self, message: bytes) -> bytes:
        """Sign a message: 64 bytes of Ed25519, else a DER sequence of r and s.

        Raises `Refused` (`algorithm-missing`).
        """
        if self.algorithm == "ed25519":
            return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)
        if self.algorithm == "ecdsa-p256":
            key = ec.derive_private_key(int.from_bytes(self.secret, "big"), ec.SECP256R1())
            return key.sign(message, ec.ECDSA(hashes.SHA256()))
        import_sm2()
        import gmssl_pyx

        return bytes(gmssl_pyx.sm2_sign(self.secret, self.point, message))

    def to_pem(self) -> bytes:
        """Give the secret as PKCS #8 in PEM, without a password: what keeps it secret is where it lies."""
        if self.algorithm == "sm2":
            body = base64.b64encode(_SM2_HEAD + self.secret + _SM2_MIDDLE + self.point)
            lines = [body[at : at + 64] for at in range(0, len(body), 64)]
            return b"-----BEGIN PRIVATE KEY-----\n" + b"\n".join(lines) + b"\n-----END PRIVATE KEY-----\n"
        from cryptography.hazmat.primitives import serialization  # slow to load: only who holds secrets needs it

        form = serialization.PrivateFormat.PKCS8
        return self._object().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())

    def _object(self) -> Ed25519PrivateKey | ec.EllipticCurvePrivateKey:
        if self.algorithm == "ed25519":
            return Ed25519PrivateKey.from_private_bytes(self.secret)
        return ec.derive_private_key(int.from_bytes(self.secret, "big"), ec.SECP256R1())

    @classmethod
    def of(cls, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> SecretKey:
        """Take over a key of `cryptography`. Raises `Refused` (`key-malformed`) for another curve than P-256."""
        if isinstance(key, Ed25519PrivateKey):
            return cls("ed25519", key.private_bytes_raw(), key.public_key().public_bytes_raw())
        if not isinstance(key.curve, ec.SECP256R1):
            raise Refused(Reason.KEY_MALFORMED, f"curve {key.curve.name}")
        numbers = key.public_key().public_numbers()
        point = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        return cls("ecdsa-p256", key.private_numbers().private_value.to_bytes(32, "big"), point)

    @classmethod
    def from_pem(cls, content: bytes) -> SecretKey:
        """Read a PKCS #8 key in PEM, without a password. Raises `Refused` (`key-malformed`)."""
        found = _PEM.fullmatch(content.strip())
        body = base64.b64decode(found[1]) if found else b""
        if body.startswith(_SM2_HEAD):
            rest = body.removeprefix(_SM2_HEAD)
            if len(rest) == 32 + len(_SM2_MIDDLE) + 64 and rest[32:].startswith(_SM2_MIDDLE):
                return cls("sm2", rest[:32], rest[-64:])
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization

        try:
            key = serialization.load_pem_private_key(content, password=None)
        except (ValueError, TypeError, KeyError, UnsupportedAlgorithm) as error:
            raise Refused(Reason.KEY_MALFORMED, type(error).__name__) from None
        if not isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
            raise Refused(Reason.KEY_MALFORMED, "neither Ed25519 nor P-256 nor SM2")
        return cls.of(key)


def generate(algorithm: str) -> SecretKey:
    """Make a new key. Raises `Refused` (`algorithm-missing`) for SM2 without the extra `sm`."""
    if algorithm == "ed25519":
        return SecretKey.of(Ed25519PrivateKey.generate())
    if algorithm == "ecdsa-p256":
        return SecretKey.of(ec.generate_private_key(ec.SECP256R1()))
    if algorithm != "sm2":
        raise ValueError(f"unknown algorithm: {algorithm}")
    import_sm2()
    import gmssl_pyx

    public, secret = gmssl_pyx.sm2_key_generate()
    return SecretKey("sm2", secret, public)


def import_sm2() -> None:
    """Raise `Refused` (`algorithm-missing`) if SM2 cannot be computed here."""
    try:
        import gmssl_pyx  # noqa: F401
    except ImportError:
        raise Refused(Reason.ALGORITHM_MISSING, "sm2", algorithm="SM2") from None


def verify(algorithm: str, point: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether a signature holds. The algorithm comes from the trust root, never from what is verified.

    `point` is the bare public key. Raises `Refused` (`algorithm-missing`) for SM2 without the extra `sm`.
    """
    try:
        if algorithm == "ed25519":
            Ed25519PublicKey.from_public_bytes(point).verify(signature, message)
            return True
        if algorithm == "ecdsa-p256":
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point)
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            return True
    except (InvalidSignature, ValueError):
        return False
    if algorithm != "sm2":
        return False
    import_sm2()
    import gmssl_pyx

    try:
        return bool(gmssl_pyx.sm2_verify(point, message, signature))
    except gmssl_pyx.GmsslInnerError:
        return False
