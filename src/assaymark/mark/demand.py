"""What the caller asks for beyond a certificate that holds: an app store asks for more than a phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assaymark.mark.reasons import Reason, Refused

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Demand:
    """The conditions of one use.

    * `min_level`: 1 accepts a developer's own check; the default asks for somebody else's.
    * `fresh`: seconds for which news of the status count as fresh. Older news make the state `valid-status-stale`; with
      `require_status` they make a refusal, as no news at all do.
    * `package`, `version_code`: what the file has to be certified as.
    * `algorithms`: each of them must have signed, such as `sm2`.
    * `exact`: refuse a file that has the certified contents and is not the certified file.
    * `authorities`: certificates of timestamp authorities whose tokens are verified.
    """

    min_level: int = 2
    fresh: int = 14 * DAY
    require_status: bool = False
    package: str | None = None
    version_code: int | None = None
    algorithms: tuple[str, ...] = ()
    exact: bool = False
    authorities: tuple[Certificate, ...] = ()

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> Demand:
        """Read the members of a policy file (`docs/howto/verify.md`). Raises `Refused` (`demand-malformed`)."""
        kinds: dict[str, type] = {
            "min-level": int,
            "fresh-days": int,
            "require-status": bool,
            "package": str,
            "version-code": int,
            "algorithms": list,
            "exact": bool,
            "authorities": list,
        }
        for name, value in tree.items():
            kind = kinds.get(name)
            if kind is None or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise Refused(Reason.DEMAND_MALFORMED, str(name)[:80])
        return cls(
            min_level=tree.get("min-level", 2),
            fresh=tree.get("fresh-days", 14) * DAY,
            require_status=tree.get("require-status", False),
            package=tree.get("package"),
            version_code=tree.get("version-code"),
            algorithms=tuple(str(one) for one in tree.get("algorithms", ())),
            exact=tree.get("exact", False),
            authorities=_authorities(tree.get("authorities", ())),
        )


def _authorities(texts: Iterable[Any]) -> tuple[Certificate, ...]:
    listed = [str(one).encode() for one in texts]
    if not listed:
        return ()
    from cryptography.x509 import load_pem_x509_certificate  # slow to load, and rarely needed

    try:
        return tuple(load_pem_x509_certificate(one) for one in listed)
    except ValueError:
        raise Refused(Reason.DEMAND_MALFORMED, "authorities") from None
