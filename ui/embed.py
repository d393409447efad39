"""The chat on other sites: the script that adds a launcher there, and the way in for the page in its frame."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from ui.gate import TICKET, TICKET_S, Access

SCRIPT = Path(__file__).parent / "static" / "embed.js"


def routes(access: Access) -> APIRouter:
    """`/embed.js` for the site's page, and `/embed` for the frame in it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/embed.js")
    def script() -> Response:
        return FileResponse(SCRIPT, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})

    @router.get("/embed")
    def frame(request: Request) -> Response:
        """Leads to the chat as it looks in a frame. Where access is needed, a page of an allowed site gets a ticket."""
        query = urlencode([("embed", "1"), *request.query_params.multi_items()])
        answer = RedirectResponse(f"./?{query}", 303, headers={"Cache-Control": "no-store"})
        if access.needed and _site(request) in access.sites:
            kept = "HttpOnly; Secure; SameSite=None; Partitioned"  # in this site's frame only, and never for a script
            answer.headers["Set-Cookie"] = f"{TICKET}={access.ticket()}; Max-Age={TICKET_S}; Path=/; {kept}"
        return answer

    return router


def _site(request: Request) -> str:
    """The site whose page the frame is in, as the browser says: only for a frame, so that no link gives a ticket."""
    if request.headers.get("sec-fetch-dest", "iframe") != "iframe":
        return ""
    parts = urlsplit(request.headers.get("referer", ""))
    return f"{parts.scheme}://{parts.netloc}"
