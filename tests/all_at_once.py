"""`quotedesk chat` whose Teams is a stand-in: `python -m tests.all_at_once HOME PORT ADDRESSES` (a JSON object)."""

from __future__ import annotations

import json
import sys
from functools import partial

from microsoft_teams.api.auth.cloud_environment import PUBLIC, with_overrides

from bot.desk import Desk
from bot.settings import load
from ui import teams
from ui.gate import Access
from ui.server import listening, run
from ui.workspaces import configured

if __name__ == "__main__":
    home, port, addresses = sys.argv[1:]
    settings, place = load(home), json.loads(addresses)
    others = configured(
        settings.model_copy(update=dict.fromkeys(("teams_client_id", "teams_client_secret", "teams_tenant_id")))
    )
    options = {"service_url": place["service_url"], "cloud": with_overrides(PUBLIC, **place["cloud"])}
    surfaces = [*others, partial(teams.mount, settings=settings, **options)]
    with listening(settings.host, int(port)) as listener, Desk.open(settings) as desk:
        run(desk, listener, Access.of(settings), surfaces)
