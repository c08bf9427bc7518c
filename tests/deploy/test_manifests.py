"""The manifests fit together: what selects finds something, what is mounted is there, what is probed listens."""

import re

import pytest

from shared.chassis import topics
from shared.chassis.kafka import TAKE_OVER_SECONDS
from tests.deploy.rendered import DEPLOY, PODS, TREES, called, labels, named, objects, of_kind, pod, ports, taken

pytestmark = [pytest.mark.needs("kubectl"), pytest.mark.parametrize("name", TREES)]

# Made outside the manifests in production; docs/how-to/run-on-kubernetes.md says how.
SECRETS = {"credentials", "intake", "scoring", "ranking", "notifier", "web"}
BY_OPERATOR = {"kafka-intake", "kafka-scoring", "kafka-ranking", "kafka-notifier", "meritlog-cluster-ca-cert"}
BY_OPERATOR_PODS = {"strimzi.io/cluster": "meritlog"}


def test_everything_is_named_once_and_lies_in_the_namespace(name):
    """No two objects of a kind share a name, and none is left outside `meritlog`."""
    found = [called(thing) for thing in objects(name)]
    assert sorted(set(found)) == sorted(found)
    outside = [
        called(t) for t in objects(name) if t["kind"] != "Namespace" and t["metadata"]["namespace"] != "meritlog"
    ]
    assert outside == []


def test_services_reach_pods_that_listen(name):
    """Each Service selects the pods of one workload, and its port is one that they open."""
    for service in of_kind(name, "Service"):
        workloads = taken(name, service["spec"]["selector"])
        assert len(workloads) == 1, called(service)
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in ports(workloads[0]), called(service)


def test_workloads_select_their_own_pods_alone(name):
    """A Deployment's or StatefulSet's selector finds its own template and no other."""
    for workload in of_kind(name, "Deployment", "StatefulSet"):
        assert taken(name, workload["spec"]["selector"]) == [workload]


def test_disruptions_are_bounded_for_every_service(name):
    """Each Deployment has one PodDisruptionBudget."""
    for deployment in of_kind(name, "Deployment"):
        budgets = [
            budget
            for budget in of_kind(name, "PodDisruptionBudget")
            if deployment in taken(name, budget["spec"]["selector"])
        ]
        assert len(budgets) == 1, called(deployment)


def test_probes_ask_ports_that_are_open(name):
    """Everything that serves has its three probes, on a port that it opens; liveness is patient, readiness quick."""
    for workload in of_kind(name, "Deployment", "StatefulSet"):
        for container in pod(workload)["containers"]:
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                asked = container[probe].get("httpGet") or container[probe].get("tcpSocket")
                assert asked is None or asked["port"] in ports(workload), (called(workload), probe)


def test_mounts_and_volumes_belong_together(name):
    """What a container mounts is a volume of its pod, and no volume lies about unused."""
    for workload in of_kind(name, *PODS):
        there = {volume["name"] for volume in pod(workload).get("volumes", ())}
        there |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", ())}
        used = {mount["name"] for c in pod(workload)["containers"] for mount in c.get("volumeMounts", ())}
        assert used == there, called(workload)


def test_secrets_and_settings_are_there(name):
    """Every Secret and ConfigMap of a pod is made here, by an operator, or is among those that the how-to lists."""
    known = SECRETS | BY_OPERATOR | named(name, "Secret")
    for workload in of_kind(name, *PODS):
        volumes = pod(workload).get("volumes", ())
        sources = [s for v in volumes for s in v.get("projected", {}).get("sources", ())] + list(volumes)
        secrets = {s["secret"].get("secretName") or s["secret"].get("name") for s in sources if "secret" in s}
        maps = {v["configMap"]["name"] for v in volumes if "configMap" in v}
        for container in pod(workload)["containers"]:
            maps |= {source["configMapRef"]["name"] for source in container.get("envFrom", ())}
        assert secrets <= known, called(workload)
        assert maps <= named(name, "ConfigMap"), called(workload)


def test_secret_files_are_for_their_pod_alone(name):
    """Secrets come as files of mode 0440, not as environment (but PostgreSQL's own start-up script)."""
    for workload in of_kind(name, *PODS):
        for volume in pod(workload).get("volumes", ()):
            source = volume.get("secret") or volume.get("projected")
            assert source is None or source["defaultMode"] == 0o440, called(workload)


def test_service_accounts_exist(name):
    """Each pod that names an account finds it, and none gets its token."""
    for workload in of_kind(name, *PODS):
        assert pod(workload)["automountServiceAccountToken"] is False, called(workload)
        assert {pod(workload).get("serviceAccountName")} <= named(name, "ServiceAccount") | {None}, called(workload)


