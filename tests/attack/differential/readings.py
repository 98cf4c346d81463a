"""What the services make of a head, without a socket: uvicorn's own protocol classes read the bytes, the
applications are called with the scopes that they built, and their handlers write down that they ran.
"""

import inspect
import logging
from contextlib import suppress
from importlib.util import find_spec

import services
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

PARSERS = {"h11": H11Protocol, "httptools": HttpToolsProtocol}
if find_spec("zttp"):
    import zttp
    from uvicorn.protocols.http.zttp_impl import ZttpProtocol

    PARSERS["zttp"] = ZttpProtocol


class _Task:
    def add_done_callback(self, callback):
        pass


class _Loop:
    """Takes the place of the event loop: a request that would be served is counted, and not run."""

    def __init__(self):
        self.served = 0

    def create_task(self, coroutine, **_):
        coroutine.close()
        self.served += 1
        return _Task()

    def call_later(self, *_):
        return None


class _Transport:
    def __init__(self):
        self.written = b""

    def get_extra_info(self, name, default=None):
        return ("127.0.0.1", 1) if name in ("sockname", "peername") else default

    def write(self, data):
        self.written += data

    def is_closing(self):
        return False

    def set_protocol(self, protocol):
        pass

    close = pause_reading = resume_reading = lambda self: None


class Server:
    """uvicorn with one of its parsers."""

    def __init__(self, parser):
        config = Config(services.plain, http=parser, ws="none", lifespan="off", log_level="critical")
        config.load()
        logging.getLogger("uvicorn.error").disabled = True
        self._protocol = PARSERS[parser]
        self._settings = {"config": config, "server_state": ServerState()}
        if "app_state" in inspect.signature(self._protocol).parameters:
            self._settings["app_state"] = {}

    def read(self, head):
        """The scopes of the requests that it would serve: two when a second one hides in the head."""
        loop = _Loop()
        protocol = self._protocol(**self._settings, _loop=loop)
        protocol.connection_made(_Transport())
        protocol.data_received(head)
        self._settings["server_state"].connections.clear()  # it would remember each of a million
        if loop.served == 0:
            return []
        return [protocol.scope] * (loop.served + (1 if _waits(protocol) else 0))


def _waits(protocol):
    """Whether something follows the first request, which no answer has ended yet."""
    if hasattr(protocol, "pipeline"):
        return protocol.pipeline
    if hasattr(protocol.conn, "trailing_data"):
        return protocol.conn.trailing_data[0]
    # zttp tells only behind an answer.
    protocol.conn.send_response(204, [])
    protocol.conn.end_message()
    try:
        protocol.conn.start_next_cycle()
        return protocol.conn.next_event() is not zttp.NEED_DATA
    except zttp.LocalProtocolError:  # the first one's body is not whole
        return False
    except zttp.RemoteProtocolError:
        return True


class Service:
    """An application, called as a server calls it."""

    def __init__(self, app, ledger=services.ledger):
        self.app, self.ledger = app, ledger

    def ask(self, scope):
        """The notes of the handlers that run for it: none or one."""
        self.ledger.clear()
        # A slash redirect fails on a query that is not UTF-8: a 500. The ledger says whether a handler ran.
        with suppress(UnicodeError, ValueError):
            _finish(self.app(dict(scope), _empty_body, _ignore))
        return list(self.ledger)


async def _empty_body():
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignore(message):
    pass


def _finish(coroutine):
    """Runs what never waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise AssertionError("the application waits for something")


def services_in_process():
    return {"plain": Service(services.plain), "caught": Service(services.caught)}
