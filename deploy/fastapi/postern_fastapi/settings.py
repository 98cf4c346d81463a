"""Where the identity key comes from: the same variables as Postern reads."""

import os
from pathlib import Path

from .signature import usable_keys

_VALUE = "POSTERN_IDENTITY_KEY"
_FILE = "POSTERN_IDENTITY_KEY_FILE"


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
