"""The lifecycle engine: one value in, one value out, no I/O, no clock, no randomness.

Each function takes and returns plain values (dicts, lists, strings, integers; `palette_maas.lifecycle_types` has their
types) and has a twin that ends in `_json` and takes and returns JSON text; its output is canonical: equal values give
equal bytes in every language.
"""

from ._native import (
    admit,
    admit_json,
    decide,
    decide_json,
    plan_network,
    plan_network_json,
    preview,
    preview_json,
    validate,
    validate_json,
)

__all__ = [
    "admit",
    "admit_json",
    "decide",
    "decide_json",
    "plan_network",
    "plan_network_json",
    "preview",
    "preview_json",
    "validate",
    "validate_json",
]
