import re

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from web import words
from web.language import HERE, catalog, preferred

METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None, "translate": (2,)}
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def messages():
    found = extract_from_dir(HERE, METHODS, {"templates/**.html": {"trimmed": "true"}}, KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def chinese():
    with (HERE / "locale/zh/LC_MESSAGES/web.po").open("rb") as lines:
        return [each for each in read_po(lines, "zh") if each.id]


def test_every_message_is_in_chinese_and_none_is_left_over():
    """The catalogue holds exactly what templates and code say."""
    held = {each.id if isinstance(each.id, str) else each.id[0] for each in chinese()}
    assert held == messages()


def test_a_translation_keeps_its_placeholders():
    """A name missing or misspelt would break the page that fills it in."""
    for each in chinese():
        texts = [each.string] if isinstance(each.string, str) else each.string
        ids = [each.id] if isinstance(each.id, str) else each.id
        for text in texts:
            assert text, each.id
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(ids[-1]))


def test_a_code_is_never_taken_for_a_format():
    """Codes come from outside: one with a percent sign or none at all is shown as it is."""
    filters = words.filters(catalog("zh"))
    assert filters["state"]("100% %(n)s") == "100% %(n)s"
    assert filters["state"]("") == ""
    assert filters["kind"]("meritlog.BonusAwarded.v1") == "加分"
    assert filters["kind"]("com.example.Other") == "com.example.Other"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en", "en"),
        ("de-DE,en;q=0.3,zh;q=0.2", "en"),
        ("en;q=0,zh", "zh"),
        ("*", "zh"),
        ("en;q=abc", "zh"),
        ("\x00;;;,,q=" * 400, "zh"),
    ],
)
def test_the_browsers_first_wish_of_ours_is_met(header, language):
    """Chinese where it wishes for neither, or for nothing that can be read."""
    assert preferred(header) == language
