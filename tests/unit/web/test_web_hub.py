import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
import structlog

from tests.upstream import A, Services, figure
from web.hub import Fragment, Hub, Pace
from web.in_process import InProcess
from web.upstream import Addresses, Unanswered, Upstream

FAST = Pace(settle=0, linger=0, again=0.01, at_most=0.02)


@asynccontextmanager
async def hub_of(services):
    async with httpx.AsyncClient(transport=InProcess(services.app)) as client:
        hub = Hub(Upstream(Addresses(*["http://any"] * 3), client), structlog.get_logger(), FAST)
        yield hub
        await hub.close()


def maker(services, made):
    async def make():
        board = await asyncio.sleep(0, services.board.public())
        made.append(board["position"])
        return Fragment("", f"at {board['position']}", f"1-{board['position']}")

    return make


async def until(told):
    async with asyncio.timeout(20):
        while not told():
            await asyncio.sleep(0.01)


async def soon(stream):
    async with asyncio.timeout(20):
        return (await anext(stream)).html


async def test_a_change_is_rendered_once_for_all_its_readers():
    """However many look at one view, and each is given the present state first."""
    services, made = Services(), []
    async with hub_of(services) as hub:
        readers = [hub.watch(A, "board", maker(services, made), "") for _ in range(20)]
        assert {await soon(reader) for reader in readers} == {"at 1"}
        services.play(figure("new_firms", 0))
        assert set(await asyncio.gather(*map(soon, readers))) == {"at 2"}
        assert made == [1, 2]
        assert services.asked.count(f"/v1/changes/{A}") == 1
        for reader in readers:
            await reader.aclose()


async def test_a_reader_that_has_the_present_state_hears_of_the_next_only():
    """A page that was loaded a moment ago is not sent again."""
    services = Services()
    async with hub_of(services) as hub:
        reader = hub.watch(A, "board", maker(services, []), "1-1")
        coming = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0.05)
        assert not coming.done()
        services.play(figure("new_firms", 0))
        async with asyncio.timeout(20):
            assert (await coming).html == "at 2"
        await reader.aclose()


async def test_a_state_that_looks_the_same_is_not_sent():
    """A frozen board stands still while positions go on."""
    services, made = Services(), []

    async def make():
        made.append(services.board.position)
        return Fragment("", "frozen", f"1-{services.board.position}")

    async with hub_of(services) as hub:
        reader = hub.watch(A, "board", make, "")
        assert await soon(reader) == "frozen"
        coming = asyncio.ensure_future(anext(reader))
        services.play(figure("new_firms", 0))
        await until(lambda: made == [1, 2])
        await asyncio.sleep(0.05)
        assert not coming.done()
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def test_the_stream_is_taken_up_again_and_nothing_is_missed():
    """The services go and come back; a reader then has the present state, whatever it missed."""
    services = Services()
    async with hub_of(services) as hub:
        reader = hub.watch(A, "board", maker(services, []), "")
        assert await soon(reader) == "at 1"
        services.failing = {"changes", "board"}
        services.break_off()
        await until(lambda: hub.behind(A))
        services.play(figure("new_firms", 0))
        services.play(figure("coverage", 0))
        services.failing = set()
        assert await soon(reader) == "at 3"
        assert not hub.behind(A)
        await reader.aclose()


async def test_a_fragment_that_failed_is_made_again():
    """A reader keeps what it has until there is more; the failure is nobody's last word."""
    services, failures = Services(), [Unanswered("scoring", "gone")]

    async def make():
        if failures:
            raise failures.pop()
        return Fragment("", "well", "1-1")

    async with hub_of(services) as hub:
        reader = hub.watch(A, "board", make, "")
        assert await soon(reader) == "well"
        await reader.aclose()


async def test_a_page_that_is_loaded_is_fresh_where_nothing_is_followed():
    """No reader, no stream: then the page asks the services itself, and shares where there is one."""
    services, made = Services(), []
    make = maker(services, made)
    async with hub_of(services) as hub:
        await hub.fragment(A, "board", make)
        await hub.fragment(A, "board", make)
        assert made == [1, 1]
        reader = hub.watch(A, "board", make, "")
        await soon(reader)
        await until(lambda: not hub.behind(A))
        for _ in range(5):
            await hub.fragment(A, "board", make)
        assert made == [1, 1, 1]
        await reader.aclose()


async def test_a_stream_nobody_looks_at_is_closed():
    """The last reader gone, the services are left alone."""
    services = Services()
    async with hub_of(services) as hub:
        reader = hub.watch(A, "board", maker(services, []), "")
        await soon(reader)
        await reader.aclose()
        await until(lambda: not hub.channels)


@pytest.mark.parametrize("views", [600])
async def test_fragments_are_bounded(views):
    """Views can be made up by anybody: no more than so many are kept."""
    services = Services()
    async with hub_of(services) as hub:
        reader = hub.watch(A, "board", maker(services, []), "")
        await soon(reader)
        channel = hub.channels[A]
        for number in range(views):
            await channel.fragment(number, maker(services, []))
        assert len(channel._fragments) <= 512
        await reader.aclose()
