"""The search among rules with conditions: random claims, targets and methods; Postern's own parser, judge and
writer; uvicorn's own parsers; a service; and an oracle that knows nothing of rules."""

import base64
import hashlib
import hmac
import json
import time

import message_grammar
import policed_service
from generator import HEX, Targets
from in_process import BATCH, Tally, judge, tool
from invariant import Violation

from gate import SECRET

CONDITION = "condition"

LOOKALIKES = ("o1", "o1", "o1", "O1", "o2", "o", "o11", " o1", "o1 ", "o1,o2", "\uff4f1", "o\u0131", "7", "07", "7.0", "true",
              "\u00e9", "e\u0301", "\u00c9", "o1\u200b", "o1\u0000", "", "2026", "2,026", "20\u0662\u0666")
WORDS = {
    "role": ("admin", "admin", "owner", "support", "user", "Admin", "administrator", "adm", "admin ", "\uff41dmin", "\u0430dmin",
             "user,admin", "user, admin", "user admin", "support,owner", ",admin,", "admin\u0000", "admin\n", "root"),
    "scope": ("reports:read", "openid reports:read", "reports:readonly", "reports:read,x", " reports:read", "REPORTS:READ",
              "reports:read\t", "x\u00a0reports:read", "reports: read", ""),
    "plan": ("pro", "pro", "Pro", "free", "pro,free", "pr\u043e", "pro "),
    "org": LOOKALIKES, "orgs": LOOKALIKES, "years": LOOKALIKES, "trial": ("true", "True", "1", "yes", "tru"), "level": ("7", "07", "+7", "7.0", "\u0667"),
}
NUMBERS = ("7", "7", "-7", "0", "2026", "7.0", "7e0", "70", "2026.0", "-0", "12345678901234567890123")
PLAIN = ("true", "false", "null", "{}", "[]", '{"admin":true}', '["o1",["o1"]]', '["o1",null]', '[7,"o1",true]', "[true]", "[1.5]")
PATHS = (
    ("orgs", "O"), ("orgs", "O", "members"), ("orgs", "O", "settings"), ("orgs", "O", "settings"), ("orgs", "O", "settings", "x"),
    ("api", "U", "x"), ("api", "U"), ("team", "U", "O", "x"), ("team", "U", "O"), ("admin", "users"), ("admin", ""), ("reports", "Y"),
    ("paid",), ("level",), ("feed",), ("docs", "a"),
)
METHODS = (b"GET",) * 6 + (b"HEAD", b"POST", b"POST", b"PUT", b"PATCH", b"DELETE", b"DELETE", b"OPTIONS")
ODD_METHODS = (b"get", b"Get", b"delete", b"Post", b"PROPFIND", b"GET2")
FORGED = (b"X-User-Role: admin", b"x_user_role: admin", b"X-User-Org: o1", b"X-Level: 7", b"X-Postern-Override: true",
          b"x_postern_override: true", b"Connection: X-User-Role, X-Postern-Override", b"X-HTTP-Method-Override: GET",
          b"Upgrade: websocket\r\nConnection: Upgrade", b"X-Original-URL: /admin/users", b"X-User-Id: bob")


class Claims:
    """Random claims as JSON text, written in one of its many spellings."""

    def __init__(self, chance):
        self.random = chance

    def pick(self, options):
        return options[int(self.random.random() * len(options))]

    def text(self, word):
        if self.random.random() < 0.7:
            return json.dumps(word, ensure_ascii=self.random.random() < 0.5)
        letters = ("\\u%04x" % ord(letter) if self.random.random() < 0.4 else json.dumps(letter)[1:-1] for letter in word)
        return '"' + "".join(letters) + '"'

    def value(self, name):
        draw = self.random.random()
        if draw < 0.2:
            return self.text(WORDS[name][0])
        if draw < 0.5:
            return self.text(self.pick(WORDS[name]))
        if draw < 0.62:
            return self.pick(NUMBERS)
        if draw < 0.7:
            return self.pick(PLAIN)
        some = [self.text(self.pick(WORDS[name])) if self.random.random() < 0.8 else self.pick(NUMBERS + PLAIN)
                for _ in range(int(self.random.random() * 4))]
        return "[" + ", ".join(some) + "]"

    def payload(self, uid, now):
        entries = [f'"uid":{json.dumps(uid)},"exp":{now + 86400}']
        for name in WORDS:
            if self.random.random() < 0.55:
                spelled = self.text(name) if self.random.random() < 0.1 else f'"{name}"'
                entries.append(f"{spelled}:{self.value(name)}")
        if self.random.random() < 0.02:
            entries.append(f'"role":{self.value("role")}')  # a second one where there is one: no token at all
        if self.random.random() < 0.1:
            entries.append('"Role":"admin","ROLE":"admin","user":{"role":"admin"},"org_id":"o1"')
        return "{" + ",".join(entries) + "}"


