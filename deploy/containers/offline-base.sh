#!/usr/bin/env bash
# Base images for a machine that reaches Debian's packages but no image registry: made with debootstrap and tagged with
# the names that deploy/Dockerfile and deploy/compose.yaml use, so that both can be built, started and tested there.
# For maintainers. Nothing in the normal build needs it, and nobody should run people's chats on these images.
#
#   deploy/containers/offline-base.sh [debian] [swift] [stores] [prometheus]     (default: all of them)
#
# Wants root, docker and debootstrap, whose mirror DEBIAN_MIRROR may name; `swift` also a toolchain in SWIFT_HOME (default
# /opt/swift), and copies the mirrors of the Swift packages from SWIFT_MIRRORS, if that is set, with the git configuration
# that points to them.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=deploy/local/output.sh
source "$ROOT/deploy/local/output.sh"

readonly DEBIAN=debian:bookworm-slim
readonly SWIFT=swift:6.3-bookworm
readonly POSTGRES=postgres:15-bookworm
readonly REDIS=redis:7.2-bookworm
readonly PROMETHEUS=prom/prometheus:v2.53.4

work=$(mktemp -d "${TMPDIR:-/tmp}/parley-base-XXXXXX")
trap 'rm -rf "$work"' EXIT

# image NAME: built from the Dockerfile on stdin, with the files of $work/context.
image() {
    say "building $1"
    mkdir -p "$work/context"
    docker build --quiet --tag "$1" --file - "$work/context" >/dev/null || die "$1 does not build"
    rm -rf "$work/context"
}

# What the official image is made of: minbase without documentation and caches.
base_debian() {
    say "debootstrap of $DEBIAN"
    local log=$work/debootstrap.log
    debootstrap --variant=minbase bookworm "$work/root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$log" 2>&1 ||
        { tail -n 5 "$log" >&2; die "debootstrap failed"; }
    # To the one line that debootstrap has written, the two that the official image has besides.
    sed -i 'p; s/ bookworm / bookworm-updates /p; s,\(/debian\)/* bookworm-updates ,\1-security bookworm-security ,' \
        "$work/root/etc/apt/sources.list"
    printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-exclude /usr/share/man/*' 'path-exclude /usr/share/locale/*' \
        'path-include /usr/share/doc/*/copyright' >"$work/root/etc/dpkg/dpkg.cfg.d/slim"
    rm -rf "$work"/root/var/{cache/apt,lib/apt/lists,log,cache/debconf}/*
    rm -rf "$work"/root/usr/share/{man,locale,info}/*
    find "$work/root/usr/share/doc" -type f ! -name copyright -delete
    tar -C "$work/root" --numeric-owner -c . |
        docker import --change 'CMD ["bash"]' - "$DEBIAN" >/dev/null || die "docker import failed"
    rm -rf "$work/root"
}

# The packages of the official image, and the toolchain.
base_swift() {
    local home=${SWIFT_HOME:-/opt/swift} id
    [[ -x $home/usr/bin/swift ]] || die "no Swift toolchain in $home" "SWIFT_HOME names another folder"
    image parley-swift-packages <<DOCKERFILE
FROM $DEBIAN
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        binutils-gold ca-certificates gcc git libcurl4-openssl-dev libedit-dev libicu-dev libncurses-dev \
        libpython3-dev libsqlite3-dev libstdc++-12-dev libxml2-dev libz3-dev pkg-config tzdata zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
ENV PATH=$home/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
DOCKERFILE
    say "copying the toolchain and the packages' mirrors"
    id=$(docker create parley-swift-packages true)
    tar -C / -c --exclude='*lldb*' "${home#/}/usr" | docker cp - "$id:/" || die "docker cp failed"
    if [[ -n ${SWIFT_MIRRORS:-} ]]; then
        mkdir -p "$work/config/etc"
        printf '[url "%s/"]\n\tinsteadOf = https://github.com/\n[safe]\n\tdirectory = *\n' "$SWIFT_MIRRORS" \
            >"$work/config/etc/gitconfig"
        tar -C / -c "${SWIFT_MIRRORS#/}" | docker cp - "$id:/" || die "docker cp failed"
        tar -C "$work/config" --owner=0 --group=0 -c etc/gitconfig | docker cp - "$id:/" || die "docker cp failed"
    fi
    docker commit "$id" "$SWIFT" >/dev/null
    docker rm "$id" >/dev/null
}

# Debian's servers, behind as much of the official images' start scripts as deploy/compose.yaml relies on.
base_stores() {
    mkdir -p "$work/context"
    cat >"$work/context/entrypoint" <<'SCRIPT'
#!/bin/bash
# First start: a cluster with the superuser's password from a file, then /docker-entrypoint-initdb.d/*.sh.
set -euo pipefail
if [[ ${1:-postgres} == postgres && ! -s $PGDATA/PG_VERSION ]]; then
    initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 --auth-local=trust \
        --encoding=UTF8 --locale=C.UTF-8 ${POSTGRES_INITDB_ARGS:-}
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    pg_ctl -w start -o '-c listen_addresses='
    for script in /docker-entrypoint-initdb.d/*.sh; do . "$script"; done
    pg_ctl -w -m fast stop
fi
exec "$@"
SCRIPT
    chmod 755 "$work/context/entrypoint"
    image "$POSTGRES" <<DOCKERFILE
FROM $DEBIAN
RUN groupadd --system --gid 999 postgres && useradd --system --uid 999 --gid 999 --home /var/lib/postgresql postgres \
    && apt-get update && apt-get install -y --no-install-recommends postgresql-common \
    && sed -i 's/^#create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends postgresql-15 && rm -rf /var/lib/apt/lists/* \
    && sed -i "s/^#listen_addresses = 'localhost'/listen_addresses = '*'/" /usr/share/postgresql/15/postgresql.conf.sample \
    && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data && install -d -m 3777 /var/run/postgresql
COPY entrypoint /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
DOCKERFILE
    image "$REDIS" <<DOCKERFILE
FROM $DEBIAN
RUN groupadd --system --gid 999 redis && useradd --system --uid 999 --gid 999 --home /data redis \
    && apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* \
    && install -d -o redis -g redis /data
VOLUME /data
WORKDIR /data
CMD ["redis-server"]
DOCKERFILE
}

base_prometheus() {
    image "$PROMETHEUS" <<DOCKERFILE
FROM $DEBIAN
RUN apt-get update && apt-get install -y --no-install-recommends prometheus && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65534 -g 65534 /prometheus
USER 65534:65534
VOLUME /prometheus
WORKDIR /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
DOCKERFILE
}

main() {
    local part parts=("$@")
    [[ $# -gt 0 ]] || parts=(debian swift stores prometheus)
    [[ $EUID -eq 0 ]] || die "debootstrap wants root"
    for part in docker debootstrap; do
        command -v "$part" >/dev/null || die "$part is not here" "apt-get install docker.io debootstrap"
    done
    docker info >/dev/null 2>&1 || die "no docker engine answers" "start one: dockerd &"
    for part in "${parts[@]}"; do
        [[ $part =~ ^(debian|swift|stores|prometheus)$ ]] || die "there is no base '$part'"
    done
    for part in "${parts[@]}"; do
        case $part in
            debian) base_debian ;;
            swift) base_swift ;;
            stores) base_stores ;;
            prometheus) base_prometheus ;;
        esac
    done
    docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' |
        grep -E '^(debian|swift|postgres|redis|prom/prometheus):' >&2
}

{ main "$@"; exit; }
