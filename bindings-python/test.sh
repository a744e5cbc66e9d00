#!/usr/bin/env bash
# The wheel in a fresh environment: pytest from outside the source tree, mypy, stubtest, the examples.
# Needs Python 3.10 or newer with venv, and Rust. UPDATE_STUBS=1 writes the type stubs anew.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=${PYTHON:-python3}

if [ ! -x .venv/bin/maturin ]; then
    "$python" -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check maturin==1.16.0
fi
"$python" bindings-python/generate.py --check

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A target directory of its own: maturin's environment would make cargo build pyo3 anew at each change of hands.
(cd bindings-python && "$root/.venv/bin/maturin" build --quiet --locked --interpreter "$root/.venv/bin/python" \
    --target-dir "$root/target/maturin" --out "$work/wheel")
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$work"/wheel/*.whl \
    pytest==9.2.0 pytest-asyncio==1.5.0 mypy==2.4.1

# From outside the source tree, so that the installed package is the one that is tested.
cd "$work"
"$work/venv/bin/python" -m pytest -c "$root/bindings-python/pyproject.toml" --rootdir "$work" -p no:cacheprovider \
    "$root/bindings-python/tests"
"$work/venv/bin/python" -m mypy --cache-dir "$work/mypy" --strict "$root/bindings-python/type_tests" "$root/examples/python" \
    "$root/bindings-python/generate.py"
"$work/venv/bin/python" -m mypy.stubtest --allowlist "$root/bindings-python/stubtest-allowlist.txt" palette_maas
snippets() { # README PROGRAM
    awk '/^```python$/ { on = 1; next } /^```$/ { on = 0 } on' "$1" >"$2"
    test -s "$2"
}
snippets "$root/README.md" readme.py
snippets "$root/bindings-python/README.md" package-readme.py
for example in readme.py package-readme.py "$root"/examples/python/*.py; do
    echo "== $example"
    "$work/venv/bin/python" "$example"
done
