"""The sandbox's cloud as an ASGI application."""

from __future__ import annotations

import time

from spidercli.sandbox.asgi import App, Receive, Scope, Send
from spidercli.sandbox.cloud import http, metadata
from spidercli.sandbox.cloud.gateway import Gateway
from spidercli.sandbox.cloud.http import Request, Response
from spidercli.sandbox.cloud.metadata import Metadata
from spidercli.sandbox.cloud.signing import Clock
from spidercli.sandbox.cloud.world import World
from spidercli.sandbox.delivery import Exchange


def cloud_app(world: World, *, clock: Clock = time.time) -> App:
    """ECS, VPC and STS at `/`, instance metadata below `/latest/`.

    Args:
        world: the state to serve; it may be changed meanwhile, see `World.lock`.
        clock: seconds since the epoch, which signatures and tokens are checked against.
    """
    world.begin()
    gateway, items = Gateway(world, clock), Metadata(world, clock)

    def respond(request: Request) -> Response:
        if request.path == "/":
            return gateway.handle(request)
        if request.path.startswith(metadata.ROOT):
            return items.handle(request)
        return http.text(404, "404 - Not Found")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = await http.read(scope, receive)
        with world.lock:
            response = respond(request)
        await http.write(response, Exchange(scope=scope, receive=receive, send=send))

    return app
