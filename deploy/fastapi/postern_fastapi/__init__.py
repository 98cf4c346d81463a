"""The FastAPI side of Postern: who the verified user is, and no way past the gate."""

from .dependencies import RequireOwner, VerifiedUser, require_owner
from .middleware import RequireGate
from .settings import identity_keys

__all__ = ["RequireGate", "RequireOwner", "VerifiedUser", "identity_keys", "require_owner"]
