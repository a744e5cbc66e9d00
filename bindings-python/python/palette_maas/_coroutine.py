"""The event loop's side of an awaited call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Callable, TypeVar

if TYPE_CHECKING:
    from ._native import AwaitedCall

T = TypeVar("T")


async def drive(call: AwaitedCall) -> Any:
    """Carries a call out; leaving early, for whatever reason, cancels it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(value: object) -> None:
        if not future.done():
            future.set_result(value)

    def run(job: Callable[[], None]) -> None:
        if future.done():
            return
        try:
            job()
        except BaseException as error:
            if not future.done():
                future.set_exception(error)

    call.start(lambda job: loop.call_soon_threadsafe(run, job), settle)
    try:
        return await future
    finally:
        call.cancel()


async def done(value: T) -> T:
    """A coroutine with nothing to wait for."""
    return value
