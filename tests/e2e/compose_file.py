"""Compose files read as an engine reads them: merged in order, defaults filled in, what is not understood refused."""

import re
from pathlib import Path

import yaml

KNOWN = {
    "service": {"image", "build", "command", "user", "environment", "secrets", "networks", "network_mode", "healthcheck", "tmpfs",
                "volumes", "ports", "depends_on", "stop_grace_period", "read_only", "cap_drop", "security_opt"},
    "file": {"name", "services", "networks", "secrets", "volumes"},
}
REPLACED = {"command", "test"}  # lists that a later file replaces; it adds to all others


class Reset:
    """`!reset`: the later file takes the entry away."""


class Override(list):
    """`!override`: the later file's list stands alone."""


class Loader(yaml.SafeLoader):
    pass


Loader.add_constructor("!reset", lambda loader, node: Reset())
Loader.add_constructor("!override", lambda loader, node: Override(loader.construct_sequence(node, deep=True)))


def merge(earlier, later, key=None):
    if isinstance(later, Override):
        return list(later)
    if isinstance(earlier, dict) and isinstance(later, dict):
        merged = dict(earlier)
        for name, value in later.items():
            if isinstance(value, Reset):
                merged.pop(name, None)
            else:
                merged[name] = merge(earlier[name], value, name) if name in earlier else value
        return merged
    if isinstance(earlier, list) and isinstance(later, list) and key not in REPLACED:
        return earlier + [item for item in later if item not in earlier]
    return later


def without_interpolation(value):
    """"$$" is a dollar sign; a variable of the caller's environment has no place in these files."""
    if isinstance(value, dict):
        return {key: without_interpolation(item) for key, item in value.items()}
    if isinstance(value, list):
        return type(value)(map(without_interpolation, value))
    if isinstance(value, str):
        assert "$" not in value.replace("$$", ""), f"{value!r} depends on the caller's environment"
        return value.replace("$$", "$")
    return value


def load(*paths):
    merged = {}
    for path in paths:
        merged = merge(merged, without_interpolation(yaml.load(Path(path).read_text(), Loader)))
    assert set(merged) <= KNOWN["file"], set(merged) - KNOWN["file"]
    for name, service in merged["services"].items():
        assert set(service) <= KNOWN["service"], (name, set(service) - KNOWN["service"])
    return merged


def start_order(services):
    """Names such that each comes after those it depends on."""
    order = []

    def add(name):
        for needed in services[name].get("depends_on", {}):
            add(needed)
        if name not in order:
            order.append(name)

    for name in services:
        add(name)
    return order


def seconds(duration):
    assert re.fullmatch(r"\d+s", duration), duration
    return int(duration[:-1])
