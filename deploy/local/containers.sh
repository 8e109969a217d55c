# shellcheck shell=bash
# The containers of deploy/compose.yaml: built, started, broken and judged (Tests/Containers).

# Compose v2 if it is here, else docker-compose 1.29.
find_compose() {
    if docker compose version >/dev/null 2>&1; then
        compose=(docker compose)
    else
        command -v docker-compose >/dev/null || return 1
        compose=(docker-compose)
    fi
}

# test_containers ARGUMENT…: of pytest.
test_containers() {
    local compose=() venv
    if ! docker info >/dev/null 2>&1; then
        warn "container tests SKIPPED: no docker engine answers here"
        return 0
    fi
    find_compose || { warn "container tests SKIPPED: there is no Compose here"; return 0; }
    say "building the images (the first time takes some minutes)"
    "${compose[@]}" -f "$ROOT/deploy/compose.yaml" build >&2 ||
        die "the images do not build" "without an image registry: deploy/containers/offline-base.sh"
    prepare_venv EndToEnd
    say "pytest Tests/Containers"
    (cd "$ROOT" && "$venv/bin/python" -m pytest Tests/Containers "$@") || die "pytest failed in Tests/Containers"
}
