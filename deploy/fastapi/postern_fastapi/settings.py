"""Settings that the service shares with Postern, from the same variables."""

import os
from pathlib import Path

from .identity import raw_name
from .signature import usable_keys

_VALUE = "POSTERN_IDENTITY_KEY"
_FILE = "POSTERN_IDENTITY_KEY_FILE"
_CLAIM_HEADERS = "POSTERN_CLAIM_HEADERS"


def identity_keys(required: bool = True) -> list[bytes]:
    """The key in POSTERN_IDENTITY_KEY, or in the file that POSTERN_IDENTITY_KEY_FILE names, in a list for
    RequireGate.

    Byte for byte as Postern reads it: the file's one trailing newline is dropped, nothing else, and an empty
    variable is as good as none. Without either this is a ValueError; with `required=False` it is an empty
    list, and RequireGate then takes the header's word.
    """
    value, file = os.environ.get(_VALUE), os.environ.get(_FILE)
    if value and file:
        raise ValueError(f"{_VALUE} and {_FILE} are both set")
    if value:
        return list(usable_keys([os.fsencode(value)]))
    if file:
        return list(usable_keys([Path(file).read_bytes().removesuffix(b"\n")]))
    if required:
        raise ValueError(f"{_VALUE} or {_FILE} is required")
    return []


def claim_headers() -> dict[str, str]:
    """The claim headers in POSTERN_CLAIM_HEADERS, e.g. `X-User-Role=role,X-User-Org=activeOrganizationId`, as
    {header: claim}, for RequireGate and VerifiedClaims. Empty without the variable; what Postern would not start
    with is a ValueError.
    """
    found: dict[str, str] = {}
    folded: set[bytes] = set()
    for entry in os.environ.get(_CLAIM_HEADERS, "").split(","):
        if not entry.strip():
            continue
        name, equals, claim = entry.strip(" \t").partition("=")
        if not equals or not claim:
            raise ValueError(f"{_CLAIM_HEADERS}: {entry!r} is not HEADER=claim")
        if (one := raw_name(name).replace(b"_", b"-")) in folded:
            raise ValueError(f"{_CLAIM_HEADERS}: {name!r} is there twice")
        folded.add(one)
        found[name] = claim
    return found
