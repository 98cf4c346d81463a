"""Dependencies that hand the verified user to a route."""

from typing import Union

from fastapi import HTTPException, Path, WebSocketException, status
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from .identity import CHALLENGE, NOT_AUTHENTICATED, USER_HEADER, raw_name, verified_user


class VerifiedUser(SecurityBase):
    """The id of the user whose token Postern has verified.

    Use it as `user: str = Depends(VerifiedUser())`, or, from FastAPI 0.95 on, as
    `user: Annotated[str, Depends(VerifiedUser())]`. A request without exactly one usable header is answered
    with 401; a websocket is closed with code 1008 before it opens. `header` is what POSTERN_USER_HEADER says.

    In OpenAPI it is an HTTP bearer scheme called `scheme_name`, because a bearer token is what clients have
    to send: the header itself is a matter between Postern and this service.
    """

    def __init__(self, header: str = USER_HEADER, scheme_name: str = "bearerAuth") -> None:
        self.model = HTTPBearer(
            bearerFormat="JWT", description="A token from Better Auth, checked by Postern."
        )
        self.scheme_name = scheme_name
        self._name = raw_name(header)

    async def __call__(self, connection: HTTPConnection) -> str:
        user = verified_user(connection.scope["headers"], self._name)
        if user is None:
            raise _refusal(connection, status.HTTP_401_UNAUTHORIZED, NOT_AUTHENTICATED)
        return user


class RequireOwner(VerifiedUser):
    """The verified user, provided that `{user_id}` in the route's path names the same user; otherwise 403.

    Postern has compared the two already. Comparing them once more costs next to nothing and still holds when
    a rule of the gate is too wide. `require_owner` is the ready-made instance for the default header:
    `user: str = Depends(require_owner)`. On a route without `{user_id}` every request is refused with 422.
    """

    async def __call__(self, connection: HTTPConnection, user_id: str = Path()) -> str:
        user = await super().__call__(connection)
        if user != user_id:
            raise _refusal(connection, status.HTTP_403_FORBIDDEN, "Forbidden")
        return user


require_owner = RequireOwner()


def _refusal(connection: HTTPConnection, code: int, detail: str) -> Union[HTTPException, WebSocketException]:
    """The exception that says no in the protocol of the connection."""
    if connection.scope["type"] == "websocket":
        return WebSocketException(status.WS_1008_POLICY_VIOLATION, detail)
    return HTTPException(code, detail, CHALLENGE if code == status.HTTP_401_UNAUTHORIZED else None)
