"""What the OpenAPI page says holds, and whatever is sent gets an answer: never a 500."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from bot.desk import Desk
from tests.servers import chatting
from tests.test_api import calling

REQUESTS = 10_000
PATHS = [
    "/v1/ask", "/v1/models", "/v1/chat/completions", "/v1/articles/x", "/v1/feedback", "/healthz", "/metrics", "/mcp",
    "/docs", "/openapi.json", "/embed", "/embed.js", "/v1/%00", "/v1/../etc/passwd", "/v1/articles/%2e%2e", "/v1//",
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "QUERY", "BREW"]
PIECES = [
    b"", b"{}", b"[]", b"null", b'{"question":"who?"}', b'{"question":', b"\xff\xfe\x00", b"[" * 5_000, b'"\\ud800"',
    b'{"model":"quotedesk","messages":[{"role":"user","content":"who?"}]}', b'{"question":"who?","stream":true}',
    b'{"question":"who?","from":"9999-12-31"}', b"a" * 2_000, b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
]  # fmt: skip
HEADERS = {
    "Content-Type": ["application/json", "text/plain", "multipart/form-data", "\x7f", ""],
    "Accept": ["text/event-stream", "application/json", "application/json, text/event-stream", "*/*", ","],
    "Authorization": ["Bearer x", "Basic Zm9v", "Basic ?", "Basic", "é"],
    "Cookie": ["quotedesk-embed=1.2", "a=b; =;", "\x01"],
    "Host": ["127.0.0.1", "[::1", "evil.example", ""],
    "Origin": ["null", "http://127.0.0.1:7860", "http://evil.example", "://"],
    "X-Forwarded-For": ["1.2.3.4, 5.6.7.8", ",", "x"],
    "Mcp-Session-Id": ["x", ""],
    "Content-Length": ["3", "x"],
}


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[TestClient]:
    with calling(desk) as caller:  # an error in the server would be raised here
        yield caller


@pytest.mark.served
def test_schemathesis_finds_nothing(corpus_home: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    with chatting(corpus_home) as server:
        words = ["run", f"{server.url}/openapi.json", "--max-examples", "5", "--seed", "7", "--request-timeout", "60"]
        run = subprocess.run([program, *words], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "7 selected / 7 total" in run.stdout


def test_ten_thousand_random_requests_end_in_no_500(client: TestClient) -> None:
    assert client.portal
    statuses = client.portal.call(_statuses, client.app)  # on the server's own loop: a hop for each would take longer
    assert sum(statuses.values()) == REQUESTS
    assert max(statuses) < 500, statuses
    assert {200, 400, 403, 404, 405, 421} <= set(statuses)


async def _statuses(app: Any) -> Counter[int]:
    """How often each status was answered; what the server raises is raised here."""
    chance, statuses = random.Random(7), Counter[int]()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:7860") as client:
        for _ in range(REQUESTS):
            body = b"".join(chance.choices(PIECES, k=chance.choice((0, 1, 1, 1, 2))))
            names = chance.sample(sorted(HEADERS), chance.choice((0, 1, 2, 3)))
            headers = {name: chance.choice(HEADERS[name]).encode("latin-1") for name in names}
            address = chance.choice(PATHS) + chance.choice(("", "?a=1", "?%ff", "?ask=<script>&embed"))
            response = await client.request(chance.choice(METHODS), address, content=body, headers=headers)
            statuses[response.status_code] += 1
    return statuses
