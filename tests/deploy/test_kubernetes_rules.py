"""What the manifests of deploy/kubernetes promise beyond being valid; each promise broken would be seen."""

import copy

import pytest

import rules
from gate import run
from manifests import SECRET, changed, find, pod_of, settings_of, sidecar_of, without

RULES = {
    "no container has more than the restricted profile gives": lambda all: rules.pod_security(pod_of(all)),
    "every container says what it needs": lambda all: rules.resources(pod_of(all)),
    "secrets are in Secrets only": rules.secrets,
    "the issuer's keys can be fetched": rules.issuer_can_be_reached,
    "Postern is the one way in": rules.one_way_in,
    "everything is about the same pods": rules.selectors,
    "start and end come in the right order and in time": rules.lifecycle,
}


# With the shared secret.
SHARED = RULES | {"the secret's file is there to be read": rules.secret_file}


@pytest.mark.parametrize("rule", RULES)
def test_of_the_example(example, rule):
    assert RULES[rule](example) == []


@pytest.mark.parametrize("rule", SHARED)
def test_of_the_example_with_the_shared_secret(shared, rule):
    assert SHARED[rule](shared) == []


def test_by_default_no_secret_is_in_the_pod(example, overlay):
    for objects, name in ((example, "todo"), (overlay, "shop")):
        assert "Secret" not in [one["kind"] for one in objects]
        assert "volumeMounts" not in sidecar_of(pod_of(objects, name))


def test_the_sidecar_over_another_service_is_as_restricted(overlay):
    sidecar = sidecar_of(pod_of(overlay, "shop"))
    assert rules.pod_security(pod_of(overlay, "shop") | {"initContainers": [sidecar], "containers": []}) == []


