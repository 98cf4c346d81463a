"""Whole requests by number, for the wire."""

from dataclasses import dataclass

import message_grammar as grammar
from generator import Targets

from gate import sign, token

VICTIM = b"bob"


@dataclass
class Message:
    index: int
    uid: str | None  # whose good token is in it
    data: bytes
    method: bytes  # as the answer's reader must know it
    # "shared": ends where it says, so it may go with others on one connection. "alone": goes on a connection
    # of its own, which then ends. "upgrade": likewise, but only the first answer is waited for.
    way: str


class Tokens:
    """Good ones by uid, and the victim's, which are not."""

    def __init__(self):
        self._good = {}
        self.bad = token("bob", secret="a secret that the gate has never seen").encode()
        unsigned, _, _ = sign({"alg": "none"}, {"uid": "bob", "exp": 4102444800}).rpartition(".")
        self.none = f"{unsigned}.".encode()

    def good(self, uid):
        if uid not in self._good:
            self._good[uid] = token(uid.decode(), ttl=86400).encode()
        return self._good[uid]


def odd_field_lines(targets, at_least=0):
    """Up to three lines that nobody honest sends."""
    draw, pick = targets.random.random, targets.pick
    lines = []
    while len(lines) < at_least or (draw() < 0.5 and len(lines) < 3):
        kinds = (grammar.IDENTITIES, grammar.IDENTITIES, grammar.CONNECTIONS, grammar.REWRITES)
        lines.append(pick(pick(kinds)))
    return lines


def _is_plain(data):
    """No byte that could end a line, or a message, where the generator does not think so."""
    return not any(byte <= 0x20 or byte == 0x7F for byte in data)


def _ends_where_it_says(lines):
    """Field lines after which every reader still finds the message's end."""
    for line in lines.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon or not _is_plain(name) or not _is_plain(value.replace(b" ", b"")) or name == b"Upgrade":
            return False
    return True


class Messages:
    def __init__(self, seed):
        self.targets = Targets(seed)
        self.tokens = Tokens()

    def make(self, index):
        targets, draw, pick = self.targets, self.targets.random.random, self.targets.pick
        uid, target = targets.make(index)
        focus = draw()
        if focus > 0.35:  # not the target: an honest one lets the rest of the request be looked at
            target = targets.honest(uid)
        names = {b"good": self.tokens.good(uid), b"bad": self.tokens.bad, b"none": self.tokens.none}
        names |= {b"target": target, b"method": pick(grammar.METHODS)}
        way = "shared" if _is_plain(target) else "alone"

        first = b"%(method)s %(target)s HTTP/1.1"
        if 0.35 < focus < 0.42:
            first, way = pick(grammar.REQUEST_LINES), "alone"
        host = b"Host: gate"
        if 0.42 < focus < 0.5:
            host, way = pick(grammar.HOSTS), "alone"
        credentials = grammar.CREDENTIALS[0] if draw() < 0.85 else pick(grammar.CREDENTIALS)
        odd = odd_field_lines(targets) if focus > 0.2 else []
        framing, body = b"", b""
        if focus > 0.75:
            framing, body = self._framing(index, uid, names)
            way = "alone"
        elif names[b"method"] in (b"POST", b"PUT", b"PATCH"):
            framing, body = b"Content-Length: 5", b"hello"
            if draw() < 0.3:
                framing, body = b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"
        if not all(_ends_where_it_says(line) for line in odd):
            way = "alone"
        if 0.68 < focus < 0.7:
            odd.append(pick(grammar.PREFLIGHTS))
            names[b"method"] = b"OPTIONS"
            names[b"target"] = b"/api/%s/tasks" % pick((targets.plain(uid), VICTIM))
            credentials, framing, body = pick((credentials, b"")), b"", b""
        if 0.7 < focus < 0.72:
            odd += [b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"]
            odd += [b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
            names[b"method"] = b"GET"
            names[b"target"] = b"/api/%s/live" % pick((targets.plain(uid), VICTIM, b"bob%2F.."))
            framing, body, way = b"", b"", "upgrade"

        lines = [b"X-Case: %d" % index, host, credentials, framing]
        for line in odd:
            lines.insert(1 + int(draw() * len(lines)), line)
        head = b"\r\n".join([line for line in lines if line])
        data = (first + b"\r\n") % names + self._fill(head, names) + b"\r\n\r\n" + body
        sent = uid.decode() if names[b"good"] in data else None
        return Message(index, sent, data, names[b"method"] if way == "shared" else b"GET", way)

    @staticmethod
    def _fill(text, names):
        return text % names if b"%(" in text else text

    def _framing(self, index, uid, names):
        draw, pick = self.targets.random.random, self.targets.pick
        if draw() < 0.25:
            trailers = [self._fill(pick(grammar.TRAILERS), names) for _ in range(1 + int(draw() * 2))]
            return b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n" + b"\r\n".join([*trailers, b"", b""])
        victim = VICTIM if uid != VICTIM else b"alice"
        inner = b"GET /api/%s/tasks HTTP/1.1\r\nHost: gate\r\nX-Case: %d\r\n" % (victim, index)
        inner += b"X-User-Id: %s\r\nAuthorization: Bearer %s\r\n\r\n" % (victim, names[b"good"])
        framing, body = pick(grammar.FRAMINGS)
        names |= {b"inner": inner, b"length": len(inner)}
        return self._fill(framing, names), self._fill(body, names)
