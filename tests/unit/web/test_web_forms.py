import re
from html import unescape

import pytest

from shared.contracts.entries import decode_entry
from shared.contracts.refusals import Refusal, title
from tests.upstream import A, Services, browsing
from web.words import REFUSALS

ENTER = f"/assessments/{A}/enter"
FILLED = {
    "kind": "award",
    "unit": "science",
    "choice": "B3/hosting",
    "points": "2",
    "name": "全省推进会",
    "occurred": "2020-06-30",
    "reason": "承办",
    "source": "/binjiang/sme-office",
    "id": "form/1",
    "time": "2020-07-01T09:00:00+08:00",
}


def fields(page):
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', page)}


async def test_what_is_handed_in_becomes_an_entry_and_leads_to_its_page():
    """303, so that going back and loading again hands nothing in twice."""
    services = Services()
    async with browsing(services) as client:
        answer = await client.post(ENTER, data=FILLED)
        again = await client.post(ENTER, data=FILLED)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/assessments/{A}/entries/2")
    assert again.headers["location"] == answer.headers["location"]
    entry = decode_entry(services.stored[-1])
    assert (entry.type, entry.subject, entry.provider) == ("meritlog.BonusAwarded.v1", "science", None)
    assert entry.data == {
        "indicator": "B3",
        "line": "hosting",
        "occasion": "全省推进会",
        "points": "2",
        "occurred": "2020-06-30",
        "reason": "承办",
    }


@pytest.mark.parametrize(
    ("over", "data"),
    [
        ({"kind": "deduction", "choice": "D/D1", "points": "0.3"}, {"incident": "全省推进会", "line": "D1"}),
        ({"kind": "determination", "choice": "M1", "outcome": "points", "points": "12"}, {"points": "12"}),
        ({"kind": "determination", "choice": "M1", "outcome": "not-applicable"}, {"outcome": "not-applicable"}),
    ],
)
async def test_each_kind_has_its_own_members(over, data):
    """An incident for a deduction; an outcome for a determination, and no points where it is not applicable."""
    services = Services()
    async with browsing(services) as client:
        await client.post(ENTER, data=FILLED | {"unit": "market"} | over)
    found = decode_entry(services.stored[-1]).data
    assert data.items() <= found.items()
    assert ("points" in found) == (over.get("outcome") != "not-applicable")


async def test_a_form_offers_a_day_of_the_assessment():
    """Given a year that is over, when an empty form is opened, then its date is the last that the gate would take."""
    async with browsing(Services()) as client:
        page = (await client.get(ENTER)).text
    assert fields(page)["occurred"] == "2020-12-31"


async def test_a_trial_records_nothing_and_keeps_what_was_filled_in():
    """The same form comes back, with its id, and says that the gate would take it."""
    services = Services()
    async with browsing(services) as client:
        answer = await client.post(ENTER, data=FILLED | {"try": "1"})
    assert answer.status_code == 200
    assert len(services.stored) == 1
    assert "可以受理" in answer.text
    assert {name: fields(answer.text)[name] for name in ("id", "time", "name", "points")} == {
        name: FILLED[name] for name in ("id", "time", "name", "points")
    }
    assert 'value="science" selected' in answer.text


async def test_a_refusal_stands_in_the_form():
    """With the gate's status, what the code means in the reader's language, and the gate's own sentence."""
    services = Services()
    async with browsing(services) as client:
        answer = await client.post(ENTER, data=FILLED | {"points": "99"})
    assert answer.status_code == 422
    assert "数值超出范围" in answer.text
    assert "99 points are more than the line gives." in answer.text
    assert fields(answer.text)["points"] == "99"


async def test_the_credential_is_the_senders_own_and_never_comes_back():
    """The pages lend nobody their own; what was typed stands in no answer."""
    services = Services()
    services.token = "merit_1_secret"
    async with browsing(services) as client:
        refused = await client.post(ENTER, data=FILLED)
        wrong = await client.post(ENTER, data=FILLED | {"credential": "merit_2_other"})
        taken = await client.post(ENTER, data=FILLED | {"credential": " merit_1_secret "})
    assert (refused.status_code, wrong.status_code, taken.status_code) == (401, 401, 303)
    assert "merit_2_other" not in wrong.text
    assert "需要凭据" in refused.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
async def test_a_strange_page_cannot_send_our_forms(headers):
    """On an open loopback nothing else would keep it from it."""
    services = Services()
    async with browsing(services) as client:
        answer = await client.post(ENTER, data=FILLED, headers=headers)
    assert answer.status_code == 403
    assert len(services.stored) == 1


@pytest.mark.parametrize("kind", ["award", "deduction", "determination"])
async def test_a_form_offers_what_the_rubric_has(kind):
    """Lines that give or take with their points, or every indicator; an id and a time of its own each time."""
    async with browsing(Services()) as client:
        pages = [(await client.get(ENTER, params={"kind": kind, "unit": "hr"})).text for _ in range(2)]
    first, second = map(fields, pages)
    assert first["id"] != second["id"]
    assert 'value="hr" selected' in pages[0]
    offered = {"award": "承办", "deduction": "0.1–0.5", "determination": "M1 新增小微企业"}
    assert offered[kind] in pages[0]
    assert ("0.1–0.5" in pages[0]) == (kind == "deduction")


async def test_anything_may_be_sent():
    """Nothing at all, a kind that is none, markup, control characters: an answer, never a failure."""
    services = Services()
    services.token = "nobody's"
    evil = dict.fromkeys(FILLED, '"><script>alert(1)</script>\x00' * 300)
    async with browsing(services) as client:
        for sent in ({}, {"kind": "x"}, evil, evil | {"try": "1"}):
            answer = await client.post(ENTER, data=sent)
            assert answer.status_code == 401
            assert "<script>alert" not in answer.text


def test_every_code_of_refusal_has_its_words():
    """As the contract lists them."""
    assert {code: REFUSALS[code] for code in Refusal} == {code: title(code) for code in Refusal}
