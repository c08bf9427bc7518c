"""The pages about several standings: what lies between two, what if, what tips a rank, each reading, and appeals."""

import json
import re
from datetime import date
from functools import cache

import pytest

from services.scoring.domain import Coordinate, read_coordinate
from shared.contracts.numbers import fraction
from shared.contracts.standing import digest
from tests import builders as build
from tests.unit.web.test_web_pages import EVIL, Outline
from tests.upstream import RUBRIC, A, Services, browsing, disputes, whole_year
from web.answers import INPUTS

BOARD = f"/assessments/{A}"
SUPPOSED = {
    "specversion": "1.0",
    "id": "hypothetical",
    "source": "/mine",
    "type": "meritlog.DeductionIssued.v1",
    "time": "2021-01-09T09:00:00+08:00",
    "assessment": A,
    "subject": "tax",
    "data": {
        "indicator": "D",
        "line": "D4",
        "points": 2,
        "incident": "假设",
        "occurred": "2020-12-01",
        "reason": "假设",
    },
}


@cache
def the_year():
    """The whole year with its disputes, played once for all tests that only read."""
    services = Services()
    whole_year(services)
    disputes(services)
    return services


async def seen(path, services=None, **query):
    """A page's outline and its text as it was sent."""
    async with browsing(services or the_year()) as client:
        answer = await client.get(f"{BOARD}{path}", params=query or None)
    assert answer.status_code == 200, answer.text
    return Outline(answer.text), answer.text


async def supposed(services=None, path="/what-if", files=None, **fields):
    """What a browser sends for the form, and what comes back."""
    async with browsing(services or the_year()) as client:
        # A form with a file field is always sent in parts.
        return await client.post(f"{BOARD}{path}", data=fields, files=files or {"rubric-file": ("", b"")})


def changes(text):
    """Each unit's change as its row of the table has it."""
    rows = re.findall(r'<tr id="between-(\w+)">(.*?)</tr>', text, re.DOTALL)
    return {unit: re.sub("<[^>]+>", "", row.split("<td")[-1].partition(">")[2]).strip() for unit, row in rows}


# -- compare


async def test_a_comparison_says_what_moved_whom_and_that_the_parts_are_the_whole():
    """From 40 to the head: each unit's rank and total at both ends, the entries, the ruling, the clauses, the order."""
    page, text = await seen("/compare", **{"from-known-at": "40", "known-at": "54"})
    assert "区人社局 2 → 5 67.00 → 42.70 -24.30" in page.text
    assert "-30.00 3 → 5 R1 加强小微企业职业技能培训 -30.00 #54 解释裁定 A01 : 满分50分 → 满分20分" in page.text
    assert "附件2.细则.个性.区人社局.1" in page.text
    assert "合计恰等于总变动" in page.text
    assert "先用起点的规则逐条计入记录" in page.text
    assert ("a", {"href": f"{BOARD}/entries/54"}) in page.tags
    found = the_year().book.diff(Coordinate(known_at=40), Coordinate(known_at=54))
    assert list(changes(text)) == [unit["unit"] for unit in found["units"]]
    for unit in found["units"]:
        parts = re.findall(
            r'<tr><td class="figures">([^<]*)</td>', text.split(f'id="moved-{unit["unit"]}"')[1].split("</table>")[0]
        )
        assert sum(fraction(part.lstrip("+")) for part in parts) == fraction(changes(text)[unit["unit"]].lstrip("+"))


async def test_a_comparison_in_english_keeps_its_ends_when_the_language_changes():
    """The other language is one link away, at the same two coordinates; days left open are those of the end."""
    page, _ = await seen("/compare", lang="en", **{"from-known-at": "40", "as-of": "2020-06-30", "known-at": "50"})
    assert "From As of 2020-06-30 Known at #40" in page.text
    assert "To As of 2020-06-30 Known at #50" in page.text
    path = f"{BOARD}/compare?as-of=2020-06-30&known-at=50&lang=zh&from-known-at=40"
    assert ("a", {"href": path, "lang": "zh-Hans", "hreflang": "zh-Hans"}) in page.tags
    links = [
        attributes["href"] for tag, attributes in page.tags if tag == "a" and "/units/" in attributes.get("href", "")
    ]
    assert links
    assert all("as-of=2020-06-30&known-at=50" in link for link in links)


