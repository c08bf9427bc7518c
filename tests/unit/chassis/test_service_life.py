"""A service's life: waiting for what it needs, working, failing, stopping; and what /healthz, /readyz, /metrics say."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from fastapi import APIRouter

from shared.chassis import openapi
from shared.chassis.errors import CannotStart
from shared.chassis.health import Health
from shared.chassis.metrics import Metrics
from shared.chassis.serve import OnePort
from shared.chassis.store import EventStore
from shared.chassis.wiring import ENTRIES, following, store_of
from tests.services import a_service, calling, client_of

router = APIRouter()


@router.get("/v1/things/{a}")
async def thing(a: str) -> str:
    return a


async def until(true, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_service_without_needs_is_ready_when_it_has_started():
    """Alive, ready, and its endpoints answer; stopped, it is unready."""
    service = a_service(router)

    async with calling(service) as client:
        assert (await client.get("/healthz")).json() == {"status": "alive", "stuck": {}}
        assert (await client.get("/readyz")).json() == {"status": "ready", "reasons": {}, "parked": {}}
        assert (await client.get("/v1/things/x")).json() == "x"
        service.stop()
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/v1/things/x")).status_code == 200


async def test_a_service_whose_database_is_down_waits_and_says_so():
    """The port is open at once; requests get 503 with the reason, /readyz too; when the database comes, it goes on."""
    there = asyncio.Event()

    async def attempt():
        if not there.is_set():
            raise ConnectionRefusedError("nobody on 5432\nand more")
        return "open"

    @asynccontextmanager
    async def work(service):
        service.app.state.store = await service.reach("the database", attempt)
        yield

    service = a_service(router, work=work, start_seconds=0.05)
    async with calling(service) as client:
        await until(lambda: "the database" in service.health.waiting)
        refusal = await client.get("/v1/things/x")
        assert (refusal.status_code, refusal.json()["code"]) == (503, "unavailable")
        assert refusal.headers["retry-after"] == "1"
        assert "nobody on 5432" in refusal.json()["detail"]
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["reasons"]["intake"]["the database"] == "ConnectionRefusedError: nobody on 5432"
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/openapi.json")).status_code == 200

        there.set()
        await until(service.started.is_set)
        assert (await client.get("/v1/things/x")).status_code == 200
        assert (await client.get("/readyz")).json()["reasons"] == {}
        assert service.app.state.store == "open"


async def test_a_service_waits_for_the_store_of_the_one_before_it(tmp_path):
    """
    Given two services in one process, and the first still waits for its database,
    when the second starts,
    then it waits too and says for what, and follows once the store is open.
    """
    there = asyncio.Event()

    @asynccontextmanager
    async def first_work(service):
        await there.wait()
        service.app.state.store = EventStore.open(f"sqlite:///{tmp_path}/first.sqlite", "first")
        yield
        service.app.state.store.close()

    @asynccontextmanager
    async def second_work(service):
        store = EventStore.open(f"sqlite:///{tmp_path}/second.sqlite", "second")
        async with following(service, store, ENTRIES, None, None, store_of(first)):
            yield
        store.close()

    first = a_service(name="first", work=first_work, start_seconds=0.05)
    second = a_service(name="second", work=second_work, start_seconds=0.05)
    async with calling(first), calling(second) as client:
        await until(lambda: "the service before it" in second.health.waiting)
        assert "first has not opened its store yet" in (await client.get("/readyz")).text
        there.set()
        await until(second.started.is_set)
        assert (await client.get("/readyz")).json()["reasons"] == {}


async def test_a_service_that_waits_can_be_stopped():
    """Told to stop while it waits for its database, it stops."""

    async def attempt():
        raise ConnectionRefusedError

    @asynccontextmanager
    async def work(service):
        await service.reach("the database", attempt)
        yield

    async with asyncio.timeout(5), calling(a_service(work=work, start_seconds=0.05)):
        pass


async def test_what_cannot_be_waited_for_ends_the_start():
    """A store of a newer version is no matter of time: the start fails with its sentence."""

    @asynccontextmanager
    async def work(service):
        async def attempt():
            raise CannotStart("The database is of version 7; install a newer Meritlog.")

        await service.reach("the database", attempt)
        yield

    with pytest.raises(CannotStart, match="version 7"):
        async with calling(a_service(work=work)):
            pass


async def test_what_cannot_be_waited_for_is_told_also_later():
    """Found only after the port was opened: whoever serves is told, and /readyz says it."""
    go = asyncio.Event()
    told = []

    @asynccontextmanager
    async def work(_service):
        await go.wait()
        raise CannotStart("The database is of version 7; install a newer Meritlog.")
        yield

    service = a_service(work=work, start_seconds=0.01)
    service.on_failure = told.append
    async with calling(service) as client:
        go.set()
        await until(lambda: told)
        assert "version 7" in (await client.get("/readyz")).text
    assert [str(error) for error in told] == ["The database is of version 7; install a newer Meritlog."]


async def test_a_fault_of_our_own_at_the_start_is_one_sentence():
    """An unforeseen exception while starting goes to the log; the start fails with a sentence naming it."""

    @asynccontextmanager
    async def work(_service):
        raise KeyError("colour")
        yield

    with pytest.raises(CannotStart, match=r"intake failed \(KeyError: 'colour'\); the log says where"):
        async with calling(a_service(work=work)):
            pass


async def test_work_is_left_in_order():
    """What was started is stopped when the service is: the kept task first, then what it stood on."""
    seen = []

    async def follow():
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("follower ended")

    @asynccontextmanager
    async def work(service):
        try:
            async with service.keeping("following", follow):
                yield
        finally:
            seen.append("store closed")

    async with calling(a_service(work=work)):
        await asyncio.sleep(0)

    assert seen == ["follower ended", "store closed"]


async def test_a_kept_task_that_fails_is_started_again():
    """It fails twice with different reasons: each is on /readyz meanwhile; then it runs and the reasons are gone."""
    reasons = iter([ConnectionError("first"), TimeoutError(), None])
    ran = asyncio.Event()
    seen = []

    @asynccontextmanager
    async def work(service):
        async def follow():
            if error := next(reasons):
                raise error
            seen.append(dict(service.health.waiting))
            ran.set()
            await asyncio.Event().wait()

        async with service.keeping("following", follow):
            yield

    service = a_service(work=work)
    async with calling(service) as client:
        await asyncio.wait_for(ran.wait(), 5)
        assert seen[0]["following"] == "TimeoutError"
        await until(lambda: not service.health.waiting)
        assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize(("needed", "at_first"), [(True, 503), (False, 200)])
async def test_what_breaks_off_later_is_named_and_leaves_the_service_ready(needed, at_first):
    """
    Given a task that is kept going, needed or not,
    when it fails before it ever went, goes, and breaks off again,
    then only what is needed makes the service unready, only until it went; every time /readyz names what is missing.
    """
    there, gone = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def work(service):
        async def follow():
            if not there.is_set():
                raise ConnectionError("nobody there")
            if gone.is_set():
                raise ConnectionError("gone away")
            await gone.wait()
            raise ConnectionError("gone away")

        async with service.keeping("following", follow, needed=needed):
            yield

    service = a_service(work=work)
    async with calling(service) as client:

        async def says(word):
            return word in str((await client.get("/readyz")).json()["reasons"])

        async with asyncio.timeout(20):
            while not await says("nobody there"):
                await asyncio.sleep(0.01)
            before = await client.get("/readyz")
            there.set()
            while service.health.waiting:
                await asyncio.sleep(0.01)
            gone.set()
            while not await says("gone away"):
                await asyncio.sleep(0.01)
            after = await client.get("/readyz")

    assert (before.status_code, after.status_code) == (at_first, 200)
    assert after.json()["status"] == "ready"


async def test_a_kept_task_that_must_end_the_service_does():
    """CannotStart is not tried again: whoever serves is told."""
    told = []

    @asynccontextmanager
    async def work(service):
        async def follow():
            raise CannotStart("The upstream is another ledger; name the right one.")

        async with service.keeping("following", follow):
            yield

    service = a_service(work=work)
    service.on_failure = told.append
    async with calling(service):
        await until(lambda: told)


def test_a_loop_that_does_not_come_round_is_not_alive():
    """Beats older than promised name their loop."""
    now = [100.0]
    health = Health("scoring", Metrics("scoring"), clock=lambda: now[0])
    health.beat("following entries", 30)
    health.beat("timer", 5)
    now[0] += 20

    assert list(health.stuck()) == ["timer"]
    health.beat("timer", 5)
    assert health.stuck() == {}
    now[0] += 11
    assert "31 s" in health.stuck()["following entries"]


async def test_a_parked_assessment_is_named_and_the_others_go_on():
    """Ready with one parked; its reason stands in /readyz and its number in /metrics."""
    service = a_service()

    async with calling(service) as client:
        service.health.park("binjiang-2020", "A fork at 17.")
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["parked"]) == (200, {"intake": {"binjiang-2020": "A fork at 17."}})
        assert 'meritlog_parked_assessments{service="intake"} 1.0' in (await client.get("/metrics")).text
        service.health.unpark("binjiang-2020")
        assert (await client.get("/readyz")).json()["parked"] == {}


async def test_requests_are_counted_by_route_and_never_by_path():
    """The template is the label; unknown addresses are one label, and made-up methods another."""
    service = a_service(router)

    async with calling(service) as client:
        for path in ("/v1/things/a", "/v1/things/b", "/nothing/x", "/nothing/y"):
            await client.get(path)
        await client.request("BREW", "/v1/things/a")
        text = (await client.get("/metrics")).text

    assert 'meritlog_http_seconds_count{method="GET",route="/v1/things/{a}",service="intake",status="200"} 2.0' in text
    assert 'meritlog_http_seconds_count{method="GET",route="unmatched",service="intake",status="404"} 2.0' in text
    assert 'method="other"' in text
    assert "/nothing/x" not in text
    assert "process_resident_memory_bytes" in text


async def test_several_services_share_a_port():
    """Each first segment finds its service, the pages everything else, and the common endpoints speak for all."""
    pages, scores = APIRouter(), APIRouter()

    @pages.get("/", include_in_schema=False)
    async def home() -> str:
        return "home"

    @pages.get("/{rest:path}", include_in_schema=False)
    async def anything(rest: str) -> str:
        return rest

    @scores.get("/v1/standings/{a}")
    async def standing(a: str) -> str:
        return f"standing of {a}"

    services = [
        a_service(router, name="intake"),
        a_service(scores, name="scoring"),
        a_service(pages, name="web"),
    ]
    async with (
        services[0].running(),
        services[1].running(),
        services[2].running(),
        client_of(OnePort(services)) as client,
    ):
        assert (await client.get("/v1/things/x")).json() == "x"
        assert (await client.get("/v1/standings/x")).json() == "standing of x"
        assert (await client.get("/")).json() == "home"
        assert (await client.get("/units/market")).json() == "units/market"
        for nobodys in ("/v1", "/v1/", "/v1/nobody/x", "/v1/things"):
            assert (await client.get(nobodys)).json()["code"] == "not-found"
        assert set((await client.get("/openapi.json")).json()["paths"]) >= {"/v1/things/{a}", "/v1/standings/{a}"}
        services[1].health.wait("the database", "It does not answer.")
        assert (await client.get("/readyz")).json()["reasons"] == {"scoring": {"the database": "It does not answer."}}
        metrics = (await client.get("/metrics")).text
        assert 'meritlog_http_seconds_count{method="GET",route="/v1/standings/{a}",service="scoring"' in metrics
        assert metrics.count("# TYPE meritlog_http_seconds histogram") == 1


def test_documents_are_joined_without_mixing_their_schemas():
    """A schema that two services name alike but mean differently is kept twice, and each keeps its references."""

    def part(title, schema):
        reference = {"$ref": "#/components/schemas/Answer"}
        app = a_service(name=title).app
        app.openapi_schema = {
            "info": {"title": title},
            "paths": {f"/v1/{title}": {"get": {"responses": {"200": reference}}}},
            "components": {"schemas": {"Answer": schema, "Same": {"type": "null"}}},
        }
        return app

    joined = openapi.joined(
        [part("intake", {"type": "string"}), part("scoring", {"type": "object"})], title="t", version="1"
    )

    assert set(joined["components"]["schemas"]) == {"Answer", "ScoringAnswer", "Same"}
    assert joined["paths"]["/v1/intake"]["get"]["responses"]["200"] == {"$ref": "#/components/schemas/Answer"}
    assert joined["paths"]["/v1/scoring"]["get"]["responses"]["200"] == {"$ref": "#/components/schemas/ScoringAnswer"}
