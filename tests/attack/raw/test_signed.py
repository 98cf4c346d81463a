"""With an identity key each request that passes carries one signature, the gate's, over what went up."""

import base64
import hashlib
import hmac
import re
import time

import corpus
import pytest
from exchange import run_whole
from gate import Gate
from gates import SETTINGS, stop
from wire import Head

KEY = "an identity key of more than 32 bytes"
LINE = re.compile(rb"X-Postern-Identity: ([^\r]*)\r\n")
FORM = re.compile(r"v1\.([1-9][0-9]*)\.([A-Za-z0-9_-]{43})")
WINDOW = 30
CASES = [case for part in ("requests", "honest") for case in corpus.read(part)
         if case.columns[2] not in ("-", "cut")]


@pytest.fixture(scope="module")
def signing_gate(recorder):
    gate = Gate(recorder.url, POSTERN_IDENTITY_KEY=KEY, **SETTINGS).wait_until_listening()
    yield gate
    stop(gate)


def signature(seconds, uid, method, target, request_id):
    message = "\n".join(["postern-identity-v1", seconds, uid, method, target, request_id]).encode("latin-1")
    tag = hmac.new(KEY.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(tag).rstrip(b"=").decode()


def unsign(request):
    """The request without its signature, which must be there once and hold."""
    (field,) = LINE.findall(request)
    head = Head(request.partition(b"\r\n\r\n")[0])
    names = [name for name in head.names() if name.replace("_", "-") == "x-postern-identity"]
    assert names == ["x-postern-identity"]
    seconds, tag = FORM.fullmatch(field.decode()).groups()
    assert abs(time.time() - int(seconds)) <= WINDOW
    method, target, _ = head.start.decode("latin-1").split(" ")
    path, mark, query = target.partition("?")
    signed = path + mark + query if query else path
    assert tag == signature(seconds, head.one("X-User-Id") or "", method, signed, head.one("X-Request-Id"))
    return LINE.sub(b"", request)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_request_upstream_is_signed_once_for_what_it_is(signing_gate, recorder, case):
    run_whole(recorder, signing_gate, case, unsign)


def test_the_cases_are_those_of_both_parts():
    assert {case.theme for case in CASES} >= {"postern-identity", "identity", "pipelining", "paths"}
