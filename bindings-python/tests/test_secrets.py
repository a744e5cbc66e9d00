"""No secret reaches what is printed, logged, pickled or raised."""

from __future__ import annotations

import copy
import inspect
import pickle
import traceback
from typing import Any

import pytest

import palette_maas
from palette_maas import maas, testbed

SECRET = "Zq7XmarkedKsecretW9"
KEY = f"consumerMarked1:tokenMarked2:{SECRET}"
PARTS = [SECRET, "consumerMarked1", "tokenMarked2"]


def printed(thing: Any) -> str:
    """Everything that can be got out of an object without asking for a secret."""
    texts = [repr(thing), str(thing), f"{thing:}" if type(thing).__format__ is object.__format__ else ""]
    for name in dir(thing):
        if not name.startswith("__"):
            try:
                texts.append(repr(getattr(thing, name)))
            except (palette_maas.Error, AttributeError) as error:
                texts.append(repr(error))
    return "\n".join(texts)


def clean(text: str) -> None:
    for part in PARTS:
        assert part not in text


def test_a_client_prints_no_key(bed: testbed.Testbed) -> None:
    for kind in (maas.Client, maas.AsyncClient):
        client = kind(bed.maas_url, KEY, client_identity_pem=None)
        clean(printed(client) + printed(client.machines) + printed(client.machine("p77gwg")))


ECHO = f"echo {SECRET} of tokenMarked2 and consumerMarked1"
FAULTS: list[dict[str, Any]] = [
    *({"kind": "status", "status": status, "body": ECHO} for status in (301, 400, 403, 404, 409, 410, 413, 429, 500, 502, 503)),
    {"kind": "status", "status": 401, "body": f"Authorization Error: 'Invalid signature. Expected signature base string: &{SECRET}'"},
    {"kind": "status", "status": 200, "body": ECHO},
    {"kind": "status", "status": 400, "body": f'{{"name": ["{ECHO}"], "{SECRET}": ["x"]}}'},
    {"kind": "refuse"},
    {"kind": "reset_after_headers"},
    {"kind": "cut", "bytes": 10},
    {"kind": "garbage"},
    {"kind": "delay", "ms": 3000},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}")
