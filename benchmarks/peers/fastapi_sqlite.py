"""The bare peer of intake: FastAPI handlers that only commit what they are sent to SQLite, as durably as intake does.

`python -m benchmarks.peers.fastapi_sqlite DATABASE PORT`
"""

import sqlite3
import sys

import msgspec
import uvicorn
from fastapi import FastAPI, Request


def app(path: str) -> FastAPI:
    """One handler for single events, one for batches; a commit each."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS entries (position INTEGER PRIMARY KEY, body BLOB)")
    made = FastAPI()

    @made.post("/single", status_code=201)
    async def single(request: Request) -> dict[str, int | None]:
        done = database.execute("INSERT INTO entries (body) VALUES (?)", (await request.body(),))
        return {"position": done.lastrowid}

    @made.post("/batch")
    async def batch(request: Request) -> list[int]:
        bodies = msgspec.json.decode(await request.body(), type=list[msgspec.Raw])
        database.execute("BEGIN")
        positions = [
            database.execute("INSERT INTO entries (body) VALUES (?)", (bytes(body),)).lastrowid or 0 for body in bodies
        ]
        database.execute("COMMIT")
        return positions

    return made


if __name__ == "__main__":
    uvicorn.run(app(sys.argv[1]), port=int(sys.argv[2]), log_level="warning", access_log=False)
