"""What must hold of the manifests beyond their types. Each rule gives a list of what is wrong, in words."""

import re
import urllib.parse

from manifests import SECRET, find, pod_of, settings_of, sidecar_of

# Variables that hold one.
SECRETS = ("BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS", "POSTERN_IDENTITY_KEY")

GATE_PORT = 8080
QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
DURATION = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
# What an application may need to end by itself after it was told to.
APPLICATION_ENDS = 15
# The restricted profile of the pod security standards admits these.
VOLUMES = "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret".split()


def containers_of(pod):
    return pod.get("initContainers", []) + pod["containers"]


# The restricted profile again: (what must hold, of the container's security context and the pod's).
RESTRICTED = [
    ("privileged", lambda own, _: not own.get("privileged")),
    ("allowPrivilegeEscalation", lambda own, _: own.get("allowPrivilegeEscalation") is False),
    ("capabilities.drop", lambda own, _: own.get("capabilities", {}).get("drop") == ["ALL"]),
    ("capabilities.add", lambda own, _: not own.get("capabilities", {}).get("add")),
    ("runAsNonRoot", lambda own, pod: own.get("runAsNonRoot", pod.get("runAsNonRoot")) is True),
    ("runAsUser", lambda own, pod: own.get("runAsUser", pod.get("runAsUser", 0)) > 0),
    ("seccompProfile", lambda own, pod: seccomp(own) or seccomp(pod)),
    ("procMount", lambda own, _: own.get("procMount", "Default") == "Default"),
    # Beyond the profile: nothing can be left behind in the image.
    ("readOnlyRootFilesystem", lambda own, _: own.get("readOnlyRootFilesystem") is True),
]


def seccomp(context):
    return context.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost")


