"""The lock: every dependency of pyproject.toml is in it, by hash, in one version everywhere, and no host is named."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
FILES = sorted((ROOT / "requirements").glob("*.txt"))


def pins(file: Path) -> dict[str, set[Version]]:
    """Each package of a requirements file with its version; a few have another one for newer Pythons."""
    found: dict[str, set[Version]] = defaultdict(set)
    for name, version in re.findall(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)", file.read_text(), re.MULTILINE):
        found[canonicalize_name(name)].add(Version(version))
    return dict(found)


def wanted(extra: str) -> list[Requirement]:
    """What an extra needs beside the project's own dependencies, its fellow extras included."""
    requirements = [Requirement(text) for text in EXTRAS[extra]]
    fellows = [fellow for each in requirements if each.name == "meritlog" for fellow in each.extras]
    own = [each for each in requirements if each.name != "meritlog"]
    return own + [each for fellow in fellows for each in wanted(fellow)]


def needed(file: Path) -> list[Requirement]:
    """What pyproject.toml asks of one requirements file."""
    base = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    groups = {"dev": ["dev"], "bench": ["dev", "bench"]}.get(file.stem, [])
    return [
        *base,
        *wanted("all" if groups else file.stem),
        *(Requirement(text) for group in groups for text in GROUPS[group]),
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_lock_is_current(file):
    """Every requirement of pyproject.toml is met by the file's version: else `make lock` was forgotten."""
    held = pins(file)
    for requirement in needed(file):
        versions = held.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement.name} is missing: run `make lock`"
        fitting = list(requirement.specifier.filter(versions, prereleases=True))
        assert len(fitting) == len(versions), f"{requirement}: run `make lock`"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_package_has_hashes_and_no_host_is_named(file):
    """What is installed is what was locked, from whichever index the house uses."""
    text = file.read_text()
    for block in re.split(r"\n(?=[a-z0-9])", text):
        assert "--hash=sha256:" in block, block[:60]
    assert "://" not in text
    assert "--index" not in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_images_have_the_versions_that_tests_ran_with(file):
    """An image's file holds nothing in another version than the development lock."""
    tested = pins(ROOT / "requirements/dev.txt")
    assert {name: versions for name, versions in pins(file).items() if not versions <= tested.get(name, versions)} == {}


def test_there_is_a_file_for_each_image():
    """The Dockerfile copies only files that exist, and `make lock` writes each of them."""
    copied = set(re.findall(r"requirements/(\w+)\.txt", (ROOT / "deploy/Dockerfile").read_text()))
    (written,) = re.findall(r"^IMAGES := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert copied <= set(written.split()) <= {file.stem for file in FILES}
