# Made by the tests of bindings-python from the Rust definitions; `UPDATE_STUBS=1` writes it anew.
import builtins
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Generic, Literal, TypeVar, final, overload

from .lifecycle_types import (
    Admission,
    Decision,
    Desired,
    Finding,
    NetworkInput,
    NetworkPlan,
    Plan,
    PreviewOptions,
    Request,
    World,
)

_T = TypeVar("_T", covariant=True)

__version__: str
maas: ModuleType

@final
class List(Sequence[_T]):
    """What a call that lists returned: a sequence.

    Elements that could not be read are in `unreadable`, with their place and reason; the others are there.
    """

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> _T: ...
    @overload
    def __getitem__(self, index: slice, /) -> builtins.list[_T]: ...
    def __iter__(self) -> Iterator[_T]: ...
    def __contains__(self, item: object, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def index(self, value: Any) -> int: # type: ignore[override]
        """The place of the first element that equals this one."""
    def count(self, value: Any) -> int:
        """How many elements equal this one."""
    @property
    def unreadable(self) -> builtins.list[Error]:
        """The errors of the elements that could not be read."""
    @classmethod
    def __class_getitem__(cls, item: Any, /) -> Any: ...

@final
class WaitProgress:
    """One look of a waiter, told as it happens."""

    @property
    def subject(self) -> str:
        """What is waited for."""
    @property
    def state(self) -> str:
        """The state that was seen, or the error of a look that failed and will be repeated."""
    @property
    def changed(self) -> bool:
        """Whether the state differs from the look before."""
    @property
    def looks(self) -> int:
        """Looks so far, this one included."""
    @property
    def elapsed(self) -> float:
        """Seconds since waiting began, on the waiter's clock."""
    def __eq__(self, other: object, /) -> bool: ...

@final
class ResponseMeta:
    """The head of an answer, without secrets."""

    @property
    def operation(self) -> str:
        """The operation, such as `machine.deploy`."""
    @property
    def status(self) -> int:
        """The HTTP status."""
    @property
    def headers(self) -> dict[str, str]:
        """The headers, names in lower case."""
    @property
    def attempts(self) -> int:
        """How many attempts were made until this answer."""
    @property
    def elapsed(self) -> float:
        """Seconds from the beginning of this attempt until the head arrived."""
    def __eq__(self, other: object, /) -> bool: ...

@final
class ResponseLog:
    """Collects the heads of the answers to the calls of `client.with_response_log(log)`."""

    def __new__(cls) -> ResponseLog: ...
    @property
    def last(self) -> ResponseMeta | None:
        """The head of the latest answer; `None` before the first."""
    @property
    def all(self) -> builtins.list[ResponseMeta]:
        """The heads of all answers, those of attempts that were repeated included, in order of arrival."""

@final
class Response:
    """The answer to a call of any kind. Its `repr` does not show the body, which may be secret."""

    @property
    def status(self) -> int:
        """The HTTP status."""
    @property
    def headers(self) -> dict[str, str]:
        """The headers, names in lower case, without secrets."""
    @property
    def attempts(self) -> int:
        """How many attempts were made."""
    @property
    def body(self) -> bytes:
        """The body as it came."""
    def text(self) -> str:
        """The body as text."""
    def json(self) -> Any:
        """The body, read as JSON."""

@final
class AwaitedCall:
    """A call between a coroutine and the runtime."""

    def start(self, post: Callable[[Callable[[], None]], object], settle: Callable[[Any], None]) -> None: ...
    def cancel(self) -> None: ...

def start(
    *,
    speed: float = ...,
    seed: int = ...,
    start_time: datetime | None = ...,
    paused: bool = ...,
    port: int = ...,
    tls: bool = ...,
    healthy: bool = ...,
) -> Testbed:
    """Starts the simulated servers on loopback.

    `speed` is in simulated seconds per second, `seed` that of everything random, `start_time` a datetime with a time
    zone; `healthy` repairs the machines that fail in the recorded region.
    """

@final
class Testbed:
    """Running simulated servers. Leaving the `with` block stops them."""

    @property
    def maas_url(self) -> str:
        """The base URL of the MAAS region."""
    @property
    def maas_api_key(self) -> str:
        """The API key of the region's administrator `admin`."""
    @property
    def maas_user_api_key(self) -> str:
        """The API key of `user1`, who is not an administrator."""
    @property
    def palette_url(self) -> str:
        """The base URL of Palette."""
    @property
    def palette_api_key(self) -> str:
        """The key that goes into Palette's header `ApiKey`."""
    @property
    def palette_project_uid(self) -> str:
        """The uid of Palette's one project, `Default`."""
    @property
    def palette_gateway_uid(self) -> str:
        """The uid of Palette's one private cloud gateway."""
    @property
    def ca_pem(self) -> str | None:
        """The certificate of the testbed's own authority in PEM, if it serves HTTPS."""
    @property
    def clock(self) -> TestbedClock:
        """The simulated clock. Give it to clients, so that they wait in simulated time."""
    def order_fault(
        self,
        *,
        method: str,
        path: str,
        kind: Literal["refuse", "reset_after_headers", "delay", "status", "cut", "garbage", "content_type"],
        op: str = ...,
        skip: int = ...,
        count: int = ...,
        probability: float = ...,
        deed_done: bool = ...,
        ms: int = ...,
        status: int = ...,
        retry_after: int = ...,
        body: str = ...,
        bytes: int = ...,
        value: str = ...,
    ) -> int:
        """Orders a fault and returns its number."""
    def clear_faults(self) -> None:
        """Cancels all faults."""
    def history(self) -> list[dict[str, Any]]:
        """The requests that came, oldest first, without credentials."""
    def fail_next_deploy(self, hostname: str, reason: str) -> None:
        """Lets the next deployment of the machine with this host name fail, with this reason."""
    def slow_deploy(self, hostname: str, lasts: float | timedelta) -> None:
        """Lets all further deployments of the machine with this host name last so long."""
    def leftovers(self) -> list[dict[str, str]]:
        """What was not there at the start and is still there; empty when everything was given back."""
    def reset(self) -> None:
        """Puts everything back as it was at the start."""
    def stop(self) -> None:
        """Stops the servers. A stopped testbed may be stopped again."""
    def __enter__(self) -> Testbed: ...
    def __exit__(self, *_error: object) -> None: ...
    def __aenter__(self) -> Coroutine[Any, Any, Testbed]: ...
    def __aexit__(self, *_error: object) -> Coroutine[Any, Any, None]: ...

@final
class TestbedClock:
    """The simulated clock."""

    def now(self) -> datetime:
        """The simulated time, in UTC."""
    def advance(self, duration: float | timedelta) -> None:
        """Lets so much simulated time pass at once, in seconds or as timedelta; everything due in it happens."""
    def pause(self) -> None:
        """Stops the simulated clock; only `advance` moves it then."""
    def resume(self) -> None:
        """Lets the simulated clock go on."""
    @property
    def speed(self) -> float:
        """Simulated seconds per second."""

def validate(desired: Desired) -> builtins.list[Finding]:
    """What is wrong or doubtful about what is wanted, without a look at the world."""

def validate_json(desired: str) -> str:
    """Like `validate`, from JSON text to canonical JSON text."""

def admit(request: Request, world: World) -> Admission:
    """Judges a user's request. Raises `RefusedError` with the refusal's own code (`E_…`) and its facts in `details`."""

def admit_json(request: str, world: str) -> str:
    """Like `admit`, from JSON text to canonical JSON text."""

def decide(world: World) -> Decision:
    """What to do now, why, and when to ask again."""

def decide_json(world: str) -> str:
    """Like `decide`, from JSON text to canonical JSON text."""

def preview(world: World, request: Request | None = ..., options: PreviewOptions | None = ...) -> Plan:
    """What will happen, step by step, before it is done; without a request, what is going on already."""

def preview_json(world: str, request: str | None = ..., options: str | None = ...) -> str:
    """Like `preview`, from JSON text to canonical JSON text."""

def plan_network(input: NetworkInput) -> NetworkPlan:
    """How many addresses are needed, and which ranges clash."""

def plan_network_json(input: str) -> str:
    """Like `plan_network`, from JSON text to canonical JSON text."""

class Error(Exception):
    """The base of every error of this package.

    Its attributes are the same in Rust, Python and Node. No secret is in any of them.
    """

    code: str
    """The stable code, such as `NOT_FOUND`; of a refusal its own, such as `E_CAPACITY`."""
    message: str
    """What was wrong, in one sentence."""
    hint: str | None
    """What to do about it."""
    operation: str | None
    """The operation, such as `machine.deploy`."""
    status: int | None
    """The HTTP status, if there was an answer."""
    attempts: int
    """How many attempts were made; 0 if nothing was sent."""
    server_code: str | None
    """The server's own code."""
    reference: str | None
    """The server's reference for this answer, to quote to its operators."""
    body: str | None
    """The body of the answer after redaction, at most 64 KiB."""
    fields: dict[str, list[str]]
    """Which input fields the server refused, and why."""
    details: Any
    """Structured facts, such as a refusal's arguments."""
    retry_after: float | None
    """Seconds after which trying again makes sense."""
    retryable: bool
    """Whether the same call may succeed later without any change."""

class InvalidInputError(Error, builtins.ValueError):
    """A value was refused before anything was sent: a malformed key, URL, option or document."""


class BadRequestError(Error):
    """The server refused a value (HTTP 400, 405, 413, 414, 415, 422); `fields` names it where the server does."""


class UnauthorizedError(Error):
    """The server does not accept the credentials (HTTP 401)."""


class ForbiddenError(Error):
    """The credentials are valid but may not do this (HTTP 403), or the object is locked."""


class ScopeError(Error):
    """The object belongs to another scope: a project was needed and not set, or the set one does not fit."""


class NotFoundError(Error):
    """No such object, or not visible with these credentials (HTTP 404)."""


class AlreadyExistsError(Error):
    """An object with this name or key exists already."""


class GoneError(Error):
    """This part of the API is no longer served (HTTP 410)."""


class StateConflictError(Error):
    """The object is in a state that forbids this (HTTP 409)."""


class NoMatchingMachineError(Error):
    """MAAS has no free machine that satisfies the constraints."""


class RateLimitedError(Error):
    """The server refused because of too many requests (HTTP 429), also after the retries."""


class UnavailableError(Error):
    """The server cannot answer now (HTTP 502, 503, or a database conflict that outlived its retries)."""


class ServerError(Error):
    """The server failed (HTTP 500 and other 5xx)."""


class OutcomeUnknownError(Error):
    """The call died on the way and may or may not have been carried out; read the state back before you repeat it."""


class ConnectError(Error, builtins.ConnectionError):
    """No connection: refused, unreachable, or the name does not resolve. Nothing was sent."""


class TlsError(Error):
    """The TLS handshake failed, usually an untrusted certificate. Nothing was sent."""


class TransportError(Error):
    """The connection broke while the answer was awaited or read."""


class RedirectedError(Error):
    """The server answered with a redirect, which is never followed; the message says which URL to configure."""


class ClockSkewError(Error):
    """The server refuses the time of the request, also after correcting it by the server's clock."""


class ServerTooOldError(Error):
    """The server's version lacks what was asked for."""


class DecodeError(Error):
    """The answer is not what the API describes; the message has the JSON path."""


class TooLargeError(Error):
    """The answer is larger or deeper than the configured limit."""


class TimeoutError(Error, builtins.TimeoutError):
    """The time allowed has passed; a waiter names the last state it saw."""


class FailedStateError(Error):
    """What was waited for has reached a state from which it cannot succeed; the message has the server's reason."""


class CancelledError(Error):
    """The caller cancelled."""


class RefusedError(Error):
    """The lifecycle rules refuse this; `code()` is the refusal's own code (`E_…`)."""


class InternalError(Error):
    """A fault of this library; please report it."""

