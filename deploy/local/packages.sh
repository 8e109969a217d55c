# shellcheck shell=bash
# Debian packages: what a run, a build and the tests need, and their installation.

readonly RUN_PACKAGES=(postgresql redis-server caddy openssl curl)
readonly BUILD_PACKAGES=(libpq-dev libhiredis-dev libcurl4-openssl-dev libargon2-dev libssl-dev pkg-config)
readonly WEB_PACKAGES=(nodejs node-react node-react-dom node-csstype node-prop-types node-bootstrap sassc esbuild
    node-typescript terser node-commander)
readonly TEST_PACKAGES=(python3 python3-venv)
readonly PROMTOOL=$ROOT/.parley-tools/promtool
readonly BROWSER_PACKAGES=(chromium fonts-dejavu-core fonts-noto-color-emoji)

# promtool_path: promtool's, or nothing where there is none.
promtool_path() { command -v promtool || { [[ -x $PROMTOOL ]] && printf '%s' "$PROMTOOL"; } || true; }

# promtool out of Debian's prometheus, which is not installed: it would start a Prometheus of its own, and its pages need
# an older Bootstrap, which breaks that of the web client.
install_promtool() {
    local folder package
    [[ -z $(promtool_path) ]] || return 0
    say "fetching promtool, out of Debian's prometheus"
    folder=$(mktemp -d)
    if (cd "$folder" && apt-get -qq download prometheus >/dev/null 2>&1) &&
        package=$(find "$folder" -name '*.deb') && dpkg-deb -x "$package" "$folder/content"; then
        mkdir -p "${PROMTOOL%/*}"
        mv "$folder/content/usr/bin/promtool" "$PROMTOOL"
    else
        warn "no promtool to be had: the alert rules are not checked"
    fi
    rm -rf "$folder"
}

package_installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

confirm_installation() {
    [[ $1 == yes || ! -t 0 || ! -t 2 ]] && return 0
    local answer
    read -r -p "    Install them with apt? [Y/n] " answer
    [[ -z $answer || $answer == [yYjJ]* ]] || die "not installed; Parley needs them to go on"
}

# install_packages yes|ask PACKAGE…: those that are missing, after saying which.
install_packages() {
    local consent=$1 package log missing=()
    shift
    command -v dpkg-query >/dev/null || die "no apt here: install by hand what corresponds to Debian's" "$*"
    for package in "$@"; do
        package_installed "$package" || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0

    say "missing packages: ${missing[*]}"
    note "If Debian starts services of its own with them, Parley neither uses nor touches those."
    confirm_installation "$consent"
    if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
        die "not root, and there is no sudo; as root, run:" "apt-get install ${missing[*]}"
    fi
    say "installing them (about a minute)"
    log=$(mktemp)
    as_root apt-get update -qq >"$log" 2>&1 || warn "apt-get update failed; trying with the lists there are"
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        die "apt-get could not install: ${missing[*]}" "all it said is in $log"
    fi
    rm -f "$log"
}

# What `up` needs here: nothing to build with where nothing is built, no server where an outside one is given.
packages_for_up() {
    local building=$1 package
    for package in "${RUN_PACKAGES[@]}"; do
        [[ $package == postgresql && -n ${DATABASE_URL:-} ]] && continue
        [[ $package == redis-server && -n ${REDIS_URL:-} ]] && continue
        printf '%s\n' "$package"
    done
    [[ $building == yes ]] && printf '%s\n' "${BUILD_PACKAGES[@]}" "${WEB_PACKAGES[@]}"
    return 0
}

command_install() {
    local consent=ask tests=no packages=("${RUN_PACKAGES[@]}" "${BUILD_PACKAGES[@]}" "${WEB_PACKAGES[@]}")
    while [[ $# -gt 0 ]]; do
        case $1 in
            --yes) consent=yes ;;
            --tests)
                tests=yes
                packages+=("${TEST_PACKAGES[@]}" "${BROWSER_PACKAGES[@]}" iproute2 shellcheck)
                ;;
            *) die_usage "install does not take '$1'" ;;
        esac
        shift
    done
    install_packages "$consent" "${packages[@]}"
    [[ $tests == no ]] || install_promtool
}
