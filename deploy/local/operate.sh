# shellcheck shell=bash
# Looking at a running system, and its processes: status, logs, process, restart.

# parse_home "$@": takes --home out, wherever it stands; the rest is in $arguments.
parse_home() {
    local home=""
    arguments=()
    while [[ $# -gt 0 ]]; do
        if [[ $1 == --home ]]; then
            [[ -n ${2:-} ]] || die_usage "--home needs a value"
            home=$2
            shift
        else
            arguments+=("$1")
        fi
        shift
    done
    use_home "$home"
}

command_status() {
    local arguments name pid state all=yes
    parse_home "$@"
    [[ ${#arguments[@]} -eq 0 ]] || die_usage "status does not take '${arguments[0]}'"
    if ! any_process_alive; then
        printf 'nothing runs in %s\n' "$HOME_DIR"
        return 3
    fi
    while read -r name; do
        pid=$(process_pid "$name" || true)
        state="not ready"
        if process_dead "$name"; then
            state=stopped pid=-
        elif process_ready "$name"; then
            state=ready
        fi
        [[ $state == ready ]] || all=no
        printf '%-20s %-10s pid %-8s %s\n' "$name" "$state" "$pid" "$(process_address "$name")"
    done < <(process_names)
    [[ ! -f $RUN_DIR/url ]] || cat "$RUN_DIR/url"
    [[ $all == yes ]]
}

command_logs() {
    local arguments argument name="" follow=no names=() followers=()
    parse_home "$@"
    for argument in "${arguments[@]}"; do
        case $argument in
            --follow | -f) follow=yes ;;
            -*) die_usage "logs does not take '$argument'" ;;
            *) name=$argument ;;
        esac
    done
    if [[ -n $name ]]; then
        [[ -f $LOG_DIR/$name.log ]] || die "there is no log of '$name' in $LOG_DIR"
        [[ $follow == no ]] || exec tail -n 200 -F "$LOG_DIR/$name.log"
        exec tail -n 200 "$LOG_DIR/$name.log"
    fi
    mapfile -t names < <(process_names)
    [[ ${#names[@]} -gt 0 ]] || die "nothing has run in $HOME_DIR"
    if [[ $follow == yes ]]; then
        for name in "${names[@]}"; do follow_log "$name" 20; done
        wait
    else
        for name in "${names[@]}"; do tail -n 50 "$LOG_DIR/$name.log" 2>/dev/null | sed "s/^/$name | /"; done
    fi
}

command_process() {
    local arguments action name
    parse_home "$@"
    [[ ${#arguments[@]} -eq 2 ]] || die_usage "it is: ./parley process start|stop|kill|restart|pause|resume NAME"
    action=${arguments[0]} name=${arguments[1]}
    require_process "$name"
    case $action in
        start) start_and_wait "$name" ;;
        stop) stop_process "$name" ;;
        restart)
            stop_process "$name"
            start_and_wait "$name"
            ;;
        kill) kill_process "$name" ;;
        pause) signal_process "$name" STOP ;;
        resume) signal_process "$name" CONT ;;
        *) die_usage "a process can be started, stopped, killed, restarted, paused or resumed, not '$action'" ;;
    esac
}

# Started is enough: what it depends on may be down on purpose, and then it cannot be ready.
start_and_wait() {
    start_process "$1"
    if poll 15 process_ready_or_dead "$1" && process_ready "$1"; then return 0; fi
    if process_dead "$1"; then
        show_last_log_lines "$1"
        die "$1 ended while it was starting"
    fi
    warn "$1 runs, but is not ready"
}

# Rolls the services: each instance is ready again before the next one goes, so that with two of each nothing is ever away.
# The stores and the edge stay: restarting those is an upgrade of their own. The tables are migrated first, so that a new
# version on the disk finds what it needs; the old one goes on with them.
command_restart() {
    local arguments name
    parse_home "$@"
    [[ ${#arguments[@]} -eq 0 ]] || die_usage "restart does not take '${arguments[0]}'"
    require_running
    migrate auth-service-1
    migrate message-service-1
    while read -r name; do
        case $name in postgres | redis | edge) continue ;; esac
        say "restarting $name"
        stop_process "$name"
        start_and_wait "$name"
        process_ready "$name" || die "$name is not ready; the instances after it were not restarted"
    done < <(process_names)
    say "all services were restarted"
}
