#!/usr/bin/env bash
# Builds the Python and the Node package as they are published and measures B10 in the three languages by turns.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
# What tests/packages.sh builds is built here once more only if it is stale.
release=$root/target/release-packages

if [ ! -x .venv/bin/maturin ]; then
    "${PYTHON:-python3}" -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check maturin==1.16.0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd bindings-python && "$root/.venv/bin/maturin" build --quiet --release --locked --target-dir "$release" --out "$work")
"$root/.venv/bin/python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$work"/*.whl
(
    cd bindings-node
    npm ci --no-audit --no-fund --loglevel=error
    CARGO_TARGET_DIR=$release bash build.sh --release
)
BENCH_PYTHON="$work/venv/bin/python $root/bindings-python/bench.py" BENCH_NODE="node $root/bindings-node/bench.mjs" \
    cargo bench --locked --quiet -p lifecycle-core --bench languages
