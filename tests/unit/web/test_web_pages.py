import re
from datetime import date
from functools import cache
from html.parser import HTMLParser

import pytest

from services.scoring.domain import read_step
from services.scoring.domain.coordinate import Coordinate
from shared.contracts.standing import digest
from tests import builders as build
from tests.upstream import RUBRIC, A, Services, browsing, figure, first_half, judgement, whole_year

BOARD = f"/assessments/{A}"
PAGES = [
    "/",
    BOARD,
    f"{BOARD}/units/market",
    f"{BOARD}/tasks",
    f"{BOARD}/findings",
    f"{BOARD}/changes",
    f"{BOARD}/timeline",
    f"{BOARD}/compare",
    f"{BOARD}/compare?from-reading=A03%3Dmin",
    f"{BOARD}/what-if",
    f"{BOARD}/sensitivity",
    f"{BOARD}/appeals",
    f"{BOARD}/units/hr/tipping",
    f"{BOARD}/entries/17",
]
PAGES_WITHOUT_ENTRY = [path for path in PAGES if "entries" not in path]
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}%(x)s"


@cache
def the_year():
    """The whole year, played once for all tests that only read."""
    services = Services()
    whole_year(services)
    return services


class Outline(HTMLParser):
    """What a page is made of: tags with attributes, text, and whether every element is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in {"meta", "link", "input", "img", "br", "rect"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def with_id(self, name):
        return [attributes for _, attributes in self.tags if attributes.get("id") == name]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_page_is_there_in_both_languages_and_keeps_the_rules(path, language):
    """Well-formed, one heading, one of each id, no style and no script of its own, nothing from elsewhere."""
    services = the_year()
    async with browsing(services) as client:
        answer = await client.get(path, params={"lang": language})
    assert answer.status_code == 200
    outline = Outline(answer.text)
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len([tag for tag, _ in outline.tags if tag == "h1"]) == 1
    for tag, attributes in outline.tags:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert tag != "style"
        for name in ("src", "href", "action"):
            assert attributes.get(name, "/").startswith(("/", "#")), attributes
    assert ("html", {"lang": {"zh": "zh-Hans", "en": "en"}[language]}) in outline.tags
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


async def test_the_board_ranks_units_with_their_blocks_moves_and_what_is_wanting():
    """Highest total first; the tax bureau rose two places by an award, and judgements are pending."""
    services = the_year()
    async with browsing(services) as client:
        page = (await client.get(BOARD)).text
    order = re.findall(r'<li id="unit-(\w+)"', page)
    assert order == [unit["unit"] for unit in services.board.public()["units"]]
    text = Outline(page).text
    assert "81.38" in text
    assert "▲ 2 上升 2 位" in text
    assert "待报 C4 C5 T1" in text
    assert "督办工作 4.70 /5" in text
    assert "A01=20" in text
    assert "最近变动 #51" in text


async def test_a_units_page_traces_every_point_to_clause_and_entry():
    """The rule, what it came to, the clause, each figure with its entry."""
    services = the_year()
    async with browsing(services) as client:
        page = Outline((await client.get(f"{BOARD}/units/market")).text)
    assert "按比例计分" in page.text
    assert "附件2.细则.个性.区市监局.1" in page.text
    assert "全年新增小微企业5900家" in page.text
    assert "5605 家 2020-12-31 #17" in page.text
    assert ("a", {"href": f"{BOARD}/entries/17"}) in page.tags
    assert page.with_id("indicator-M1")


async def test_the_task_table_has_its_eighteen_rows():
    """Each with its progress, and the entry that tells it."""
    services = the_year()
    async with browsing(services) as client:
        page = Outline((await client.get(f"{BOARD}/tasks")).text)
    assert len([1 for _, attributes in page.tags if re.fullmatch(r"task-\d+", attributes.get("id") or "")]) == 18
    assert "5605 /5900 家 95.0%" in page.text
    assert "尚未报送" in page.text


async def test_a_task_without_a_figure_shows_what_each_unit_was_given():
    """Given a task that is judged, when the table is shown, then each of its units stands there with its points."""
    async with browsing(the_year()) as client:
        page = Outline((await client.get(f"{BOARD}/tasks")).text)
    for unit, points in {"market": "8.00", "science": "7.00"}.items():
        assert page.with_id(f"task-16-{unit}")
        assert f"{points} /10 分" in page.text


@pytest.mark.parametrize(("language", "counted"), [("zh", "5900 家"), ("en", "5900 firms")])
async def test_figures_say_what_they_count_in_the_pages_language(language, counted):
    """Given a rubric that counts in Chinese, when the table is shown in English, then it counts in English."""
    async with browsing(the_year()) as client:
        page = Outline((await client.get(f"{BOARD}/tasks", params={"lang": language})).text)
    assert counted in page.text


@pytest.mark.parametrize("path", [path for path in PAGES if "entries" not in path])
async def test_what_was_noted_at_the_opening_stands_on_every_page(path):
    """Given an assessment whose opening says that all is invented, when any page is shown, then it says so too."""
    services = Services(note="合成数据 <synthetic>")
    first_half(services)
    async with browsing(services) as client:
        page = Outline((await client.get(path)).text)
    assert "合成数据 <synthetic>" in page.text


async def test_questions_show_what_is_open_what_is_ruled_and_which_reading_holds():
    """The office ruled on A01; each other reading can be tried on the board; marks on the data come from scoring."""
    services = the_year()
    async with browsing(services) as client:
        page = Outline((await client.get(f"{BOARD}/findings")).text)
        tried = (await client.get(BOARD, params={"reading": "A01=50"})).text
    assert "已裁定" in page.text
    assert "当前采用" in page.text
    assert ("a", {"href": f"{BOARD}?reading=A01%3D50"}) in page.tags
    assert "仅由被考核单位自报的数据" in page.text
    assert "72.70" in tried
    assert "试算" in tried


async def test_changes_name_their_entries_the_newest_first_page_by_page():
    """Entries that moved nothing are left out; earlier ones are a link away."""
    services = the_year()
    async with browsing(services) as client:
        page = (await client.get(f"{BOARD}/changes")).text
        earlier = (await client.get(f"{BOARD}/changes", params={"before": 20})).text
    positions = [int(each) for each in re.findall(r'id="change-(\d+)"', page)]
    assert positions == sorted(positions, reverse=True)
    assert positions[0] == len(services.stored)
    assert "72.70 →" in Outline(page).text
    assert max(int(each) for each in re.findall(r'id="change-(\d+)"', earlier)) < 20
    assert "data-stream" not in earlier


async def test_an_entrys_page_shows_the_stored_bytes_and_the_way_to_its_proof():
    """Digest, receipt, what it moved, and its neighbours."""
    services = the_year()
    async with browsing(services) as client:
        page = Outline((await client.get(f"{BOARD}/entries/51")).text)
    assert ("a", {"href": f"/v1/receipts/{A}/51"}) in page.tags
    assert '"occasion": "全省推进会"' in page.text
    assert "78.38 → 81.38" in page.text
    assert "sha256:" in page.text


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (build.ruled("A01", "20"), "解读 20 满分20分"),
        (build.determined("0", subject="tax", over={"indicator": "T1"}), "结果 分值"),
        (judgement("market", "C1", "8"), "等次 较好"),
        (build.event("RecusalRecorded", {"scope": {"unit": "market"}, "reason": "r"}), "范围 unit market"),
        (build.event("PeriodReported", {"period": {"from": "2020-06-01", "to": "2020-06-30"}, "entries": 1}), "– 2020"),
        (
            build.event("AppealDecided", {"appeal": {"source": "/s", "id": "i"}, "upheld": True}),
            "申诉 /s i 是否支持 是",
        ),
    ],
)
async def test_an_entrys_page_says_in_words_what_it_says(event, said):
    """Given an entry of any kind, when its page is shown, then codes stand there in words and its parts apart."""
    services = Services()
    position = services.play(event)
    async with browsing(services) as client:
        page = Outline((await client.get(f"{BOARD}/entries/{position}")).text)
    assert said in page.text


async def test_a_restated_board_says_that_it_was_restated():
    """Given a closing that was restated, when the board is shown, then it does not call it the closed standing."""
    services = Services()
    first_half(services)
    head = len(services.stored)
    seen = services.book.standing(Coordinate(date(2020, 12, 31), head))
    said = {"standing": digest(seen), "readings": seen["rules"]["readings"]}
    closed = services.play(build.closed(data=build.closing(head, **said)))
    services.play(build.restated(closed, data=build.closing(head, supersedes=closed, **said)))
    async with browsing(services) as client:
        page = Outline((await client.get(BOARD)).text)
    assert "显示的是重述后的排名" in page.text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_nothing_that_was_handed_in_gets_out_of_its_place(language):
    """Reasons, occasions, evidence, ids and sources with markup in them; addresses that would run as script."""
    services = Services()
    evidence = [
        {"name": EVIL, "digest": "sha256:" + "0" * 64, "href": "javascript:alert(1)"},
        {"name": "b", "digest": EVIL, "href": "https://example.org/?a=<b>"},
        EVIL,
    ]
    over = {"occasion": EVIL, "reason": EVIL, "evidence": evidence, "extra": {"x": [EVIL]}, EVIL[:20]: EVIL}
    services.play(build.awarded("2", subject="science", id=EVIL, source="/" + EVIL, over=over))
    services.play(build.appealed(over={"grounds": EVIL}))
    services.play(build.event("RecusalRecorded", {"scope": {"units": [EVIL]}, "reason": EVIL}))
    position = len(services.stored)
    paths = [
        *PAGES_WITHOUT_ENTRY,
        f"{BOARD}/units/science",
        *(f"{BOARD}/entries/{each}" for each in range(1, position + 1)),
    ]
    async with browsing(services) as client:
        for path in paths:
            page = (await client.get(path, params={"lang": language})).text
            tags = Outline(page).tags
            assert not [each for each in tags if each[0] in ("img", "iframe")], path
            assert all("src" in attributes for tag, attributes in tags if tag == "script"), path
            hrefs = [attributes.get("href") or "" for _, attributes in tags]
            assert not any(href.startswith("javascript") for href in hrefs), path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{BOARD}?as-of=never", 400),
        (f"{BOARD}?lang=xx", 400),
        (f"{BOARD}?reading=Z99=1", 422),
        (f"{BOARD}?known-at=999", 503),
        ("/assessments/other", 404),
        (f"{BOARD}/units/nobody", 404),
        (f"{BOARD}/entries/999", 404),
        (f"{BOARD}/entries/0", 404),
        (f"{BOARD}/entries/x", 404),
        (f"{BOARD}/changes?before=0", 404),
        ("/nowhere", 404),
        ("/static/app.py", 404),
        ("/static/..%2fapp.py", 404),
    ],
)
async def test_what_is_not_there_is_a_page_that_says_so(path, status):
    """One sentence in the reader's language, with the right status, and nothing of what was asked in it."""
    services = Services()
    async with browsing(services) as client:
        answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert Outline(answer.text).with_id("main")


