# shellcheck shell=bash
# `parley up` and `parley down`.

parse_up() {
    consent=ask gateways=1 instances=1 port="" home="" profile="" detach=no configuration=release building=yes
    while [[ $# -gt 0 ]]; do
        case $1 in
            --yes) consent=yes ;;
            --detach) detach=yes ;;
            --debug) configuration=debug ;;
            --no-build) building=no ;;
            --gateways | --instances | --port | --home | --profile)
                [[ -n ${2:-} ]] || die_usage "$1 needs a value"
                printf -v "${1#--}" '%s' "$2"
                shift
                ;;
            *) die_usage "up does not take '$1'" ;;
        esac
        shift
    done
    in_range "$gateways" 1 16 || die_usage "--gateways takes 1 to 16"
    in_range "$instances" 1 16 || die_usage "--instances takes 1 to 16"
    [[ -z $port ]] || in_range "$port" 0 65535 || die_usage "--port takes 0 to 65535"
    [[ $profile == "" || $profile == bench ]] || die_usage "the only profile is 'bench'"
    [[ -z ${PARLEY_BINARIES:-} ]] || building=no
}

command_up() {
    local consent gateways instances port home profile detach configuration building
    parse_up "$@"
    use_home "$home"
    if all_processes_alive; then
        say_it_runs "already running"
        return 0
    fi
    prepare_up
    create_home
    lock_home
    if all_processes_alive; then # by the one who had the lock before
        say_it_runs "already running"
        return 0
    fi
    trap 'abort_up' EXIT
    trap 'exit 130' INT TERM HUP
    if any_process_alive; then revive_system; else start_system; fi
    trap - EXIT INT TERM HUP
    unlock_home
    say_it_runs "running"
    [[ $detach == yes ]] || follow_system
}

# What may ask, take long or fail comes before anything is started.
prepare_up() {
    local packages products=("${SERVICE_PRODUCTS[@]}")
    any_process_alive || require_free_port "${port:-8080}"
    if [[ $profile == bench ]]; then
        warn "PROFILE BENCH: RATE LIMITS ARE OFF. For load tools on this machine only, never for people."
        export PARLEY_LIMITS=bench
    fi
    [[ $building == no ]] || require_swift
    mapfile -t packages < <(packages_for_up "$building")
    install_packages "$consent" "${packages[@]}"
    if [[ $building == yes ]]; then
        build_products "$configuration" "${products[@]}"
        build_web
    fi
    require_binaries "$configuration" "${products[@]}"
}

start_system() {
    local services name
    forget_processes
    assign_edge_port "${port:-8080}"
    if [[ -n ${DATABASE_URL:-} ]]; then write_secret database_url "$DATABASE_URL"; else start_postgres; fi
    if [[ -n ${REDIS_URL:-} ]]; then write_secret redis_url "$REDIS_URL"; else start_redis; fi
    assign_service_ports
    configure_services "$configuration"
    configure_edge
    migrate auth-service-1
    migrate message-service-1
    say "starting ${services[*]}"
    for name in "${services[@]}"; do start_process "$name"; done
    for name in "${services[@]}"; do wait_for_process "$name" 60; done
    say "starting the edge on port $(port_of edge)"
    start_process edge
    wait_for_process edge 30
    printf '%s\n' "$(edge_url)" >"$RUN_DIR/url"
}

# Some of it runs and some does not: after a crash, or after `parley process stop`.
revive_system() {
    local name
    while read -r name; do
        process_alive "$name" && continue
        say "starting $name again"
        start_process "$name"
    done < <(process_names)
    while read -r name; do wait_for_process "$name" 60; done < <(process_names)
    printf '%s\n' "$(edge_url)" >"$RUN_DIR/url"
}

abort_up() {
    local status=$?
    trap '' INT TERM HUP
    if any_process_alive; then
        say "not started; stopping what was"
        stop_system
    fi
    exit "$status"
}

# The URL alone is on stdout.
say_it_runs() {
    say "Parley is $1 ($(grep -c '^realtime-gateway' "$RUN_DIR/processes") gateway(s), state in $HOME_DIR)"
    note "logs: ./parley logs    stop: ./parley down"
    grep -qsx PARLEY_LIMITS=bench "$RUN_DIR"/realtime-gateway-1.env && warn "rate limits are off (bench)"
    cat "$RUN_DIR/url" 2>/dev/null || edge_url
}

# Until Ctrl-C, a closed terminal or `parley down` elsewhere.
follow_system() {
    note "Ctrl-C stops it"
    trap 'trap "" INT TERM HUP; say "stopping"; stop_followers; stop_system; exit 0' INT TERM HUP
    local name followers=()
    local -A ended=()
    while read -r name; do follow_log "$name" 0; done < <(process_names)
    while any_process_alive; do
        report_ended
        sleep 1
    done
    stop_followers
    say "Parley was stopped"
}

# Each process that has ended, once.
report_ended() {
    local name
    while read -r name; do
        if process_alive "$name"; then
            unset "ended[$name]"
        elif [[ -z ${ended[$name]:-} ]]; then
            ended[$name]=yes
            warn "$name has ended; ./parley process start $name starts it again"
        fi
    done < <(process_names)
}

# Its last lines, then what comes, each with the name in front. The tail ends with this script.
follow_log() {
    tail -n "$2" --pid=$$ -s 0.2 -F "$LOG_DIR/$1.log" 2>/dev/null > >(sed -u "s/^/$1 | /") &
    followers+=("$!")
}

stop_followers() {
    [[ ${#followers[@]} -eq 0 ]] || kill "${followers[@]}" 2>/dev/null || true
}

# From the outside in, so that nothing loses what it stands on before it has stopped.
stop_system() {
    local name gateways=() services=() stores=()
    while read -r name; do
        case $name in
            edge | realtime-gateway-*) gateways+=("$name") ;;
            postgres | redis) stores+=("$name") ;;
            *) services+=("$name") ;;
        esac
    done < <(process_names)
    stop_processes "$STOP_SECONDS" "${gateways[@]}"
    stop_processes "$STOP_SECONDS" "${services[@]}"
    stop_processes "$STORE_STOP_SECONDS" "${stores[@]}"
    rm -f "$RUN_DIR/url"
}

command_down() {
    local home="" delete=no
    while [[ $# -gt 0 ]]; do
        case $1 in
            --delete) delete=yes ;;
            --home)
                [[ -n ${2:-} ]] || die_usage "--home needs a value"
                home=$2
                shift
                ;;
            *) die_usage "down does not take '$1'" ;;
        esac
        shift
    done
    use_home "$home"
    if any_process_alive; then
        say "stopping Parley in $HOME_DIR"
        stop_system
        say "stopped"
    else
        say "nothing runs in $HOME_DIR"
        rm -f "$RUN_DIR/url"
    fi
    [[ $delete == no ]] || delete_home
}

# Only what a run makes: the folder may hold other things of its owner.
delete_home() {
    local data
    [[ -f $RUN_DIR/ports ]] || die "$HOME_DIR is not the home of a run"
    data=$(postgres_data)
    [[ $data == "$HOME_DIR/pg" ]] || rm -rf "$(dirname "$data")"
    (cd "$HOME_DIR" && rm -rf pg pg.new redis edge log run secret)
    rmdir "$HOME_DIR" 2>/dev/null || note "there are other things in $HOME_DIR, so it stays"
    say "deleted the data in $HOME_DIR"
}
