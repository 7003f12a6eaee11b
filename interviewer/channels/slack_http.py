"""Slack over HTTP: an address that takes signed requests, where Socket Mode is not wanted."""

from __future__ import annotations

import logging

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

log = logging.getLogger(__name__)
PATH = "/slack/events"
UNHANDLED = 404


def routes(app: AsyncApp) -> list[web.RouteDef]:
    """The routes for a web application. Requests with a bad, missing or old signature are refused with 401."""

    async def events(request: web.Request) -> web.Response:
        if not request.headers.get("X-Slack-Request-Timestamp", "").isdecimal():
            return web.Response(status=401)
        try:
            wanted = await to_bolt_request(request)
        except Exception as error:  # noqa: BLE001 - what the library cannot even read will not be readable next time
            log.warning("a request could not be read: %s", type(error).__name__)
            return web.Response(status=400)
        answer = await app.async_dispatch(wanted)
        if answer.status == UNHANDLED:
            return web.Response(status=200)  # nobody's business here; otherwise it would come again
        return await to_aiohttp_response(answer)

    return [web.post(PATH, events)]
