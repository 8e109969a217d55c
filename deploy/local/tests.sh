# shellcheck shell=bash
# demo, test, check, bench: what is run against Parley.

# prepare_venv EndToEnd|Contract|Web|Conformance [OPTION…]: the Python environment of Tests/<name>, with the versions
# that its requirements.txt pins, made anew when that file changes; the options are pip's. Its folder is in $venv. One
# each, so that the demo does not need a browser's driver.
prepare_venv() {
    local folder=$1 requirements sum
    shift
    requirements=$ROOT/Tests/$folder/requirements.txt
    venv=$ROOT/.venv
    [[ $folder == EndToEnd ]] || venv=$ROOT/.venv-${folder,,}
    sum=$(sha256sum <"$requirements")
    [[ $(cat "$venv/.requirements" 2>/dev/null) != "$sum" || ! -x $venv/bin/python ]] || return 0
    python3 -c 'import venv, ensurepip' 2>/dev/null || install_packages yes "${TEST_PACKAGES[@]}"
    say "making the Python environment of Tests/$folder in ${venv##*/}"
    rm -rf "$venv"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" -r "$requirements" >&2 ||
        die "pip could not install $requirements"
    printf '%s\n' "$sum" >"$venv/.requirements"
}

require_running() {
    if [[ ! -s $RUN_DIR/url ]] || ! any_process_alive; then
        die "Parley does not run in $HOME_DIR" "start it with: ./parley up"
    fi
}

command_demo() {
    local arguments venv
    parse_home "$@"
    require_running
    prepare_venv EndToEnd
    PARLEY_URL=$(cat "$RUN_DIR/url") PARLEY_HOME=$HOME_DIR PARLEY_DATABASE_URL=$(cat "$SECRET_DIR/database_url") \
        exec "$venv/bin/python" "$ROOT/Tests/EndToEnd/demo.py" "${arguments[@]}"
}

command_bench() {
    local load
    if [[ ${1:-} == --quick ]]; then
        shift
        bench_quick "$@"
        return
    fi
    if [[ ${1:-} == --home ]]; then
        [[ -n ${2:-} ]] || die_usage "--home needs a value"
        use_home "$2"
        shift 2
    else
        use_home ""
    fi
    require_running
    load=$(binaries release)/parley-load
    [[ -n ${PARLEY_BINARIES:-} ]] || build_products release parley-load
    ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true # one socket per simulated person
    PARLEY_URL=$(cat "$RUN_DIR/url") PARLEY_HOME=$HOME_DIR PARLEY_SCRIPT=$ROOT/parley exec "$load" "$@"
}

# A short look at the cost of a message on a system of its own, beside the committed figures. In a subshell, so that the
# system ends with it in any case.
bench_quick() (
    unset PARLEY_EVENT_LOOPS # what people run is measured
    home=$(mktemp -d "${TMPDIR:-/tmp}/parley-bench-XXXXXX")
    chmod 711 "$home" # PostgreSQL may run as another user
    trap '"$ROOT/parley" down --home "$home" --delete >/dev/null 2>&1' EXIT
    "$ROOT/parley" up --yes --detach --port 0 --gateways 2 --profile bench --home "$home" >&2
    "$ROOT/parley" bench --home "$home" quick --baseline "$ROOT/Tests/Load/baseline.json" "$@"
)

# --- check -----------------------------------------------------------------------------------------------------------

check_format() {
    require_swift
    say "swift format lint"
    (cd "$ROOT" && swift format lint --strict --parallel --recursive Libraries Services Tests Package.swift)
}

check_scripts() {
    command -v shellcheck >/dev/null || { warn "shellcheck is not here: scripts not checked"; return 0; }
    say "shellcheck"
    (cd "$ROOT" && shellcheck --external-sources --check-sourced parley .ci/run \
        Tests/Kubernetes/play.sh Tests/Distributed/statements.sh \
        deploy/make-secrets deploy/containers/{edge-health,install-packages,offline-base.sh,postgres-init.sh})
}

check_edge() {
    command -v caddy >/dev/null || { warn "caddy is not here: deploy/Caddyfile not checked"; return 0; }
    say "caddy validate"
    local output discovery
    for discovery in listed names; do
        output=$(PARLEY_EDGE_DISCOVERY=$discovery caddy validate --config "$ROOT/deploy/Caddyfile" \
            --adapter caddyfile 2>&1) && continue
        printf '%s\n' "$output" >&2
        return 1
    done
}

