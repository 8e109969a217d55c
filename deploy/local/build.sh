# shellcheck shell=bash
# Building with SwiftPM, and where the binaries are.

readonly SERVICE_PRODUCTS=(auth-service message-service presence-service realtime-gateway)

# Present, able to start, and new enough.
require_swift() {
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1) || true
    [[ -n $version && $(printf '%s\n' 6.2 "$version" | sort -V | head -n 1) == 6.2 ]] && return 0
    printf '%s\n' \
        "Parley is built with Swift 6.2 or later, which is not here (${version:-no swift that runs} was found):" \
        "get it by swiftly (https://www.swift.org/install/linux) and run this again, or use the containers in deploy/." >&2
    exit 1
}

# binaries release|debug: the folder of the built programs. PARLEY_BINARIES names another one, built elsewhere.
binaries() { printf '%s' "${PARLEY_BINARIES:-$ROOT/.build/$1}"; }

# build_products release|debug PRODUCT…
build_products() {
    local configuration=$1 product number=0 begin flags=()
    shift
    require_swift
    [[ $configuration == release ]] && flags=(-c release --static-swift-stdlib)
    for product in "$@"; do
        number=$((number + 1))
        begin=$SECONDS
        say "building $product ($number of $#, $configuration; the first time takes some minutes)"
        swift build --package-path "$ROOT" "${flags[@]}" --product "$product" >&2 || die "$product does not build"
        note "$product built in $((SECONDS - begin)) s"
    done
}

# The web client, into Web/dist.
build_web() {
    say "building the web client"
    "$ROOT/Web/build" >&2 || die "the web client does not build"
}

require_binaries() {
    local configuration=$1 product
    shift
    for product in "$@"; do
        [[ -x $(binaries "$configuration")/$product ]] && continue
        die "$product is not built in $(binaries "$configuration")" "leave out --no-build, or build it first"
    done
}
