"""The server of the page: uvicorn with limits."""

import socket
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from sparing.web.connections import PatientProtocol
from sparing.web.seldom import quiet

LINGER = 2  # seconds that a request may still take when the server is stopped


def server(
    app: FastAPI, certificate: Path | None = None, key: Path | None = None, **more: Any
) -> "PageServer":
    """Return a server that is ready to run.

    Parameters
    ----------
    app : the page of a project
    certificate, key : files for TLS; None: without
    more : settings of uvicorn
    """
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        **{"timeout_graceful_shutdown": LINGER, **more},
    )
    quiet()
    return PageServer(config)


class PageServer(uvicorn.Server):
    """A server that lets go of its application in good order, however often it is told to stop."""

    def stop(self) -> None:
        """Stop serving, or do not begin; returns at once."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of the connections, and of the application in any case."""
        await super().shutdown(sockets)
        if self.force_exit:  # else the application would be broken off, and say so at length
            await self.lifespan.shutdown()
