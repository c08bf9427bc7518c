"""Coordinates that have no answer, at every place where one can be asked: one sentence, the same everywhere."""

import time
from pathlib import Path

import pytest

from cli.main import run
from tests.e2e.test_changes import send
from tests.running import NAME, YEAR, shown, up, wait_for
from tests.services import free_port

SOME = 120
SECONDS = 0.2
HTTP = (
    "standings/{0}",
    "scorecards/{0}/market",
    "explain/{0}/market",
    "explain/{0}/market/M1",
    "timeline/{0}",
    "sensitivity/{0}",
    "tipping/{0}/market",
    "tasks/{0}",
    "appeals/{0}",
    "bundles/{0}",
)
PAGES = (
    "",
    "/tasks",
    "/findings",
    "/changes",
    "/timeline",
    "/units/market",
    "/units/market/tipping",
    "/sensitivity",
    "/appeals",
    "/compare",
    "/what-if",
)
COMMANDS = (
    ["standings"],
    ["unit", "market"],
    ["explain", "market", "M1"],
    ["timeline"],
    ["sensitivity"],
    ["appeals"],
    ["tipping", "market"],
    ["export", "{bundle}"],
)
BAD = {
    "before the first entry": ({"known-at": "0"}, 404, "not-known", 3),
    "a time before the first entry": ({"known-at": "2019-01-01"}, 404, "not-known", 3),
    "after the head": ({"known-at": "99999"}, 503, "not-yet", 3),
    "before the period": ({"as-of": "2019-12-31"}, 404, "not-known", 3),
    "no date": ({"as-of": "2020-02-30"}, 422, "bad-coordinate", 2),
    "no position": ({"known-at": "-1"}, 422, "bad-coordinate", 2),
    "no position that can be": ({"known-at": "9" * 500}, 422, "bad-coordinate", 2),
    "an unknown reading": ({"reading": "A01=21"}, 422, "unknown-reading", 2),
    "an unknown finding": ({"reading": "A99=1"}, 422, "unknown-finding", 2),
    "a finding without end": ({"reading": "A" * 1500 + "=1"}, 422, "unknown-finding", 2),
    "no reading": ({"reading": "A01"}, 422, "bad-coordinate", 2),
    "an unknown rubric": ({"rubric": "9"}, 404, "unknown-rubric", 2),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A server that has taken in the beginning of the sample year, and waits for nothing."""
    folder = tmp_path_factory.mktemp("coordinates")
    with up(folder, free_port(26000, 26499), MERITLOG_WAIT_SECONDS=str(SECONDS)) as client:
        client.head = send(client, YEAR.read_bytes().split(b"\n")[:SOME])
        wait_for(lambda: shown(client) == client.head, 60)
        yield client


@pytest.fixture(scope="module")
def exported(client, tmp_path_factory):
    """The ledger as a file."""
    file = tmp_path_factory.mktemp("exported") / "ledger.jsonl"
    file.write_bytes(client.get(f"/v1/entries/{NAME}").content)
    return file


def diff_of(query: dict[str, str]) -> str:
    """A coordinate as one end of a diff says it."""
    return ",".join(value if name == "reading" else f"{name}={value}" for name, value in query.items())


@pytest.fixture
def unchanged(client):
    """What the server holds is the same before and after."""
    looked = (f"/v1/assessments/{NAME}", f"/v1/standings/{NAME}", f"/v1/refused/{NAME}", f"/v1/board/{NAME}")
    before = [client.get(path).content for path in looked]
    yield
    assert [client.get(path).content for path in looked] == before


@pytest.mark.parametrize("case", BAD)
@pytest.mark.usefixtures("unchanged")
def test_over_http_it_is_one_problem_everywhere(client, case):
    """
    Given a coordinate that has no answer,
    when any question is asked at it, and a diff at either end,
    then all answer with the same status, code and sentence, soon.
    """
    query, status, code, _ = BAD[case]
    began = time.monotonic()

    answers = [client.get("/v1/" + path.format(NAME), params=query) for path in HTTP]
    if len(diff_of(query)) < 2000:
        answers += [client.get(f"/v1/diff/{NAME}", params={end: diff_of(query)}) for end in ("from", "to")]
        answers += [client.post(f"/v1/diff/{NAME}", json={end: diff_of(query)}) for end in ("from", "to")]

    assert {(each.status_code, each.json()["code"]) for each in answers} == {(status, code)}
    assert {"Retry-After" in each.headers for each in answers} == {status == 503}
    sentences = {each.json()["detail"] for each in answers}
    assert all(each.endswith(".") and each.isprintable() and len(each) < 300 for each in sentences)
    assert len({each for each in sentences if "is no part of a coordinate" not in each}) == 1
    assert time.monotonic() - began < (SECONDS + 1) * len(answers)


@pytest.mark.parametrize(("language", "tag", "stop"), [("zh", "zh-Hans", "。"), ("en", "en", ".")])
@pytest.mark.parametrize("case", BAD)
@pytest.mark.usefixtures("unchanged")
def test_pages_say_it_in_the_readers_language(client, case, language, tag, stop):
    """
    Given the same in the address of any page, at the other end of a comparison, or where something is supposed,
    then there is a page like any other with one sentence in its language, repeating nothing of what was asked.
    """
    query, status, _, _ = BAD[case]
    first = {f"from-{name}": value for name, value in query.items()}
    asked = [("GET", path, query) for path in PAGES] + [("GET", "/compare", first), ("POST", "/what-if", query)]
    for method, path, words in asked:
        answer = client.request(
            method,
            f"/assessments/{NAME}{path}",
            params=words | {"lang": language},
            data={"choice": "determination/M1", "value": "7"} if method == "POST" else None,
            headers={"Accept": "text/html"},
        )
        shown = answer.text.partition("<main")[2]
        said = shown.partition("<h1>")[2].partition("</h1>")[0]
        assert answer.status_code in ((status,) if status != 422 else (400, 422)), path
        assert ("Retry-After" in answer.headers) == (status == 503)
        assert f'<html lang="{tag}">' in answer.text
        assert said.endswith(stop), said
        assert said.isascii() == (language == "en")
        assert not any(value in shown for value in query.values() if len(value) > 3)


@pytest.mark.parametrize("case", BAD)
@pytest.mark.usefixtures("unchanged")
def test_commands_say_the_same_of_a_server_and_of_a_file(client, exported, tmp_path, capsys, case):
    """Given the same at a command, then the status is that of the contract, with one sentence and nothing written."""
    query, _, _, status = BAD[case]
    options = [part for name, value in query.items() for part in (f"--{name}", value)]
    asked = [[*command, *options] for command in COMMANDS]
    asked += [["diff", end, diff_of(query)] for end in ("--from", "--to")]
    for command in asked:
        words = [word.replace("{bundle}", str(tmp_path / "out.zip")) for word in command]
        said = []
        for where in (["--server", str(client.base_url)], ["--entries", str(exported)]):
            found = run([*words, *where])
            out, err = capsys.readouterr()
            assert (found, out, err.count("\n")) == (status, "", 1), (command, err)
            said.append(err.lower())
        assert said[0] == said[1]
    assert list(Path(tmp_path).iterdir()) == []


def test_what_might_be_meant_otherwise_is_not_guessed(client):
    """Given a part of a coordinate twice, or under the name that the answer has for it, then 422 says so."""
    for query in (
        [("known-at", "3"), ("known-at", "4")],
        [("as-of", "2020-06-30"), ("as_of", "2020-07-30")],
        [("as_of", "2020-06-30")],
        [("known_at", "3")],
        [("reading", "A01=20"), ("reading", "A01=50")],
    ):
        for path in HTTP:
            answer = client.get("/v1/" + path.format(NAME), params=query)
            assert (answer.status_code, answer.json()["code"]) == (422, "bad-coordinate")


@pytest.mark.parametrize(
    ("path", "query", "good"),
    [
        ("standings/{0}", "flags=1&flags=2", "flags=1"),
        ("standings/{0}", "flags=-1", "flags=0"),
        ("scorecards/{0}/market", "flags=many", "flags=1"),
        ("explain/{0}/market", "inputs=0", "inputs=1"),
        ("explain/{0}/market/M1", "inputs=3&inputs=4", "inputs=3"),
        ("explain/{0}/market/M1", "inputs=10001", "inputs=10000"),
        ("timeline/{0}", "step=month&step=week", "step=week"),
        ("diff/{0}", "from=known-at=3&from=known-at=4", "from=known-at=4"),
    ],
)
def test_what_is_asked_beside_a_coordinate_is_said_once_and_within_bounds(client, path, query, good):
    """Given a bound that is none, too small or too large, or a word named twice, then 422 names it."""
    answer = client.get(f"/v1/{path.format(NAME)}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert query.partition("=")[0] in answer.text
    assert client.get(f"/v1/{path.format(NAME)}?{good}").status_code == 200


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ("unknown-assessment", "standings/nowhere"),
        ("unknown-assessment", "bundles/nowhere"),
        ("unknown-assessment", "diff/nowhere"),
        ("unknown-unit", "scorecards/{0}/nobody"),
        ("unknown-unit", "explain/{0}/nobody"),
        ("unknown-unit", "tipping/{0}/nobody"),
        ("unknown-indicator", "explain/{0}/market/R1"),
    ],
)
def test_what_there_is_not_is_404(client, subject, path):
    """Given an assessment, unit or indicator that there is not, then 404 names what it is."""
    answer = client.get("/v1/" + path.format(NAME))
    assert (answer.status_code, answer.json()["code"]) == (404, subject)
