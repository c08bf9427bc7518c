"""What kustomize makes of deploy/k8s, as plain dictionaries, and small questions to ask of them."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
TREES = ("base", "overlays/dev", "overlays/prod")
PODS = ("Deployment", "StatefulSet", "Job")

STAND_INS = {
    "credentials.json": '{"credentials": []}',
    "database": "postgresql://someone:secret@postgres/somewhere",
    "token": "merit_1_2",
    "ledger.key": "PRIVATE+KEY+",
    "password": "secret",
    "services": "secret",
}


@cache
def copied() -> Path:
    """A copy of deploy/k8s that has the secrets which are never committed; gone when the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="meritlog-k8s-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / "k8s"
    shutil.copytree(DEPLOY / "k8s", copy, ignore=shutil.ignore_patterns("secrets"))
    wanted = yaml.safe_load((copy / "overlays/dev/kustomization.yaml").read_text())["secretGenerator"]
    for file in (copy / "overlays/dev" / path for secret in wanted for path in secret["files"]):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STAND_INS[file.name])
    return copy


def tree(name: str) -> Path:
    """A folder of that copy."""
    return copied() / name


@cache
def text(name: str) -> str:
    return subprocess.run(
        ["kubectl", "kustomize", str(tree(name))], capture_output=True, check=True, text=True, timeout=60
    ).stdout


@cache
def objects(name: str) -> tuple[dict[str, Any], ...]:
    return tuple(yaml.load_all(text(name), yaml.CSafeLoader))


def of_kind(name: str, *kinds: str) -> list[dict[str, Any]]:
    return [thing for thing in objects(name) if thing["kind"] in kinds]


def named(name: str, kind: str) -> set[str]:
    return {thing["metadata"]["name"] for thing in of_kind(name, kind)}


def pod(workload: dict[str, Any]) -> dict[str, Any]:
    return workload["spec"]["template"]["spec"]


def labels(workload: dict[str, Any]) -> dict[str, str]:
    return workload["spec"]["template"]["metadata"]["labels"]


def selects(selector: dict[str, Any], found: dict[str, str]) -> bool:
    """Whether a label selector takes these labels; {} takes all."""
    plain = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
    return all(found.get(key) == value for key, value in plain.items()) and all(
        found.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ())
    )


def taken(name: str, selector: dict[str, Any]) -> list[dict[str, Any]]:
    return [workload for workload in of_kind(name, *PODS) if selects(selector, labels(workload))]


def ports(workload: dict[str, Any]) -> set[str | int]:
    said = [port for container in pod(workload)["containers"] for port in container.get("ports", ())]
    return {port["name"] for port in said} | {port["containerPort"] for port in said}


def called(thing: dict[str, Any]) -> str:
    return f"{thing['kind']}/{thing['metadata']['name']}"
