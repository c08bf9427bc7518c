"""What a machine may lack: how to see whether it is there, and how to get it."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent

HOW = {
    "docker": "install Docker with the compose plugin and start it, until `docker info` answers",
    "curl": "install curl",
    "jq": "install jq",
    "kubectl": "install kubectl",
    "kubernetes": "point KUBECONFIG at a cluster you may change (such as kind), until `kubectl get nodes` answers",
    "operators": "install the CRDs of Strimzi, KEDA and the Prometheus operator in that cluster",
    "node": "name a cluster whose pods run in MERITLOG_NODE_KUBECTL (a kubectl) and MERITLOG_NODE_LOAD (what loads an "
    "image archive into it, such as `kind load image-archive`)",
    "go": "install Go 1.26 or later, with a module proxy in reach, until `go mod download` works",
    "chromium": "install chromium, or name a browser in MERITLOG_CHROMIUM",
}


@cache
def there(means: str) -> bool:
    """Whether this machine has it, asked once."""
    match means:
        case "docker":
            return answers("docker", "info") and answers("docker", "compose", "version")
        case "curl" | "jq":
            return shutil.which(means) is not None
        case "kubectl":
            return answers("kubectl", "version", "--client")
        case "kubernetes":
            return answers("kubectl", "get", "nodes", "--request-timeout=5s")
        case "operators":
            return there("kubernetes") and all(
                map(crd, ("kafkas.kafka.strimzi.io", "scaledobjects.keda.sh", "podmonitors.monitoring.coreos.com"))
            )
        case "node":
            return bool(os.environ.get("MERITLOG_NODE_KUBECTL") and os.environ.get("MERITLOG_NODE_LOAD"))
        case "go":
            return answers("go", "-C", str(HERE / "integration" / "go_verify"), "mod", "download", within=120)
        case "chromium":
            return chromium() is not None
        case _:
            raise LookupError(f"no test can need {means!r}; tests/means.py knows {', '.join(HOW)}")


def chromium() -> str | None:
    """The browser that the tests drive, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("MERITLOG_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def crd(name: str) -> bool:
    return answers("kubectl", "get", "crd", name, "--request-timeout=5s")


def answers(*command: str, within: float = 20) -> bool:
    if not shutil.which(command[0]):
        return False
    try:
        return subprocess.run(command, capture_output=True, timeout=within, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
