"""Clients of Canonical MAAS.

`Client` blocks, `AsyncClient` has the same calls as coroutines. Models are frozen; `to_dict()` has the API's names.
"""

from ._native import maas as _maas

__all__ = [name for name in dir(_maas) if not name.startswith("_")]
globals().update({name: getattr(_maas, name) for name in __all__})
