# shellcheck shell=bash
# What the script says, and how it gives up. Progress goes to stderr, so that stdout holds answers only.

say() { printf '%s\n' "==> $*" >&2; }

note() { printf '%s\n' "    $*" >&2; }

warn() { printf '%s\n' "warning: $*" >&2; }

die() {
    printf '%s\n' "error: $1" >&2
    shift
    local line
    for line in "$@"; do note "$line"; done
    exit 1
}

die_usage() {
    printf '%s\n' "error: $1" "       ./parley help lists the commands" >&2
    exit 2
}

# in_range TEXT LOW HIGH
in_range() { [[ $1 =~ ^(0|[1-9][0-9]{0,8})$ ]] && (($1 >= $2 && $1 <= $3)); }

# poll SECONDS COMMAND…: until the command succeeds; false after that many seconds.
poll() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}