@pytest.mark.parametrize("silent", ["board", "standings", "explain", "tasks", "entries", "assessments", "changes"])
async def test_a_service_that_does_not_answer_is_told_as_such(silent):
    """503 with Retry-After where a page cannot do without it; never a traceback."""
    services = the_year()
    services.failing = {silent}
    async with browsing(services) as client:
        answers = [await client.get(path) for path in PAGES]
    services.failing = set()
    assert {answer.status_code for answer in answers} <= {200, 503}
    for answer in answers:
        assert ("retry-after" in answer.headers) == (answer.status_code == 503)


async def test_without_the_rubrics_text_ids_stand_in():
    """Names are a comfort; the board does without."""
    services = the_year()
    services.failing = {"rubrics"}
    async with browsing(services) as client:
        answers = [await client.get(path) for path in PAGES]
    services.failing = set()
    assert {answer.status_code for answer in answers} == {200}
    assert "区税务局" in answers[1].text
    assert "81.38" in answers[1].text


async def test_a_fixed_view_shows_the_same_for_ever_and_opens_no_stream():
    """The link to this moment names date and position; what comes later does not change the page."""
    services = Services()
    first_half(services)
    async with browsing(services) as client:
        live = (await client.get(BOARD)).text
        link = re.search(r'href="([^"]*as-of[^"]*)"', live)[1].replace("&amp;", "&")
        before = (await client.get(link)).text
        services.play(figure("new_firms", 1))
        after = (await client.get(link)).text
        other = (await client.get(BOARD)).text
    assert before == after
    assert "data-stream" in live
    assert "data-stream" not in before
    assert other != live


