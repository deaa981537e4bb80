"""How an application lives: its trainer begins and ends with it, and it sends nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

# FastAPI can send traces to a collector that the environment names; nothing is sent here.
SILENT: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


@asynccontextmanager
async def with_trainer(app: FastAPI) -> AsyncIterator[None]:
    """Start the trainer that ``app.state`` has, if it has one, and stop it at the end."""
    trainer = app.state.trainer
    if trainer is None:
        yield
        return
    trainer.start()
    try:
        yield
    finally:
        trainer.stop()
