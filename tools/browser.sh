#!/bin/sh
# Fetches what judges the pages in tests: axe-core, and with the argument `all` also Lighthouse. Into .venv-browser, at the versions and
# digests of tests/browser/package-lock.json; at once when they are there. Where npm is absent, the tests that need them skip and say so.
set -u
cd "$(dirname "$0")/.."
command -v npm >/dev/null 2>&1 || exit 0
home=.venv-browser
wanted=axe-core
optional=--omit=optional
if [ "${1:-}" = all ]; then
    wanted=lighthouse
    optional=
fi
stamp=$home/.stamp-$wanted
if [ -d "$home/node_modules/$wanted" ] && cmp -s "$stamp" tests/browser/package-lock.json; then exit 0; fi
echo "browser: fetching $wanted"
mkdir -p "$home"
cp tests/browser/package.json tests/browser/package-lock.json "$home/"
# shellcheck disable=SC2086  # an empty option is no option
if (cd "$home" && timeout 240 npm install $optional --ignore-scripts --no-audit --no-fund --loglevel=error) >"$home/install.log" 2>&1; then
    cp tests/browser/package-lock.json "$stamp"
else
    echo "browser: $wanted could not be fetched (see $home/install.log); the tests that need it skip"
fi
exit 0
