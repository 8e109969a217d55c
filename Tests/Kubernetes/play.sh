#!/usr/bin/env bash
# Runs play.py with a PostgreSQL, a Redis and a network of its own. As root; see there.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

stores() {
    bin=$(pg_config --bindir 2>/dev/null || find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n 1)
    install -d -o postgres -m 700 "$work/pg"
    runuser -u postgres -- "$bin/initdb" -D "$work/pg/data" -U parley -A trust --locale=C.UTF-8 >/dev/null
    runuser -u postgres -- "$bin/pg_ctl" -w -D "$work/pg/data" -l "$work/pg/log" \
        -o "-c listen_addresses=127.0.0.1 -c unix_socket_directories=" start >/dev/null
    runuser -u postgres -- "$bin/createdb" -h 127.0.0.1 -U parley parley
    redis-server --bind 127.0.0.1 --save '' --daemonize yes --dir "$work" --pidfile "$work/redis.pid" >/dev/null
    trap 'runuser -u postgres -- "$bin/pg_ctl" -D "$work/pg/data" -m fast stop >/dev/null; kill "$(cat "$work/redis.pid")"' EXIT
}

inside() {
    ip link set lo up
    printf '127.0.0.1 localhost postgres redis' >"$work/hosts"
    local name
    for name in auth-service message-service realtime-gateway presence-service; do
        printf ' %s %s-pods' "$name" "$name" >>"$work/hosts"
    done
    echo >>"$work/hosts"
    mount --bind "$work/hosts" /etc/hosts
    stores
    "$HERE/../../.venv-kubernetes/bin/python" "$HERE/play.py" "$work"
}

if [[ ${1:-} == inside ]]; then
    work=$2
    inside
else
    work=$(mktemp -d /tmp/parley-play-XXXXXX)
    chmod 711 "$work"
    trap 'rm -rf "$work"' EXIT
    # Debian's podman starts what it may not have here with higher limits than there are.
    printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=4096:4096"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n' \
        "$(ulimit -H -n)" "$(ulimit -H -n)" >"$work/containers.conf"
    CONTAINERS_CONF=$work/containers.conf unshare --net --mount "$0" inside "$work"
fi
