"""The changes of what is shown, as a stream: live, whichever replica stored them, and on from where a reader was."""

import asyncio
from contextlib import asynccontextmanager

import httpx

from services.ranking.app import build
from services.ranking.settings import RankingSettings
from shared.chassis.store import Append, EventStore
from shared.contracts.canonical import leaf_hash
from shared.contracts.records import scores_changed
from web.in_process import InProcess

FRAME = {"units": [{"id": "hr", "name": "区人社局"}]}


def scores(number):
    """So many records of scores, each with another total of one unit."""
    records = []
    for position in range(1, number + 1):
        cause = {"position": position, "source": "/s", "id": str(position), "type": "t"}
        totals = [{"unit": "hr", "exact": str(position), "attainable": "9.00", "provisional": True, "blocks": {}}]
        data = {"cause": cause, "changes": [], "state": "open", "frame": FRAME, "totals": totals}
        previous = leaf_hash(records[-1]) if records else None
        records.append(scores_changed("a", 1, position, time="2020-07-01T00:00:00Z", previous=previous, data=data))
    return records


@asynccontextmanager
async def replica(folder):
    """A replica of ranking on the databases in this folder: a client of it, and scoring's store as it sees it."""
    scoring = EventStore.open(f"sqlite:///{folder}/scoring.sqlite", "scoring")
    service = build(RankingSettings(data=folder), lambda: scoring)
    async with (
        service.running(),
        httpx.AsyncClient(transport=InProcess(service.app), base_url="http://localhost") as client,
    ):
        yield client, scoring
        service.stop()  # the streams end
    scoring.close()


async def heard(client, number, **asked):
    """The ids of so many events of the stream, pings left out."""
    found = []
    headers = {"accept": "text/event-stream"} | asked.pop("headers", {})
    async with (
        asyncio.timeout(10),
        client.stream("GET", "/v1/changes/a", params=asked, headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            found += [line.removeprefix("id: ")] * line.startswith("id: ")
            if len(found) == number:
                break
    return found


async def test_a_change_is_heard_from_whichever_replica_is_asked(tmp_path):
    """Given two replicas on one database, what one stores soon reaches who listens to the other."""
    records = scores(3)
    async with replica(tmp_path) as (_, scoring), replica(tmp_path) as (other, _):
        await scoring.run(scoring.commit, append=[Append("scores/a", 1, records[:1])])
        async with asyncio.timeout(10):
            while (await other.get("/v1/board/a")).status_code != 200:
                await asyncio.sleep(0.02)
        listening = asyncio.create_task(heard(other, 2))
        await asyncio.sleep(0.3)
        await scoring.run(scoring.commit, append=[Append("scores/a", 2, records[1:])])
        assert await listening == ["1-2", "1-3"]


async def test_a_stream_goes_on_where_its_reader_was_also_after_a_restart(tmp_path):
    """Given a reader that has heard up to a record, a new process sends it what comes after that, and nothing twice."""
    async with replica(tmp_path) as (client, scoring):
        await scoring.run(scoring.commit, append=[Append("scores/a", 1, scores(5))])
        async with asyncio.timeout(10):
            while (await client.get("/v1/changes/a")).json().get("next") != 5:
                await asyncio.sleep(0.02)
        assert await heard(client, 5, after=0) == ["1-1", "1-2", "1-3", "1-4", "1-5"]
    async with replica(tmp_path) as (client, _):
        assert await heard(client, 3, headers={"Last-Event-ID": "1-2"}) == ["1-3", "1-4", "1-5"]
