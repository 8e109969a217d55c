# shellcheck shell=bash
# The private Redis of a run. What it holds may be lost at any time; the snapshot only spares people's "last seen".

configure_redis() {
    assign_port redis
    mkdir -p "$HOME_DIR/redis"
    chmod 700 "$HOME_DIR/redis"
    record_process redis "$(command -v redis-server)" --bind 127.0.0.1 --port "$(port_of redis)" --protected-mode yes \
        --dir "$HOME_DIR/redis" --daemonize no --save "60 1" --stop-writes-on-bgsave-error no <<EOT
PATH=/usr/bin:/bin
LC_ALL=C.UTF-8
EOT
    write_secret redis_url "redis://127.0.0.1:$(port_of redis)"
}

redis_ready() {
    [[ $(timeout 2 redis-cli -h 127.0.0.1 -p "$(port_of redis)" ping 2>/dev/null) == PONG ]]
}

start_redis() {
    configure_redis
    say "starting Redis on port $(port_of redis)"
    start_process redis
    wait_for_process redis 20
}
