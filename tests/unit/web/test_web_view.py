from datetime import date
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.language import catalog
from web.view import View, WrongView, read_view

IDS = st.text("ABCDEFabc019._-", min_size=1, max_size=12)
VIEWS = st.builds(
    View,
    as_of=st.none() | st.dates(),
    known_at=st.none() | st.integers(0, 10**17).map(str) | st.datetimes().map(lambda each: each.isoformat()),
    rubric=st.none() | st.integers(1, 10**9),
    readings=st.dictionaries(IDS, IDS).map(lambda each: tuple(sorted(each.items()))),
    language=st.sampled_from(["zh", "en"]),
    named=st.just(True),
)


@given(VIEWS)
def test_a_view_is_its_query(view):
    """What a view writes into the address is what is read from it."""
    assert read_view(parse_qsl(view.query.removeprefix("?"))) == view


def test_empty_fields_count_as_absent():
    """A form sends every field; what was left empty asks nothing."""
    assert read_view([("as-of", ""), ("known-at", " "), ("reading", "")]).plain


@pytest.mark.parametrize(
    ("words", "live", "plain"),
    [
        ([], True, True),
        ([("lang", "en")], True, True),
        ([("reading", "A01=20")], True, False),
        ([("rubric", "2")], True, False),
        ([("known-at", "17")], False, False),
        ([("as-of", "2020-09-30")], False, False),
    ],
)
def test_only_a_date_or_a_position_fixes_a_view(words, live, plain):
    """A live view has neither; under other rules it is live and no longer what the public is shown."""
    view = read_view(words)
    assert (view.live, view.plain) == (live, plain)


@pytest.mark.parametrize(
    "words",
    [
        [("reading", "A01=20"), ("reading", "A03=min"), ("reading", "A01=50")],
        [("as-of", "2020-06-30"), ("as-of", "2020-09-30")],
        [("known-at", "7"), ("known-at", "8")],
        [("rubric", "1"), ("rubric", "2")],
        [("lang", "zh"), ("lang", "en")],
    ],
)
def test_what_is_said_twice_is_not_guessed(words):
    """Given two values for what has one, then it is told; the same value twice is one."""
    with pytest.raises(WrongView) as told:
        read_view(words)
    assert catalog("zh").gettext(str(told.value)).endswith("。")
    assert read_view([*words[:1], *words[:1]]) == read_view(words[:1])


@pytest.mark.parametrize(
    "words",
    [
        ("as-of", "30.09.2020"),
        ("as-of", "2020-02-30"),
        ("known-at", "yesterday"),
        ("known-at", "-1"),
        ("known-at", "9" * 400),
        ("rubric", "0"),
        ("rubric", "٣"),
        ("reading", "A01"),
        ("reading", "=20"),
        ("reading", "A" * 200 + "=1"),
        ("lang", "fr"),
    ],
)
def test_a_word_that_cannot_be_is_told(words):
    """Each in one sentence, which there is in Chinese too; so nothing of what was sent is in it."""
    with pytest.raises(WrongView) as told:
        read_view([words])
    assert catalog("zh").gettext(str(told.value)).endswith("。")


def test_a_reading_is_chosen_and_taken_back():
    """A page's links change one reading and keep the others."""
    view = read_view([("reading", "A03=min"), ("reading", "A01=20")])
    assert view.under("A01", "50").readings == (("A01", "50"), ("A03", "min"))
    assert view.under("A01", None).readings == (("A03", "min"),)


def test_the_url_wins_over_the_browser():
    """The browser's wish decides only where the URL names no language, and links then do not name one."""
    assert read_view([], "en-GB,en;q=0.8,zh;q=0.2") == View(language="en")
    assert read_view([("lang", "zh")], "en").query == "?lang=zh"
    assert read_view([("as-of", "2020-09-30")], "de").at(as_of=date(2020, 6, 30)).query == "?as-of=2020-06-30"
