"""The admin listener as a test asks it, and Prometheus' text format as it is read."""

import re

from wire import Client, request

SAMPLE = re.compile(r'^(?P<name>[a-z_:]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$')


def ask(gate, target, *fields, method="GET", host="localhost"):
    with Client(gate.admin) as client:
        client.send(request(method, target, *fields, host=host))
        response = client.read_response(method)
        assert client.is_closed()
        return response


def metrics(gate):
    """{(name, (label="value", ...)): value} of everything that /metrics says now."""
    found = {}
    for line in ask(gate, "/metrics").body.decode().splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, line
        labels = tuple(sorted(re.findall(r'\w+="(?:[^"\\]|\\.)*"', match["labels"] or "")))
        assert (match["name"], labels) not in found, line
        found[match["name"], labels] = float(match["value"])
    return found


def labelled(found, name, **labels):
    """Of each sample with that name: the value of its one label that is not given, and what is counted there, but for zeros."""
    given = {f'{key}="{value}"' for key, value in labels.items()}
    rest = {}
    for (other, all_labels), value in found.items():
        if other == f"postern_{name}" and given <= set(all_labels) and value:
            rest[",".join(re.sub(r'^\w+="(.*)"$', r"\1", label) for label in all_labels if label not in given)] = value
    return rest