def read_claims(payload):
    """The claims, or None for a token that no gate may take."""

    def once(pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise KeyError
        return dict(pairs)

    try:
        return json.loads(payload, parse_int=policed_service.Number, parse_float=lambda _: policed_service.Odd,
                          object_pairs_hook=once)
    except KeyError:
        return None


def sign(payload):
    signed = b"eyJhbGciOiJIUzI1NiJ9." + base64.urlsafe_b64encode(payload.encode()).rstrip(b"=")
    tag = hmac.digest(SECRET.encode(), signed, hashlib.sha256)
    return signed + b"." + base64.urlsafe_b64encode(tag).rstrip(b"=")


class Case:
    __slots__ = ("claims", "expected", "head", "index", "uid")


class Conditions:
    def __init__(self, seed, rules=policed_service.RULES, overrides=policed_service.OVERRIDES):
        import readings  # imports uvicorn and FastAPI

        self.seed, self.now = seed, int(time.time())
        self.targets = Targets(seed)
        self.claims = Claims(self.targets.random)
        self.servers = {name: readings.Server(name) for name in readings.PARSERS}
        self.service = readings.Service(policed_service.app, policed_service.ledger)
        self.command = [tool(), "--secret", SECRET, "--now", str(self.now)]
        for one in overrides:
            self.command += ["--override", one]
        for name, claim in policed_service.CLAIM_HEADERS.items():
            self.command += ["--claim-header", f"{name}={claim}"]
        self.command += [f"{kind}={text}" for kind, texts in rules.items() for text in texts]

    def make(self, index):
        targets, pick = self.targets, self.targets.pick
        targets.restart(index)
        draw = targets.random.random
        case = Case()
        case.index, case.uid = index, pick(("alice", "alice", "bob", "o1", "7"))
        payload = self.claims.payload(case.uid, self.now)
        case.claims = read_claims(payload)
        shape, method = pick(PATHS), pick(METHODS)
        parts = [self._segment(part, case.uid) for part in shape]
        hostile = draw() < 0.5
        case.expected = None
        fields = [b"Authorization: Bearer " + sign(payload)]
        target = b"/" + b"/".join(self._spell(part, hostile) for part in parts)
        if hostile:
            if draw() < 0.3:
                method = pick(ODD_METHODS)
            if draw() < 0.4:
                target = targets.mutate(target)
            while draw() < 0.5:
                fields.append(pick(FORGED if draw() < 0.7 else message_grammar.IDENTITIES))
            if draw() < 0.1:
                fields += [b"Origin: https://app.test", b"Access-Control-Request-Method: POST"]
            if draw() < 0.05:
                del fields[0]
            targets.random.shuffle(fields)
        elif case.claims is not None and all(parts) and not any(ord(letter) < 0x20 for letter in "".join(parts)):
            case.expected = self._expected(shape, parts, method.decode(), case)
        case.head = b"\r\n".join([b"%s %s HTTP/1.1" % (method, target), b"Host: gate", *fields, b"", b""])
        return case

    def _segment(self, part, uid):
        if part == "U":
            return self.targets.pick((uid, uid, "alice", "bob", "Alice"))
        if part not in ("O", "Y"):
            return part
        return LOOKALIKES[0] if self.targets.random.random() < 0.4 else self.targets.pick(LOOKALIKES)

    def _spell(self, text, hostile):
        draw = self.targets.random.random
        share = 0.3 if hostile and draw() < 0.3 else 0.05
        plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-"
        return b"".join(bytes([byte]) if byte in plain and draw() > share else HEX[byte] for byte in text.encode())

    def _expected(self, shape, parts, method, case):
        """Whether that plain request must be let through."""
        name = "settings" if shape == ("orgs", "O", "settings") else shape[0]
        given = {"org_id": parts[-1] if len(parts) == 2 else parts[1 if shape[0] == "orgs" else min(2, len(parts) - 1)],
                 "user_id": parts[1] if len(parts) > 1 else "", "year": parts[-1]}
        return policed_service.needs(name, method, given, case.uid, case.claims)

    def search(self, count):
        tally, started = Tally(), time.perf_counter()
        while tally.tried < count:
            cases = [self.make(tally.tried + at) for at in range(min(BATCH, count - tally.tried))]
            for case, answer in zip(cases, judge(self.command, [case.head for case in cases]), strict=True):
                tally.tried += 1
                tally.forwarded += answer.forwarded
                tally.refused += not answer.forwarded
                problems = self._problems(case, answer, tally)
                tally.violations += [
                    Violation(self.seed, case.index, where, CONDITION, what, case.head, answer.head, "--condition-case")
                    for where, what in problems
                ]
        tally.seconds = time.perf_counter() - started
        return tally

    def _problems(self, case, answer, tally):
        if case.expected is not None and case.expected != answer.forwarded:
            yield "the gate", f"is {'refused' if case.expected else 'forwarded'}: {answer.kind} {answer.reason}"
        if not answer.forwarded:
            return
        for parser, server in self.servers.items():
            scopes = server.read(answer.head)
            if len(scopes) > 1:
                yield parser, "is one of several requests in one head"
            for note in self.service.ask(scopes[0]) if scopes else []:
                tally.ran += 1
                claims = case.claims if case.claims is not None else {}
                if broken := policed_service.broken_by(note, case.uid, claims):
                    yield f"uvicorn with {parser}", broken

    def explain(self, index):
        case = self.make(index)
        (answer,) = judge(self.command, [case.head])
        problems = [f"VIOLATION: {where}: {what}" for where, what in self._problems(case, answer, Tally())]
        verdict = "forwarded" if answer.forwarded else "refused"
        return "\n".join([f"sent: {case.head!r}", f"claims: {case.claims}", f"{verdict}: {answer.kind} {answer.reason}", *problems])
