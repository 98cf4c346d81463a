"""The FastAPI side of Postern: who the verified user is, and no way past the gate."""

from .dependencies import RequireOwner, VerifiedClaims, VerifiedUser, require_owner
from .middleware import RequireGate
from .settings import claim_headers, identity_keys

__all__ = [
    "RequireGate",
    "RequireOwner",
    "VerifiedClaims",
    "VerifiedUser",
    "claim_headers",
    "identity_keys",
    "require_owner",
]
