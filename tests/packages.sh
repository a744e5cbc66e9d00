#!/usr/bin/env bash
# Builds what is published, as it is published, into target/packages; fails if a package is larger than it may be.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/target/packages
rm -rf "$out"
mkdir -p "$out"

if [ ! -x .venv/bin/maturin ]; then
    "${PYTHON:-python3}" -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check maturin==1.16.0
fi
# Wheel and native module share what they are built of, and nothing with debug builds.
release=$PWD/target/release-packages
(cd bindings-python && ../.venv/bin/maturin build --quiet --release --locked --target-dir "$release" --out "$out")

(
    cd bindings-node
    npm ci --no-audit --no-fund --loglevel=error
    CARGO_TARGET_DIR=$release bash build.sh --release
    cp ../LICENSE ../NOTICE ../README.md .
    trap 'rm -f LICENSE NOTICE README.md' EXIT
    npm pack --silent --pack-destination "$out" >/dev/null
    cp native/*.node "$out"
)

crates=(lifecycle-core sdk-transport maas-client palette-client lifecycle-driver testbed palette-maas)
# Together: each is packaged against the others as they are here, none of which is on crates.io. Verifying would build all of them once more.
cargo package --quiet --locked --allow-dirty --no-verify "${crates[@]/#/--package=}"
for crate in "${crates[@]}"; do
    cargo package --list --locked --allow-dirty -p "$crate" >"$out/$crate.files"
    printf '%-60s %4d files\n' "$crate" "$(wc -l <"$out/$crate.files")"
    cp "${CARGO_TARGET_DIR:-target}/package/$crate-"*.crate "$out"
done

status=0
check() { # FILE MIB
    local bytes
    bytes=$(wc -c <"$1")
    printf '%-60s %4d.%d MiB of %d\n' "$(basename "$1")" $((bytes >> 20)) $(((bytes & 1048575) * 10 >> 20)) "$2"
    [ "$bytes" -le $(($2 << 20)) ] || { echo "  is too large" >&2; status=1; }
}
check "$out"/*.whl 8
check "$out"/*.tgz 8
check "$out"/*.node 20
for crate in "$out"/*.crate; do check "$crate" 10; done
exit $status
