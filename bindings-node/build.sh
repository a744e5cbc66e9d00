#!/usr/bin/env bash
# Builds the native module into `native/` and the TypeScript facade into `dist/`. `--release` builds for shipping.
set -euo pipefail
cd "$(dirname "$0")"
profile=debug
[ "${1:-}" = --release ] && profile=release
# The message format names the library, wherever cargo puts it.
library=$(cargo build --locked -p palette-maas-node $([ $profile = release ] && echo --release) --message-format=json-render-diagnostics |
  node -e '
    const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
    const built = lines.filter((line) => line.reason === "compiler-artifact" && line.target.name === "palette_maas_node" && line.target.kind.includes("cdylib"));
    console.log(built.at(-1).filenames[0]);')
mkdir -p native
target=native/palette-maas.$(node -p 'process.platform + "-" + process.arch').node
# Removed first: a running Node may have the old file mapped.
rm -f "$target"
cp "$library" "$target"
rm -rf dist
node_modules/.bin/tsc -p tsconfig.json
