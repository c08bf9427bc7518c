"""A real Kubernetes API takes the manifests: schemas, admission, rights, rollouts. The components need their CRDs."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.deploy.rendered import DEPLOY, objects, of_kind, text, tree

pytestmark = pytest.mark.needs("kubernetes")
NAMESPACE = "meritlog"
SERVICES = ("intake", "scoring", "ranking", "notifier", "web")


def kubectl(*arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0 or not check, (
        f"kubectl {' '.join(arguments)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    )
    return done


def played() -> bool:
    """Whether the nodes only play: there a pod is ready as soon as it is scheduled, and no image is needed."""
    nodes = json.loads(kubectl("get", "nodes", "-o", "json").stdout)["items"]
    return all("kwok.x-k8s.io/node" in node["metadata"].get("annotations", {}) for node in nodes)


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    """The namespace of the manifests, made for these tests and gone after them; one that is there is not touched."""
    if kubectl("get", "namespace", NAMESPACE, check=False).returncode == 0:
        pytest.fail(f"this cluster has a namespace {NAMESPACE} already; point KUBECONFIG at one that may be changed")
    kubectl("apply", "--server-side", "-f", str(tree("base") / "namespace.yaml"))
    until_there("serviceaccount/default")
    yield NAMESPACE
    kubectl("delete", "namespace", NAMESPACE, "--timeout=120s")


def until_there(thing: str) -> None:
    deadline = time.monotonic() + 60
    while kubectl("-n", NAMESPACE, "get", thing, check=False).returncode:
        assert time.monotonic() < deadline, f"{thing} did not come"
        time.sleep(0.2)


@pytest.mark.parametrize(
    "name",
    ["base", "overlays/dev", pytest.param("overlays/prod", marks=pytest.mark.needs("kubernetes", "operators"))],
)
def test_the_api_takes_every_object(name, namespace):
    """Schemas, unknown fields and admission: a dry run on the server changes nothing and warns of nothing."""
    done = kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=text(name))
    assert "Warning" not in done.stderr
    assert len(done.stdout.splitlines()) == len(objects(name))


def test_a_pod_that_is_not_restricted_is_refused(namespace):
    """The namespace's label is in force: a root pod does not get in."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": namespace},
        "spec": {"containers": [{"name": "root", "image": "debian", "securityContext": {"runAsUser": 0}}]},
    }
    refused = kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=json.dumps(pod), check=False)
    assert refused.returncode
    assert "PodSecurity" in refused.stderr


def test_dev_rolls_out_again_and_drains_within_its_budget(namespace):
    """Everything of `dev` comes up; a new release replaces it; the services have no right in the cluster's API."""
    if not played():
        pytest.skip("on real nodes the images must be there: see docs/how-to/run-on-kubernetes.md")
    kubectl("apply", "--server-side", "-f", "-", stdin=text("overlays/dev"))
    for job in of_kind("overlays/dev", "Job"):
        kubectl("-n", namespace, "wait", "--for=condition=complete", f"job/{job['metadata']['name']}", "--timeout=60s")
    for workload in ("statefulset/kafka", "statefulset/postgres", *(f"deployment/{service}" for service in SERVICES)):
        kubectl("-n", namespace, "rollout", "status", workload, "--timeout=90s")
    kubectl("-n", namespace, "set", "image", "deployment/intake", "service=meritlog/intake:next")
    kubectl("-n", namespace, "rollout", "status", "deployment/intake", "--timeout=90s")
    kubectl("-n", namespace, "rollout", "undo", "deployment/intake")
    kubectl("-n", namespace, "rollout", "status", "deployment/intake", "--timeout=90s")
    for service in SERVICES:
        slices = kubectl(
            "-n", namespace, "get", "endpointslices", "-l", f"kubernetes.io/service-name={service}", "-o", "json"
        )
        ready = [
            e for s in json.loads(slices.stdout)["items"] for e in s["endpoints"] or () if e["conditions"]["ready"]
        ]
        assert len(ready) == 1, service
        account = f"system:serviceaccount:{namespace}:{service}"
        asked = kubectl("auth", "can-i", "get", "secrets", "-n", namespace, "--as", account, check=False)
        assert asked.stdout.strip() == "no", service


@pytest.mark.needs("kubernetes", "operators")
def test_prod_spreads_over_zones_and_gives_up_one_pod_at_a_time(namespace):
    """Three replicas of intake stand in three zones; evicting two at once is refused by the budget."""
    if not played():
        pytest.skip("on real nodes the images must be there: see docs/how-to/run-on-kubernetes.md")
    kubectl("-n", namespace, "delete", "jobs", "--all")  # as the how-to says: a job's template cannot change
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text("overlays/prod"))
    for service in SERVICES:
        kubectl("-n", namespace, "rollout", "status", f"deployment/{service}", "--timeout=120s")
    listed = kubectl("-n", namespace, "get", "pods", "-l", "app.kubernetes.io/name=intake", "-o", "json")
    pods = [pod for pod in json.loads(listed.stdout)["items"] if "deletionTimestamp" not in pod["metadata"]]
    assert len({pod["spec"]["nodeName"] for pod in pods}) == len(pods) == 3
    budget = json.loads(kubectl("-n", namespace, "get", "pdb", "intake", "-o", "json").stdout)
    assert budget["status"]["disruptionsAllowed"] == 1


def test_the_api_takes_the_job_of_a_rebuild(namespace):
    """It is applied by hand, so no tree holds it."""
    job = str(DEPLOY / "k8s" / "rebuild.yaml")
    done = kubectl("apply", "--server-side", "--dry-run=server", "-f", job)
    assert "Warning" not in done.stderr