async def test_a_comparison_of_readings_takes_several_in_one_field():
    """Readings are written apart by blanks or commas, and what was not a short decimal shows its fraction."""
    page, _ = await seen("/compare", **{"from-reading": "A13=all, A03=min", "known-at": "54"})
    assert "A03=min A13=all" in page.text
    assert "+22.73 (+250/11)" in page.text
    assert "所选解读 A13" in page.text


async def test_two_standings_that_are_the_same_say_so():
    """Nothing moved between a position and itself."""
    page, _ = await seen("/compare", **{"from-known-at": "40", "known-at": "40"})
    assert page.with_id("same")
    assert not page.with_id("moved-hr")


async def test_without_two_ends_comparisons_are_offered_and_lead_somewhere():
    """The last entry is one link away, at fixed positions."""
    page, _ = await seen("/compare")
    head = len(the_year().stored)
    offered = [
        each["href"] for tag, each in page.tags if tag == "a" and f"from-known-at={head - 1}" in each.get("href", "")
    ]
    assert offered
    assert f"&known-at={head}&" in offered[0].replace("?", "&")
    async with browsing(the_year()) as client:
        assert (await client.get(offered[0])).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"from-as-of": "soon"}, 400),
        ({"from-known-at": "later"}, 400),
        ({"from-known-at": "0"}, 404),
        ({"from-known-at": "99999"}, 503),
        ({"from-reading": "A01"}, 400),
        ({"from-reading": "A01=7"}, 422),
        ({"from-rubric": "9"}, 404),
        ({"known-at": "99999", "from-known-at": "1"}, 503),
    ],
)
async def test_an_end_that_is_none_has_a_page_that_says_so(query, status):
    """Never a broken page, never a wrong answer."""
    async with browsing(the_year()) as client:
        answer = await client.get(f"{BOARD}/compare", params=query)
    assert answer.status_code == status
    assert "<h1>" in answer.text


async def test_changes_entries_and_timeline_lead_to_comparisons():
    """Who moved, the entry's page, each day of the year: what it changed is one link away."""
    for path, words in (
        ("/changes", "compare?known-at=54&amp;from-known-at=53"),
        ("/entries/54", "compare?known-at=54&amp;from-known-at=53"),
        ("/timeline", "compare?as-of=2020-06-30&amp;known-at="),
    ):
        _, text = await seen(path)
        assert words in text, path


# -- what if


async def test_a_supposed_reading_shows_the_difference_and_that_it_is_supposed():
    """A03 read another way: who moves, and that nothing was recorded."""
    services, before = the_year(), len(the_year().stored)
    answer = await supposed(**{"reading-A03": "first"})
    assert answer.status_code == 200
    page = Outline(answer.text)
    assert "仅为假设，未作记录" in page.text
    assert changes(answer.text)["market"] == "+0.50"
    assert {unit: change for unit, change in changes(answer.text).items() if change != "0"} == {"market": "+0.50"}
    assert len(services.stored) == before
    assert '<option value="first" selected>' in answer.text


