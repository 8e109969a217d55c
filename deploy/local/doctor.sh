# shellcheck shell=bash
# doctor: is this installation in order? The checks are in deploy/doctor, in Python without any package.

command_doctor() {
    local arguments
    command -v python3 >/dev/null || die "the doctor needs python3" "apt-get install python3"
    parse_home "$@"
    PYTHONDONTWRITEBYTECODE=1 exec python3 "$ROOT/deploy/doctor" --home "$HOME_DIR" "${arguments[@]}"
}
