"""Requests made up from the OpenAPI documents, valid and not: each gets an answer that its document describes."""

from itertools import islice

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.running import NAME, STRUCTURED, YEAR, shown, up, wait_for
from tests.services import ROOT, free_port

DOCUMENTS = ROOT / "docs" / "reference" / "openapi"
KNOWN = {"assessment": NAME, "unit": "market", "indicator": "M1", "position": 1, "version": 1}
load_all_checks()
HELD = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A process with the first hundred entries of the sample year."""
    with up(tmp_path_factory.mktemp("asked"), free_port(24500, 24999)) as client, YEAR.open("rb") as year:
        for line in islice(year, 100):
            client.post(f"/v1/entries/{NAME}", content=line, headers=STRUCTURED)
        wait_for(lambda: shown(client) > 50, 60)
        yield str(client.base_url)


def asked(service):
    """Tests of every operation of a service: with each method, with parameters and bodies as documented and not."""
    return schemathesis.openapi.from_path(DOCUMENTS / f"{service}.json").parametrize()


def holds(case, url, known):
    """Ask for what the path says, or, where `known`, for what there is."""
    if known and case.path_parameters:
        case.path_parameters |= {name: there for name, there in KNOWN.items() if name in case.path_parameters}
    case.call_and_validate(base_url=url, checks=HELD, timeout=30)


few = settings(max_examples=25, suppress_health_check=list(HealthCheck))
known = pytest.mark.parametrize("known", [False, True], ids=["anything", "what is there"])


@known
@asked("intake")
@few
def test_intake(case, url, known):
    """Given any request to intake, the answer is one that its document describes, and never an error of ours."""
    holds(case, url, known)


@known
@asked("scoring")
@few
def test_scoring(case, url, known):
    """The same of scoring."""
    holds(case, url, known)


@known
@asked("ranking")
@few
def test_ranking(case, url, known):
    """The same of ranking."""
    holds(case, url, known)


@known
@asked("notifier")
@few
def test_notifier(case, url, known):
    """The same of the notifier."""
    holds(case, url, known)
