#!/bin/sh
# Writes requirements/*.txt: every package pinned with its hashes, for all supported Pythons and systems at once.
# Pins that still fit are kept; UPGRADE=1 takes the newest of everything. uv lives in an environment of its own.
set -eu
cd "$(dirname "$0")/.."
uv_version=0.13.8
home=.venv-lock

if [ "$("$home/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" != "$uv_version" ]; then
    .venv/bin/python -m venv --clear "$home"
    "$home/bin/python" -m pip --quiet --disable-pip-version-check install "uv==$uv_version"
fi

# uv does not read pip's settings; pass on the two that decide whether it can work at all.
if [ -n "${PIP_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"; fi
if [ -n "${PIP_CERT:-}" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"; fi

compile() {
    "$home/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command 'make lock' ${UPGRADE:+--upgrade} --extra postgres "$@"
}
compile pyproject.toml --output-file requirements/runtime.txt
compile pyproject.toml requirements/dev.in --constraint requirements/runtime.txt --output-file requirements/dev.txt
