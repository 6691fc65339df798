"""Checks rendered manifests for what a schema cannot see: references, selectors, probes, and the restricted pod.

Usage: kubectl kustomize k8s/overlays/dev | k8s/check.py [--door]

With --door, auditors reach every log; without, there is no way to one.
"""

import re
import sys

import yaml

SERVICES = {"hazard", "enforcement", "investigation", "credit", "reward", "timeline"}
WITNESS = "fenghuo-witness"
# A certificate with its key, in the shape of kubernetes.io/tls: made in the cluster, and never rendered.
DOOR_SECRET = "fenghuo-door"
AUDITORS = {"matchLabels": {"fenghuo-auditors": "true"}}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}

faults = []


def expect(holds, fault):
    if not holds:
        faults.append(fault)


def containers(pod):
    return pod.get("initContainers", []) + pod["containers"]


def references(pod):
    """Yields (kind, name, key or None) for everything that a pod takes from elsewhere."""
    yield "ServiceAccount", pod["serviceAccountName"], None
    for volume in pod.get("volumes", []):
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], None
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"], None
        if "secret" in volume:
            for item in volume["secret"].get("items", [{"key": None}]):
                yield "Secret", volume["secret"]["secretName"], item["key"]
    for container in containers(pod):
        for source in container.get("envFrom", []):
            for field, reference in source.items():
                yield {"configMapRef": "ConfigMap", "secretRef": "Secret"}[field], reference["name"], None
        for variable in container.get("env", []):
            for field, reference in variable.get("valueFrom", {}).items():
                if field != "fieldRef":
                    yield {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}[field], reference[
                        "name"
                    ], reference["key"]


def claims(pod):
    return [reference for kind, reference, _ in references(pod) if kind == "PersistentVolumeClaim"]


def check_pod(name, pod, templates=()):
    security = pod["securityContext"]
    expect(
        security["runAsNonRoot"] and security["seccompProfile"] == {"type": "RuntimeDefault"},
        f"{name}: not restricted",
    )
    expect(pod["automountServiceAccountToken"] is False, f"{name}: has a service account token")
    mounted = {volume["name"] for volume in pod.get("volumes", [])}
    mounted |= {template["metadata"]["name"] for template in templates}
    for container in containers(pod):
        where = f"{name}/{container['name']}"
        expect(container["securityContext"] == RESTRICTED, f"{where}: not restricted")
        expect(
            "memory" in container["resources"]["limits"] and "cpu" in container["resources"]["requests"],
            f"{where}: no resources",
        )
        expect(
            ":" in container["image"] and not container["image"].endswith(":latest"),
            f"{where}: image without a tag",
        )
        for mount in container.get("volumeMounts", []):
            expect(mount["name"] in mounted, f"{where}: no volume {mount['name']}")
        # Kubernetes leaves $(NAME) as it stands where NAME comes later.
        known = set()
        for variable in container.get("env", []):
            for used in re.findall(r"\$\((\w+)\)", variable.get("value", "")):
                expect(used in known, f"{where}: {variable['name']} uses {used}, which does not stand before it")
            known.add(variable["name"])
    for container in pod["containers"]:
        ports = {port[key] for port in container["ports"] for key in ("name", "containerPort")}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container[probe].get("grpc") or container[probe]["httpGet"]
            expect(asked["port"] in ports, f"{name}: {probe} asks a port that is not there")
        # A liveness probe that asks for dependencies restarts healthy processes. A witness has none.
        alive = container["livenessProbe"]
        expect(
            "httpGet" in alive or alive["grpc"]["service"] == "liveness",
            f"{name}: liveness asks for more than life",
        )


def check_references(name, pod, by_kind):
    for kind, reference, key in references(pod):
        if (kind, reference) == ("Secret", DOOR_SECRET):
            continue
        found = by_kind.get(kind, {}).get(reference)
        expect(found is not None, f"{name}: {kind} {reference} is not there")
        keys = {**(found or {}).get("data", {}), **(found or {}).get("stringData", {})}
        expect(key is None or key in keys, f"{name}: {kind} {reference} has no {key}")


