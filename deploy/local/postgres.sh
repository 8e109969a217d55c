# shellcheck shell=bash
# The private PostgreSQL of a run: its cluster in HOME/pg, on a free loopback port, with a password of its own.
# Debian's clusters and their services are never touched; fsync, full_page_writes and synchronous_commit stay on.

readonly POSTGRES_BINARIES=/usr/lib/postgresql

# PostgreSQL refuses to run as root: then it runs as the user that Debian's package made.
as_postgres() {
    if [[ $EUID -eq 0 ]]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- "$@")
    else
        "$@"
    fi
}

# The programs of the cluster's own version, or of the newest one there is.
postgres_bin() {
    local version=$1
    if [[ -z $version ]]; then
        version=$(find "$POSTGRES_BINARIES" -mindepth 3 -maxdepth 3 -path '*/bin/initdb' -printf '%P\n' 2>/dev/null |
            cut -d / -f 1 | sort -V | tail -n 1)
    fi
    [[ -x $POSTGRES_BINARIES/$version/bin/postgres ]] || return 1
    printf '%s' "$POSTGRES_BINARIES/$version/bin"
}

postgres_data() { realpath -m "$HOME_DIR/pg"; }

# Read as the owner of the files: the data folder is closed to everyone else, root included on some file systems.
postgres_version() { as_postgres cat "$(postgres_data)/PG_VERSION" 2>/dev/null || true; }

# Where a new cluster goes: into the home, unless the user postgres cannot get there, as below /root.
postgres_place() {
    local place parent=/var/lib/parley
    if [[ $EUID -ne 0 ]] || as_postgres test -x "$HOME_DIR"; then
        printf '%s' "$HOME_DIR"
        return 0
    fi
    [[ $HOME_DIR != "${TMPDIR:-/tmp}"/* ]] || ! as_postgres test -x "${TMPDIR:-/tmp}" || parent=${TMPDIR:-/tmp}
    mkdir -p "$parent"
    place=$(mktemp -d "$parent/pg-XXXXXX")
    chmod 711 "$place"
    note "the user postgres may not enter $HOME_DIR: the database goes to $place"
    printf '%s' "$place"
}

create_cluster() {
    local bin=$1 place password_file owner
    place=$(postgres_place)
    owner=$(if [[ $EUID -eq 0 ]]; then printf postgres; else id -un; fi)
    rm -rf "$place/pg.new" # of a start that was interrupted
    install -d -m 700 -o "$owner" "$place/pg.new"
    password_file=$(mktemp)
    cat "$(secret_file postgres-admin)" >"$password_file"
    chown "$owner" "$password_file"
    say "creating a private PostgreSQL ${bin//[^0-9]/} in $place/pg"
    if ! as_postgres env LC_ALL=C.UTF-8 "$bin/initdb" -D "$place/pg.new" --username=postgres --encoding=UTF8 \
        --locale=C.UTF-8 --auth=scram-sha-256 --pwfile="$password_file" --data-checksums --no-instructions \
        >"$LOG_DIR/initdb.log" 2>&1; then
        rm -f "$password_file"
        show_last_log_lines initdb
        die "initdb failed"
    fi
    rm -f "$password_file"
    mv "$place/pg.new" "$place/pg"
    [[ $place == "$HOME_DIR" ]] || ln -sfn "$place/pg" "$HOME_DIR/pg"
}

configure_postgres() {
    local bin data identity=()
    bin=$(postgres_bin "$(postgres_version)") ||
        die "no PostgreSQL server for $HOME_DIR/pg in $POSTGRES_BINARIES"
    [[ -n $(postgres_version) ]] || create_cluster "$bin"
    data=$(postgres_data)
    assign_port postgres
    [[ $EUID -eq 0 ]] && identity=(setpriv --reuid=postgres --regid=postgres --init-groups --)
    record_process postgres "${identity[@]}" "$bin/postgres" -D "$data" -p "$(port_of postgres)" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
        -c fsync=on -c full_page_writes=on -c synchronous_commit=on -c max_wal_size=2GB \
        -c password_encryption=scram-sha-256 -c timezone=UTC -c log_timezone=UTC -c lc_messages=C \
        -c "log_line_prefix=%m [%p] %a " -c log_min_duration_statement=1000 <<EOT
PATH=$bin:/usr/bin:/bin
LC_ALL=C.UTF-8
TZ=UTC
EOT
    write_secret database_url \
        "postgresql://parley:$(cat "$(secret_file postgres)")@127.0.0.1:$(port_of postgres)/parley"
}

postgres_ready() {
    "$(postgres_bin "$(postgres_version)")/pg_isready" -q -h 127.0.0.1 -p "$(port_of postgres)"
}

# After kill -9 its helpers live on until they notice, and a new server must not meet them.
postgres_leftovers() {
    local data process
    data=$(postgres_data)
    for process in /proc/[0-9]*; do
        [[ $(readlink "$process/cwd" 2>/dev/null) == "$data" ]] && return 0
    done
    return 1
}

postgres_no_leftovers() { ! postgres_leftovers; }

postgres_wait_for_leftovers() {
    poll 15 postgres_no_leftovers || die "processes of the previous PostgreSQL still use $HOME_DIR/pg"
    # No process works in the folder, so a lock file there is stale. Its pid may still be seen as alive: as a zombie
    # that nobody has reaped, or reused by another process of the same user; PostgreSQL would believe it.
    rm -f "$(postgres_data)/postmaster.pid"
}

# The role and the database of the services. They are not a superuser: nothing they do needs one.
# \gexec because neither statement knows IF NOT EXISTS.
create_database() {
    PGPASSWORD=$(cat "$(secret_file postgres-admin)") psql -qX -v ON_ERROR_STOP=1 \
        -v password="$(cat "$(secret_file postgres)")" \
        -h 127.0.0.1 -p "$(port_of postgres)" -U postgres -d postgres >>"$LOG_DIR/initdb.log" 2>&1 <<'SQL' ||
SELECT 'CREATE ROLE parley LOGIN CREATEDB' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parley') \gexec
ALTER ROLE parley PASSWORD :'password';
SELECT 'CREATE DATABASE parley OWNER parley' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'parley') \gexec
SQL
        { show_last_log_lines initdb; die "cannot create the database"; }
}

start_postgres() {
    configure_postgres
    say "starting PostgreSQL on port $(port_of postgres)"
    start_process postgres
    wait_for_process postgres 60
    create_database
}
