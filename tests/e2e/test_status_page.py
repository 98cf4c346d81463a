"""The status page in a real browser: light and dark, by the keyboard alone, while it refreshes, and with hostile names."""

import json
import os
import subprocess

import pytest
from browser.chromium import CHROMIUM, FOLDER
from browser.page_server import PageServer


def page_of(scene):
    """The page as the sample writes it, with the policy that belongs to it."""
    out = subprocess.run([os.environ["OBSERVE_SAMPLE"], "page", scene], check=True, capture_output=True).stdout
    policy, page = out.split(b"\n", 1)
    return page, {"Content-Security-Policy": policy.decode()}


def look(folder, *scenes):
    pages = PageServer(*map(page_of, scenes))
    address = pages.origin + "/"
    try:
        done = subprocess.run(
            ["node", "status_page.mjs", str(CHROMIUM), str(folder / "profile"), address, str(folder)],
            cwd=FOLDER, env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)},
            text=True, capture_output=True, timeout=120)
    finally:
        pages.stop()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"address": address}


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
