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
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

import palette_maas
from palette_maas import lifecycle, maas

TESTS = Path(__file__).parents[2] / "tests"
SECRETS = ["token-secret", "token-key:token-secret"]
ATTRIBUTES = ["code", "status", "operation", "attempts", "server_code", "retryable", "fields", "details"]
Case = dict[str, Any]


def cases() -> Iterator[Any]:
    for path in sorted((TESTS / "cases").rglob("*.json")):
        for case in json.loads(path.read_text()):
            if "python" in case.get("only", ["python"]):
                # The engine has nothing to wait for.
                for awaited in [False] if case["call"].startswith("lifecycle.") else [False, True]:
                    way = "awaited" if awaited else "blocking"
                    yield pytest.param(case, awaited, id=f"{way} {path.stem}: {case['name']}")


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
                    unquote(url.path),
                    parse_qs(url.query, keep_blank_values=True),
                    parse_qs(sent, keep_blank_values=True),
                )
                wanted = (
                    expected["method"],
                    unquote(expected["path"]),
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
    _, noun, verb = call.split(".")
    if noun == "zone":
        named = {} if verb == "list" else {"zone": args.pop("name")}
        return getattr(client.zones, verb)(*named.values(), **args)
    if noun in ("user", "version"):
        return client.whoami() if noun == "user" else client.version()
    if verb in ("list", "allocate"):
        return getattr(client.machines, verb)(**args)
    if verb == "find":
        return client.machines.find(args.pop("hostname"))
    handle = client.machine(args.pop("system_id"))
    if verb == "set_workload_annotations":
        return handle.set_workload_annotations(args)
    if verb.startswith("wait_"):
        args = {name.removesuffix("_ms"): ms / 1000 for name, ms in args.items()}
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
    if "contains" in expect:
        contains(result, expect["contains"])
    if "length" in expect:
        assert len(result) == expect["length"]


def settings(case: Case, server: Server) -> dict[str, Any]:
    client = case.get("client", {})
    return {
        "url": client.get("url", "{server}/MAAS").replace("{server}", server.origin),
        "api_key": client.get("api_key", "consumer-key:token-key:token-secret"),
        "max_attempts": client.get("max_attempts", 1),
    }


@pytest.mark.parametrize(("case", "awaited"), list(cases()))
def test_case(case: Case, awaited: bool) -> None:
    if case["call"].startswith("lifecycle."):
        judge(case, lambda: FUNCTIONS[case["call"]](case.get("args", {})))
        return
    args = json.loads(json.dumps(case.get("args", {})))
    with serving(case) as server:

        def blocking() -> Any:
            with maas.Client(**settings(case, server)) as client:
                return None if case["call"] == "maas.client" else resolve(client, case["call"], args)

        async def awaiting() -> Any:
            async with maas.AsyncClient(**settings(case, server)) as client:
                return None if case["call"] == "maas.client" else await resolve(client, case["call"], args)

        try:
            judge(case, (lambda: asyncio.run(awaiting())) if awaited else blocking)
        finally:
            assert server.faults == []
        assert server.open == [], "expected requests did not come"