# The alert rules, their tests, and the configuration of Prometheus where there is one.
check_monitoring() {
    local promtool folder=$ROOT/deploy/monitoring output
    promtool=$(promtool_path)
    [[ -n $promtool ]] || { warn "promtool is not here (./parley install --tests): alert rules not checked"; return 0; }
    say "promtool check and test"
    if output=$("$promtool" check rules "$folder"/rules/*.yml 2>&1) &&
        output=$("$promtool" test rules "$folder"/tests/*.yml 2>&1) &&
        { [[ ! -e $folder/prometheus.yml ]] || output=$("$promtool" check config "$folder/prometheus.yml" 2>&1); }; then
        return 0
    fi
    printf '%s\n' "$output" >&2
    return 1
}

command_check() {
    [[ $# -eq 0 ]] || die_usage "check takes no arguments"
    local failed=() part
    for part in format scripts edge monitoring; do "check_$part" || failed+=("$part"); done
    [[ ${#failed[@]} -eq 0 ]] || die "check failed: ${failed[*]}"
    say "check passed"
}

# --- test ------------------------------------------------------------------------------------------------------------

command_test() {
    local what=all
    if [[ $# -gt 0 && $1 != -* ]]; then
        what=$1
        shift
    fi
    local kinds="unit|integration|e2e|contract|operations|web|faults|kubernetes|containers|sanitize|all"
    [[ $what =~ ^($kinds)$ ]] || die_usage "the tests are ${kinds//|/, }"
    case $what in
        kubernetes) command_kubernetes "$@"; return ;;
        containers) test_containers "$@"; return ;;
    esac
    require_swift
    # shellcheck disable=SC2046 # one package a word
    install_packages yes $(packages_for_up yes)
    [[ $what != web && $what != all ]] || install_packages yes "${BROWSER_PACKAGES[@]}"

    TEST_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/parley-test-XXXXXX")
    chmod 711 "$TEST_FOLDER" # PostgreSQL may run as another user
    export TMPDIR=$TEST_FOLDER
    export PARLEY_EVENT_LOOPS=2 # on a small machine there would be only one, and nothing to hand over between them
    trap 'finish_tests' EXIT
    trap 'exit 130' INT TERM HUP
    [[ $what != web && $what != all ]] || test_web_core
    [[ $what =~ ^(e2e|contract|operations|web|faults|sanitize)$ ]] || test_swift "$what" "$@"
    [[ $what != sanitize ]] || test_sanitized "$@"
    [[ $what != all ]] || command_kubernetes
    [[ $what != all ]] || command_fuzz --seconds 20
    [[ $what != e2e && $what != all ]] || test_with_pytest EndToEnd "$@"
    [[ $what != contract && $what != all ]] || test_with_pytest Contract "$@"
    [[ $what != operations && $what != all ]] || test_with_pytest Operations "$@"
    [[ $what != web && $what != all ]] || test_with_pytest Web "$@"
    [[ $what != all ]] || "$ROOT/parley" conformance
    [[ $what != all ]] || bench_quick
    [[ $what != faults && $what != all ]] || test_faults
}

# On any way out: every system that was started below the temporary folder ends, then the folder goes.
finish_tests() {
    local status=$? url
    trap '' INT TERM HUP
    while read -r url; do
        use_home "${url%/run/processes}"
        any_process_alive || continue
        stop_system
    done < <(find "$TEST_FOLDER" -path '*/run/processes' 2>/dev/null)
    if [[ -z ${PARLEY_TEST_KEEP:-} ]]; then rm -rf "$TEST_FOLDER"; else note "kept: $TEST_FOLDER"; fi
    exit "$status"
}

# The web client: strict types, a whole build, and the tests of its core, which need no browser.
test_web_core() {
    build_web
    "$ROOT/Web/build" --test
}

# A PostgreSQL and a Redis for the stores' tests, gone afterwards.
start_test_stores() {
    use_home "$TEST_FOLDER/stores"
    create_home
    (unset DATABASE_URL REDIS_URL; start_postgres; start_redis)
    PARLEY_TEST_DATABASE_URL=$(cat "$SECRET_DIR/database_url")
    PARLEY_TEST_REDIS_URL=$(cat "$SECRET_DIR/redis_url")
    export PARLEY_TEST_DATABASE_URL PARLEY_TEST_REDIS_URL
}

# By the names of the targets: …IntegrationTests need the stores, the other …Tests need nothing.
test_swift() {
    local what=$1
    shift
    say "building the tests (debug)"
    swift build --package-path "$ROOT" --build-tests >&2 || die "the tests do not build"
    [[ $what == integration ]] || run_swift_tests "unit tests" --skip 'IntegrationTests\.' "$@"
    [[ $what != unit ]] || return 0
    start_test_stores
    # One at a time: they hold stores to deadlines of some hundred milliseconds, and side by side on two cores they make
    # each other late.
    run_swift_tests "integration tests" --filter 'IntegrationTests\.' --no-parallel "$@"
    stop_system
}

# The unit tests under the thread sanitizer, built in a folder of their own. Not part of all: the build takes minutes.
test_sanitized() {
    local flags=(--package-path "$ROOT" --scratch-path "$ROOT/.build-thread" --sanitize=thread)
    say "building the tests with the thread sanitizer (debug; the first time takes some minutes)"
    swift build "${flags[@]}" --build-tests >&2 || die "the tests do not build"
    say "unit tests under the thread sanitizer"
    TSAN_OPTIONS="suppressions=$ROOT/Tests/thread-sanitizer.txt" \
        swift test "${flags[@]}" --skip-build --skip 'IntegrationTests\.' "$@" || die "swift test failed"
}

# The short mix of `parley verify`, on the debug build.
test_faults() {
    build_products debug "${SERVICE_PRODUCTS[@]}"
    say "breaking a system of its own, and judging what was seen"
    (command_verify --debug) || die "the history is not clean"
}

run_swift_tests() {
    say "$1"
    shift
    (cd "$ROOT" && swift test --skip-build "$@") || die "swift test failed"
}

# test_with_pytest EndToEnd|Contract|Operations|Web: tests that start systems of their own. The arguments after it are
# pytest's.
test_with_pytest() {
    local folder=Tests/$1 venv path=""
    build_products debug "${SERVICE_PRODUCTS[@]}"
    # Contract and Operations have the clients of EndToEnd; Operations needs the same packages.
    [[ $1 != Contract && $1 != Operations ]] || path=$ROOT/Tests/EndToEnd
    if [[ $1 == Operations ]]; then prepare_venv EndToEnd; else prepare_venv "$1"; fi
    shift
    say "pytest $folder"
    (cd "$ROOT" && unset DATABASE_URL REDIS_URL && PYTHONPATH=$path "$venv/bin/python" -m pytest "$folder" "$@") ||
        die "pytest failed in $folder"
}
