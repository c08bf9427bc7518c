import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import builders as build
from tests.browser.browsing import looking, site
from tests.upstream import A, Services, figure, first_half

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
    f"{BOARD}/compare?from-known-at=40&from-reading=A03%3Dmin",
    f"{BOARD}/what-if",
    f"{BOARD}/sensitivity",
    f"{BOARD}/appeals",
    f"{BOARD}/units/hr/tipping",
    f"{BOARD}/entries/1",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}


def order(page):
    return [each.get_attribute("id") for each in page.locator("#board > li").all()]


def test_the_board_moves_while_one_looks(chrome):
    """A new entry reaches the page without a reload: totals, ranks, and the entry that caused it; once more, a rank."""
    services = Services()
    first_half(services)
    with site(services) as served, looking(chrome, served, BOARD) as page:
        expect(page.locator("#pulse")).to_have_text("实时")
        page.evaluate("window.untouched = true; document.querySelector('#unit-hr').dataset.mine = 'kept'")
        before = order(page)
        served.play(build.awarded("3", subject="hr"), build.determined("0", subject="tax", over={"indicator": "T1"}))
        expect(page.locator("#unit-tax")).to_contain_text("▼")
        expect(page.locator("#total-tax")).to_have_text("5.00")
        assert order(page) != before
        assert order(page)[-1] in ("unit-reform", "unit-tax")
        assert page.evaluate("window.untouched") is True
        assert page.locator("#unit-hr").get_attribute("data-mine") is None  # attributes are the server's
        expect(page.locator(".coordinate").first).to_contain_text(f"#{len(services.stored)}")


def test_what_a_reader_opened_stays_open_and_the_focus_where_it_was(chrome):
    """A change fits into the page; it does not take it away."""
    services = Services()
    first_half(services)
    with site(services) as served, looking(chrome, served, f"{BOARD}/units/market") as page:
        page.locator("#indicator-M1 summary").click()
        page.locator("#indicator-M2 summary").focus()
        expect(page.locator("#pulse")).to_have_text("实时")
        served.play(figure("new_firms", 1))
        expect(page.locator("#points-M1")).not_to_have_text("8.00")
        expect(page.locator("#indicator-M1 .inputs").first).to_contain_text("5605")
        assert page.locator("#indicator-M1").get_attribute("open") is not None
        assert page.evaluate("document.activeElement.parentElement.id") == "indicator-M2"


def test_the_page_comes_back_after_the_server_was_gone(chrome):
    """Reconnecting is said, the place is kept, and what was missed is there."""
    services = Services()
    first_half(services)
    with site(services) as served, looking(chrome, served, BOARD) as page:
        expect(page.locator("#pulse")).to_have_text("实时")
        page.evaluate("window.untouched = true")
        served.stop()
        expect(page.locator("#pulse")).to_have_text("正在重连")
        services.play(figure("new_firms", 1))
        served.start()
        expect(page.locator("#pulse")).to_have_text("实时", timeout=20_000)
        expect(page.locator(".coordinate").first).to_contain_text(f"#{len(services.stored)}")
        assert page.evaluate("window.untouched") is True


def test_a_hidden_tab_lets_its_stream_go(chrome):
    """Browsers allow six connections: who does not look holds none, and is current again when he does."""
    services = Services()
    first_half(services)
    with site(services) as served, looking(chrome, served, BOARD) as page:
        expect(page.locator("#pulse")).to_have_text("实时")
        hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
        tell = "document.dispatchEvent(new Event('visibilitychange'))"
        page.evaluate(hide % "true" + tell)
        page.wait_for_timeout(200)
        served.play(figure("new_firms", 1))
        page.wait_for_timeout(300)
        expect(page.locator(".coordinate").first).not_to_contain_text(f"#{len(services.stored)}")
        page.evaluate(hide % "false" + tell)
        expect(page.locator(".coordinate").first).to_contain_text(f"#{len(services.stored)}")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everybody(chrome, year, path, scheme):
    """Axe finds nothing: contrast in both schemes, names, roles, order."""
    with looking(chrome, year, path, color_scheme=scheme, reduced_motion="reduce") as page:
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone(chrome, year, path):
    """390 px: nothing to scroll sideways but what scrolls in its own box, and letters that can be read."""
    with looking(chrome, year, path, **PHONE) as page:
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        smallest = page.evaluate(
            "Math.min(...[...document.querySelectorAll('main *')].filter((each) => each.textContent.trim())"
            ".map((each) => parseFloat(getComputedStyle(each).fontSize)))"
        )
        assert smallest >= 12


