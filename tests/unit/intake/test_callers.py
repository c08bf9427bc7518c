"""With credentials: roles, providers, units and prefixes."""

from datetime import UTC, datetime

import pytest

from shared.chassis.auth import Caller
from shared.contracts.entries import decode_entry, parse_event
from shared.gate.gate import Gate, mentioned
from shared.gate.outcomes import Accepted, Known, Refused
from shared.gate.state import Identities, LedgerState, evolve
from shared.rubric import load
from tests.builders import (
    appealed,
    awarded,
    confirmed,
    corrected,
    deducted,
    judged,
    opened,
    period_reported,
    raw,
    recused,
    submitted,
    withdrawn,
)

NOW = datetime(2020, 7, 1, tzinfo=UTC)
OFFICE = Caller("office", frozenset({"assessor", "provider"}), "sme-office", source_prefix="/binjiang/sme-office")
ASSESSOR = Caller("head", frozenset({"assessor"}))
MARKET = Caller("market-1", frozenset({"provider"}), "market", source_prefix="/binjiang/market")
UNIT = Caller("market-unit", frozenset({"unit"}), unit="market")
TAX_UNIT = Caller("tax-unit", frozenset({"unit"}), unit="tax")
READERS = Caller("reader", frozenset({"auditor", "viewer"}))

FIGURE = submitted(id="figure")
APPEAL = appealed(id="appeal", provider=None, source="/binjiang/market-unit")


class Ledger:
    """A gate, its state and its identities."""

    def __init__(self):
        self.state, self.identities = LedgerState(), Identities()

    def send(self, sent, caller):
        outcome = Gate(self.state, load).admit(parse_event(raw(sent)), caller, NOW, self.identities)
        if isinstance(outcome, Accepted):
            evolve(self.state, outcome)
            self.identities.learn(outcome)
        return outcome


@pytest.fixture
def ledger():
    ledger = Ledger()
    for sent, caller in ((opened(), OFFICE), (FIGURE, MARKET), (APPEAL, UNIT)):
        assert isinstance(ledger.send(sent, caller), Accepted)
    return ledger


MAY = [
    (submitted(), MARKET),
    (period_reported(), MARKET),
    (withdrawn(FIGURE, provider="market"), MARKET),
    (corrected(FIGURE, FIGURE["data"], provider="market"), MARKET),
    (judged(), OFFICE),
    (judged(), ASSESSOR),
    (deducted(), ASSESSOR),
    (deducted(provider="sme-office"), ASSESSOR),
    (recused(), OFFICE),
    (confirmed(FIGURE), ASSESSOR),
    (withdrawn(FIGURE), OFFICE),
    (appealed(), UNIT),
    (appealed(provider=None), UNIT),
    (withdrawn(APPEAL), UNIT),
    (withdrawn(APPEAL, provider="market"), UNIT),
    (withdrawn(APPEAL), ASSESSOR),
    (submitted(), Caller.open()),
    (deducted(), Caller.open()),
]


@pytest.mark.parametrize(("sent", "caller"), MAY)
def test_a_credential_may_do_what_its_roles_say(ledger, sent, caller):
    """For its own provider or unit, under its own prefix."""
    assert isinstance(ledger.send(sent, caller), Accepted)


MAY_NOT = [
    (submitted(), READERS),
    (submitted(), UNIT),
    (submitted(provider="tax", source="/binjiang/market"), MARKET),
    (submitted(source="/binjiang/tax"), MARKET),
    (submitted(source="/binjiang/marketing"), MARKET),
    (submitted(), OFFICE),
    (period_reported(), ASSESSOR),
    (deducted(source="/binjiang/market"), MARKET),
    (awarded(provider="market"), MARKET),
    (confirmed(FIGURE, source="/binjiang/market"), MARKET),
    (withdrawn(FIGURE, source="/binjiang/market"), MARKET),
    (deducted(), READERS),
    (deducted(), UNIT),
    (appealed(source="/x"), TAX_UNIT),
    (appealed(), MARKET),
    (appealed(provider=None), ASSESSOR),
    (opened(), MARKET),
]


@pytest.mark.parametrize(("sent", "caller"), MAY_NOT)
def test_what_a_credential_may_not_do_is_forbidden_and_not_kept(ledger, sent, caller):
    """It is the caller's fault and not the entry's."""
    outcome = ledger.send(sent, caller)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.by_credential) == ("forbidden", True)


def test_another_s_entry_is_not_one_s_own_with_credentials_either(ledger):
    """What `provider` decides without them holds with them too."""
    tax = Caller("tax-1", frozenset({"provider"}), "tax")
    outcome = ledger.send(withdrawn(FIGURE, provider="tax"), tax)
    assert (outcome.code, outcome.by_credential) == ("not-your-entry", False)
    assert ledger.send(withdrawn(APPEAL), TAX_UNIT).code == "not-your-entry"
    assert ledger.send(confirmed(FIGURE, provider="market"), MARKET).code == "forbidden"


def test_a_unit_that_bears_its_provider_s_name_changes_its_appeals_only(ledger):
    """Nor does the provider change the unit's appeals; who holds both roles changes both."""
    both = Caller("market", frozenset({"provider", "unit"}), "market", "market")
    for change in (withdrawn(FIGURE), withdrawn(FIGURE, provider="market"), corrected(FIGURE, FIGURE["data"])):
        assert ledger.send(change, UNIT).code == "not-your-entry"
    assert ledger.send(withdrawn(APPEAL, provider="market"), MARKET).code == "not-your-entry"

    assert isinstance(ledger.send(withdrawn(FIGURE, provider="market"), both), Accepted)
    assert isinstance(ledger.send(withdrawn(APPEAL), both), Accepted)


def test_nothing_is_said_of_an_entry_to_who_may_not_send_it(ledger):
    """The credential is asked before the data is judged; what no caller may send has its own code."""
    assert ledger.send(submitted(value=None), READERS).by_credential
    assert not ledger.send(submitted(value=None), MARKET).by_credential
    assert ledger.send(submitted() | {"type": "x"}, READERS).code == "unknown-type"


def test_the_same_again_gets_its_receipt_from_whoever_knows_it(ledger):
    """Identity is looked up before anything else."""
    assert ledger.send(FIGURE, MARKET) == Known(2)


def test_the_ledger_keeps_who_called(ledger):
    """An account's label, or that nobody was asked."""
    entry = decode_entry(ledger.send(submitted(), MARKET).stored)
    assert (entry.authtype, entry.authid) == ("api_key", "market-1")
    entry = decode_entry(ledger.send(submitted(), Caller.open()).stored)
    assert (entry.authtype, entry.authid) == ("unauthenticated", None)


def test_a_store_can_look_up_beforehand_what_the_gate_will_ask():
    """The event's own identity and those it names, also inside a correction."""
    own = (FIGURE["source"], "figure")
    assert mentioned(parse_event(raw(FIGURE))) == [own]
    fix = corrected(FIGURE, {"appeal": {"source": "/x", "id": "y"}, "entry": {"source": 5}}, id="fix")
    assert mentioned(parse_event(raw(fix))) == [(fix["source"], "fix"), own, ("/x", "y")]