def check_witness(spec, by_kind):
    """One process with a memory of its own; and every log is told where it is."""
    templates = spec["volumeClaimTemplates"]
    check_pod(WITNESS, spec["template"]["spec"], templates)
    check_references(WITNESS, spec["template"]["spec"], by_kind)
    expect(spec["replicas"] == 1, f"{WITNESS}: {spec['replicas']} processes cannot share a memory")
    container = spec["template"]["spec"]["containers"][0]
    state = next(setting["value"] for setting in container["env"] if setting["name"] == "FENGHUO_WITNESS_STATE")
    names = {template["metadata"]["name"] for template in templates}
    kept = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in names]
    expect(
        any(state.startswith(f"{path}/") for path in kept), f"{WITNESS}: what it remembers in {state} is not kept"
    )
    settings = next(s["data"] for n, s in by_kind["ConfigMap"].items() if n.startswith("fenghuo-settings"))
    witnesses = settings["FENGHUO_WITNESSES"].split(",")
    ports = {port["port"] for port in by_kind["Service"][WITNESS]["spec"]["ports"]}
    urls = {f"http://{WITNESS}:{port}" for port in ports}
    expect({witness.split("=")[0] for witness in witnesses} <= urls, f"{witnesses} are asked, not {sorted(urls)}")
    expect(
        1 <= int(settings["FENGHUO_WITNESS_QUORUM"]) <= len(witnesses),
        f"{settings['FENGHUO_WITNESS_QUORUM']} of {len(witnesses)} witnesses can never cosign",
    )
    policy = by_kind["NetworkPolicy"][WITNESS]["spec"]
    for service in (f"fenghuo-{service}" for service in SERVICES):
        ways = by_kind["NetworkPolicy"][service]["spec"]["egress"]
        labels = by_kind["Deployment"][service]["spec"]["template"]["metadata"]["labels"]
        asked = reached(ways, "to", spec["template"]["metadata"]["labels"])
        expect(asked == ports, f"NetworkPolicy {service}: no way to the witness")
        expect(reached(policy["ingress"], "from", labels) == ports, f"NetworkPolicy {WITNESS}: {service} may not ask")
    expect(policy["policyTypes"] == ["Ingress", "Egress"] and "egress" not in policy, f"{WITNESS} may call out")


def selected(selector, pods):
    wanted = selector.items()
    return [name for name, spec in pods.items() if wanted <= spec["template"]["metadata"]["labels"].items()]


def chosen(peer, labels):
    """Whether a peer of a NetworkPolicy takes in a pod with these labels."""
    if "podSelector" not in peer:
        # Namespaces as a whole, and never that of the services.
        return False
    selector = peer["podSelector"]
    holds = {
        "In": lambda wanted: labels.get(wanted["key"]) in wanted["values"],
        "Exists": lambda wanted: wanted["key"] in labels,
    }
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        holds[wanted["operator"]](wanted) for wanted in selector.get("matchExpressions", [])
    )


def reached(rules, side, labels):
    """The ports that rules open to or from a pod."""
    opened = [rule for rule in rules if any(chosen(peer, labels) for peer in rule[side])]
    return {port["port"] for rule in opened for port in rule["ports"]}


def check_ways(name, policy, services):
    """Every service reaches every other, and what none can do without. Names of others are those of their charts."""
    others = {other: spec["template"]["metadata"]["labels"] for other, spec in services.items()}
    for other, labels in others.items():
        expect(8080 in reached(policy["ingress"], "from", labels), f"NetworkPolicy {name}: {other} may not call")
        expect(8080 in reached(policy["egress"], "to", labels), f"NetworkPolicy {name}: no way to {other}")
    for other, labels, port in (
        ("DNS", {"k8s-app": "kube-dns"}, 53),
        ("the bus", {"app.kubernetes.io/name": "nats"}, 4222),
        ("the database", {"cnpg.io/cluster": "postgres"}, 5432),
    ):
        expect(port in reached(policy["egress"], "to", labels), f"NetworkPolicy {name}: no way to {other}")


