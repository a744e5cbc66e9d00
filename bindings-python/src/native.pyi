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
