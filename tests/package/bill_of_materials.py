"""A CycloneDX document: what its schema finds wrong with it, and what it says of files and packages."""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"


def problems_of(text):
    """By CycloneDX's own schema, which is had from npm."""
    if not (DEPLOY / "node_modules/@cyclonedx").is_dir():
        pytest.fail("CycloneDX's schema is not there: npm ci --prefix tests/deploy")
    return subprocess.run(["node", str(DEPLOY / "sbom.mjs")], input=text, capture_output=True, text=True, check=True).stdout


def components_of(document):
    """Every component, nested ones too, but for the subject itself."""
    waiting = [*document["components"], *document["metadata"]["component"].get("components", [])]
    while waiting:
        component = waiting.pop()
        yield component
        waiting += component.get("components", [])


@dataclass
class Bill:
    files: dict  # path: SHA-256
    packages: dict  # name: (version, how it is linked)
    document: dict

    def __init__(self, text):
        self.document = json.loads(text)
        self.files, self.packages = {}, {}
        for component in components_of(self.document):
            if component["type"] == "file":
                assert component["name"] not in self.files
                self.files[component["name"]] = component["hashes"][0]["content"]
            elif component["purl"].startswith("pkg:deb/"):
                assert component["licenses"] and component["name"] not in self.packages
                self.packages[component["name"]] = (component["version"], component["properties"][0]["value"])

    def linked(self, how):
        return {name for name, (_, linkage) in self.packages.items() if linkage == how}


def digests_below(root):
    """{path: SHA-256} of every file below a folder."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {f"/{path.relative_to(root)}": hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