@pytest.mark.parametrize(
    ("fields", "unit", "change"),
    [
        ({"choice": "award/B2/pilot", "unit": "hr", "value": "3", "name": "试点"}, "hr", "+3.00"),
        ({"choice": "deduction/D/D4", "unit": "tax", "value": "1.5"}, "tax", "-1.50"),
        ({"choice": "determination/R1", "value": "7"}, "hr", "-13.00"),
        ({"choice": "figure/K1/tech_firms", "value": "0"}, "science", "-25.00"),
        ({"choice": "figure/C4/judgement", "unit": "market", "value": "8"}, "market", "+8.00"),
        ({"choice": "figure/T1/verdict", "value": "pass"}, "tax", "+0.63 (+5/8)"),
        ({"choice": "figure/B1/city_rank", "unit": "hr", "value": "2"}, "hr", "+4.00"),
        ({"choice": "not-applicable/R1"}, "hr", "-20.00"),
        ({"choice": "withdrawal", "position": "27"}, "hr", "-8.64 (-95/11)"),
        ({"choice": "correction", "position": "#27", "value": "1320"}, "hr", "-10.00"),
        ({"choice": "withdrawal", "position": "54"}, "hr", "+30.00"),
        ({"entries": json.dumps(SUPPOSED)}, "tax", "-2.00"),
        ({"entries": f"\n{json.dumps(SUPPOSED)}\n"}, "tax", "-2.00"),
        ({"entries": json.dumps([SUPPOSED], indent=1)}, "tax", "-2.00"),
        ({"rubric": RUBRIC.replace("297", "602").replace("version: 1", "version: 2", 1)}, "science", "-12.50"),
    ],
)
async def test_what_is_supposed_moves_what_it_would(fields, unit, change):
    """One entry from the form, events in JSON, a rubric that was pasted: the difference, and nothing is kept."""
    before = len(the_year().stored)
    answer = await supposed(**fields)
    assert answer.status_code == 200, Outline(answer.text).text
    assert changes(answer.text)[unit] == change
    assert "仅为假设" in answer.text
    assert len(the_year().stored) == before


async def test_an_entry_is_corrected_by_what_was_filled_in_and_keeps_the_rest():
    """
    Given a judgement, an award, a deduction that was corrected before, and a determination that nothing applies,
    when each is supposed to be otherwise,
    then it has the points of the form and the tier that they lie in, and is moved to another occasion or day.
    """
    services = Services()
    incident = build.deducted("0.3")
    judged, award = services.play(build.judged("3")), services.play(build.awarded("2"))
    services.play(build.awarded("1", over={"occasion": "另一次"}))
    services.play(incident)
    again = services.play(build.corrected(incident, incident["data"] | {"points": "0.5"}))
    determined = services.play(build.determined(over={"outcome": "not-applicable"}))
    for position, filled, change in (
        (judged, {"value": "7"}, "+4.00"),
        (judged, {"occurred": "2021-01-01"}, None),
        (award, {"value": "1"}, "-1.00"),
        (award, {"name": "另一次"}, "-1.00"),
        (again, {"value": "0.1"}, "+0.40"),
        (again, {"occurred": "2020-12-31"}, "0"),
        (determined, {"value": "7"}, "+7.00"),
    ):
        answer = await supposed(services, choice="correction", position=str(position), **filled)
        assert changes(answer.text).get("market") == change, (position, filled)


async def test_an_entry_that_cannot_be_otherwise_is_said_in_both_languages():
    """Given no position, one that is not known at the moment of the page, and what the form cannot correct."""
    for path, form, words in (
        ("/what-if", {"choice": "withdrawal"}, "请填写记录的序号"),
        ("/what-if", {"choice": "correction", "position": "0"}, "请填写记录的序号"),
        ("/what-if?known-at=20", {"choice": "withdrawal", "position": "21"}, "请填写记录的序号"),
        ("/what-if?lang=en", {"choice": "withdrawal", "position": "9" * 299}, "Name the entry by its position"),
        ("/what-if", {"choice": "correction", "position": "54", "value": "50"}, "本表单只能更正"),
        ("/what-if", {"entries": "\n".join([json.dumps(SUPPOSED)] * 1001)}, "一次假设的内容过多"),
        ("/what-if", {"choice": "withdrawal", "position": "1"}, "第 1 条假设记录：没有权限。"),
        ("/what-if?lang=en", {"choice": "withdrawal", "position": "1"}, "supposed supposed entry 1: an entry of type"),
    ):
        answer = await supposed(path=path, **form)
        assert answer.status_code == 422
        assert words in Outline(answer.text).text


async def test_a_rubric_is_uploaded_and_goes_over_one_that_was_pasted():
    """A changed target: 25 x 301/602."""
    text = RUBRIC.replace("target: 297", "target: 602")
    file = {"rubric-file": ("next.yaml", text.encode())}
    answer = await supposed(files=file, rubric="language: 1")
    assert changes(answer.text)["science"] == "-12.50"
    assert "细则" in Outline(answer.text).text


