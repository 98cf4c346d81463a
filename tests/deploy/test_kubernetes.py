"""deploy/kubernetes is what Kubernetes takes: every manifest, as written and as built, is held to its types,
and an unknown field is an error; the component changes a service only as it says."""

import copy
import json

import pytest

from manifests import KUBERNETES, changed, find, judge, pod_of, sidecar_of, without

FILES = sorted(
    path.name for path in (KUBERNETES / "example").glob("*.yaml") if path.name != "kustomization.yaml"
)
WHOLE = {
    "Namespace": 1,
    "ConfigMap": 2,
    "Service": 1,
    "Deployment": 1,
    "NetworkPolicy": 1,
    "PodDisruptionBudget": 1,
    "HorizontalPodAutoscaler": 1,
}


@pytest.mark.parametrize("file", FILES)
def test_each_file_of_the_example_is_valid_as_written(file):
    assert [problems for _, problems in judge((KUBERNETES / "example" / file).read_text())] == [[]]


def test_the_example_as_built_is_valid(judged_example):
    assert {one["kind"]: problems for one, problems in judged_example if problems} == {}


def test_the_example_with_the_shared_secret_is_valid(judged_shared):
    assert {one["kind"]: problems for one, problems in judged_shared if problems} == {}


def test_the_example_as_built_is_complete(example):
    kinds = [one["kind"] for one in example]
    assert {kind: kinds.count(kind) for kind in kinds} == WHOLE


def test_the_component_over_another_service_is_valid(judged_overlay):
    assert {one["kind"]: problems for one, problems in judged_overlay if problems} == {}


@pytest.mark.parametrize("component", ["component", "shared-secret"])
def test_the_patch_of_a_component_is_valid_by_itself(component):
    ((_, problems),) = judge((KUBERNETES / component / "sidecar.yaml").read_text())
    # Only the patched Deployment has these.
    assert sorted(problems) == [
        "/spec/template/spec: must have required property 'containers'",
        "/spec: must have required property 'selector'",
    ]


def test_the_component_keeps_what_the_service_had(overlay):
    pod = pod_of(overlay, "shop")
    assert [one["name"] for one in pod["containers"]] == ["shop", "exporter"]
    assert sorted(one["name"] for one in pod["initContainers"]) == ["migrate", "postern"]
    assert [one["name"] for one in pod["volumes"]] == ["cache"]
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 15}}}
    assert pod["containers"][0]["env"] == [{"name": "DATABASE", "value": "postgres"}]
    assert pod["containers"][0]["volumeMounts"] == [{"name": "cache", "mountPath": "/cache"}]
    assert pod["containers"][1] == {"name": "exporter", "image": "exporter"}
    assert find(overlay, "Deployment", "shop")["spec"]["replicas"] == 3


def test_the_component_leaves_a_deployment_without_its_label_alone(overlay):
    assert pod_of(overlay, "auth") == {"containers": [{"name": "auth", "image": "auth"}]}


def test_the_image_is_the_one_that_the_overlay_names(example, overlay):
    assert sidecar_of(pod_of(overlay, "shop"))["image"] == "registry.test/postern:1"
    assert sidecar_of(pod_of(example))["image"] == "registry.example.com/postern:latest"


POD = ("spec", "template", "spec")
GATE = (*POD, "initContainers", 0)
SERVICE = (*POD, "containers", 0)
GATE_IS_SAFE = (*GATE, "securityContext")
PORT = ("spec", "ports", 0)
HPA, PDB = "HorizontalPodAutoscaler", "PodDisruptionBudget"
BROKEN = [
    ("a field misspelt", "Deployment", changed(*GATE, "readynessProbe", to={}), "readynessProbe"),
    (
        "a pod's field in a container",
        "Deployment",
        changed(*GATE, "enableServiceLinks", to=False),
        "enableServiceLinks",
    ),
    ("a container's field in a pod", "Deployment", changed(*POD, "capabilities", to={}), "capabilities"),
    ("a snake-case field", "Deployment", changed(*GATE, "env_from", to=[]), "env_from"),
    (
        "seconds with a unit",
        "Deployment",
        changed(*POD, "terminationGracePeriodSeconds", to="60s"),
        "be integer",
    ),
    ("half a second", "Deployment", changed(*GATE, "readinessProbe", "periodSeconds", to=0.5), "be integer"),
    ("a truth as text", "Deployment", changed(*GATE_IS_SAFE, "runAsNonRoot", to="true"), "be boolean"),
    ("a command as text", "Deployment", changed(*GATE, "command", to="/postern"), "be array"),
    ("a number as a variable", "Deployment", changed(*SERVICE, "env", 0, "value", to=1), "be string"),
    ("a variable without a name", "Deployment", without(*SERVICE, "env", 0, "name"), "required property 'name'"),
    (
        "a Deployment without a selector",
        "Deployment",
        without("spec", "selector"),
        "required property 'selector'",
    ),
    ("a sleep in the wrong place", "Deployment", changed(*GATE, "lifecycle", to={"sleep": 15}), "sleep"),
    (
        "capabilities as text",
        "Deployment",
        changed(*GATE_IS_SAFE, "capabilities", "drop", to="ALL"),
        "be array",
    ),
    ("no kind", "Service", without("kind"), "no apiVersion and kind"),
    ("no metadata", "Service", without("metadata"), "required property 'metadata'"),
    ("a kind of another group", "Service", changed("apiVersion", to="apps/v1"), "no such kind"),
    ("a kind that never was", "Service", changed("kind", to="Servise"), "no such kind"),
    ("an API that is gone", PDB, changed("apiVersion", to="policy/v1beta1"), "no such kind"),
    ("a Service's port without number", "Service", without(*PORT, "port"), "required property 'port'"),
    ("a port that is a list", "Service", changed(*PORT, "targetPort", to=[8080]), "be integer,string"),
    (
        "ports beside the rule",
        "NetworkPolicy",
        changed("spec", "ports", to=[]),
        "additional properties: ports",
    ),
    ("a metric of the old API", HPA, changed("spec", "targetCPUUtilizationPercentage", to=70), "targetCPU"),
    (
        "an autoscaler without a ceiling",
        HPA,
        without("spec", "maxReplicas"),
        "required property 'maxReplicas'",
    ),
    ("a setting that is no text", "ConfigMap", changed("data", "POSTERN_THREADS", to=1), "be string"),
    ("labels as a list", "Namespace", changed("metadata", "labels", to=["restricted"]), "be object"),
]


@pytest.fixture(scope="module")
def verdicts(example):
    """Of all the broken manifests in one run of the validator."""
    texts = []
    for _, kind, edit, _ in BROKEN:
        one = copy.deepcopy([one for one in example if one["kind"] == kind][0])
        edit(one)
        texts.append(json.dumps(one))
    return judge("\n---\n".join(texts))


@pytest.mark.parametrize(
    ("index", "problem"), [(i, row[3]) for i, row in enumerate(BROKEN)], ids=[row[0] for row in BROKEN]
)
def test_a_wrong_manifest_fails(verdicts, index, problem):
    problems = verdicts[index][1]
    assert any(problem in found for found in problems), problems


def test_text_that_is_no_yaml_and_members_that_are_there_twice_fail():
    for text, problem in [("kind: [", "Flow sequence"), ("kind: Service\nkind: Secret\n", "unique")]:
        ((_, problems),) = judge(text)
        assert any(problem in found for found in problems), problems
