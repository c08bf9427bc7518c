import pytest

from tests.browser.browsing import browser, site
from tests.upstream import Services, disputes, whole_year


@pytest.fixture(scope="module")
def year():
    """The whole year with its disputes, on a port, for all tests that only look."""
    services = Services()
    whole_year(services)
    disputes(services)
    with site(services) as served:
        yield served


@pytest.fixture(scope="module")
def chrome():
    """One browser for the module; each test has a context of its own."""
    with browser() as started:
        yield started
