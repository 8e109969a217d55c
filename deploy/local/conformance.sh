# shellcheck shell=bash
# conformance: the gateway's WebSocket code against the fuzzing client of the Autobahn test suite (Tests/Conformance).

readonly CONFORMANCE_PACKAGES=(python3-lib2to3) # the suite is Python 2, and ported before it runs

# In a subshell, so that the echo server ends with it in any case.
command_conformance() (
    local line
    build_products debug ws-echo
    if ! (prepare_suite); then
        warn "conformance SKIPPED: the Autobahn test suite and a Python 3.11 or 3.12 for it cannot be had here"
        return 0
    fi
    coproc ECHO { exec "$(binaries debug)/ws-echo" --port 0; }
    # shellcheck disable=SC2064 # this very process
    trap "kill $ECHO_PID 2>/dev/null" EXIT
    read -r line <&"${ECHO[0]}" || die "ws-echo does not start"
    say "$line; the fuzzing client runs"
    "$ROOT/.venv-conformance/bin/python" "$ROOT/Tests/Conformance/fuzz.py" "${line##* }" "$@" ||
        die "the WebSocket code does not conform"
)

prepare_suite() {
    has_lib2to3 || install_packages yes "${CONFORMANCE_PACKAGES[@]}"
    has_lib2to3 || die "this python3 has no lib2to3"
    prepare_venv Conformance --no-deps
}

has_lib2to3() { python3 -W ignore -c 'import lib2to3.main' 2>/dev/null; }
