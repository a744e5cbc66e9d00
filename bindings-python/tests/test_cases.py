"""The cases that Rust, Python and Node share; see tests/cases/README.md."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import palette_maas
from palette_maas import lifecycle, maas

TESTS = Path(__file__).parents[2] / "tests"
SECRETS = ["token-secret", "token-key:token-secret"]
ATTRIBUTES = ["code", "status", "operation", "attempts", "server_code", "retryable", "fields", "details"]
Case = dict[str, Any]
KEYS = {
    "case": {"name", "call", "client", "args", "server", "expect", "only"},
    "client": {"url", "api_key", "max_attempts"},
    "exchange": {"expect", "reply", "times"},
    "request": {"method", "path", "query", "form"},
    "reply": {"recording", "status", "headers", "body", "close", "cut"},
    "expect": {"value", "null", "contains", "length", "response", "error"},
    "error": {*ATTRIBUTES, "retry_after_ms", "message_contains"},
}


def cases() -> Iterator[Any]:
    for path in sorted((TESTS / "cases").rglob("*.json")):
        for case in json.loads(path.read_text()):
            if "python" in case.get("only", ["python"]):
                # The engine has nothing to wait for.
                for awaited in [False] if case["call"].startswith("lifecycle.") else [False, True]:
                    way = "awaited" if awaited else "blocking"
                    yield pytest.param(case, awaited, id=f"{way} {path.stem}: {case['name']}")


def check_keys(case: Case) -> None:
    """What no runner knows must not stand in a case: it would not be checked."""

    def check(kind: str, value: dict[str, Any]) -> None:
        assert set(value) <= KEYS[kind], f"{kind} has {set(value) - KEYS[kind]}"

    check("case", case)
    check("client", case.get("client", {}))
    server = case.get("server", [])
    for one in [] if server == "refused" else server:
        check("exchange", one)
        check("request", one["expect"])
        check("reply", one["reply"])
    check("expect", case["expect"])
    check("error", case["expect"].get("error", {}))


def test_an_unknown_key_is_refused_wherever_it_stands() -> None:
    def case() -> Case:
        exchange = {"expect": {"method": "GET", "path": "/"}, "reply": {"status": 200}}
        return {"name": "n", "call": "c", "client": {}, "server": [exchange], "expect": {"error": {"code": "X"}}}

    places: list[Callable[[Case], dict[str, Any]]] = [
        lambda case: case,
        lambda case: case["client"],
        lambda case: case["server"][0],
        lambda case: case["server"][0]["expect"],
        lambda case: case["server"][0]["reply"],
        lambda case: case["expect"],
        lambda case: case["expect"]["error"],
    ]
    check_keys(case())
    for place in places:
        wrong = case()
        place(wrong)["nul"] = True
        with pytest.raises(AssertionError, match="nul"):
            check_keys(wrong)


def body_of(reply: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a reply."""
    if "recording" not in reply:
        body = reply.get("body", "")
        text = body if isinstance(body, str) else json.dumps(body)
        return reply.get("status", 200), reply.get("headers", {}), text.encode()
    path = TESTS / "recordings/maas-3.7.3" / f"{reply['recording']}.json"
    response = json.loads(path.read_text())["response"]
    headers = {name: response["headers"][name] for name in ("content-type", "retry-after") if name in response["headers"]}
    if "json" in response:
        body = json.dumps(response["json"]).encode()
    elif "base64" in response:
        body = base64.b64decode(response["base64"])
    else:
        body = (response.get("text") or "").encode()
    return response["status"], headers, body


class Server:
    """Answers the expected requests in order and keeps what was wrong with those that came."""

    def __init__(self, exchanges: list[dict[str, Any]]) -> None:
        # Replies are made before anything is served: a recording without an answer fails here.
        self.open = [
            (one["expect"], one["reply"], body_of(one["reply"])) for one in exchanges for _ in range(one.get("times", 1))
        ]
        self.faults: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                if not outer.open:
                    outer.faults.append(f"nothing more was expected, but {self.command} {self.path} came")
                    self.close_connection = True
                    return
                expected, reply, parts = outer.open.pop(0)
                url = urlsplit(self.path)
                found = (
                    self.command,
                    url.path,
                    parse_qs(url.query, keep_blank_values=True),
                    parse_qs(sent, keep_blank_values=True),
                )
                wanted = (
                    expected["method"],
                    expected["path"],
                    expected.get("query", {}),
                    expected.get("form", {}),
                )
                if found != wanted:
                    outer.faults.append(f"{found} came instead of {wanted}")
                authorization = self.headers.get("Authorization", "")
                if not url.path.endswith("/version/") and not (
                    authorization.startswith("OAuth ") and 'oauth_token="token-key"' in authorization
                ):
                    outer.faults.append(f"not signed with the key: {authorization}")
                self.reply(reply, *parts)

            def reply(self, reply: dict[str, Any], status: int, headers: dict[str, str], body: bytes) -> None:
                if reply.get("close"):
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value.replace("{server}", outer.origin))
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: reply.get("cut", len(body))])
                self.close_connection = self.close_connection or "cut" in reply

            do_GET = do_POST = do_PUT = do_DELETE = answer

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@contextmanager
def serving(case: Case) -> Iterator[Server]:
    server = Server([] if case.get("server") == "refused" else case.get("server", []))
    if case.get("server") == "refused":
        server.close()
        yield server
        return
    try:
        yield server
    finally:
        server.close()


