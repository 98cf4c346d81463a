"""Dependencies that hand the verified user, and the user's claims, to a route."""

import inspect
from collections.abc import Coroutine, Mapping
from typing import Any, Optional, Union, overload

from fastapi import HTTPException, Path, WebSocketException, status
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from .identity import (
    CHALLENGE,
    NOT_AUTHENTICATED,
    OVERRIDE,
    USER_HEADER,
    VOUCHED_FOR,
    Vouched,
    claim_text,
    raw_name,
    values_of,
    verified_user,
)
from .settings import claim_headers


class _InstancesOnly(type):
    """Of classes whose instances are dependencies. FastAPI would take the class itself for one too: it would make
    an instance for each request, out of the query, and check nothing."""

    @property
    def __signature__(cls) -> inspect.Signature:
        # FastAPI asks for it where the route is written.
        raise TypeError(f"Depends({cls.__name__}) would check nothing: write Depends({cls.__name__}())")


class _Bearer(SecurityBase, metaclass=_InstancesOnly):
    """In OpenAPI an HTTP bearer scheme, because a bearer token is what clients have to send: the headers are a
    matter between Postern and this service."""

    def __init__(self, header: str, scheme_name: str) -> None:
        self.model = HTTPBearer(
            bearerFormat="JWT", description="A token from Better Auth, checked by Postern."
        )
        self.scheme_name = scheme_name
        self._name = raw_name(header)

    def _user(self, connection: HTTPConnection) -> Optional[str]:
        if not _is_told(connection, self._name):
            return None
        return verified_user(connection.scope["headers"], self._name)

    def _user_or_401(self, connection: HTTPConnection) -> str:
        user = self._user(connection)
        if user is None:
            raise _refusal(connection, status.HTTP_401_UNAUTHORIZED, NOT_AUTHENTICATED)
        return user


class VerifiedUser(_Bearer):
    """The id of the user whose token Postern has verified.

    Use it as `user: str = Depends(VerifiedUser())`, or, from FastAPI 0.95 on, as
    `user: Annotated[str, Depends(VerifiedUser())]`. A request without exactly one usable header is answered
    with 401; a websocket is closed with code 1008 before it opens. With `auto_error=False` the user is then
    None instead: for paths in POSTERN_OPTIONAL_PATHS and POSTERN_PUBLIC_PATHS. `header` is what
    POSTERN_USER_HEADER says.
    """

    def __init__(
        self, header: str = USER_HEADER, scheme_name: str = "bearerAuth", *, auto_error: bool = True
    ) -> None:
        super().__init__(header, scheme_name)
        self._auto_error = auto_error

    async def __call__(self, connection: HTTPConnection) -> Optional[str]:
        return self._user_or_401(connection) if self._auto_error else self._user(connection)


class VerifiedClaims(_Bearer):
    """The claims that Postern took from the verified token, by the names that they have there.

        claims: dict[str, str] = Depends(VerifiedClaims({"X-User-Role": "role"}))

    `headers` says which header has which claim, as POSTERN_CLAIM_HEADERS does; None means that this variable
    is read here too. A claim that the token lacks, or that no header can hold, is not in the answer. Values
    are text: of an array it is the members with commas between, and nothing tells those from the commas of a
    string, so do not split what users write themselves. Without a user it is 401, or with `auto_error=False`
    no claims at all.

    A RequireGate with keys has to be given the same headers as `claims`: a header that no signature covers may
    be anybody's, and asking for it is then an error (RuntimeError, and a 500).
    """

    def __init__(
        self,
        headers: Optional[Mapping[str, str]] = None,
        *,
        header: str = USER_HEADER,
        scheme_name: str = "bearerAuth",
        auto_error: bool = True,
    ) -> None:
        super().__init__(header, scheme_name)
        told = claim_headers() if headers is None else headers
        self._claims = {raw_name(name): claim for name, claim in told.items()}
        self._auto_error = auto_error

    async def __call__(self, connection: HTTPConnection) -> dict[str, str]:
        user = self._user_or_401(connection) if self._auto_error else self._user(connection)
        # Postern sends claims of a verified token alone, so without a user they are somebody else's word.
        if user is None:
            return {}
        found: dict[str, str] = {}
        for name, claim in self._claims.items():
            values = values_of(connection.scope["headers"], name) if _is_told(connection, name) else []
            if not values:
                continue
            text = claim_text(values[0]) if len(values) == 1 else None
            if text is None:
                raise _refusal(connection, status.HTTP_401_UNAUTHORIZED, NOT_AUTHENTICATED)
            found[claim] = text
        return found


