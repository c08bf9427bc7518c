"""Our few files: read once, named by their digest, so that browsers may keep them for ever."""

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"


class Files:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in MEDIA_TYPES}
        self.digests = {name: hashlib.sha256(content).hexdigest()[:16] for name, content in self.files.items()}

    def url(self, name: str) -> str:
        """The address of a file in its present state."""
        return f"/static/{name}?v={self.digests[name]}"

    def answer(self, request: Request, name: str) -> Response | None:
        """A file over HTTP; None where there is none of this name."""
        if name not in self.files:
            return None
        tag = f'"{self.digests[name]}"'
        kept = FOR_EVER if request.query_params.get("v") == self.digests[name] else "no-cache"
        headers = {"Cache-Control": kept, "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(self.files[name], headers=headers, media_type=MEDIA_TYPES[Path(name).suffix])