async def test_a_timeline_has_every_total_and_each_day_leads_to_its_moment():
    """Given a year, then two tables have what scoring says, and a day leads to the board of that moment."""
    services = the_year()
    told = services.book.timeline(Coordinate(), read_step("week"))
    async with browsing(services) as client:
        page = (await client.get(f"{BOARD}/timeline?step=week&lang=en")).text
        day = told["points"][-1]
        link = next(each for each in re.findall(r'href="([^"]*)"', page) if f"as-of={day['as_of']}" in each)
        board = (await client.get(link.replace("&amp;", "&"))).text
    text = Outline(page).text
    for when in ("then", "now"):
        for point in told["points"]:
            for unit in (point[when] or {"units": []})["units"]:
                assert unit["total"] in text
    assert page.count("<table>") == 2
    assert page.count("<svg") == 4
    assert all(unit["total"] in board for unit in day["now"]["units"])


@pytest.mark.parametrize("step", ["year", "0", "Month"])
async def test_a_step_that_is_none_is_told(step):
    """Given another step than those there are, then one sentence says which there are; none given means months."""
    async with browsing(the_year()) as client:
        answer = await client.get(f"{BOARD}/timeline", params={"step": step, "lang": "zh"})
        months = await client.get(f"{BOARD}/timeline", params={"step": ""})
    assert answer.status_code == 400
    assert "step 只能是 month、week 或 day。" in answer.text
    assert months.status_code == 200


