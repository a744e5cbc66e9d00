"""Kubernetes on bare metal: Canonical MAAS, Spectro Cloud Palette, the lifecycle engine and simulated servers.

* `palette_maas.maas`: clients of Canonical MAAS;
* `palette_maas.lifecycle`: the engine: validate, admit, decide, preview;
* `palette_maas.testbed`: simulated servers on loopback.

Every error is an `Error` with a stable `code`. The logger `palette_maas.maas` hears of each call at level DEBUG.
"""

import logging

from ._native import (
    AlreadyExistsError,
    BadRequestError,
    CancelledError,
    ClockSkewError,
    ConnectError,
    DecodeError,
    Error,
    FailedStateError,
    ForbiddenError,
    GoneError,
    InternalError,
    InvalidInputError,
    List,
    NoMatchingMachineError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RedirectedError,
    RefusedError,
    Response,
    ResponseLog,
    ResponseMeta,
    ScopeError,
    ServerError,
    ServerTooOldError,
    StateConflictError,
    TimeoutError,
    TlsError,
    TooLargeError,
    TransportError,
    UnauthorizedError,
    UnavailableError,
    WaitProgress,
    __version__,
)

__all__ = [
    "AlreadyExistsError",
    "BadRequestError",
    "CancelledError",
    "ClockSkewError",
    "ConnectError",
    "DecodeError",
    "Error",
    "FailedStateError",
    "ForbiddenError",
    "GoneError",
    "InternalError",
    "InvalidInputError",
    "List",
    "NoMatchingMachineError",
    "NotFoundError",
    "OutcomeUnknownError",
    "RateLimitedError",
    "RedirectedError",
    "RefusedError",
    "Response",
    "ResponseLog",
    "ResponseMeta",
    "ScopeError",
    "ServerError",
    "ServerTooOldError",
    "StateConflictError",
    "TimeoutError",
    "TlsError",
    "TooLargeError",
    "TransportError",
    "UnauthorizedError",
    "UnavailableError",
    "WaitProgress",
    "__version__",
]

# What a program does not want to hear is not printed by default.
logging.getLogger(__name__).addHandler(logging.NullHandler())
