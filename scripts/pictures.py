"""Pictures in docs/, made again: `PYTHONPATH=. .venv/bin/python scripts/pictures.py`, with what `make test` installs.

docs/teams/color.png and outline.png are drawn from ui/static/favicon.svg; docs/embed.png is a real chat, over the
articles that ship, in a page of another origin, in 64 colours.
"""

from __future__ import annotations

import re
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import CHROMIUM_FLAGS
from tests.servers import chatting

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
QUESTION = "How many policemen were killed in Tazirbu?"
SHOWN = "Who hunts ISIS in the desert of Kufra?"
"""What the article in the newspaper's page answers."""
PAGE = """<!doctype html><meta charset="utf-8"><title>The Oasis Courier</title>
<style>body {{ font: 17px/1.55 serif; margin: 40px 48px; max-width: 640px }} h1 {{ font-size: 40px; margin: 0 0 24px }}
h2 {{ font-size: 34px; line-height: 1.15 }}</style>
<h1>The Oasis Courier</h1><hr><h2>{title}</h2>{text}
<script src="{url}/embed.js" data-colour="#9f1239"></script>"""


def icons(browser: Browser) -> None:
    """The two icons of the Teams app: 192 x 192 in colour, 32 x 32 white on nothing."""
    mark = re.sub(r"<rect[^>]*/>", "", (ROOT / "ui" / "static" / "favicon.svg").read_text("utf-8"))
    for name, size, ground in (("color", 192, "#1d4ed8"), ("outline", 32, "transparent")):
        page = browser.new_page(viewport={"width": size, "height": size})
        page.set_content(
            f"<style>* {{ margin: 0; background: {ground} }} svg {{ display: block; width: 100vw }}</style>{mark}"
        )
        page.screenshot(path=DOCS / "teams" / f"{name}.png", omit_background=True)
        page.close()


def embed(browser: Browser) -> None:
    """A newspaper's page with the chat open in its corner, and an answer in it."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
        site = ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=folder))
        threading.Thread(target=site.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{site.server_port}"
        with chatting(Path(folder) / "home", QUOTEDESK_EMBED_SITES=origin) as server:
            page = browser.new_page(viewport={"width": 1200, "height": 800})
            asked = page.request.post(
                f"{server.url}/v1/ask", data={"question": "Who hunts ISIS in the desert of Kufra?"}
            )
            article = page.request.get(f"{server.url}/v1/articles/{asked.json()['quotes'][0]['article_id']}").json()
            text = "".join(f"<p>{paragraph}</p>" for paragraph in article["text"].split("\n\n"))
            written = PAGE.format(title=article["title"], text=text, url=server.url)
            (Path(folder) / "index.html").write_text(written, "utf-8")
            page.goto(origin)
            page.get_by_role("button", name="Ask the archive").click()
            chat = page.frame_locator("#quotedesk iframe")
            chat.get_by_label("Your question").fill(QUESTION)
            chat.get_by_label("Your question").press("Enter")
            chat.locator("#chat blockquote").first.wait_for()
            page.wait_for_timeout(2_000)
            page.screenshot(path=DOCS / "embed.png")
            Image.open(DOCS / "embed.png").quantize(64).save(DOCS / "embed.png", optimize=True)
        site.shutdown()


if __name__ == "__main__":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        icons(chromium)
        embed(chromium)
        chromium.close()
