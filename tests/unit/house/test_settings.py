"""Every MERITLOG_ variable that deployments set is a setting of the service that gets it."""

import importlib
import re
from pathlib import Path

import pytest
import typer
import yaml

from cli.main import app
from cli.rebuilding.settings import RebuildSettings
from shared.chassis.settings import PREFIX, ServiceSettings

DEPLOY = Path(__file__).parents[3] / "deploy"
NAMES = ("intake", "scoring", "ranking", "notifier", "web")


def known(name: str) -> set[str]:
    """The variables of a service, also as files."""
    module = importlib.import_module("web.settings" if name == "web" else f"services.{name}.settings")
    (kind,) = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, ServiceSettings) and each.__module__ == module.__name__
    ]
    plain = {f"{PREFIX}{field.upper()}" for field in kind.model_fields}
    return plain | {f"{variable}_FILE" for variable in plain}


@pytest.mark.parametrize("name", NAMES)
def test_compose_sets_what_the_service_knows(name):
    """A variable that nobody reads is a slip that nobody notices."""
    services = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())["services"]
    assert services[name]["environment"].keys() <= known(name)


@pytest.mark.parametrize("name", NAMES)
def test_kubernetes_sets_what_the_service_knows(name):
    """The same on Kubernetes: the shared settings, the service's own, and the components'."""
    said = yaml.safe_load((DEPLOY / "k8s/base/settings.yaml").read_text())["data"].keys()
    said |= yaml.safe_load((DEPLOY / "k8s/components/strimzi/settings.yaml").read_text())["data"].keys()
    for file in (f"base/{name}.yaml", f"components/strimzi/account-{name}.yaml"):
        path = DEPLOY / "k8s" / file
        said |= set(re.findall(r"name: (MERITLOG_\w+)", path.read_text())) if path.exists() else set()
    assert said <= known(name)


def test_the_job_of_a_rebuild_says_what_the_command_knows():
    """Its words are options of `merit rebuild`, and its variables are read by it."""
    job = yaml.safe_load((DEPLOY / "k8s/rebuild.yaml").read_text())
    (container,) = job["spec"]["template"]["spec"]["containers"]
    plain = {f"{PREFIX}{field.upper()}" for field in RebuildSettings.model_fields}
    said = yaml.safe_load((DEPLOY / "k8s/base/settings.yaml").read_text())["data"].keys()
    said |= {each["name"] for each in container["env"]}
    options = {option for each in typer.main.get_command(app).commands["rebuild"].params for option in each.opts}

    assert said <= plain | {f"{variable}_FILE" for variable in plain}
    assert {word for word in container["args"] if word.startswith("--")} <= options