async def test_a_rubric_is_previewed_by_its_own_readings_where_the_standing_is_closed():
    """Given a closing, which names every reading, then another rubric is read by its defaults, and rulings hold."""
    services = Services()
    whole_year(services)
    seen_ = services.book.standing(Coordinate(as_of=date(2020, 12, 31), known_at=54))
    closing = build.closing(54, readings=seen_["rules"]["readings"], standing=digest(seen_))
    services.play(build.event("AssessmentClosed", closing, time="2021-01-10T09:00:00+08:00"))
    first = RUBRIC.index('"mean": {zh: ')
    second = RUBRIC.index('"first": {zh: ')
    line = RUBRIC[second : RUBRIC.index("\n", second)]
    other = f"{RUBRIC[:first]}{line}\n      {RUBRIC[first:]}".replace(f"\n      {line}\n    moves", "\n    moves", 1)
    answer = await supposed(services, rubric=other.replace("version: 1", "version: 2", 1))
    assert answer.status_code == 200, Outline(answer.text).text
    assert {unit: change for unit, change in changes(answer.text).items() if change != "0"} == {"market": "+0.50"}


async def test_it_is_supposed_at_the_moment_of_the_page():
    """As of June, known at 12: what came later is not there, and the entry's day is the page's."""
    answer = await supposed(path="/what-if?as-of=2020-06-30&known-at=12", choice="determination/R1", value="50")
    page = Outline(answer.text)
    assert "在 #12 之后另有 1 条记录" in page.text
    assert "认定 — → 50 2020-06-30" in page.text.replace("determination", "认定")
    (form,) = [attributes for tag, attributes in page.tags if tag == "form"]
    assert form["action"] == f"{BOARD}/what-if?as-of=2020-06-30&known-at=12"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"entries": "no JSON"}, "记录无法读取"),
        ({"entries": "[1]"}, "记录无法读取"),
        ({"entries": json.dumps(SUPPOSED | {"subject": "nobody"})}, "第 1 条假设记录：该单位不在考核之列。"),
        ({"choice": "figure/K1/tech_firms", "value": "many"}, "第 1 条假设记录："),
        ({"choice": "award/B2/pilot", "value": "3"}, "第 1 条假设记录："),
        ({"choice": "what/ever", "value": "3"}, "第 1 条假设记录：记录无法读取。"),
        ({"choice": "determination/R1", "value": "7", "occurred": "2019-01-01"}, "outside the period"),
        ({"rubric": "language: 1"}, "细则有误。 to_rubric is no rubric"),
        ({"reading-A01": "7"}, "这项疑义没有此解读"),
        ({"reading-Z99": "7"}, "细则没有这项疑义"),
        ({"reading-A01": EVIL}, ""),
    ],
)
async def test_what_cannot_be_supposed_says_why_and_keeps_what_was_filled_in(fields, words):
    """One sentence, the right status, the form as it was."""
    answer = await supposed(**fields)
    assert answer.status_code == 422
    page = Outline(answer.text)
    assert words in page.text
    assert page.with_id("answer")
    for name in ("value", "entries"):
        assert fields.get(name, "") in page.text or ("input", fields[name]) in [
            (tag, attributes.get("value")) for tag, attributes in page.tags
        ]
    assert "<script>alert" not in answer.text


async def test_a_rubric_that_is_no_text_is_refused():
    """Bytes that are no UTF-8 never reach scoring."""
    services = the_year()
    services.asked.clear()
    answer = await supposed(files={"rubric-file": ("x.yaml", b"\xff\xfe\x00")})
    assert answer.status_code == 422
    assert "细则无法读取" in Outline(answer.text).text
    assert not [path for path in services.asked if "diff" in path]


async def test_nothing_supposed_is_only_the_form():
    """An empty form asks nothing."""
    services = the_year()
    services.asked.clear()
    answer = await supposed()
    assert answer.status_code == 200
    assert not Outline(answer.text).with_id("answer")
    assert not [path for path in services.asked if "diff" in path]


