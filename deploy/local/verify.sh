# shellcheck shell=bash
# verify: a system of its own is broken in many ways while people write, and their history is judged.

readonly FAULT_PACKAGES=(libfaketime nftables iproute2) # wrong clocks and silent cuts; left out where they cannot be had

command_verify() {
    local venv argument output home="" all=no prefix=()
    for argument in "$@"; do
        case $argument in
            --home | --home=* | --compose | --compose=*) home=given ;;
            --all | --fault | --fault=*) all=yes ;;
        esac
    done
    # shellcheck disable=SC2046 # one package a word
    install_packages yes $(packages_for_up no)
    [[ $all == no ]] || (install_packages yes "${FAULT_PACKAGES[@]}") || warn "some faults will be left out"
    prepare_venv EndToEnd
    # In a network of its own no port can be taken, and dropped packets are nobody else's.
    if [[ -z $home ]] && own_network true 2>/dev/null; then
        prefix=(own_network)
        export PARLEY_VERIFY_NETWORK=own
    fi
    ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true # one socket per simulated person
    unset DATABASE_URL REDIS_URL
    export PYTHONPATH=$ROOT/Tests/EndToEnd PYTHONDONTWRITEBYTECODE=1
    # A verdict is worth what its checker is worth, so that one is tested first.
    if ! output=$(cd "$ROOT" && "$venv/bin/python" -m pytest -q Tests/Faults 2>&1); then
        printf '%s\n' "$output" >&2
        die "the checker fails its own tests"
    fi
    "${prefix[@]}" "$venv/bin/python" "$ROOT/Tests/Faults/verify.py" "$@"
}

# own_network COMMAND…: with a loopback interface that nobody else has.
own_network() {
    unshare --net -- bash -c 'ip link set lo up && exec "$@"' own-network "$@"
}
