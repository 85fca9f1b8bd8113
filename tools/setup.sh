#!/bin/sh
# Makes .venv with the locked packages and Tocsin itself (editable). Quick when nothing changed: a stamp in .venv holds a
# digest of everything that decides what is installed.
# Settings: PYTHON=<interpreter> picks the Python, VENV=<dir> puts the environment elsewhere.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
lock=requirements/dev.txt

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

works() { # is $1 a Python of at least 3.11? (a version manager's shim may exist and still not run)
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

version() {
    "$1" -c 'import sys; print(sys.version)'
}

usable() { # is there an environment whose Python and pip run?
    works "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

pick_python() {
    if [ -n "${PYTHON:-}" ]; then
        works "$PYTHON" || fail "PYTHON=$PYTHON is not a working Python 3.11 or newer. Name another: make setup PYTHON=python3.13"
        python=$PYTHON
        return
    fi
    for python in python3.13 python3.12 python3.11 python3 python; do
        if works "$python"; then return; fi
    done
    fail "no Python 3.11 or newer found on PATH. Install one, or name it: make setup PYTHON=<its path>"
}

digest() {
    "$venv/bin/python" - "$lock" pyproject.toml tools/setup.sh src/tocsin/__init__.py <<'PY'
import hashlib, pathlib, sys

h = hashlib.sha256(f"{sys.version}\n{pathlib.Path.cwd()}\n".encode())
for name in sys.argv[1:]:
    h.update(pathlib.Path(name).read_bytes())
print(h.hexdigest())
PY
}

make_venv() { # Debian ships Python without ensurepip; `-m venv` fails there until python3-venv is installed
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        command -v apt-get >/dev/null || fail "$python has no venv or ensurepip module. Install them with your system's package manager."
        if [ "$(id -u)" != 0 ]; then
            fail "$python cannot make a virtual environment yet. Run this once, then make setup again:
    sudo apt-get install -y $package"
        fi
        echo "setup: installing $package"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
            fail "apt-get install $package failed. Install it by hand, then make setup again."
    fi
    "$python" -m venv --clear "$venv"
}

quietly() { # runs a command; what it printed is shown only when it fails
    if ! "$@" >"$venv/setup.log" 2>&1; then
        cat "$venv/setup.log" >&2
        return 1
    fi
}

# One set-up at a time in one tree, where the system has flock.
exec 9<"$lock"
if command -v flock >/dev/null; then flock 9; fi

# An environment that is there keeps its Python, unless PYTHON asks for another version.
if usable && { [ -z "${PYTHON:-}" ] || { works "$PYTHON" && [ "$(version "$PYTHON")" = "$(version "$venv/bin/python")" ]; }; }; then
    if [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$(digest)" ]; then exit 0; fi
else
    pick_python
    echo "setup: making $venv with $("$python" --version)"
    make_venv
fi
rm -f "$venv/.stamp"
echo "setup: installing the locked packages"
pip="$venv/bin/python -m pip --disable-pip-version-check"
# shellcheck disable=SC2086  # $pip is several words
quietly $pip install --require-hashes --requirement "$lock" || fail "the locked packages could not be installed (see above)."
# shellcheck disable=SC2086
quietly $pip install --no-deps --no-build-isolation --no-index --editable . || fail "Tocsin itself could not be installed (see above)."
digest >"$venv/.stamp"
echo "setup: ready ($venv, $("$venv/bin/python" --version))"
