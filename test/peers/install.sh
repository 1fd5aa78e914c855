#!/bin/sh
# Install the programs that tests compare with or talk to, from Debian's packages. None of their
# services is started or left running.
set -eu
packages='redis-server prometheus prometheus-node-exporter prometheus-alertmanager
  victoria-metrics python3-swift fiu-utils chromium'
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive

missing=
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || { echo "all peers are installed" >&2; exit 0; }

# A policy that forbids starting services, unless the machine has one of its own.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
    made=1
fi
cleanup() { [ -z "$made" ] || $sudo rm -f "$policy"; }
trap cleanup EXIT
trap 'exit 130' HUP INT TERM

# shellcheck disable=SC2086
install() { $sudo apt-get install -y -q --no-install-recommends $missing; }
install || { $sudo apt-get update -q && install; }

if command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then
    for service in redis-server prometheus prometheus-node-exporter prometheus-alertmanager \
        victoria-metrics; do
        $sudo systemctl disable --now "$service" >/dev/null 2>&1 || :
    done
fi
