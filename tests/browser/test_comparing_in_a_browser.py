"""The pages about several standings, before a real browser: by keyboard, without JavaScript, at a phone's width."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.browsing import looking
from tests.browser.test_board_in_a_browser import PHONE
from tests.unit.web.test_web_comparing import SUPPOSED
from tests.upstream import RUBRIC, A

BOARD = f"/assessments/{A}"


@pytest.mark.parametrize("context", [{"java_script_enabled": False}, PHONE])
def test_two_standings_are_compared_by_a_form(chrome, year, context):
    """Filled in and sent: the address holds both ends, and the table says who moved."""
    with looking(chrome, year, f"{BOARD}/compare", **context) as page:
        page.locator("input[name=from-known-at]").fill("40")
        page.locator("input[name=known-at]").fill("54")
        page.locator("input[name=reading]").fill("A03=min")
        page.locator("form.ends button").click()
        expect(page.locator("#between-hr")).to_contain_text("2 → 5")
        assert "from-known-at=40" in page.url
        expect(page.locator("#moved-market")).to_contain_text("A03")
        page.get_by_role("link", name="English").click()
        expect(page.locator("#between-hr")).to_contain_text("-24.30")
        expect(page.locator("h1")).to_have_text("Compare")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_from_the_board_to_each_of_these_pages_and_back_by_keyboard(chrome, year):
    """Links of the board and the scorecard, reached with the Tab key and followed with Enter; the moment stays."""
    moment = "?known-at=54&lang=en"
    with looking(chrome, year, f"{BOARD}{moment}") as page:
        for name, heading in (
            ("The standing under each reading", "Under each reading"),
            ("Compare with another standing", "Compare"),
            ("What if", "What if"),
            ("Appeals", "Appeals"),
        ):
            link = page.locator("main").get_by_role("link", name=name, exact=True)
            link.focus()
            page.keyboard.press("Enter")
            expect(page.locator("h1")).to_have_text(heading)
            assert "known-at=54" in page.url
            page.go_back()
        page.locator("#unit-hr h2 a").press("Enter")
        page.locator("#more").get_by_role("link", name="What would change the rank").press("Enter")
        expect(page.locator("#tips")).to_contain_text("2282")
        page.locator("#tips").get_by_role("link", name="R1").press("Enter")
        expect(page.locator("#indicator-R1 .why")).to_be_visible()
        assert "known-at=54" in page.url


@pytest.mark.parametrize("context", [{"java_script_enabled": False}, {}, PHONE])
def test_what_is_supposed_is_marked_and_never_kept(chrome, year, context):
    """A reading, an entry, and events in JSON together: a difference in a frame that says supposed; the board stays."""
    before = len(year.services.stored)
    with looking(chrome, year, f"{BOARD}/what-if", **context) as page:
        page.locator("select[name=reading-A03]").select_option("first")
        page.locator("select[name=choice]").select_option("award/B2/pilot")
        page.locator("select[name=unit]").select_option("hr")
        page.locator("input[name=value]").fill("4")
        page.locator("textarea[name=entries]").fill(json.dumps(SUPPOSED))
        page.get_by_role("button", name="试算").click()
        frame = page.locator("#answer")
        expect(frame).to_contain_text("仅为假设，未作记录")
        expect(frame.locator("#between-tax")).to_contain_text("-2.00")
        expect(frame.locator("#between-hr")).to_contain_text("+4.00")
        expect(frame.locator("#between-market")).to_contain_text("+0.50")
        expect(frame.locator("#moved-hr")).to_contain_text("假设记录")
        expect(page.locator("select[name=reading-A03]")).to_have_value("first")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        page.goto(year.url + BOARD)
        expect(page.locator("#total-tax")).to_have_text("81.38")
    assert len(year.services.stored) == before


@pytest.mark.parametrize("context", [{"java_script_enabled": False}, PHONE])
def test_an_entry_is_supposed_corrected_then_gone_then_its_indicator_not_applicable(chrome, year, context):
    """From one answer to the next by the same form; a position that is none is said in the page's language."""
    before = len(year.services.stored)
    with looking(chrome, year, f"{BOARD}/what-if?known-at=53", **context) as page:
        for choice, position, value, unit, change in (
            ("correction", "27", "1320", "hr", "-25.00"),
            ("withdrawal", "27", "", "hr", "-21.59"),
            ("not-applicable/R1", "", "", "hr", "-50.00"),
        ):
            page.locator("select[name=choice]").select_option(choice)
            page.locator("input[name=position]").fill(position)
            page.locator("input[name=value]").fill(value)
            page.get_by_role("button", name="试算").click()
            expect(page.locator("select[name=choice]")).to_have_value(choice)
            expect(page.locator(f"#between-{unit}")).to_contain_text(change)
            assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        page.locator("select[name=choice]").select_option("withdrawal")
        page.locator("input[name=position]").fill("54")
        page.get_by_role("button", name="试算").click()
        expect(page.get_by_role("alert")).to_contain_text("请填写记录的序号")
        page.get_by_role("link", name="English").click()
        page.locator("select[name=choice]").select_option("correction")
        page.locator("input[name=position]").fill("#27")
        page.locator("input[name=value]").fill("-1")
        page.get_by_role("button", name="Suppose it").click()
        expect(page.get_by_role("alert")).to_contain_text("This cannot be supposed supposed entry 1: ")
    assert len(year.services.stored) == before


def test_a_rubric_file_is_previewed(chrome, year, tmp_path):
    """A file with another target is chosen and sent: the rubric is named as the cause."""
    file = tmp_path / "next.yaml"
    file.write_text(RUBRIC.replace("297", "602").replace("version: 1", "version: 2", 1), encoding="utf-8")
    with looking(chrome, year, f"{BOARD}/what-if?lang=en") as page:
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Suppose it").click()
        expect(page.locator("#between-science")).to_contain_text("-12.50")
        expect(page.locator("#moved-science")).to_contain_text(re.compile("Rubric: version 1 .* version 2", re.DOTALL))
        page.locator("textarea[name=rubric]").fill("language: 1")
        page.get_by_role("button", name="Suppose it").click()
        expect(page.get_by_role("alert")).to_contain_text("to_rubric is no rubric")


def test_an_appeal_leads_to_its_entries_and_to_what_followed(chrome, year):
    """From the list to the comparison around the correction: the same half step up."""
    with looking(chrome, year, f"{BOARD}/appeals", java_script_enabled=False) as page:
        upheld = page.locator("#appeal-56")
        expect(upheld).to_contain_text("4.30 → 4.60")
        upheld.get_by_role("link", name="带来的变动").click()
        expect(page.locator("#moved-hr")).to_contain_text("+0.30")
        expect(page.locator("#moved-hr")).to_contain_text("#60")


def test_a_day_of_the_timeline_leads_to_then_against_now(chrome, year):
    """June as known then and as known now: what came late or was ruled since."""
    with looking(chrome, year, f"{BOARD}/timeline") as page:
        page.get_by_role("link", name="当时 → 现在 2020-07-31").click()
        expect(page.locator("#between-hr")).to_be_visible()
        assert page.url.count("as-of=2020-07-31") == 2