def test_the_namespace_enforces_the_restricted_profile(example):
    labels = find(example, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {one["metadata"].get("namespace", "todo") for one in example} == {"todo"}


@pytest.mark.parametrize("which", ["example", "shared", "overlay"])
def test_postern_itself_takes_every_setting(request, which, tmp_path):
    objects = request.getfixturevalue(which)
    settings = settings_of(objects, pod_of(objects, "shop" if which == "overlay" else "todo"))
    if which == "shared":
        secret = tmp_path / "secret"
        secret.write_text(SECRET + "\n")
        settings["BETTER_AUTH_SECRET_FILE"] = str(secret)
    code, out, errors = run("check", **settings)
    assert code == 0 and [line for line in errors.splitlines() if "is not https" not in line] == []
    in_force = dict(line.split("=", 1) for line in out.splitlines() if not line.startswith("#"))
    expected = {name: value for name, value in settings.items() if name.startswith("POSTERN_")}
    # `check` adds the issuer and the audience that the entry stands for.
    in_force["POSTERN_JWKS_URL"] = in_force["POSTERN_JWKS_URL"].split(" ")[0]
    assert {name: in_force[name] for name in expected} == expected


def test_a_setting_that_postern_does_not_know_would_be_seen(example):
    settings = settings_of(example, pod_of(example)) | {"POSTERN_USER_PATH": "/api/{user_id}"}
    code, _, errors = run("check", **settings)
    assert code == 2 and "POSTERN_USER_PATH" in errors


POD = ("spec", "template", "spec")
GATE = (*POD, "initContainers", 0)
SERVICE = (*POD, "containers", 0)
SAFE = (*GATE, "securityContext")
INGRESS = ("spec", "ingress", 0)
HPA, NP = "HorizontalPodAutoscaler", "NetworkPolicy"
BROKEN = [
    ("Deployment", changed(*SAFE, "privileged", to=True), "privileged of postern"),
    ("Deployment", without(*SAFE, "allowPrivilegeEscalation"), "allowPrivilegeEscalation of postern"),
    ("Deployment", changed(*SAFE, "capabilities", to={"drop": ["NET_RAW"]}), "capabilities.drop of postern"),
    (
        "Deployment",
        changed(*SAFE, "capabilities", "add", to=["NET_BIND_SERVICE"]),
        "capabilities.add of postern",
    ),
    ("Deployment", without(*SAFE, "runAsNonRoot"), "runAsNonRoot of postern"),
    ("Deployment", changed(*SAFE, "runAsUser", to=0), "runAsUser of postern"),
    ("Deployment", changed(*SAFE, "seccompProfile", to={"type": "Unconfined"}), "seccompProfile of postern"),
    ("Deployment", changed(*SAFE, "procMount", to="Unmasked"), "procMount of postern"),
    ("Deployment", without(*SAFE, "readOnlyRootFilesystem"), "readOnlyRootFilesystem of postern"),
    ("Deployment", without(*SERVICE, "securityContext"), "runAsNonRoot of todo"),
    ("Deployment", changed(*GATE, "ports", 0, "hostPort", to=8080), "hostPort of postern"),
    ("Deployment", changed(*POD, "hostNetwork", to=True), "hostNetwork of the pod"),
    ("Deployment", changed(*POD, "volumes", 0, "hostPath", to={"path": "/"}), "volume of kind hostPath"),
    ("Deployment", without(*POD, "automountServiceAccountToken"), "a service account's token is mounted"),
    ("Deployment", without(*GATE, "resources", "limits"), "limits.memory of postern"),
    ("Deployment", changed(*GATE, "resources", "limits", "memory", to="256Mib"), "limits.memory of postern"),
    (
        "Deployment",
        changed(*SERVICE, "env", 0, to={"name": "X", "value": SECRET}),
        "the secret's value in Deployment",
    ),
    (
        "Deployment",
        changed(*GATE, "env", 0, "name", to="BETTER_AUTH_SECRET"),
        "BETTER_AUTH_SECRET in the environment of postern",
    ),
    (
        "Deployment",
        changed(*SERVICE, "volumeMounts", 0, "name", to="postern-secret"),
        "the secret is mounted into todo",
    ),
    ("ConfigMap", changed("data", "BETTER_AUTH_SECRETS", to="1:x"), "BETTER_AUTH_SECRETS in a ConfigMap"),
    ("ConfigMap", changed("data", "POSTERN_IDENTITY_KEY", to="x"), "POSTERN_IDENTITY_KEY in a ConfigMap"),
    (
        "Deployment",
        changed(*GATE, "volumeMounts", 0, "mountPath", to="/run"),
        "no volume at /run/secrets/postern",
    ),
    ("Deployment", changed(*GATE, "volumeMounts", 0, "readOnly", to=False), "the secret can be written"),
    (
        "Deployment",
        changed(*GATE, "volumeMounts", 0, "subPath", to="x"),
        "a subPath never sees a rotated secret",
    ),
    ("Secret", changed("metadata", "name", to="other"), "the Secret has no such key"),
    ("Secret", changed("data", to={"secret": "eA=="}), "the Secret has no such key"),
    ("Service", changed("spec", "ports", 0, "targetPort", to=8000), "the Service leads to 8000"),
    ("Service", changed("spec", "ports", 0, "targetPort", to="gate"), "the Service leads to gate"),
    (
        NP,
        changed(*INGRESS, "ports", 0, "port", to=9090),
        "the NetworkPolicy admits [{'port': 9090, 'protocol': 'TCP'}]",
    ),
    (NP, without(*INGRESS, "ports"), "the NetworkPolicy admits every port"),
    (NP, changed("spec", "policyTypes", to=["Egress"]), "the NetworkPolicy is about ['Egress'] only"),
    ("Deployment", changed(*SERVICE, "command", 5, to="0.0.0.0"), "todo does not listen on 127.0.0.1 only"),
    ("Deployment", changed(*SERVICE, "ports", to=[{"containerPort": 8000}]), "todo offers a port"),
    (NP, changed("spec", "egress", to=[]), "the NetworkPolicy lets out to [], the keys are at auth in auth"),
    (NP, changed("spec", "egress", to=[{}]), "the NetworkPolicy lets out to [()], the keys are at auth in auth"),
    (
        "ConfigMap",
        changed("data", "POSTERN_JWKS_URL", to="http://localhost:3000/api/auth/jwks"),
        "in a container localhost is the container itself",
    ),
    (
        "ConfigMap",
        changed("data", "POSTERN_ADMIN_LISTEN", to="0.0.0.0:9090"),
        "the admin listener is at 0.0.0.0:9090",
    ),
    ("ConfigMap", changed("data", "POSTERN_UPSTREAM", to="http://todo"), "Postern asks http://todo"),
    ("Service", changed("spec", "selector", to={"app": "other"}), "the Service selects other pods"),
    (HPA, changed("spec", "scaleTargetRef", "name", to="other"), "the autoscaler scales something else"),
    (
        HPA,
        changed("spec", "metrics", 0, "containerResource", "container", to="x"),
        "the autoscaler measures x",
    ),
    (HPA, changed("spec", "minReplicas", to=1), "one pod cannot be replaced without a gap"),
    ("Deployment", without(*GATE, "restartPolicy"), "not a native sidecar"),
    (
        "Deployment",
        changed(*GATE, "startupProbe", "exec", "command", to=["/postern", "health", "--ready"]),
        "the service would wait for Postern and Postern for the service",
    ),
    (
        "Deployment",
        changed(*GATE, "livenessProbe", "exec", "command", to=["/postern", "health", "--ready"]),
        "Postern would be restarted when the service is down",
    ),
    (
        "Deployment",
        changed(*GATE, "readinessProbe", "exec", "command", 1, to="check"),
        "ready without the service",
    ),
    ("Deployment", without(*GATE, "lifecycle"), "Postern would not let its clients go before the service ends"),
    (
        "Deployment",
        changed(*GATE, "lifecycle", "preStop", "exec", "command", 3, to="15s"),
        "Postern would not let its clients go before the service ends",
    ),
    ("Deployment", without(*SERVICE, "lifecycle"), "the service is told to end while requests still arrive"),
    ("Deployment", changed(*POD, "terminationGracePeriodSeconds", to=30), "55 s do not fit the grace period"),
    ("Deployment", without(*POD, "terminationGracePeriodSeconds"), "55 s do not fit the grace period"),
    ("ConfigMap", changed("data", "POSTERN_DRAIN_TIMEOUT", to="2m"), "150 s do not fit the grace period"),
]


@pytest.mark.parametrize(("kind", "edit", "problem"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_broken_promise_is_seen(shared, kind, edit, problem):
    objects = copy.deepcopy(shared)
    # Of the two ConfigMaps the service's own: it is the one that wins.
    edit([one for one in objects if one["kind"] == kind][0])
    found = [found for rule in SHARED.values() for found in rule(objects)]
    assert problem in found
