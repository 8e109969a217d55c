# shellcheck shell=bash
# The home folder of one run: its parts, its secrets, its ports.
#   pg/ redis/ edge/   data          log/NAME.log    secret/   readable by the owner only
#   run/NAME.{pid,start,env,cmd}     run/processes   run/ports   run/url

HOME_DIR="" RUN_DIR="" LOG_DIR="" SECRET_DIR=""

# use_home DIR ("" = PARLEY_HOME or .parley): from here on all functions speak of this one. It need not exist.
use_home() {
    HOME_DIR=$(realpath -m "${1:-${PARLEY_HOME:-$ROOT/.parley}}")
    RUN_DIR=$HOME_DIR/run
    LOG_DIR=$HOME_DIR/log
    SECRET_DIR=$HOME_DIR/secret
}

create_home() {
    mkdir -p "$HOME_DIR" "$RUN_DIR" "$LOG_DIR" "$SECRET_DIR" "$HOME_DIR/edge" || die "cannot write to $HOME_DIR"
    # PostgreSQL may run as another user, who has to pass through here; nobody else has to look in.
    chmod 711 "$HOME_DIR"
    chmod 700 "$LOG_DIR" "$SECRET_DIR" "$HOME_DIR/edge"
}

# One start at a time; the lock goes with the process.
lock_home() {
    exec {HOME_LOCK}>"$RUN_DIR/lock"
    flock -n "$HOME_LOCK" && return 0
    note "another ./parley up is starting this home; waiting for it"
    flock -w 600 "$HOME_LOCK" || die "another ./parley up has been starting $HOME_DIR for ten minutes"
}

unlock_home() { exec {HOME_LOCK}>&-; }

# Made at the first start, kept from then on.
secret_file() {
    local file=$SECRET_DIR/$1
    [[ -s $file ]] || (umask 077 && openssl rand -hex 32 >"$file.new" && mv "$file.new" "$file")
    printf '%s' "$file"
}

write_secret() { (umask 077 && printf '%s\n' "$2" >"$SECRET_DIR/$1"); }

# --- Ports -----------------------------------------------------------------------------------------------------------

# Whether somebody on this machine listens on the port, on any address.
port_taken() {
    local hex
    printf -v hex '%04X' "$1"
    # Fields of /proc/net/tcp: number, local address:port, remote, state; 0A is LISTEN.
    grep -qsE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F:]+ 0A " /proc/net/tcp /proc/net/tcp6
}

# "caddy, pid 123", or nothing where it cannot be seen.
port_holder() {
    local hex inode pid
    printf -v hex '%04X' "$1"
    inode=$(awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10; exit }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null) || return 0
    [[ -n $inode ]] || return 0
    for pid in /proc/[0-9]*; do
        if find "$pid/fd" -lname "socket:\[$inode\]" 2>/dev/null | grep -q .; then
            printf '%s, pid %s' "$(cat "$pid/comm")" "${pid#/proc/}"
            return 0
        fi
    done
}

port_of() { sed -n "s/^$1=//p" "$RUN_DIR/ports" 2>/dev/null || true; }

remember_port() {
    { grep -v "^$1=" "$RUN_DIR/ports" 2>/dev/null || true; printf '%s=%s\n' "$1" "$2"; } >"$RUN_DIR/ports.new"
    mv "$RUN_DIR/ports.new" "$RUN_DIR/ports"
}

# Below the range the kernel hands out to outgoing connections.
free_port() {
    local port
    for _ in {1..200}; do
        port=$((12000 + RANDOM % 20000))
        if ! port_taken "$port" && ! grep -qs "=$port$" "$RUN_DIR/ports"; then
            printf '%s' "$port"
            return 0
        fi
    done
    die "no free port between 12000 and 32000"
}

# assign_port NAME: the one of last time if it is still free, else a new one.
assign_port() {
    local port
    port=$(port_of "$1")
    if [[ -n $port ]] && ! port_taken "$port"; then return 0; fi
    port=$(free_port)
    remember_port "$1" "$port"
}

# The edge's port is the user's choice, so a taken one is an error that names it; 0 leaves the choice to us.
require_free_port() {
    local holder
    { [[ $1 -ne 0 ]] && port_taken "$1"; } || return 0
    holder=$(port_holder "$1")
    die "port $1 is taken${holder:+ by $holder}" "choose another one: ./parley up --port 8090 (or --port 0 for any)"
}

assign_edge_port() {
    require_free_port "$1"
    if [[ $1 -eq 0 ]]; then assign_port edge; else remember_port edge "$1"; fi
}