def test_pods_are_restricted(name):
    """Not root, no privileges, the runtime's seccomp, no service links; our own also on a read-only file system."""
    for workload in of_kind(name, *PODS):
        spec = pod(workload)
        assert spec["enableServiceLinks"] is False, called(workload)
        assert spec["securityContext"]["runAsNonRoot"] is True, called(workload)
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, called(workload)
        for container in spec["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False, called(workload)
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, called(workload)
            ours = container["image"].startswith("meritlog/")
            assert not ours or container["securityContext"]["readOnlyRootFilesystem"] is True, called(workload)
            assert {"requests", "limits"} <= container["resources"].keys(), called(workload)


def test_pods_are_given_time_to_end(name):
    """The grace period is longer than the pause before stopping, the drain, and the longest batch in hand after it."""
    (settings,) = [thing for thing in of_kind(name, "ConfigMap") if thing["metadata"]["name"] == "settings"]
    drain = int(settings["data"]["MERITLOG_DRAIN_SECONDS"])
    for deployment in of_kind(name, "Deployment"):
        pause = pod(deployment)["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod(deployment)["terminationGracePeriodSeconds"] > pause + drain + TAKE_OVER_SECONDS, called(deployment)


def test_policies_are_about_pods_that_exist(name):
    """Everything is denied unless said; each policy that names pods or ports names some that are there."""
    policies = of_kind(name, "NetworkPolicy")
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in [policy["spec"] for policy in policies]
    for policy in policies:
        if policy["spec"]["podSelector"].get("matchLabels") == BY_OPERATOR_PODS:
            continue
        targets = taken(name, policy["spec"]["podSelector"])
        assert targets, called(policy)
        for rule in policy["spec"].get("ingress", ()):
            for port in rule.get("ports", ()):
                assert all(port["port"] in ports(target) for target in targets), called(policy)
            for peer in rule["from"]:
                assert "podSelector" not in peer or taken(name, peer["podSelector"]), called(policy)


def test_ingress_goes_to_services(name):
    """Every path leads to a Service and one of its ports."""
    for ingress in of_kind(name, "Ingress"):
        for path in ingress["spec"]["rules"][0]["http"]["paths"]:
            backend = path["backend"]["service"]
            (service,) = [s for s in of_kind(name, "Service") if s["metadata"]["name"] == backend["name"]]
            assert backend["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}


def test_each_service_is_told_of_the_one_before(name):
    """Addresses of other services in the environment are Services that exist, on their port."""
    for workload in of_kind(name, "Deployment"):
        for variable in pod(workload)["containers"][0].get("env", ()):
            url = re.fullmatch(r"http://([a-z]+):(\d+)", variable.get("value", ""))
            assert url is None or (url[1] in named(name, "Service") and url[2] == "8000"), called(workload)


def test_replicas_spread(name):
    """Pods of one service go to different zones and nodes where they can."""
    for deployment in of_kind(name, "Deployment"):
        keys = [spread["topologyKey"] for spread in pod(deployment)["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        for spread in pod(deployment)["topologySpreadConstraints"]:
            assert spread["labelSelector"]["matchLabels"].items() <= labels(deployment).items()


def test_images_are_those_that_the_dockerfile_makes(name):
    """Each of our images is a target of the Dockerfile; a release names a version, nothing names `latest`."""
    targets = set(re.findall(r"^FROM \S+ AS (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    for workload in of_kind(name, *PODS):
        image, _, tag = pod(workload)["containers"][0]["image"].partition(":")
        assert not image.startswith("meritlog/") or image.removeprefix("meritlog/") in targets
        assert tag not in ("", "latest"), called(workload)
        assert name != "overlays/prod" or re.fullmatch(r"\d+\.\d+\.\d+", tag), called(workload)


def test_scaling_stays_within_the_partitions(name):
    """KEDA never asks for more replicas of a service than its topic has partitions, and nobody else says how many."""
    partitions = {t["metadata"]["name"]: t["spec"]["partitions"] for t in of_kind(name, "KafkaTopic")}
    for scaled in of_kind(name, "ScaledObject"):
        (trigger,) = scaled["spec"]["triggers"]
        assert scaled["spec"]["maxReplicaCount"] <= partitions[trigger["metadata"]["topic"]]
        target = scaled["spec"]["scaleTargetRef"]["name"]
        (deployment,) = [each for each in of_kind(name, "Deployment") if each["metadata"]["name"] == target]
        assert "replicas" not in deployment["spec"]
        assert trigger["authenticationRef"]["name"] in named(name, "TriggerAuthentication")


def test_topics_are_declared_as_the_command_makes_them(name):
    """Strimzi's topics are those of `merit topics`, with the same partitions and settings."""
    declared = {
        topic["metadata"]["name"]: (
            topic["spec"]["partitions"],
            {key: str(value) for key, value in topic["spec"]["config"].items() if key != "min.insync.replicas"},
        )
        for topic in of_kind(name, "KafkaTopic")
    }
    made = {topic.name: (topic.partitions, topic.config) for topic in topics.ours()}
    assert declared in ({}, made)


def test_kafka_accounts_have_the_rights_that_their_service_needs(name):
    """Each service's account may read the topic before it and write its own; topics named in rights exist."""
    declared = named(name, "KafkaTopic")
    for user in of_kind(name, "KafkaUser"):
        for acl in user["spec"]["authorization"]["acls"]:
            resource = acl["resource"]
            if resource["type"] == "topic" and resource["patternType"] == "literal":
                assert resource["name"] in declared, called(user)


def test_alerts_are_about_metrics_that_exist_and_lead_to_a_page(name):
    """Every metric in a rule is one that the chassis exposes; every runbook is a file."""
    source = (DEPLOY.parent / "shared/chassis/metrics.py").read_text()
    for rule in (r for o in of_kind(name, "PrometheusRule") for g in o["spec"]["groups"] for r in g["rules"]):
        for metric in re.findall(r"meritlog_\w+", rule["expr"]):
            assert f'"{metric.removesuffix("_count")}"' in source, rule["alert"]
        assert (DEPLOY.parent / rule["annotations"]["runbook"]).is_file(), rule["alert"]
