"""deploy/better-auth/package as its users get it: packed, installed from what was packed, compiled, run, and its tokens
judged by Postern."""

import json
import os
import shutil
import subprocess

import pytest
from backend import ROOT
from gate import PATIENCE, SECRET
from issuers import PINNED, Issuer, part_of, require, status

PACKAGE = PINNED / "package"
COMPILER = ROOT / "tests" / "docs" / "node_modules" / "typescript" / "bin" / "tsc"
STRICT = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipLibCheck", "--module", "nodenext",
          "--target", "es2022", "--types", ""]
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
SERVER = """
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";
import { sharedSecret } from "postern-better-auth";

const auth = betterAuth({
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true },
  plugins: [bearer(), jwt(sharedSecret(async () => (await auth.$context).secret, { expirationTime: "5m" }))],
});
const server = createServer(toNodeHandler(auth));
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })));
process.once("SIGTERM", () => { server.close(); server.closeAllConnections(); });
"""


def npm(folder, *arguments):
    quiet = ["--offline", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error", "--ignore-scripts"]
    ended = subprocess.run(["npm", *arguments, *quiet], cwd=folder, capture_output=True, text=True, timeout=300, check=False,
                           stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project that has Better Auth already, and installs the package from its archive."""
    folder = tmp_path_factory.mktemp("project")
    modules = require(PINNED) / "node_modules"
    shutil.copytree(modules, folder / "node_modules", symlinks=True, copy_function=os.link,
                    ignore=shutil.ignore_patterns("postern-better-auth", ".package-lock.json"))
    better_auth = json.loads((PINNED / "package.json").read_text())["dependencies"]
    needed = {name: version for name, version in better_auth.items() if name != "postern-better-auth"}
    (folder / "package.json").write_text(json.dumps({"name": "project", "type": "module", "dependencies": needed}))
    (packed,) = json.loads(npm(PACKAGE, "pack", "--json", "--pack-destination", str(folder)))
    assert {file["path"] for file in packed["files"]} == {"README.md", "index.d.mts", "index.mjs", "package.json"}
    # npm 11 asks the registry about the peer, though it is installed.
    npm(folder, "install", "--legacy-peer-deps", f"./{packed['filename']}")
    installed = folder / "node_modules" / "postern-better-auth"
    assert installed.is_dir() and not installed.is_symlink()
    return folder


def compile_in(folder, name, text, *options):
    (folder / name).write_text(text)
    assert COMPILER.is_file(), "TypeScript is missing: npm ci --prefix tests/docs"
    return subprocess.run(["node", COMPILER, *STRICT, *options, name], cwd=folder, capture_output=True, text=True, timeout=300,
                          check=False)


def test_what_its_readme_shows_compiles_in_strict_mode(project):
    (shown,) = [block.split("```")[0] for block in README.split("```ts\n")[1:]]
    ended = compile_in(project, "shown.ts", shown)
    assert ended.returncode == 0, ended.stdout


def test_a_lifetime_that_is_a_number_neither_compiles_nor_runs(project):
    text = 'import { sharedSecret } from "postern-better-auth";\nsharedSecret(async () => "secret", { expirationTime: %s });\n'
    assert compile_in(project, "good.ts", text % '"1h"').returncode == 0
    for wrong in ("900", "Date.now() + 900", '"soon"'):
        assert "TS2322" in compile_in(project, "wrong.ts", text % wrong).stdout, wrong
    (project / "wrong.mjs").write_text(text % "900")
    ran = subprocess.run(["node", "wrong.mjs"], cwd=project, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode != 0 and "expirationTime" in ran.stderr


def test_its_code_is_what_its_types_say():
    command = ["node", COMPILER, *STRICT, "--allowJs", "--checkJs", "index.mjs"]
    ended = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout


def test_postern_takes_the_tokens_that_it_makes(project, todo, start_gate):
    (project / "server.mjs").write_text(SERVER)
    issuer = Issuer(["node", "server.mjs"], project, BETTER_AUTH_SECRET=SECRET, BETTER_AUTH_URL=Issuer.base)
    try:
        alice, session = issuer.sign_up("alice")
        bearer = issuer.token(session)
    finally:
        issuer.stop()
    assert part_of(bearer, 0) == {"typ": "JWT", "alg": "HS256"}
    claims = part_of(bearer, 1)
    assert set(claims) == {"uid", "sub", "iat", "exp", "iss", "aud"} and claims["exp"] - claims["iat"] == 300
    gate = start_gate(todo, POSTERN_JWT_ISSUER=Issuer.base, POSTERN_JWT_AUDIENCE=Issuer.base, POSTERN_MAX_TOKEN_LIFETIME="5m")
    assert [status(gate, bearer, alice), status(gate, bearer, "bob")] == [200, 403]
