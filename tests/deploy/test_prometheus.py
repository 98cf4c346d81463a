"""deploy/prometheus against the exposition itself: what a rule or a panel asks for is there, and promtool finds no fault."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"
DASHBOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text())
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
FROM_THE_SCRAPER = {"instance", "job"}

# The families of the contract, and their labels.
FAMILIES = {
    "postern_requests_total": {"verdict", "code"},
    "postern_refusals_total": {"reason"},
    "postern_request_duration_seconds": {"verdict"},
    "postern_upstream_duration_seconds": set(),
    "postern_gate_duration_seconds": set(),
    "postern_requests_in_flight": set(),
    "postern_connections": {"side", "state"},
    "postern_upstream_connections_opened_total": {"result"},
    "postern_upstream_pool_total": {"result"},
    "postern_streams_closed_total": {"why"},
    "postern_token_cache_total": {"result"},
    "postern_token_cache_entries": set(),
    "postern_jwks_fetches_total": {"issuer", "trigger", "result"},
    "postern_jwks_last_success_timestamp_seconds": {"issuer"},
    "postern_jwks_keys": {"issuer", "alg"},
    "postern_jwks_unknown_kid_total": {"issuer", "outcome"},
    "postern_config_reloads_total": {"result"},
    "postern_config_last_reload_success_timestamp_seconds": set(),
    "postern_tls_certificate_not_after_timestamp_seconds": set(),
    "postern_log_lines_dropped_total": set(),
    "postern_shadow_refusals_total": {"reason"},
    "postern_build_info": {"version"},
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
    "process_virtual_memory_bytes": set(),
    "process_start_time_seconds": set(),
    "process_open_fds": set(),
    "process_max_fds": set(),
    "process_threads": set(),
}


def promtool(*arguments, **more):
    done = subprocess.run(["promtool", *arguments], cwd=FOLDER, text=True, capture_output=True, timeout=120, **more)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def exposition():
    return subprocess.run([os.environ["OBSERVE_SAMPLE"], "metrics"], check=True, text=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def samples(exposition):
    """Each sample's name and labels."""
    out = []
    for line in exposition.splitlines():
        if line.startswith("#"):
            continue
        name, labels = re.fullmatch(r"([a-z_:]+)(?:\{(.*)\})? \S+", line).groups()
        out.append((name, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))))
    return out


def test_promtool_has_nothing_to_say_of_the_metrics(exposition):
    assert promtool("check", "metrics", input=exposition) == (0, "")


def test_the_families_are_those_of_the_contract(exposition, samples):
    assert set(re.findall(r"^# TYPE (\S+) ", exposition, re.M)) == set(FAMILIES)
    for name, labels in samples:
        family = re.sub("_(bucket|sum|count)$", "", name) if name not in FAMILIES else name
        assert set(labels) - {"le"} == FAMILIES[family], name


def test_the_rules_are_good_and_fire_where_they_should():
    code, said = promtool("check", "rules", "alerts.yaml")
    assert code == 0, said
    code, said = promtool("test", "rules", "alerts-test.yaml")
    assert code == 0, said
    tests = yaml.safe_load((FOLDER / "alerts-test.yaml").read_text())["tests"]
    assert {rule["alert"] for rule in RULES} <= {test["name"] for test in tests}


def test_each_alert_says_what_to_do():
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "description"}


def panel_queries():
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
            yield panel["title"], expression, target["legendFormat"]


QUERIES = [*panel_queries(), *((rule["alert"], rule["expr"], "") for rule in RULES)]


def matches(pattern, operator, value):
    return bool(re.fullmatch(pattern, value)) if operator == "=~" else pattern == value


@pytest.mark.parametrize("title,expression,legend", QUERIES, ids=[query[0] for query in QUERIES])
def test_a_query_finds_what_it_asks_for(samples, title, expression, legend):
    selectors = re.findall(r"\b((?:postern|process)_\w+)(?:\{([^}]*)\})?", expression)
    assert selectors, expression
    known = set(FROM_THE_SCRAPER)
    for name, matchers in selectors:
        candidates = [labels for sample, labels in samples if sample == name]
        assert candidates, name
        known |= set().union(*candidates)
        for label, operator, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', matchers):
            if label in FROM_THE_SCRAPER:
                continue
            for alternative in value.split("|"):
                assert any(matches(alternative, operator, labels.get(label, "")) for labels in candidates), alternative
    grouping = {label for labels in re.findall(r"\b(?:by|on) ?\(([^)]*)\)", expression) for label in re.split(", *", labels)}
    assert grouping <= known
    assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= (grouping or known)


def test_promtool_parses_each_panel(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": query[1]} for number, query in enumerate(panel_queries())]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    code, said = promtool("check", "rules", str(file))
    assert code == 0, said


def test_the_panels_lie_side_by_side():
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_the_pod_monitor_scrapes_the_admin_listener():
    monitor = yaml.safe_load((FOLDER / "pod-monitor.yaml").read_text())
    assert (monitor["apiVersion"], monitor["kind"]) == ("monitoring.coreos.com/v1", "PodMonitor")
    assert [(one["port"], one["path"]) for one in monitor["spec"]["podMetricsEndpoints"]] == [("admin", "/metrics")]
