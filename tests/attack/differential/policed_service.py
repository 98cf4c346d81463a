"""A service with paths for organisations, admins and owners of scopes, whose handlers write down what they were
given; the rules that guard it; and, written down once more by hand, whom each handler may run for."""

import services
from fastapi import FastAPI, Request, Response
from services import ANY, values

RULES = {
    "user": ["/api/{user_id}/**", "DELETE /api/{user_id}/** role=owner", "/team/{user_id}/{org_id}/** {org_id}=org"],
    "token": [
        "/orgs/{org_id}/** {org_id}=orgs",
        "POST|PUT|PATCH|DELETE /orgs/{org_id}/settings {org_id}=orgs role=admin",
        "GET /admin/** role=admin",
        "/reports/{year} {year}=years scope=reports:read",
        "/paid plan=pro",
        "/paid trial=true",
        "/level level=7",
    ],
    "optional": ["GET /feed"],
    "public": ["GET /docs/**"],
}
OVERRIDES = ["role=support", "PUT|DELETE role=owner"]
CLAIM_HEADERS = {"X-Level": "level", "X-User-Org": "org", "X-User-Role": "role"}  # by name in lower case

ledger = []


def handler(name):
    async def run(request: Request):
        headers = list(request.scope["headers"])
        ledger.append(
            services.note(request.scope)
            | {"handler": name, "override": values(headers, "x-postern-override")}
            | {"claims": {one: values(headers, one.lower()) for one in CLAIM_HEADERS}}
        )
        return Response(b"ran", media_type="text/plain")

    return run


ROUTES = [
    ("settings", "/orgs/{org_id}/settings"),
    ("orgs", "/orgs/{org_id}/{path:path}"),
    ("orgs", "/orgs/{org_id}"),
    ("team", "/team/{user_id}/{org_id}/{path:path}"),
    ("team", "/team/{user_id}/{org_id}"),
    ("api", "/api/{user_id}/{path:path}"),
    ("api", "/api/{user_id}"),
    ("admin", "/admin/{path:path}"),
    ("reports", "/reports/{year}"),
    ("paid", "/paid"),
    ("level", "/level"),
    ("feed", "/feed"),
    ("docs", "/docs/{path:path}"),
]

app = FastAPI()
for _name, _path in ROUTES:
    app.add_api_route(_path, handler(_name), methods=ANY)


class Number(str):
    """A JSON number as its text."""


class Odd:
    """A value that is neither text, an integer, a boolean nor an array of these."""


def scalar(value):
    """The text of one value, or None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str) else None


def members(value):
    """The texts in an array, or None where it holds anything else than plain values."""
    if not isinstance(value, list):
        return None
    texts = [scalar(one) for one in value]
    return None if None in texts else texts


def is_value(claims, name, wanted):
    value = claims.get(name, Odd)
    if isinstance(value, list):
        return wanted in (members(value) or [])
    if isinstance(value, str) and not isinstance(value, Number):
        if name == "scope":
            return wanted in value.split(" ")
        if name == "role":
            return wanted in value.split(",")
    return scalar(value) == wanted


def names(claims, name, segment):
    value = claims.get(name, Odd)
    if isinstance(value, list):
        return members(value) is not None and segment in [one for one in value if isinstance(one, str)]
    return isinstance(value, str) and value == segment


def is_overridden(claims, method):
    if method in ("GET", "HEAD") and is_value(claims, "role", "support"):
        return True
    return method in ("PUT", "DELETE") and is_value(claims, "role", "owner")


def needs(name, method, given, uid, claims):
    """Whether that handler may run for that user with those claims."""
    reads = method in ("GET", "HEAD")
    own = name not in ("api", "team") or given["user_id"] == uid or is_overridden(claims, method)
    if name == "api":
        return own and (method != "DELETE" or is_value(claims, "role", "owner"))
    if name == "team":
        return own and names(claims, "org", given["org_id"])
    if name == "settings":
        return names(claims, "orgs", given["org_id"]) and (
            method not in ("POST", "PUT", "PATCH", "DELETE") or is_value(claims, "role", "admin")
        )
    if name == "orgs":
        return names(claims, "orgs", given["org_id"])
    if name == "admin":
        return reads and is_value(claims, "role", "admin")
    if name == "reports":
        return names(claims, "years", given["year"]) and is_value(claims, "scope", "reports:read")
    if name == "paid":
        return is_value(claims, "plan", "pro") or is_value(claims, "trial", "true")
    if name == "level":
        return is_value(claims, "level", "7")
    return reads  # feed and docs


def field(value):
    """What a claim header says of a claim, or None."""

    def fits(text):
        return text and text == text.strip(" ") and all(" " <= letter <= "~" for letter in text)

    if isinstance(value, list):
        texts = members(value)
        sound = texts and all(fits(text) and "," not in text for text in texts)
        return ",".join(texts) if sound else None
    text = scalar(value)
    return text if text is not None and fits(text) else None


def broken_by(note, uid, claims):
    """What is wrong with a handler's having run, or None."""
    name, method, given = note["handler"], note["method"].upper(), note["given"]
    anonymous = not note["identity"] and not note["credentials"]
    told = note["override"] or any(note["claims"].values())
    if anonymous and (note["preflight"] or (name in ("feed", "docs") and method in ("GET", "HEAD"))):
        return "sees a claim or an override of nobody's" if told else None
    if name == "docs" and not note["identity"]:
        return "sees a claim or an override of nobody's" if told else None
    if note["identity"] != [uid]:
        return f"sees the identity {note['identity']}, and the verified uid is {uid!r}"
    if not needs(name, method, given, uid, claims):
        return f"{name} runs with {given} for {uid!r} by {method}, with the claims {claims}"
    override = ["true"] if name in ("api", "team") and given["user_id"] != uid else []
    if note["override"] != override:
        return f"sees the override {note['override']}, and it is {override}"
    for header, claim in CLAIM_HEADERS.items():
        expected = field(claims.get(claim, Odd))
        if note["claims"][header] != ([expected] if expected is not None else []):
            return f"sees {header}: {note['claims'][header]}, and the claim is {claims.get(claim)!r}"
    return None