@pytest.mark.parametrize("path", PAGES)
def test_every_page_works_without_javascript(chrome, year, path):
    """Text, links and traces are there; a trace opens by the browser's own means."""
    with looking(chrome, year, path, java_script_enabled=False) as page:
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("#pulse")).to_be_hidden()
        if path.endswith("units/market"):
            page.locator("#indicator-M1 summary").click()
            expect(page.locator("#indicator-M1")).to_contain_text("5605")


def test_another_moment_is_asked_for_by_a_form(chrome, year):
    """As of June, known at 16: the URL says so, the page says so, and nothing moves any more."""
    with looking(chrome, year, BOARD, java_script_enabled=False) as page:
        page.locator("input[name=as-of]").fill("2020-06-30")
        page.locator("input[name=known-at]").fill("16")
        page.get_by_role("button").click()
        assert "as-of=2020-06-30&known-at=16" in page.url
        expect(page.locator(".coordinate").first).to_contain_text("2020-06-30")
        expect(page.locator(".coordinate").first).to_contain_text("#16")
        page.get_by_text("回到实时榜单").click()
        assert page.url.endswith(BOARD)


def test_from_the_board_to_the_entry_and_back_in_english(chrome, year):
    """Board, unit, trace, entry: each a link away, and the language stays."""
    with looking(chrome, year, f"{BOARD}?lang=en") as page:
        page.get_by_role("link", name="Market Regulation Bureau").click()
        page.locator("#indicator-M1 summary").click()
        page.locator("#indicator-M1").get_by_role("link", name="#17").click()
        expect(page.locator("h1")).to_have_text("#17 Figure reported")
        page.get_by_role("link", name="中文").click()
        expect(page.locator("h1")).to_have_text("#17 数据报送")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_the_office_enters_a_deduction_without_javascript(chrome):
    """Tried first, then handed in; the entry's page says what it moved."""
    services = Services()
    first_half(services)
    with (
        site(services) as served,
        looking(chrome, served, f"{BOARD}/enter?kind=deduction", java_script_enabled=False) as page,
    ):
        page.locator("select[name=unit]").select_option("tax")
        page.locator("select[name=choice]").select_option("D/D1")
        page.locator("input[name=name]").fill("督办 7")
        page.locator("input[name=points]").fill("0.4")
        page.locator("input[name=occurred]").fill("2020-06-30")
        page.locator("textarea").fill("逾期未报")
        page.get_by_role("button", name="试录").click()
        expect(page.locator("#answer")).to_contain_text("可以受理")
        page.get_by_role("button", name="提交").click()
        expect(page.locator("h1")).to_contain_text("扣分")
        expect(page.locator("#moved")).to_contain_text("区税务局")


def test_printed_on_a4_the_whole_trace_is_open(chrome, year):
    """Paper cannot be clicked: every clause and entry of a unit is printed."""
    with looking(chrome, year, f"{BOARD}/units/market", java_script_enabled=False) as page:
        page.emulate_media(media="print")
        for indicator in ("C1", "M1", "D"):
            expect(page.locator(f"#indicator-{indicator} .why")).to_be_visible()
        expect(page.locator(".moment")).to_be_hidden()
        closed = len(page.pdf(format="A4"))
    assert closed > 20_000


def test_nothing_that_is_printed_runs_off_the_paper(chrome, year):
    """Given A4 with its margins, when a unit's page is printed, then its left edge is on the paper, and no link."""
    with looking(chrome, year, f"{BOARD}/units/market", viewport={"width": 680, "height": 960}) as page:
        page.emulate_media(media="print")
        assert page.locator("#hero").bounding_box()["x"] >= 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 680
        expect(page.locator(".coordinate > a")).to_be_hidden()


def test_a_link_into_a_page_opens_what_it_points_at(chrome, year):
    """A flag leads to an indicator: its trace is open."""
    with looking(chrome, year, f"{BOARD}/units/market#indicator-M4") as page:
        expect(page.locator("#indicator-M4 .why")).to_be_visible()
        expect(page.locator("#indicator-M3 .why")).to_be_hidden()


def test_nothing_is_fetched_from_elsewhere(chrome, year):
    """The page and its few files, all from this address, and not many bytes."""
    answers = []
    with looking(chrome, year, "/") as page:
        page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  (it takes no built-in)
        page.goto(year.url + BOARD, wait_until="load")
        sizes = [int(answer.headers.get("content-length", 0)) for answer in answers]
    assert all(answer.url.startswith(year.url) for answer in answers)
    assert sum(sizes) < 50_000
