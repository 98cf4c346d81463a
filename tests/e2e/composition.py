"""The services of a compose file without a container engine: each in namespaces of its own, with its own root, user, files
and addresses, and bridges for the networks. Needs neither root nor images; the programs are those of this machine."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from compose_file import load, seconds, start_order
from gate import PATIENCE, binary

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PATH = "/opt/bin:/usr/bin:/bin"


def require(*programs):
    for program in programs:
        assert shutil.which(program), f"{program} is missing: apt-get install bubblewrap iproute2 util-linux curl"


class Host:
    """The machine that an engine would run on: namespaces that hold the bridges, and what is outside of every container."""

    def __init__(self):
        require("bwrap", "ip", "unshare", "nsenter", "curl")
        self.process = subprocess.Popen(["unshare", "--map-root-user", "--net", "--mount", "sh", "-c", "echo; exec cat"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():  # a line once it is in its namespaces
            refused = self.process.communicate(timeout=PATIENCE)[1].strip()
            raise AssertionError(f"{refused}; allow user namespaces: sysctl --write user.max_user_namespaces=10000")
        self.run("ip", "link", "set", "lo", "up")

    def inside(self, *command):
        return ["nsenter", f"--target={self.process.pid}", "--user", "--net", "--mount", "--preserve-credentials", *command]

    def run(self, *command, check=True):
        return subprocess.run(self.inside(*command), capture_output=True, text=True, check=check, timeout=PATIENCE)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()


class Service:
    def __init__(self, host, name, settings, file, volumes):
        self.host, self.name, self.settings = host, name, settings
        self._held, self._release = os.pipe()
        told, tell = os.pipe()
        command = host.inside("bwrap", *self._root(file, volumes), "--info-fd", str(tell), "--block-fd", str(self._held), *self._command())
        self.process = subprocess.Popen(command, pass_fds=(self._held, tell), stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.close(tell)
        with os.fdopen(told) as info:
            self.pid = json.load(info)["child-pid"]

    def _root(self, file, volumes):
        uid, gid = self.user()
        root = ["--die-with-parent", "--unshare-user", "--uid", uid, "--gid", gid, "--unshare-net", "--unshare-pid", "--unshare-ipc",
                "--cap-drop", "ALL", "--as-pid-1", "--clearenv", "--setenv", "PATH", PATH, "--proc", "/proc", "--dev", "/dev"]
        root += [word for key, value in self.settings.get("environment", {}).items() for word in ("--setenv", key, value)]
        root += ["--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
                 "--ro-bind-try", "/etc/ssl", "/etc/ssl", "--bind", self._hosts(), "/etc/hosts"]
        root += [word for folder in ("bin", "lib", "lib64") for word in ("--symlink", f"usr/{folder}", f"/{folder}")]
        for secret in self.settings.get("secrets", []):
            root += ["--ro-bind", str(DEPLOY / file["secrets"][secret]["file"]), f"/run/secrets/{secret}"]
        for folder in self.settings.get("tmpfs", []):
            root += ["--tmpfs", folder.split(":")[0]]
        for volume in self.settings.get("volumes", []):
            source, target, *options = volume.split(":")
            root += ["--ro-bind" if options == ["ro"] else "--bind", str(volumes[source]), target]
        return root + self._image() + (["--remount-ro", "/"] if self.settings.get("read_only") else [])

    def _image(self):
        """What the image would hold beside a system: the build context, or the proxy."""
        if self.settings["image"] == "postern":
            return ["--ro-bind", binary(), "/postern"]
        node = Path(shutil.which("node") or "").resolve()
        assert node.is_file(), "node is missing: run tests/run, which installs it"
        return ["--ro-bind", str(DEPLOY / self.settings["build"]["context"]), "/app", "--chdir", "/app",
                "--ro-bind", str(node), "/opt/bin/node"]

    def _command(self):
        return self.settings.get("command") or ["/postern"]

    def _hosts(self):
        self.hosts = Path(self.host.folder) / f"{self.name}.hosts"
        self.hosts.write_text("127.0.0.1 localhost\n")
        return str(self.hosts)

    def user(self):
        return self.settings.get("user", "65532:65532").split(":")

    def networks(self):
        if self.settings.get("network_mode") == "none":
            return []
        return self.settings.get("networks", [])

    def begin(self):
        os.write(self._release, b"\n")
        os.close(self._release)
        os.close(self._held)

    def inside(self, *command):
        return self.host.inside("nsenter", f"--target={self.pid}", "--user", "--preserve-credentials", "--net", "--mount", "--pid",
                                "--root", "--wdns=/", *command)

    def execute(self, *command, check=True):
        """As `docker compose exec` and health checks do."""
        settings = {"PATH": PATH, **self.settings.get("environment", {})}
        folder = "/app" if self.settings["image"] != "postern" else "/"
        entry = self.inside("sh", "-c", f'cd {folder} && exec "$@"', "sh", *command)
        ended = subprocess.run(entry, env=settings | {"PATH": f"{PATH}:{os.environ['PATH']}"}, capture_output=True, text=True,
                               timeout=PATIENCE)
        assert ended.returncode == 0 or not check, (command, ended.stdout, ended.stderr)
        return ended

    def wait_until_healthy(self):
        check = self.settings["healthcheck"]["test"]
        assert check[0] == "CMD"
        give_up = time.monotonic() + PATIENCE
        while (last := self.execute(*check[1:], check=False)).returncode != 0:
            assert self.process.poll() is None, f"{self.name} ended: {self.process.stdout.read()}"
            assert time.monotonic() < give_up, f"{self.name} is not healthy: {last.stderr}"
            time.sleep(0.1)

    def stop(self):
        """SIGTERM, and the exit code, which must come within the grace period."""
        if self.process.poll() is None:
            self.host.run("kill", "-TERM", str(self.pid), check=False)
        grace = seconds(self.settings.get("stop_grace_period", "10s"))
        code = self.process.wait(grace)
        self.process.stdout.close()
        return code


class Composition:
    def __init__(self, folder, *files):
        self.file = load(*(DEPLOY / name for name in files))
        self.host = Host()
        self.host.folder = folder
        self.services = {}
        self._addresses = {}  # (network, service): address
        for number, (network, settings) in enumerate(self.file["networks"].items()):
            self._add_network(number, network, (settings or {}).get("internal", False))
        volumes = {name: Path(folder) / name for name in self.file.get("volumes", {})}
        for path in volumes.values():
            path.mkdir()
        for name in start_order(self.file["services"]):
            self._start(name, volumes)

    def _add_network(self, number, network, internal):
        self.host.run("ip", "link", "add", f"br{number}", "type", "bridge")
        self.host.run("ip", "link", "set", f"br{number}", "up")
        if not internal:  # only then has the host an address in it, and so a way to it
            self.host.run("ip", "address", "add", f"10.77.{number}.1/24", "dev", f"br{number}")

    def _start(self, name, volumes):
        settings = self.file["services"][name]
        for needed in settings.get("depends_on", {}):
            self.services[needed].wait_until_healthy()
        service = self.services[name] = Service(self.host, name, settings, self.file, volumes)
        for network in service.networks():
            self._attach(service, network)
        for other in self.services.values():
            shared = [(network, one) for network in other.networks() for one in self.services if (network, one) in self._addresses]
            other.hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{self._addresses[key]} {key[1]}\n" for key in shared))
        service.begin()

    def _attach(self, service, network):
        number, position = list(self.file["networks"]).index(network), list(self.services).index(service.name)
        address = f"10.77.{number}.{10 + position}"
        end = f"v{number}x{position}"
        self.host.run("ip", "link", "add", end, "type", "veth", "peer", "name", f"eth{number}", "netns", str(service.pid))
        self.host.run("ip", "link", "set", end, "master", f"br{number}", "up")
        net = ["nsenter", f"--net=/proc/{service.pid}/ns/net", "ip"]
        self.host.run(*net, "address", "add", f"{address}/24", "dev", f"eth{number}")
        self.host.run(*net, "link", "set", f"eth{number}", "up")
        self._addresses[network, service.name] = address

    def address(self, service, network):
        return self._addresses[network, service]

    def stop(self):
        codes = {name: self.services[name].stop() for name in reversed(self.services)}
        self.host.stop()
        return codes