def test_no_kind_of_error_holds_a_part_of_the_key(bed: testbed.Testbed, fault: dict[str, Any]) -> None:
    bed.order_fault(method="*", path="/MAAS/*", **fault)
    with maas.Client(bed.maas_url, KEY, max_attempts=1, timeout=0.5) as client:
        for call in (client.zones.list, client.whoami, lambda: client.zones.create("a"), client.machines.list):
            with pytest.raises(palette_maas.Error) as caught:
                call()
            error = caught.value
            everything = printed(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
            clean(everything + repr(pickle.loads(pickle.dumps(error)).__dict__))
            assert error.code in everything


def test_bad_input_is_refused_without_repeating_it() -> None:
    for key in (f"{SECRET}", f"a:{SECRET}", f"a:b:{SECRET}:d", f"a::{SECRET}", f"a:b:{SECRET} x"):
        with pytest.raises(palette_maas.InvalidInputError) as caught:
            maas.Client("http://127.0.0.1:1/MAAS", key)
        clean(printed(caught.value))
    with pytest.raises(palette_maas.InvalidInputError) as caught:
        maas.Client("http://127.0.0.1:1/MAAS", "a:b:c", client_identity_pem=f"-----{SECRET}")
    clean(printed(caught.value))


def test_user_data_is_not_in_the_error_of_a_deployment(bed: testbed.Testbed, client: maas.Client) -> None:
    with pytest.raises(palette_maas.Error) as caught:
        client.machine("zzzzzz").deploy(user_data=f"#cloud-config\npassword: {SECRET}\n")
    clean(printed(caught.value))


def test_errors_are_one_tree_and_survive_pickling() -> None:
    kinds = [getattr(palette_maas, name) for name in palette_maas.__all__ if name.endswith("Error") and name != "Error"]
    assert len(kinds) == 27 and all(issubclass(kind, palette_maas.Error) for kind in kinds)
    assert len({kind.code for kind in kinds}) == 27
    with pytest.raises(palette_maas.ConnectError) as caught:
        maas.Client("http://127.0.0.1:1/MAAS", "a:b:c", max_attempts=1).whoami()
    error = caught.value
    assert isinstance(error, ConnectionError) and error.__cause__ is not None
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is palette_maas.ConnectError and (again.code, again.attempts) == ("CONNECT", 1)


WRONG: list[Any] = [
    lambda client: maas.Client("http://h/MAAS", [SECRET]),  # type: ignore[arg-type]
    lambda client: maas.Client("http://h/MAAS", "a:b:c", timeout=SECRET),  # type: ignore[arg-type]
    lambda client: maas.Client("http://h/MAAS", "a:b:c", max_attempts=SECRET),  # type: ignore[arg-type]
    lambda client: maas.Client("http://h/MAAS", "a:b:c", no_proxy=SECRET),  # type: ignore[arg-type]
    lambda client: maas.Client("http://h/MAAS", "a:b:c", headers=SECRET),  # type: ignore[arg-type]
    lambda client: maas.Client("http://h/MAAS", "a:b:c", headers={"authorization": SECRET}),
    lambda client: maas.Client("http://h/MAAS", "a:b:c", proxy=f"http://user:{SECRET}@"),
    lambda client: maas.Client("http://h/MAAS", "a:b:c", client_identity_pem=[SECRET]),  # type: ignore[arg-type]
    lambda client: maas.Client("http://h/MAAS", "a:b:c", ca_pem=SECRET),
    lambda client: maas.Client(f"http://user:{SECRET}@h/MAAS?key={SECRET}", "a:b:c"),
    lambda client: maas.Client("http://h/MAAS", "a:b:c", clock=SECRET),  # type: ignore[arg-type]
    lambda client: client.machine("p77gwg").deploy(ephemeral=SECRET),
    lambda client: client.machine("p77gwg").deploy(bridge_fd=SECRET),
    lambda client: client.machine("p77gwg").deploy(license_key=[SECRET]),
    lambda client: client.machine("p77gwg").deploy(user_data={"text": SECRET}),
    lambda client: client.machine("p77gwg").deploy(timeout=SECRET),
    lambda client: client.machine("p77gwg").update(power_parameters=SECRET),
    lambda client: client.machine("p77gwg").update(power_parameters={"power_pass": [SECRET]}, swap_size=SECRET),
    lambda client: client.machine("p77gwg").set_workload_annotations({"a": [SECRET]}),
    lambda client: client.machine([SECRET]),
    lambda client: client.machine("p77gwg").wait_ready(timeout=SECRET),
    lambda client: client.machine("p77gwg").wait_ready(on_progress=SECRET),
    lambda client: client.machines.list(status=SECRET),
    lambda client: client.machines.list(power_state=[SECRET], min_cpu=SECRET),
    lambda client: client.call(f"{SECRET} ", "zones/"),
    lambda client: client.call("GET", "zones/", query=SECRET),
    lambda client: client.call("POST", "zones/", form={"password": {"nested": SECRET}}),
    lambda client: testbed.start(seed=SECRET),  # type: ignore[arg-type]
    lambda client: testbed.start(start_time=SECRET),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", WRONG)
def test_a_secret_in_the_wrong_place_is_not_repeated(client: maas.Client, call: Any) -> None:
    with pytest.raises(palette_maas.InvalidInputError) as caught:
        call(client)
    error: BaseException | None = caught.value
    while error is not None:
        # A traceback has the lines of this file, which hold the name and not the secret.
        clean(printed(error) + repr(vars(error)) + repr(error.args) + "".join(traceback.format_exception(error)))
        clean(repr(pickle.dumps(error)) + repr(copy.deepcopy(error)))
        error = error.__cause__ or error.__context__


def test_what_holds_a_secret_does_not_show_it(bed: testbed.Testbed) -> None:
    log = palette_maas.ResponseLog()
    with maas.Client(bed.maas_url, bed.maas_api_key) as client:
        secret = bed.maas_api_key.split(":")[2]
        answer = client.with_response_log(log).call("GET", "users/", query={"op": "whoami"})
        for thing in (client, client.machines, client.with_response_log(log), log, log.last, answer):
            assert secret not in printed(thing) and secret not in repr(inspect.getmembers(thing))
        assert "admin" not in repr(answer) and "admin" in answer.text()
        for thing in (client, client.zones, log, answer):
            with pytest.raises(TypeError):
                pickle.dumps(thing)
            with pytest.raises(TypeError):
                copy.deepcopy(thing)
