"""The status page in a real browser: light and dark, by the keyboard alone, while it refreshes, and with hostile names."""

import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser.chromium import CHROMIUM, FOLDER
from gate import PATIENCE


class Pages:
    """Serves scenes of the page one after the other, with the policy that belongs to it."""

    def __init__(self, *scenes):
        pages = []
        for scene in scenes:
            out = subprocess.run([os.environ["OBSERVE_SAMPLE"], "page", scene], check=True, capture_output=True).stdout
            pages.append(out.split(b"\n", 1))
        shown = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                policy, page = pages[shown.at]
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", policy.decode())
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def do_POST(self):
                shown.at += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.at = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)


def look(folder, *scenes):
    pages = Pages(*scenes)
    try:
        done = subprocess.run(
            ["node", "status_page.mjs", str(CHROMIUM), str(folder / "profile"), pages.address, str(folder)],
            cwd=FOLDER, env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)},
            text=True, capture_output=True, timeout=120)
    finally:
        pages.stop()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"address": pages.address}


@pytest.mark.parametrize("scenes", [("well", "broken"), ("hostile", "well")], ids="-".join)
def test_the_page_is_usable_and_safe(tmp_path, scenes):
    seen = look(tmp_path, *scenes)
    # No error, no dialog, nothing that the policy had to stop; nothing was asked for but the page itself.
    assert seen["said"] == []
    assert {one for one in seen["asked"] if not one.startswith("data:")} == {seen["address"]}
    light, dark = seen["backgrounds"]
    assert light != dark
    assert seen["tabs"] == ["pause", "divregion", "summary", "a"]
    assert seen["opened"]
    # After a refresh the person is where they were.
    assert (seen["focus"], seen["still_opened"]) == ("summary", True)
    assert seen["scrolled"] > 0
    assert (seen["before"], seen["after"]) == (("ready", "not ready") if scenes[0] == "well" else ("not ready", "ready"))
    assert seen["paused"] == "true"
    assert seen["overflow"] <= 0
    if scenes[1] == "broken":
        assert "The backend does not answer" in seen["findings"]
        assert "signing secret was changed" in seen["findings"]
    for scheme in ("light", "dark"):
        assert (tmp_path / f"{scheme}.png").stat().st_size > 50_000