async def test_a_form_from_another_site_is_not_taken():
    """As with the office's forms."""
    async with browsing(the_year()) as client:
        answer = await client.post(
            f"{BOARD}/what-if", data={"reading-A03": "min"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
    assert answer.status_code == 403


async def test_a_body_beyond_the_limit_is_refused():
    """A rubric larger than a request may be: 413, and no broken page."""
    answer = await supposed(files={"rubric-file": ("big.yaml", b"#" * (20 * 1024 * 1024))})
    assert answer.status_code == 413


# -- tipping, sensitivity


async def test_tipping_facts_name_the_nearest_change_and_what_cannot():
    """The hr bureau has 42.70 as the fifth, reform 40.00: which single changes would put it last."""
    page, _ = await seen("/units/hr/tipping", **{"known-at": "54"})
    found = the_year().book.tipping("hr", Coordinate(known_at=54))
    assert "区人社局现列第 5 名，总分 42.70" in page.text
    assert "培训小微企业职工 · 区人社局 2640 #27 2282 -358.00 · 名次 6" in page.text
    assert sum(each["tips"] for each in found["figures"]) == page.text.count("名次 6")
    assert "以下各项单独变动均不改变名次" in page.text
    async with browsing(the_year()) as client:
        assert (await client.get(f"{BOARD}/units/nobody/tipping")).status_code == 404


async def test_every_reading_stands_beside_the_others_and_what_moves_a_rank_is_named():
    """Which findings move a rank, that none of the others can, and each total with its difference."""
    page, text = await seen("/sensitivity", **{"known-at": "54"})
    found = the_year().book.sensitivity(Coordinate(known_at=54))
    assert f"以下影响名次： {' '.join(found['moving'])} 其余事项" in page.text
    assert f"均不可能影响名次：已试 {found['others']['combinations']} 种" in page.text
    assert text.count("<tr") - 1 == sum(len(each["readings"]) for each in found["findings"])
    assert "3 67.38 +0.50" in page.text
    assert ("a", {"href": f"{BOARD}?known-at=54&reading=A03%3Dmin"}) in page.tags


# -- appeals


async def test_appeals_stand_with_their_state_and_what_followed():
    """Upheld with its correction and what it moved; rejected; not decided."""
    page, _ = await seen("/appeals")
    assert "区人社局 成立" in page.text
    assert "针对 D 督办工作 · 扣分 #55" in page.text
    assert "区人社局 D 督办工作 4.30 → 4.60" in page.text
    assert "总分 42.30 → 42.60" in page.text
    assert "没有后续记录" in page.text
    assert "区科技局 未决" in page.text
    (compared,) = [each["href"] for tag, each in page.tags if tag == "a" and "from-known-at" in each.get("href", "")]
    assert "&known-at=60&" in compared
    assert compared.endswith("&from-known-at=59")


async def test_appeals_at_an_earlier_position_are_as_they_were():
    """Known at 57 nothing was decided; before the first there is none."""
    page, _ = await seen("/appeals", **{"known-at": "57"})
    assert page.text.count("未决") == 2
    assert "后续" not in page.text.replace("后续记录", "")
    empty, _ = await seen("/appeals", **{"known-at": "50"})
    assert "没有单位提出申诉" in empty.text


async def test_what_others_wrote_is_escaped_on_these_pages_too():
    """Grounds, reasons, occasions and ids come from outside."""
    services = Services()
    whole_year(services)
    appeal = build.appealed({"grounds": EVIL}, id=EVIL)
    services.play(appeal)
    services.play(build.decided(appeal))
    services.play(build.awarded("2", over={"occasion": EVIL, "reason": EVIL}, id=EVIL + "2"))
    for path, query in (
        ("/appeals", {}),
        ("/compare", {"from-known-at": "53"}),
        ("/compare", {"from-known-at": "53", "x": EVIL}),
        ("/units/market/tipping", {}),
    ):
        _, text = await seen(path, services, **query)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "49" not in re.findall(r"\{\{.*?\}\}|>49<", text)


async def test_every_link_of_these_pages_carries_the_coordinate():
    """From one page to the next the moment stays: only entries, which are the same everywhere, drop it."""
    for path in ("/sensitivity", "/appeals", "/units/hr/tipping", "/what-if"):
        page, _ = await seen(path, **{"as-of": "2020-12-31", "known-at": "54"})
        links = [each["href"] for tag, each in page.tags if tag == "a" and each.get("href", "").startswith(BOARD)]
        apart = [link for link in links if "/entries/" not in link and "/enter" not in link]
        assert len(apart) > 5
        assert [link for link in apart if "as-of=2020-12-31&known-at=54" not in link and link != f"{BOARD}{path}"] == []


def test_a_coordinate_in_one_word_is_read_back():
    """The word that a comparison sends is the one that scoring reads."""
    from web.view import read_view  # noqa: PLC0415

    view = read_view(
        [
            ("as-of", "2020-06-30"),
            ("known-at", "2020-07-01T09:00:00+08:00"),
            ("rubric", "2"),
            ("reading", "A01=20 A03=min"),
        ]
    )
    at, rubric = read_coordinate(view.word)
    assert (at.as_of, rubric, dict(at.readings)) == (view.as_of, "2", {"A01": "20", "A03": "min"})
    assert str(at.known_at) == "2020-07-01 09:00:00+08:00"


# -- explained


async def test_a_layman_reads_what_was_counted_from_which_entry_and_what_it_would_be_otherwise():
    """Given an indicator, then a sentence with its entry a link, its clause, each question with its other readings."""
    page, _ = await seen("/units/market", **{"known-at": "54"})
    assert "新增小微企业5605家（区市监局报送，2020-12-31， 记录 17 ）：目标5900，完成95%" in page.text
    assert "以上各部分（19、18）取平均，得18.5分〔附件2.细则.个性.区市监局.1〕。" in page.text
    assert ("a", {"href": f"{BOARD}/entries/17"}) in page.tags
    assert (
        "A03 两个目标共20分，如何分配？ 待明确 现按： 两项完成率（各以1为限）平均 取较低的完成率 : 18.00 -0.50"
        in page.text
    )
    assert ("a", {"href": f"{BOARD}/units/market?known-at=54&reading=A03%3Dmin#indicator-M1"}) in page.tags
    english, _ = await seen("/units/market", lang="en", **{"known-at": "54"})
    assert (
        "New small firms 5605 (from Market Regulation Bureau, 2020-12-31, entry 17 ): the target is 5900"
        in english.text
    )
    assert "the lower ratio : 18.00 -0.50" in english.text


async def test_what_a_cap_cuts_away_is_said_in_a_sentence_and_in_the_trace():
    """Given awards beyond the limit, then by how much, in both."""
    services = Services()
    for number in range(3):
        services.play(build.awarded("3", over={"occasion": f"第{number}次"}))
    page, _ = await seen("/units/market", services)
    assert "加分合计5分" in page.text
    assert "此项合计9分，以5分为限，截去4分，计5分〔附件2.细则.加分.工作经验成果.2〕。" in page.text
    assert "限分未计 4 分" in page.text
    assert "合计9分，限5分 5.00 /5 截去 4" in page.text


async def test_of_a_step_with_very_many_facts_the_first_are_shown_and_the_rest_counted():
    """Given more awards than a page lists of a unit, then it lists so many, in trace and sentences, and counts more."""
    services = Services()
    for number in range(INPUTS + 3):
        services.play(build.awarded("1", over={"occasion": f"第{number}次"}))
    page, _ = await seen("/units/market", services)
    assert page.text.count("“承办工作推进现场会”1分（第") == INPUTS
    assert "，另有3条：此项合计" in page.text
    assert page.text.count("另有 3 条，merit explain 可全部列出") == 1
    english, _ = await seen("/units/market", services, lang="en")
    assert "and 3 more, which merit explain lists" in english.text


async def test_a_sentence_with_what_others_wrote_is_escaped_and_links_only_entries():
    """Given an occasion with markup and one that looks like an entry, then there is no markup, and text stays text."""
    services = Services()
    services.play(build.awarded("2", over={"occasion": f"{EVIL}（记录 1，"}))
    services.play(build.determined("7", over={"reason": EVIL}))
    page, text = await seen("/units/market", services)
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert page.with_id("told-M1")
