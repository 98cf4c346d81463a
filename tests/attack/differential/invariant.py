"""The invariant: no handler runs with a user_id that differs from the verified uid, nor sees an identity
header that the proxy did not write."""

from dataclasses import dataclass


# Kinds of violations.
OTHER_USER = "another user"
IDENTITY = "foreign identity"
REQUESTS = "hidden request"


def broken_by(note, uid):
    """(kind, what is wrong) with a handler's note, or None. `uid` is whose good token was sent, if any."""
    given = note["given"].get("user_id")
    identity = note["identity"]
    preflight = note["preflight"] and not identity and not note["credentials"]
    if given not in (None, uid) and not preflight:  # a CORS preflight carries nobody's identity
        return OTHER_USER, f"runs with user_id={given!r}, and the verified uid is {uid!r}"
    if identity and identity != [uid]:
        return IDENTITY, f"sees the identity {identity}, and the verified uid is {uid!r}"
    if given is not None and not identity and not preflight:
        return IDENTITY, f"runs with user_id={given!r} and no identity"
    return None


@dataclass
class Violation:
    seed: int
    index: int
    where: str  # which server and service
    kind: str
    what: str
    sent: bytes
    upstream: bytes | None = None
    form: str = "--case"

    def __str__(self):
        lines = [f"VIOLATION: {self.where}: the handler {self.what}", f"  sent:     {self.sent!r}"]
        if self.upstream is not None:
            lines.append(f"  upstream: {self.upstream!r}")
        lines.append(f"  again:    tests/attack/run --seed {self.seed} {self.form} {self.index}")
        return "\n".join(lines)
