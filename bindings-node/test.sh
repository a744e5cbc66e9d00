#!/usr/bin/env bash
# Builds the native module and the npm tarball, installs the tarball into a fresh folder and tests it there.
# Needs Node >= 20.17 with npm, and a Rust toolchain. Installs nothing outside the repository's `target/` and `node_modules/`.
set -euo pipefail
cd "$(dirname "$0")"
say() { printf '\n== %s\n' "$*"; }

node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 17)) { console.error(`Node ${process.versions.node} is too old: 20.17 or newer is needed`); process.exit(1) }'

say 'npm ci'
npm ci --no-audit --no-fund --loglevel=error
say 'native module and TypeScript facade'
bash build.sh
say 'tarball in a fresh folder'
cp ../LICENSE ../NOTICE ../README.md .
trap 'rm -f LICENSE NOTICE README.md' EXIT
mkdir -p ../target/npm
fresh=$(mktemp -d ../target/npm/fresh.XXXXXX)
npm pack --silent --pack-destination "$fresh" >/dev/null
printf '{"name":"consumer","private":true,"type":"module"}\n' >"$fresh/package.json"
cp -r test "$fresh/test"
cp ../examples/node/*.mjs "$fresh/"
awk '/^```js$/ { on = 1; next } /^```$/ { on = 0 } on' ../README.md >"$fresh/readme.mjs"
test -s "$fresh/readme.mjs"
(
  cd "$fresh"
  npm install --no-audit --no-fund --loglevel=error ./palette-maas-*.tgz
  say 'node:test against the installed package'
  CASES="$OLDPWD/../tests" node --test test/
  say 'examples'
  for example in ./*.mjs; do node "$example"; done
)
say 'strict TypeScript over a consumer'
cp test/consumer.ts "$fresh/consumer.ts"
ln -s "$PWD/node_modules/@types" "$fresh/node_modules/@types"
node_modules/.bin/tsc --noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --skipLibCheck false \
  --target es2022 --lib es2023,esnext.disposable --module nodenext --moduleResolution nodenext --types node "$fresh/consumer.ts"
rm -rf "$fresh"
say 'Node: all passed'
