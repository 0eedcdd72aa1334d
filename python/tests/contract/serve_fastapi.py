"""FastAPI applications with Countersign installed, each under uvicorn on a socket of its own."""

from __future__ import annotations

import signal
import socket
import threading

import uvicorn
from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from countersign.fastapi import CountersignFastAPI
from tests.contract.plan import CLOSE, Entry, read


def application(entry: Entry) -> ASGIApp:
    """The least that an application is."""
    app = FastAPI()
    CountersignFastAPI(entry.auth, prefix=entry.prefix, routes=entry.routes).install(app)

    async def closable(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == CLOSE:
            await entry.auth.aclose()
            await Response(status_code=204)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return closable


def main() -> None:
    """Serves until it is told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    servers = []
    for entry in read():
        # The parser is named, lest the answers to what is no HTTP depend on what is installed.
        config = uvicorn.Config(application(entry), http="h11", log_level="warning")
        server = uvicorn.Server(config)
        listener = socket.socket(fileno=entry.descriptor)
        # Off the main thread uvicorn leaves signals alone, so that several can run.
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        servers.append((server, thread))
    stop.wait()
    for server, _ in servers:
        server.should_exit = True
    for _, thread in servers:
        thread.join()


if __name__ == "__main__":
    main()
