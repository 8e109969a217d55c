# shellcheck shell=bash
# One process of a run: how it is recorded, started, found again and stopped.
# A process is ours only while its pid has the start time that was recorded with it, so a reused pid is never signalled.

readonly STOP_SECONDS=12      # a service drains for up to 8 s (PARLEY_SHUTDOWN_SECONDS)
readonly STORE_STOP_SECONDS=30 # a PostgreSQL that is writing its checkpoint

# record_process NAME COMMAND… with the environment, KEY=VALUE lines, on stdin.
record_process() {
    local name=$1
    shift
    cat >"$RUN_DIR/$name.env"
    printf '%s\n' "$@" >"$RUN_DIR/$name.cmd"
    grep -qxs "$name" "$RUN_DIR/processes" || printf '%s\n' "$name" >>"$RUN_DIR/processes"
}

forget_processes() {
    [[ -d $RUN_DIR ]] || return 0
    find "$RUN_DIR" -maxdepth 1 \( -name '*.pid' -o -name '*.start' -o -name '*.env' -o -name '*.cmd' \) -delete
    rm -f "$RUN_DIR/processes" "$RUN_DIR/url"
}

process_names() { cat "$RUN_DIR/processes" 2>/dev/null || true; }

require_process() {
    process_names | grep -qxF -- "$1" && return 0
    local names
    names=$(process_names | paste -sd ' ')
    die "there is no process '$1' in $HOME_DIR" "${names:+there are: $names}"
}

# State and start time (ticks since boot) of a pid, from /proc/PID/stat; the name before them may hold anything.
process_stat() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    read -ra fields <<<"${stat##*) }"
    printf '%s %s' "${fields[0]}" "${fields[19]}"
}

process_pid() { cat "$RUN_DIR/$1.pid" 2>/dev/null; }

# A zombie has ended: only whoever started it has not asked yet.
process_alive() {
    local pid state start
    pid=$(process_pid "$1") || return 1
    read -r state start < <(process_stat "$pid") || [[ -n ${start:-} ]] || return 1
    [[ $state != Z && $start == "$(cat "$RUN_DIR/$1.start" 2>/dev/null)" ]]
}

process_dead() { ! process_alive "$1"; }

any_process_alive() {
    local name
    while read -r name; do
        process_alive "$name" && return 0
    done < <(process_names)
    return 1
}

all_processes_alive() {
    local name
    [[ -s $RUN_DIR/processes ]] || return 1
    while read -r name; do
        process_alive "$name" || return 1
    done < <(process_names)
}

# Into a session of its own, without any descriptor of the caller: no terminal and no waiting pipe is tied to it.
launch() {
    local log=$1 fd
    shift
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        ((fd > 2 && fd != 255)) && eval "exec $fd>&-"
    done
    ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true # every socket is a descriptor
    cd /
    exec setsid env -i --default-signal "$@" </dev/null >>"$log" 2>&1
}

start_process() {
    local name=$1 environment command pid
    process_alive "$name" && return 0
    [[ $name == postgres ]] && postgres_wait_for_leftovers
    mapfile -t environment <"$RUN_DIR/$name.env"
    mapfile -t command <"$RUN_DIR/$name.cmd"
    (launch "$LOG_DIR/$name.log" "${environment[@]}" "${command[@]}") &
    pid=$!
    disown "$pid" # not a job: bash would report its end in between
    process_stat "$pid" | cut -d ' ' -f 2 >"$RUN_DIR/$name.start"
    printf '%s\n' "$pid" >"$RUN_DIR/$name.pid"
}

signal_process() {
    process_alive "$1" || return 0
    kill "-$2" "$(process_pid "$1")" 2>/dev/null || true # it may have ended since
}

forget_pid() { rm -f "$RUN_DIR/$1.pid" "$RUN_DIR/$1.start"; }

# PostgreSQL's "fast" stop is SIGINT: it ends sessions, where SIGTERM would wait for them.
stop_signal() { if [[ $1 == postgres ]]; then printf INT; else printf TERM; fi; }

# stop_processes SECONDS NAME…: asked all at once, waited for together, then killed with a word about it.
stop_processes() {
    local name deadline=$((SECONDS + $1)) patience=$1
    shift
    for name in "$@"; do
        signal_process "$name" CONT # a paused one could not hear
        signal_process "$name" "$(stop_signal "$name")"
    done
    for name in "$@"; do
        if ! poll $((deadline - SECONDS)) process_dead "$name"; then
            warn "$name did not end within $patience s of SIG$(stop_signal "$name"); killing it"
            signal_process "$name" KILL
            poll 5 process_dead "$name" || warn "$name (pid $(process_pid "$name")) survives SIGKILL"
        fi
        forget_pid "$name"
    done
}

stop_process() {
    case $1 in
        postgres | redis) stop_processes "$STORE_STOP_SECONDS" "$1" ;;
        *) stop_processes "$STOP_SECONDS" "$1" ;;
    esac
}

# As a crash: no notice, and for PostgreSQL its helpers go with it.
kill_process() {
    local name=$1 children=()
    process_alive "$name" || return 0
    [[ $name == postgres ]] && mapfile -t children < <(children_of "$(process_pid "$name")")
    signal_process "$name" KILL
    [[ ${#children[@]} -eq 0 ]] || kill -KILL "${children[@]}" 2>/dev/null || true
    poll 5 process_dead "$name" || die "$name survives SIGKILL"
    forget_pid "$name"
}

children_of() {
    local stat pid fields
    for stat in /proc/[0-9]*/stat; do
        pid=${stat#/proc/}
        read -ra fields < <(sed 's/^.*) //' "$stat" 2>/dev/null) || continue
        [[ ${fields[1]:-} == "$1" ]] && printf '%s\n' "${pid%/stat}"
    done
    return 0
}

show_last_log_lines() {
    note "the last lines of $LOG_DIR/$1.log:"
    tail -n "${2:-15}" "$LOG_DIR/$1.log" >&2 || true
}
