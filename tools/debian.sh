#!/bin/sh
# Installs the programs of others that some tests run against: a real Prometheus, a real Alertmanager, PostgreSQL, Chromium. Only as root on
# Debian and its kin, and only what is missing; where it cannot, those tests skip and say what they miss. Nothing is started.
set -u
command -v apt-get >/dev/null 2>&1 || exit 0
[ "$(id -u)" = 0 ] || exit 0
missing=
has() { command -v "$1" >/dev/null 2>&1; }
has prometheus || missing="$missing prometheus"
has prometheus-alertmanager || missing="$missing prometheus-alertmanager"
has chromium || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
echo "debian: installing$missing"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then # what is installed for tests must not begin to serve on this machine
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
{
    timeout 120 apt-get update -qq
    # shellcheck disable=SC2086
    timeout 420 apt-get install -y -qq --no-install-recommends $missing
} >/dev/null 2>&1 || echo "debian: some of$missing could not be installed; the tests that need them skip"
exit 0
