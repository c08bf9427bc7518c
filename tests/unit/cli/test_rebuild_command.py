"""`merit rebuild`: which stores it finds, what it refuses, what it answers; the work itself is tested beside it."""

import asyncio
import json

import pytest

from cli.main import run
from services.ranking.handlers import Boards
from services.ranking.store import DDL as RANKING
from services.ranking.store import VERSION as RANKING_VERSION
from services.scoring.handlers import Books
from services.scoring.store import DDL as SCORING
from services.scoring.store import VERSION as SCORING_VERSION
from services.scoring.store import scores
from shared.chassis.store import EventStore, Statement
from tests.unit.scoring.test_rebuild import NAME, STATES, miscounting, take


@pytest.fixture
def merit(monkeypatch, tmp_path, capsys):
    """Run the command on a data folder: status, answer (JSON read where asked for), what stderr said."""
    monkeypatch.setenv("MERITLOG_DATA", str(tmp_path))

    def asked(*words):
        status = run(["rebuild", *words])
        out, err = capsys.readouterr()
        return status, json.loads(out) if "--json" in words and out else out, err

    return asked


def scoring(folder):
    return EventStore.open(f"sqlite:///{folder}/scoring.sqlite", "scoring", SCORING, SCORING_VERSION)


def ranking(folder):
    return EventStore.open(f"sqlite:///{folder}/ranking.sqlite", "ranking", RANKING, RANKING_VERSION)


def play(folder, monkeypatch=None, number=120):
    """Stores of both services, told rightly, or wrongly by an earlier program."""
    first, second = scoring(folder), ranking(folder)

    async def read():
        if monkeypatch is None:
            await take(Books(first), STATES[:number])
        else:
            with monkeypatch.context() as earlier:
                miscounting(earlier)
                await take(Books(first), STATES[:number])
        await take(Boards(second), scores(first, NAME).feed(1, 0, 1000), "scores")

    asyncio.run(read())
    first.close()
    second.close()


def test_both_services_are_looked_at_and_nothing_changes(merit, tmp_path):
    """One line for each; as JSON with the service's name and no store."""
    play(tmp_path)
    before = {file.name for file in tmp_path.iterdir()}

    status, out, err = merit()
    _, answer, _ = merit("--json")

    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"scoring {NAME}: 120 entries built anew, as it was told",
        f"ranking {NAME}: 120 entries built anew, as it was told",
    ]
    assert answer["assessments"][1] == {
        "service": "ranking",
        "assessment": NAME,
        "entries": 120,
        "differences": [],
        "disputed": [],
        "generation": None,
        "store": None,
    }
    assert {file.name for file in tmp_path.iterdir()} == before


def test_what_differs_is_1_until_it_is_told_anew(merit, tmp_path, monkeypatch):
    """
    Given scoring that told one indicator wrongly, and ranking that shows it,
    when scoring takes over, in place or beside, then ranking is left to read it first, and that is said.
    """
    play(tmp_path, monkeypatch)

    looked = merit()
    taken = merit("--take-over")
    again = merit("--service", "scoring")
    behind = merit("--service", "ranking")

    assert looked[0] == 1
    assert "market M2: told {" in looked[1]
    assert "1 part differs from what was told: --take-over tells it anew" in looked[1]
    assert (taken[0], taken[2].count("\n")) == (0, 1)
    assert "generation 2 tells it anew" in taken[1]
    assert "ranking has yet to read" in taken[2]
    assert again[0] == 0
    assert (behind[0], behind[1]) == (3, "")
    assert "let ranking read on" in behind[2]


def test_beside_both_are_built_and_put_in_place(merit, tmp_path):
    """Files with a number; what is in use is followed from then on."""
    play(tmp_path)

    looked, taken, after = merit("--beside"), merit("--beside", "--take-over", "--json"), merit("--json")

    assert (looked[0], looked[2]) == (0, "")
    assert f"scoring {NAME}: 120 entries built anew in scoring.2.sqlite, not yet in use, as it was told" in looked[1]
    assert [each["store"] for each in taken[1]["assessments"]] == ["scoring.2.sqlite", "ranking.2.sqlite"]
    assert [each["entries"] for each in after[1]["assessments"]] == [120, 120]
    assert merit("--beside", "--take-over", "--json")[1]["assessments"][0]["store"] == "scoring.3.sqlite"


