"""The FastAPI side of Postern: who the verified user is, and no way past the gate by accident."""

from .dependencies import RequireOwner, VerifiedUser, require_owner
from .middleware import RequireGate

__all__ = ["RequireGate", "RequireOwner", "VerifiedUser", "require_owner"]