def resolve(client: Any, call: str, args: dict[str, Any]) -> Any:
    """The result, or its coroutine, of the call that errors name so."""
    _, noun, *rest = call.split(".")
    if noun == "call":
        return client.call(args.pop("method"), args.pop("path"), **args)
    (verb,) = rest
    if noun in ("user", "version"):
        return client.whoami() if noun == "user" else client.version()
    if noun != "machine":
        if noun == "zone" and verb != "create" and "name" in args:
            args["zone"] = args.pop("name")
        return getattr(getattr(client, f"{noun}s"), verb)(**args)
    if verb in ("list", "allocate", "find", "release_many"):
        return getattr(client.machines, verb)(**args)
    handle = client.machine(args.pop("system_id"))
    if verb == "set_workload_annotations":
        return handle.set_workload_annotations(args)
    if verb.startswith("wait_"):
        args = {name.removesuffix("_ms"): value / 1000 if name.endswith("_ms") else value for name, value in args.items()}
    return getattr(handle, verb)(**args)


FUNCTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "lifecycle.validate": lambda args: lifecycle.validate_json(json.dumps(args["desired"])),
    "lifecycle.admit": lambda args: lifecycle.admit_json(json.dumps(args["request"]), json.dumps(args["world"])),
    "lifecycle.decide": lambda args: lifecycle.decide_json(json.dumps(args["world"])),
    "lifecycle.preview": lambda args: lifecycle.preview_json(
        json.dumps(args["world"]),
        json.dumps(args["request"]) if "request" in args else None,
        json.dumps(args["options"]) if "options" in args else None,
    ),
    "lifecycle.plan_network": lambda args: lifecycle.plan_network_json(json.dumps(args["input"])),
}


def plain(value: Any) -> Any:
    """A result as JSON would show it."""
    if isinstance(value, palette_maas.List):
        return [plain(one) for one in value]
    if isinstance(value, palette_maas.Response):
        try:
            body = value.json()
        except palette_maas.DecodeError:
            body = None
        return {"status": value.status, "json": body, "text": value.text()}
    return value.to_dict() if hasattr(value, "to_dict") else value


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def contains(found: Any, expected: Any, path: str = "$") -> None:
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert name in found, f"{path}.{name} is missing"
            contains(found[name], value, f"{path}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), path
        for index, value in enumerate(expected):
            contains(found[index], value, f"{path}[{index}]")
    else:
        assert found == expected and type(found) is type(expected), f"{path}: {found!r} instead of {expected!r}"


def judge_error(error: palette_maas.Error, expected: dict[str, Any]) -> None:
    expected = dict(expected)
    texts = expected.pop("message_contains", [])
    for text in [texts] if isinstance(texts, str) else texts:
        assert text in str(error), f"{text!r} is not in {error}"
    found = {name: getattr(error, name) for name in ATTRIBUTES}
    found["retry_after_ms"] = None if error.retry_after is None else round(error.retry_after * 1000)
    contains(found, expected, "error")
    printed = f"{error!r} {error} {vars(error)} {''.join(traceback.format_exception(error))}"
    for secret in SECRETS:
        assert secret not in printed


def judge(case: Case, run: Callable[[], Any]) -> None:
    expect = case["expect"]
    if "error" in expect:
        with pytest.raises(palette_maas.Error) as caught:
            run()
        judge_error(caught.value, expect["error"])
        return
    result = run()
    if case["call"].startswith("lifecycle."):
        if "value" in expect:
            assert result == canonical(expect["value"])
        result = json.loads(result)
    else:
        result = plain(result)
        if "value" in expect:
            assert canonical(result) == canonical(expect["value"])
    if expect.get("null"):
        assert result is None
    if "contains" in expect:
        contains(result, expect["contains"])
    if "length" in expect:
        assert isinstance(result, list) and len(result) == expect["length"]


def settings(case: Case, server: Server) -> dict[str, Any]:
    client = case.get("client", {})
    return {
        "url": client.get("url", "{server}/MAAS").replace("{server}", server.origin),
        "api_key": client.get("api_key", "consumer-key:token-key:token-secret"),
        "max_attempts": client.get("max_attempts", 1),
    }


@pytest.mark.parametrize(("case", "awaited"), list(cases()))
def test_case(case: Case, awaited: bool) -> None:
    check_keys(case)
    if case["call"].startswith("lifecycle."):
        judge(case, lambda: FUNCTIONS[case["call"]](case.get("args", {})))
        return
    args = json.loads(json.dumps(case.get("args", {})))
    with serving(case) as server:

        log = palette_maas.ResponseLog()

        def blocking() -> Any:
            with maas.Client(**settings(case, server)) as client:
                logged = client.with_response_log(log)
                return None if case["call"] == "maas.client" else resolve(logged, case["call"], args)

        async def awaiting() -> Any:
            async with maas.AsyncClient(**settings(case, server)) as client:
                logged = client.with_response_log(log)
                return None if case["call"] == "maas.client" else await resolve(logged, case["call"], args)

        try:
            judge(case, (lambda: asyncio.run(awaiting())) if awaited else blocking)
        finally:
            assert server.faults == []
        assert server.open == [], "expected requests did not come"
        if expected := case["expect"].get("response"):
            head = log.last
            assert head is not None, "there was no answer"
            found = {name: getattr(head, name) for name in ("operation", "status", "headers", "attempts")}
            contains(found, expected, "response")