def check_door(name, by_kind, is_open):
    """Auditors reach the log, and nobody else, with TLS and without a right to append; or there is no door."""
    pod = by_kind["Deployment"][name]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    ways = [rule for rule in by_kind["NetworkPolicy"][name]["spec"]["ingress"] if rule["ports"] != [{"port": 8080}]]
    settings = {
        setting["name"]: setting.get("value", "")
        for setting in container["env"]
        if setting["name"].startswith("FENGHUO_DOOR_")
    }
    if not is_open:
        expect(not settings and not ways, f"{name}: a door is open")
        return
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    expect(
        ways == [{"from": [{"namespaceSelector": AUDITORS}], "ports": [{"port": ports.get("door")}]}],
        f"NetworkPolicy {name}: others than auditors may come to the door, or auditors may not",
    )
    served = {port["targetPort"]: port["port"] for port in by_kind["Service"][name]["spec"]["ports"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    secrets = {volume["secret"]["secretName"]: volume["name"] for volume in pod["volumes"] if "secret" in volume}
    folder = mounts.get(secrets.get(DOOR_SECRET))
    wanted = {
        "FENGHUO_DOOR_LISTEN": f"0.0.0.0:{ports.get('door')}",
        "FENGHUO_DOOR_ADVERTISE": f"fenghuo-$(FENGHUO_SERVICE).$(FENGHUO_NAMESPACE).svc:{served.get('door')}",
        "FENGHUO_DOOR_TLS_CERT": f"{folder}/tls.crt",
        "FENGHUO_DOOR_TLS_KEY": f"{folder}/tls.key",
    }
    expect(settings == wanted, f"{name}: its door is set to {settings}, not {wanted}")


def check(documents, has_door):
    by_kind = {}
    for document in documents:
        by_kind.setdefault(document["kind"], {})[document["metadata"]["name"]] = document
    deployments = {name: document["spec"] for name, document in by_kind["Deployment"].items()}
    stateful = {name: document["spec"] for name, document in by_kind["StatefulSet"].items()}
    pods = {**deployments, **stateful}
    wanted = {f"fenghuo-{service}" for service in SERVICES}

    for kind in ("Deployment", "PodDisruptionBudget"):
        expect(set(by_kind[kind]) == wanted, f"{kind}s are {sorted(by_kind[kind])}")
    for kind in ("Service", "ServiceAccount"):
        expect(set(by_kind[kind]) == wanted | {WITNESS}, f"{kind}s are {sorted(by_kind[kind])}")
    expect(set(stateful) == {WITNESS}, f"StatefulSets are {sorted(stateful)}")
    expect(
        set(by_kind["NetworkPolicy"]) == wanted | {WITNESS, "default-deny"},
        "a NetworkPolicy is missing or strange",
    )

    claimed = [kept for spec in deployments.values() for kept in claims(spec["template"]["spec"])]
    expect(len(set(claimed)) == len(deployments), f"logs are sealed into {sorted(claimed)}")

    for name, spec in deployments.items():
        pod = spec["template"]["spec"]
        check_pod(name, pod)
        check_references(name, pod, by_kind)
        check_door(name, by_kind, has_door)
    for spec in stateful.values():
        check_witness(spec, by_kind)

    for name in pods:
        selectors = [
            ("Service", by_kind["Service"][name]["spec"]["selector"]),
            ("NetworkPolicy", by_kind["NetworkPolicy"][name]["spec"]["podSelector"]["matchLabels"]),
            ("pod template", pods[name]["selector"]["matchLabels"]),
        ]
        if name in deployments:
            budget = by_kind["PodDisruptionBudget"][name]["spec"]["selector"]["matchLabels"]
            selectors.append(("PodDisruptionBudget", budget))
        for kind, selector in selectors:
            expect(selected(selector, pods) == [name], f"{kind} {name} selects {selected(selector, pods)}")
        ports = {
            port["name"]
            for container in pods[name]["template"]["spec"]["containers"]
            for port in container["ports"]
        }
        for port in by_kind["Service"][name]["spec"]["ports"]:
            expect(port["targetPort"] in ports, f"Service {name}: no port {port['targetPort']}")
        policy = by_kind["NetworkPolicy"][name]["spec"]
        if name in deployments:
            check_ways(name, policy, deployments)
        witness = stateful[WITNESS]["template"]["metadata"]["labels"]
        expect(not reached(policy["ingress"], "from", witness), f"NetworkPolicy {name}: a witness may call")


check([document for document in yaml.safe_load_all(sys.stdin) if document], sys.argv[1:] == ["--door"])
for fault in faults:
    print(f"k8s: {fault}", file=sys.stderr)
sys.exit(1 if faults else 0)