def pod_security(pod):
    problems = [f"{name} of the pod" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    for volume in pod.get("volumes", []):
        problems += [f"volume of kind {kind}" for kind in volume if kind != "name" and kind not in VOLUMES]
    for container in containers_of(pod):
        own = container.get("securityContext", {})
        for what, holds in RESTRICTED:
            if not holds(own, pod.get("securityContext", {})):
                problems.append(f"{what} of {container['name']}")
        if any("hostPort" in port for port in container.get("ports", [])):
            problems.append(f"hostPort of {container['name']}")
    if pod.get("automountServiceAccountToken") is not False:
        problems.append("a service account's token is mounted")
    return problems


def resources(pod):
    problems = []
    for container in containers_of(pod):
        given = container.get("resources", {})
        for path in ("requests.cpu", "requests.memory", "limits.memory"):
            part, _, name = path.partition(".")
            if not QUANTITY.fullmatch(given.get(part, {}).get(name, "")):
                problems.append(f"{path} of {container['name']}")
    return problems


def secrets(objects):
    """A secret is in a Secret and comes to Postern as a file, nowhere else."""
    problems = []
    for one in objects:
        if one["kind"] != "Secret" and SECRET in str(one):
            problems.append(f"the secret's value in {one['kind']}")
        if one["kind"] == "ConfigMap":
            problems += [f"{name} in a ConfigMap" for name in one["data"] if name in SECRETS]
    for container in containers_of(pod_of(objects)):
        for variable in container.get("env", []):
            if variable["name"] in SECRETS:
                problems.append(f"{variable['name']} in the environment of {container['name']}")
        if container["name"] != "postern" and "postern-secret" in str(container.get("volumeMounts")):
            problems.append(f"the secret is mounted into {container['name']}")
    return problems


def secret_file(objects):
    pod = pod_of(objects)
    mounts = {mount["mountPath"]: mount for mount in sidecar_of(pod).get("volumeMounts", [])}
    folder, _, file = settings_of(objects, pod).get("BETTER_AUTH_SECRET_FILE", "").rpartition("/")
    mount = mounts.get(folder)
    if not mount:
        return [f"no volume at {folder}"]
    (volume,) = [one["secret"] for one in pod["volumes"] if one["name"] == mount["name"]]
    problems = [] if mount.get("readOnly") else ["the secret can be written"]
    if "subPath" in mount:
        problems.append("a subPath never sees a rotated secret")
    if not volume["defaultMode"] & 0o004:
        problems.append("the files are root's, Postern cannot read them")
    keys = [item["key"] for item in volume["items"] if item["path"] == file]
    secret = [
        one for one in objects if one["kind"] == "Secret" and one["metadata"]["name"] == volume["secretName"]
    ]
    if not secret or not keys or keys[0] not in secret[0]["data"]:
        problems.append("the Secret has no such key")
    return problems


def issuer_can_be_reached(objects):
    """The key set's address is not this pod's own, and the NetworkPolicy lets DNS and the issuer out, and nothing else."""
    address = urllib.parse.urlsplit(settings_of(objects, pod_of(objects))["POSTERN_JWKS_URL"])
    problems = []
    name, namespace, *_ = str(address.hostname).split(".") + [""]
    if name in ("localhost", "127"):
        problems.append("in a container localhost is the container itself")
    egress = {}
    for rule in find(objects, "NetworkPolicy")["spec"]["egress"]:
        for peer in rule.get("to", [{}]):
            labels = [label for selector in ("namespaceSelector", "podSelector")
                      for label in peer.get(selector, {}).get("matchLabels", {}).values()]
            egress[tuple(labels)] = {(port["port"], port["protocol"]) for port in rule.get("ports", [])}
    wanted = {("kube-system", "kube-dns"): {(53, "UDP"), (53, "TCP")}, (namespace, name): {(address.port, "TCP")}}
    if egress != wanted:
        problems.append(f"the NetworkPolicy lets out to {sorted(egress)}, the keys are at {name} in {namespace}")
    return problems


def one_way_in(objects):
    """Whoever wants to reach the service goes through Postern."""
    pod = pod_of(objects)
    problems = []
    for port in find(objects, "Service")["spec"]["ports"]:
        if port["targetPort"] != GATE_PORT:
            problems.append(f"the Service leads to {port['targetPort']}")
    policy = find(objects, "NetworkPolicy")["spec"]
    if policy["policyTypes"] != ["Ingress", "Egress"]:
        problems.append(f"the NetworkPolicy is about {policy['policyTypes']} only")
    for rule in policy["ingress"]:
        if rule.get("ports") != [{"port": GATE_PORT, "protocol": "TCP"}]:
            problems.append(f"the NetworkPolicy admits {rule.get('ports', 'every port')}")
    for container in pod["containers"]:
        if container.get("ports"):
            problems.append(f"{container['name']} offers a port")
        words = container.get("command", []) + container.get("args", [])
        if "--host" not in words or words[words.index("--host") + 1] != "127.0.0.1":
            problems.append(f"{container['name']} does not listen on 127.0.0.1 only")
    settings = settings_of(objects, pod)
    if settings["POSTERN_LISTEN"] != f"0.0.0.0:{GATE_PORT}":
        problems.append(f"Postern listens on {settings['POSTERN_LISTEN']}")
    if settings["POSTERN_UPSTREAM"] != "http://127.0.0.1:8000":
        problems.append(f"Postern asks {settings['POSTERN_UPSTREAM']}")
    if settings["POSTERN_ADMIN_LISTEN"] != "127.0.0.1:9090":
        problems.append(f"the admin listener is at {settings['POSTERN_ADMIN_LISTEN']}")
    return problems


def selectors(objects):
    labels = find(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    name = find(objects, "Deployment")["metadata"]["name"]
    scaler = find(objects, "HorizontalPodAutoscaler")["spec"]
    selected = {
        "the Deployment": find(objects, "Deployment")["spec"]["selector"]["matchLabels"],
        "the Service": find(objects, "Service")["spec"]["selector"],
        "the NetworkPolicy": find(objects, "NetworkPolicy")["spec"]["podSelector"].get("matchLabels", {}),
        "the PodDisruptionBudget": find(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    }
    problems = [
        f"{what} selects other pods"
        for what, wanted in selected.items()
        if not wanted.items() <= labels.items()
    ]
    if scaler["scaleTargetRef"] != {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}:
        problems.append("the autoscaler scales something else")
    for metric in scaler["metrics"]:
        measured = metric["containerResource"]["container"]
        if measured not in [one["name"] for one in pod_of(objects)["containers"]]:
            problems.append(f"the autoscaler measures {measured}")
    if scaler["minReplicas"] < 2:
        problems.append("one pod cannot be replaced without a gap")
    return problems


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()
    return int(number) * DURATION[unit]


def lifecycle(objects):
    """A native sidecar starts before the service and is told to end after the service has ended."""
    pod = pod_of(objects)
    sidecar = sidecar_of(pod)
    problems = [] if sidecar.get("restartPolicy") == "Always" else ["not a native sidecar"]
    if sidecar["startupProbe"]["exec"]["command"] != ["/postern", "health"]:
        problems.append("the service would wait for Postern and Postern for the service")
    if sidecar["livenessProbe"]["exec"]["command"] != ["/postern", "health"]:
        problems.append("Postern would be restarted when the service is down")
    if sidecar["readinessProbe"]["exec"]["command"] != ["/postern", "health", "--ready"]:
        problems.append("ready without the service")
    stays = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if stays < 5:
        problems.append("the service is told to end while requests still arrive")
    command = sidecar.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [])
    goes_on = seconds(command[3]) if command[:3] == ["/postern", "drain", "--after"] else 0
    if goes_on < 5 or goes_on >= stays >= 5:
        problems.append("Postern would not let its clients go before the service ends")
    needed = stays + APPLICATION_ENDS + seconds(settings_of(objects, pod)["POSTERN_DRAIN_TIMEOUT"])
    if pod.get("terminationGracePeriodSeconds", 30) < needed:
        problems.append(f"{needed:g} s do not fit the grace period")
    return problems