class RequireOwner(_Bearer):
    """The verified user, provided that `{user_id}` in the route's path names the same user; otherwise 403.

    Postern has compared the two already. Comparing them once more costs next to nothing and still holds when
    a rule of the gate is too wide. `parameter` is the name in the route's path; on a route without it every
    request is refused with 422.

    With `allow_override` a request passes too that Postern let through by POSTERN_OVERRIDE. What the route gets
    is who asks, and never the user whose path it is: that is the path's parameter.
    """

    def __init__(
        self,
        header: str = USER_HEADER,
        scheme_name: str = "bearerAuth",
        *,
        parameter: str = "user_id",
        allow_override: bool = False,
    ) -> None:
        super().__init__(header, scheme_name)
        self._allow_override = allow_override
        # What FastAPI is to pass. The alias is the parameter's name in the path and in OpenAPI.
        keyword = inspect.Parameter.KEYWORD_ONLY
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter("connection", keyword, annotation=HTTPConnection),
                inspect.Parameter("user_id", keyword, annotation=str, default=Path(alias=parameter)),
            ]
        )

    async def __call__(self, connection: HTTPConnection, user_id: str) -> str:
        return self.judge(connection, user_id)

    def judge(self, connection: HTTPConnection, user_id: str) -> str:
        user = self._user_or_401(connection)
        if user != user_id and not (self._allow_override and _is_overridden(connection)):
            raise _refusal(connection, status.HTTP_403_FORBIDDEN, "Forbidden")
        return user


class _RequireOwner(_Bearer):
    """What `require_owner` is: itself the dependency for `{user_id}`, and called with other wishes, another one."""

    def __init__(self) -> None:
        super().__init__(USER_HEADER, "bearerAuth")
        self._own = RequireOwner()
        self.__signature__ = self._own.__signature__
        # FastAPI asks an instance's __call__ whether what it gives has to be awaited.
        vars(self)["__call__"] = self._own.__call__

    @overload
    def __call__(self, connection: HTTPConnection, user_id: str) -> Coroutine[Any, Any, str]: ...

    @overload
    def __call__(
        self, connection: str = ..., *, allow_override: bool = ..., header: str = ...
    ) -> RequireOwner: ...

    def __call__(
        self,
        connection: Union[HTTPConnection, str] = "user_id",
        user_id: str = "",
        *,
        allow_override: bool = False,
        header: str = USER_HEADER,
    ) -> Union[Coroutine[Any, Any, str], RequireOwner]:
        if isinstance(connection, str):
            return RequireOwner(header, parameter=connection, allow_override=allow_override)
        # Refused here and now, and not only where somebody awaits it.
        return _given(self._own.judge(connection, user_id))


async def _given(user: str) -> str:
    return user


require_owner = _RequireOwner()
"""`Depends(require_owner)` for `{user_id}`; `Depends(require_owner("owner_id"))` where the path calls it so;
`require_owner(allow_override=True)` where whom POSTERN_OVERRIDE names may come too."""


def _is_told(connection: HTTPConnection, name: bytes) -> bool:
    """Whether the header called `name` is Postern's word, as far as that can be known here.

    Without a RequireGate with keys it cannot: then the header is believed, whoever wrote it, and the network
    has to keep everybody but Postern out.
    """
    vouched: Optional[Vouched] = connection.scope.get(VOUCHED_FOR)
    if vouched is None:
        return True
    if name not in vouched.names:
        raise RuntimeError(
            f"the header {name.decode()} is covered by no signature: RequireGate has to be given it too, as "
            "`header` or in `claims`"
        )
    return vouched.signed


def _is_overridden(connection: HTTPConnection) -> bool:
    # Postern lets no websocket through for another user.
    return (
        connection.scope["type"] == "http"
        and _is_told(connection, OVERRIDE)
        and values_of(connection.scope["headers"], OVERRIDE) == [b"true"]
    )


def _refusal(connection: HTTPConnection, code: int, detail: str) -> Union[HTTPException, WebSocketException]:
    """The exception that says no in the protocol of the connection."""
    if connection.scope["type"] == "websocket":
        return WebSocketException(status.WS_1008_POLICY_VIOLATION, detail)
    return HTTPException(code, detail, CHALLENGE if code == status.HTTP_401_UNAUTHORIZED else None)
