"""docker-compose.yml: everything is healthy before it is used, and closed to other machines."""

import re
from pathlib import Path

import yaml

from docs import generate

DEPLOY = Path(__file__).parents[3] / "deploy"
PROXY = (DEPLOY / "router/haproxy.cfg").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("meritlog/")}
JOBS = {name for name, service in OURS.items() if service["build"]["target"] == "merit"}


def test_ports_are_on_loopback_and_can_be_moved():
    """Each published port is bound to 127.0.0.1 and taken from a variable, with a default below 32768."""
    variables = []
    for service in SERVICES.values():
        for port in service.get("ports", ()):
            match = re.fullmatch(r"127\.0\.0\.1:\$\{(\w+_PORT):-(\d+)\}:\d+", port)
            assert match, port
            assert int(match[2]) < 32768
            variables.append(match[1])
    assert len(set(variables)) == len(variables)


def test_what_serves_has_a_health_check_and_what_is_a_job_is_awaited_to_its_end():
    """So that `up --wait` means what it says: no service starts before its stores and topics are there."""
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (name not in JOBS), name
        for before, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if before in JOBS else "service_healthy"
            assert how == {"condition": wanted}, (name, before)


def test_images_are_targets_of_the_dockerfile():
    """Each of our images is built from its target, and the Dockerfile names no frontend to fetch."""
    text = (DEPLOY / "Dockerfile").read_text()
    targets = re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE)
    for service in OURS.values():
        assert service["build"]["target"] in targets
        assert service["image"] == f"meritlog/{service['build']['target']}:${{MERITLOG_TAG:-dev}}"
    assert "syntax=" not in text


def test_our_containers_are_closed():
    """Not root, nothing writable but what is mounted, no privileges."""
    for name, service in OURS.items():
        assert service["user"] == "10001:10001", name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name


def test_each_image_holds_only_its_own_service():
    """A service's image copies `shared` and itself; only the jobs' image has them all."""
    stages = re.split(r"^FROM ", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    for stage in stages:
        name = re.match(r"\S+ AS (\S+)", stage)
        if name and name[1] in ("intake", "scoring", "ranking", "notifier", "web"):
            copied = set(re.findall(r"^COPY ([^-]\S+)", stage, re.MULTILINE))
            own = {"web"} if name[1] == "web" else {"services/__init__.py", f"services/{name[1]}"}
            assert copied == {"shared", *own}


def test_both_routers_split_paths_alike():
    """HAProxy with compose and the Ingress on Kubernetes send each first segment to the same service."""
    rules = re.findall(r"use_backend (\w+) if \{ path_reg \^/v1/\(([\w|]+)\)", PROXY)
    by_proxy = {(service, f"/v1/{segment}") for service, segments in rules for segment in segments.split("|")}
    ingress = yaml.safe_load((DEPLOY / "k8s/base/ingress.yaml").read_text())
    paths = ingress["spec"]["rules"][0]["http"]["paths"]
    by_ingress = {(path["backend"]["service"]["name"], path["path"]) for path in paths}
    assert by_ingress == by_proxy | {("web", "/")}


def test_every_path_of_a_service_is_routed_to_it():
    """The first segment of each path that a service describes leads to it, and to no other."""
    routed: dict[str, set[str]] = {}
    for service, segments in re.findall(r"use_backend (\w+) if \{ path_reg \^/v1/\(([\w|]+)\)", PROXY):
        routed[service] = set(segments.split("|"))
    for name in generate.SERVICES:
        described = {path.split("/")[2] for path in generate.document(name)["paths"] if path.startswith("/v1/")}
        assert described <= routed[name], name
    assert sum(map(len, routed.values())) == len(set.union(*routed.values()))


def test_databases_are_made_by_one_script():
    """The dev overlay has a copy, since kustomize reads nothing above its folder."""
    copy = (DEPLOY / "k8s/overlays/dev/databases.sh").read_text()
    assert copy == (DEPLOY / "postgres/databases.sh").read_text()
