"""What an inbox hands in: refused or not, it is found again under the assessment that it names."""

from typing import Any, NamedTuple

import pytest

from services.intake.desk import Desk, utc_now
from services.intake.handlers import take
from services.intake.ledgers import Ledgers
from services.intake.marks import Marks
from services.intake.proofs import Prover
from services.intake.settings import IntakeSettings
from services.intake.signing import ledger_keys
from services.intake.store import DDL, NOWHERE, VERSION, LedgerStore
from shared.chassis.store import EventStore
from tests.builders import ASSESSMENT, opened, raw, submitted

STRUCTURED = [("content-type", b"application/cloudevents+json")]


class Sent(NamedTuple):
    """A record of the market bureau's inbox."""

    value: bytes
    topic: str = "meritlog.inbox.market"
    headers: Any = STRUCTURED


@pytest.fixture
def ledgers(tmp_path):
    settings = IntakeSettings(data=tmp_path)
    store = LedgerStore(EventStore.open(f"sqlite:///{tmp_path}/intake.sqlite", "intake", DDL, VERSION))
    yield Ledgers(store, Desk(store, utc_now), Prover(store, ledger_keys(settings), Marks(settings.data)), settings)
    store.store.close()


async def test_what_is_refused_is_found_under_the_assessment_it_names(ledgers):
    """
    Given records of which one lacks its time, one names nothing and one is no JSON,
    when they come with a good one,
    then the good one is in the ledger, the first is among the refused of its assessment, and the others of none.
    """
    office = Sent(raw(opened()), "meritlog.inbox.sme-office")
    timeless = {name: value for name, value in submitted(id="timeless").items() if name != "time"}
    nameless = {name: value for name, value in submitted(id="nameless").items() if name != "assessment"}

    await take(ledgers, [office])
    await take(ledgers, [Sent(raw(timeless)), Sent(raw(submitted())), Sent(raw(nameless)), Sent(b"{")])

    assert ledgers.store.head(ASSESSMENT).position == 2
    assert [(row.code, row.id) for row in ledgers.store.refused(ASSESSMENT)] == [("malformed", "timeless")]
    assert [(row.code, row.id) for row in ledgers.store.refused(NOWHERE)] == [
        ("malformed", "nameless"),
        ("malformed", None),
    ]
