"""The two languages: English stands in the source, Chinese in `locale/`; read once, at import, so nothing is built."""

from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.core import UnknownLocaleError, parse_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

HERE = Path(__file__).parent
LANGUAGES = {"zh": "zh-Hans", "en": "en"}
"""Our word for a language in the URL, and the tag that the page carries."""
DEFAULT = "zh"
DOMAIN = "web"


@cache
def catalog(language: str) -> NullTranslations:
    """What gettext looks messages up in."""
    source = HERE / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not source.exists():
        return NullTranslations()
    compiled = BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, language))
    compiled.seek(0)
    return Translations(compiled, DOMAIN)


def preferred(accept_language: str) -> str:
    """The first of our languages that an Accept-Language header asks for; Chinese where it asks for neither."""
    wishes: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        tag, _, quality = part.partition(";q=")
        try:
            name, weight = parse_locale(tag.strip(), sep="-")[0], float(quality or 1)
        except (ValueError, UnknownLocaleError):
            continue
        if name in LANGUAGES and weight > 0:
            wishes.append((-weight, name))
    return min(wishes, key=lambda wish: wish[0])[1] if wishes else DEFAULT


def mark(message: str) -> str:
    """Mark a message for the catalogue where it is only looked up later."""
    return message
