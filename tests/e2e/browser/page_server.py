"""The web server of the pages that a browser is shown."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gate import PATIENCE


class PageServer:
    """One page at a time on a port of its own, which makes an origin of its own. A POST turns to the next one."""

    def __init__(self, *pages):
        """Each page: its bytes and the fields that belong to it."""
        shown = iter(pages)
        state = {"page": next(shown)}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                content, fields = state["page"]
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self):
                state["page"] = next(shown)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)
