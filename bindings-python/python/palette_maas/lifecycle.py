"""The lifecycle engine: one value in, one value out, no I/O, no clock, no randomness.

Each function takes and returns plain values (dicts, lists, strings, integers) and has a twin that ends in `_json` and
takes and returns JSON text; its output is canonical: equal values give equal bytes in every language.
"""

from ._native import validate, validate_json

__all__ = ["validate", "validate_json"]
