"""What the documentation names is there: pages, make targets, commands."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"


def blocks(page: Path) -> list[str]:
    """The fenced blocks of a page, and its code spans."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [*fenced, *re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))]


def anchors(page: Path) -> set[str]:
    """The headings of a page as they are linked to."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Every link to a file of the repository finds it, and the heading it names."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_of_the_docs_is_linked_to():
    """Nobody has to guess a page's address: each is reached from the index of its folder or from another page."""
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    }
    assert [page for page in PAGES if "docs" in page.parts and page.name != "index.md" and page not in linked] == []


def test_make_targets_that_pages_name_exist():
    """`make something` in a page is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for block in blocks(page):
            assert set(re.findall(r"(?:^|\s)make ([a-z]+)", block, re.MULTILINE)) <= targets, page


def test_files_that_pages_name_exist():
    """A path into the repository's own folders, in code, is there."""
    folders = "shared|services|web|cli|rubrics|samples|deploy|tests|docs|benchmarks"
    for page in PAGES:
        for block in blocks(page):
            for path in re.findall(rf"(?:^|\s)((?:{folders})/[\w./-]*[\w/])", block):
                assert (ROOT / path).exists(), (page, path)


def test_the_readmes_open_with_the_two_commands_and_agree():
    """Both start with `make demo` and `make test`, and show the same commands after them."""

    def commands(page: Path) -> list[str]:
        return [line.partition("#")[0].strip() for block in blocks(page)[:3] for line in block.splitlines()]

    assert commands(ENGLISH)[:2] == ["make demo", "make test"]
    assert commands(CHINESE) == commands(ENGLISH)


def test_commands_that_pages_name_exist():
    """`merit something` in a page is a command, and each `--option` after it is one of its options."""
    asked = {
        tuple(line.split()[1:])
        for page in PAGES
        for block in blocks(page)
        for line in re.findall(r"(?:\.venv/bin/|^)(merit [a-z][^#\n|;&]*)", block, re.MULTILINE)
    }
    known = commands()
    for words in sorted(asked):
        path = next((words[:n] for n in (2, 1) if " ".join(words[:n]) in known), None)
        assert path, f"merit {' '.join(words)}"
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= known[" ".join(path)], f"merit {' '.join(words)}"


def commands() -> dict[str, set[str]]:
    """The commands of `merit` by their words, each with its options."""
    script = (
        "import json, typer.main; from cli.main import app; found = {}\n"
        "def walk(command, words):\n"
        "    found[' '.join(words)] = [o for p in command.params for o in [*p.opts, *p.secondary_opts]] + ['--help']\n"
        "    [walk(sub, [*words, name]) for name, sub in getattr(command, 'commands', {}).items()]\n"
        "walk(typer.main.get_command(app), []); print(json.dumps(found))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True, cwd=ROOT, timeout=60
    )
    return {words: set(options) for words, options in json.loads(done.stdout).items()}
