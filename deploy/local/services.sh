# shellcheck shell=bash
# The four services and the edge: the environment each is started with, and when it counts as ready.
# All instances of a service share their two ports and differ by loopback address (127.0.0.1, 127.0.0.2, …), as
# replicas differ by address elsewhere: so the edge can ask each for /readyz, for which Caddy knows one port per group.

instance_address() { printf '127.0.0.%s' "$1"; }

# As many as the gateways, or as the other services, of this run.
instances_of() { if [[ $1 == realtime-gateway ]]; then printf '%s' "$gateways"; else printf '%s' "$instances"; fi; }

# addresses SERVICE public|internal SEPARATOR PREFIX: of all instances.
addresses() {
    local port number count list=""
    port=$(port_of "$1.$2") count=$(instances_of "$1")
    for ((number = 1; number <= count; number++)); do
        list+=${list:+$3}$4$(instance_address "$number"):$port
    done
    printf '%s' "$list"
}

# Settings of the caller's environment go on to the services, except those that this script decides.
passed_on_settings() {
    local key
    while read -r key; do
        case $key in
            PARLEY_HOME | PARLEY_URL | PARLEY_BINARIES | PARLEY_EDGE_* | PARLEY_WEB_ROOT | PARLEY_TEST_* | \
                *_LISTEN | PARLEY_ADVERTISE | *_URL | *_URLS | *_FILE | *_UPSTREAMS | *_HEALTH_PORT) ;;
            *) printf '%s=%s\n' "$key" "${!key}" ;;
        esac
    done < <(compgen -e PARLEY_)
}

service_environment() {
    local service=$1 number=$2 address
    address=$(instance_address "$number")
    cat <<EOT
PATH=/usr/bin:/bin
LC_ALL=C.UTF-8
TZ=UTC
PARLEY_INTERNAL_LISTEN=$address:$(port_of "$service.internal")
PARLEY_ADVERTISE=http://$address:$(port_of "$service.internal")
PARLEY_DEPLOYMENT_SECRET_FILE=$(secret_file deployment)
PARLEY_AUTH_URLS=$(addresses auth-service internal , http://)
PARLEY_MESSAGE_URLS=$(addresses message-service internal , http://)
PARLEY_PRESENCE_URLS=$(addresses presence-service internal , http://)
EOT
    # A stopping instance goes on accepting for two of the edge's health intervals, so that it is left first.
    [[ -n ${PARLEY_DRAIN_DELAY_MS:-} ]] || printf 'PARLEY_DRAIN_DELAY_MS=1000\n'
    [[ $service == presence-service ]] || printf 'PARLEY_LISTEN=%s:%s\n' "$address" "$(port_of "$service.public")"
    case $service in
        auth-service | message-service) printf 'PARLEY_DATABASE_URL_FILE=%s\n' "$SECRET_DIR/database_url" ;;
        presence-service) printf 'PARLEY_REDIS_URL_FILE=%s\n' "$SECRET_DIR/redis_url" ;;
    esac
    passed_on_settings
}

assign_service_ports() {
    local service
    for service in auth-service message-service realtime-gateway; do
        assign_port "$service.public"
    done
    for service in auth-service message-service presence-service realtime-gateway; do
        assign_port "$service.internal"
    done
}

# configure_services CONFIGURATION: names the instances in $services.
configure_services() {
    local folder service number count
    folder=$(binaries "$1")
    services=()
    for service in auth-service message-service presence-service realtime-gateway; do
        count=$(instances_of "$service")
        for ((number = 1; number <= count; number++)); do
            services+=("$service-$number")
            service_environment "$service" "$number" | record_process "$service-$number" "$folder/$service"
        done
    done
}

migrate() {
    local name=$1 environment command
    mapfile -t environment <"$RUN_DIR/$name.env"
    mapfile -t command <"$RUN_DIR/$name.cmd"
    say "migrating the tables of ${name%-*}"
    (cd / && exec env -i "${environment[@]}" "${command[@]}" migrate) >>"$LOG_DIR/$name-migrate.log" 2>&1 </dev/null ||
        { show_last_log_lines "$name-migrate"; die "the migration of ${name%-*} failed"; }
}

edge_url() { printf 'http://127.0.0.1:%s' "$(port_of edge)"; }

# The built web client, or the plain page.
web_root() {
    local root=$ROOT/Web/static
    [[ ! -f $ROOT/Web/dist/index.html ]] || root=$ROOT/Web/dist
    printf '%s' "$root"
}

configure_edge() {
    local port
    port=$(port_of edge)
    record_process edge "$(command -v caddy)" run --config "$ROOT/deploy/Caddyfile" --adapter caddyfile <<EOT
PATH=/usr/bin:/bin
HOME=$HOME_DIR/edge
PARLEY_EDGE_ADDRESS=http://127.0.0.1:$port, http://localhost:$port
PARLEY_EDGE_BIND=127.0.0.1
PARLEY_WEB_ROOT=$(web_root)
PARLEY_AUTH_UPSTREAMS=$(addresses auth-service public " " "")
PARLEY_MESSAGE_UPSTREAMS=$(addresses message-service public " " "")
PARLEY_GATEWAY_UPSTREAMS=$(addresses realtime-gateway public " " "")
PARLEY_AUTH_HEALTH_PORT=$(port_of auth-service.internal)
PARLEY_MESSAGE_HEALTH_PORT=$(port_of message-service.internal)
PARLEY_GATEWAY_HEALTH_PORT=$(port_of realtime-gateway.internal)
EOT
}

# --- Ready -----------------------------------------------------------------------------------------------------------

answers() { curl -fs -o "${2:-/dev/null}" --noproxy '*' --max-time 2 "$1"; }

# The address a process answers at, for people: the internal listener of a service.
process_address() {
    case $1 in
        postgres | redis | edge) printf '127.0.0.1:%s' "$(port_of "$1")" ;;
        *) printf '%s:%s' "$(instance_address "${1##*-}")" "$(port_of "${1%-*}.internal")" ;;
    esac
}

# The edge is ready when a request comes through it to a service and back.
process_ready() {
    process_alive "$1" || return 1
    case $1 in
        postgres) postgres_ready ;;
        redis) redis_ready ;;
        edge) answers "$(edge_url)/" && answers "$(edge_url)/.well-known/jwks.json" ;;
        *) answers "http://$(process_address "$1")/readyz" ;;
    esac
}

process_ready_or_dead() { process_ready "$1" || process_dead "$1"; }

# wait_for_process NAME SECONDS: ready, or the end of the script with what its log says.
wait_for_process() {
    poll "$2" process_ready_or_dead "$1" && process_ready "$1" && return 0
    show_last_log_lines "$1"
    process_alive "$1" || die "$1 ended while it was starting"
    case $1 in
        postgres | redis | edge) ;;
        *) note "/readyz says: $(curl -s --noproxy '*' --max-time 2 "http://$(process_address "$1")/readyz" || true)" ;;
    esac
    die "$1 is not ready after $2 s"
}