async def test_a_frozen_board_stands_still_and_a_units_page_with_it():
    """What the public is shown is the moment that the freeze names, on every page."""
    services = Services()
    first_half(services)
    at = len(services.stored)
    services.play(build.frozen(at))
    async with browsing(services) as client:
        before = [(await client.get(path)).text for path in (BOARD, f"{BOARD}/units/market", f"{BOARD}/tasks")]
        services.play(figure("new_firms", 1))
        after = [(await client.get(path)).text for path in (BOARD, f"{BOARD}/units/market", f"{BOARD}/tasks")]
    strip = [[re.sub(r'data-version="[^"]*"', "", page) for page in pages] for pages in (before, after)]
    assert strip[0] == strip[1]
    assert "榜单已冻结" in before[0]
    assert "5605" not in after[1]


async def test_an_empty_ledger_has_a_page_too():
    """Before any figure: everything pending, nobody named last, no change but the opening."""
    async with browsing(Services()) as client:
        for path in PAGES_WITHOUT_ENTRY:
            assert (await client.get(path)).status_code == 200, path


async def test_a_page_can_be_asked_for_its_headers_alone():
    """HEAD says what GET would, without the body."""
    async with browsing(the_year()) as client:
        for path in PAGES:
            head = await client.head(path)
            assert (head.status_code, head.content) == (200, b""), path
            assert head.headers["content-type"].startswith("text/html")


async def test_the_pages_are_described_without_their_streams():
    """OpenAPI names each page once; streams are our script's own, and endless."""
    async with browsing(the_year()) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    assert "/assessments/{assessment}/units/{unit}" in paths
    assert not [path for path in paths if path.endswith("stream")]
    assert set(paths["/assessments/{assessment}/enter"]) == {"get", "post"}


async def test_files_are_kept_for_ever_by_their_digest():
    """The address changes with the content; another digest is not believed."""
    async with browsing(Services()) as client:
        page = (await client.get("/")).text
        for address in re.findall(r'"(/static/[^"]+)"', page):
            answer = await client.get(address)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            again = await client.get(address, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        assert (await client.get("/static/app.css?v=old")).headers["cache-control"] == "no-cache"


async def test_a_stream_sends_pings_that_a_script_hears_then_each_change():
    """Named events with the version as id, no comments, and nothing that a proxy would hold back."""
    services = Services()
    async with browsing(services) as client, client.stream("GET", f"{BOARD}/stream?seen=1-1") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        lines = answer.aiter_lines()
        assert [await anext(lines), await anext(lines)] == ["event: ping", "data: well"]
        services.play(figure("new_firms", 0))
        found = [line async for line in until_blank(lines)]
    assert "id: 1-2" in found
    assert "event: page" in found
    assert any("9.15" in line for line in found)


async def until_blank(lines):
    """The lines of the next event."""
    some = False
    async for line in lines:
        if some and not line:
            return
        some = some or bool(line)
        if line:
            yield line


async def test_the_rubric_in_the_tests_is_the_one_that_is_published():
    """The pages are tested on the year's own rubric."""
    assert "id: binjiang-2020" in RUBRIC