def test_broken_off_between_the_two_commits_it_is_ended_by_asking_again(merit, tmp_path, monkeypatch):
    """The old store has named its successor, which is whole: nothing is built once more."""
    play(tmp_path)
    monkeypatch.setenv("MERITLOG_SUCCESSOR", f"sqlite:///{tmp_path}/elsewhere.sqlite")
    with monkeypatch.context() as dying:
        dying.setattr(EventStore, "finish", lambda _: (_ for _ in ()).throw(SystemExit(9)))
        merit("--service", "scoring", "--beside", "--take-over")

    status, out, err = merit("--service", "scoring", "--beside", "--take-over")

    assert (status, out) == (0, "")
    assert "elsewhere.sqlite had taken over scoring's store before, and is in use" in err

    EventStore.open(f"sqlite:///{tmp_path}/elsewhere.sqlite", "scoring", SCORING, SCORING_VERSION).close()


def test_a_store_that_an_earlier_version_made_is_built_beside(merit, tmp_path):
    """In place it is left alone, and what to do is said."""
    play(tmp_path)
    store = scoring(tmp_path)
    store.commit(execute=[Statement("UPDATE schema_version SET version = 1 WHERE name = 'scoring'", touches=1)])
    store.close()

    status, out, err = merit("--service", "scoring")
    beside = merit("--service", "scoring", "--beside")

    assert (status, out) == (3, "")
    assert "of version 1, and this program's is 2: build a new one with --beside" in err
    assert beside[0] == 0
    kept = EventStore.peek(f"sqlite:///{tmp_path}/scoring.sqlite", "scoring", 2)
    assert kept.versions()["scoring"] == 1
    kept.close()


def test_anew_drops_what_was_begun(merit, tmp_path):
    """Also what another program's version had begun, which is not gone on with."""
    play(tmp_path)
    EventStore.open(f"sqlite:///{tmp_path}/scoring.2.sqlite", "scoring", version=1, building=True).close()

    refused = merit("--service", "scoring", "--beside")
    anew = merit("--service", "scoring", "--beside", "--anew")

    assert (refused[0], refused[1]) == (3, "")
    assert "begin it anew" in refused[2]
    assert (anew[0], anew[2]) == (0, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--service", "intake"], "intake cannot be built anew: scoring and ranking can"),
        (["--anew"], "--anew, --from-intake and --from-topic are said of a store that is built --beside"),
        (["--from-intake"], "--anew, --from-intake and --from-topic are said of a store that is built --beside"),
        (["--from-topic"], "--anew, --from-intake and --from-topic are said of a store that is built --beside"),
        (
            ["--beside", "--from-intake", "--from-topic"],
            "the ledger is read from one place: --from-intake or --from-topic",
        ),
        (
            ["--service", "scoring", "--beside", "--from-topic"],
            "--from-topic reads from Kafka: name its brokers in MERITLOG_KAFKA",
        ),
        (["--beside", NAME], "a store is built --beside as a whole: name no assessment"),
    ],
)
def test_wrong_usage_is_2(merit, tmp_path, words, said):
    """In one sentence, with nothing on stdout."""
    play(tmp_path, number=20)
    assert merit(*words) == (2, "", f"merit: {said}\n")


def test_one_database_cannot_be_built_in_for_two_services(merit, tmp_path, monkeypatch):
    """It says to name one."""
    play(tmp_path, number=20)
    monkeypatch.setenv("MERITLOG_SUCCESSOR", f"sqlite:///{tmp_path}/next.sqlite")

    status, out, err = merit("--beside")

    assert (status, out) == (2, "")
    assert "name that with --service" in err


def test_where_there_is_no_store_it_says_where_it_looked(merit, tmp_path):
    """And makes none."""
    status, out, err = merit()

    assert (status, out) == (3, "")
    assert f"there is no store of scoring or ranking in {tmp_path}" in err
    assert list(tmp_path.iterdir()) == []


def test_an_assessment_that_nobody_has_is_named(merit, tmp_path):
    """With those that there are."""
    play(tmp_path, number=20)

    status, out, err = merit("nobody", "--service", "ranking")

    assert (status, out, err) == (3, "", f"merit: ranking's database has no nobody: it has {NAME}\n")
