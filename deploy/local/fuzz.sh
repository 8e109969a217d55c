# shellcheck shell=bash
# fuzz: hostile bytes, made by libFuzzer, against whatever reads bytes from outside. The targets are in Tests/Fuzz.

readonly FUZZ_TARGETS=(client-json frames handshake internal-json passkeys tokens)

command_fuzz() {
    local seconds=20 input="" targets=() target
    while [[ $# -gt 0 ]]; do
        case $1 in
            --seconds | --input)
                [[ -n ${2:-} ]] || die_usage "$1 needs a value"
                if [[ $1 == --seconds ]]; then seconds=$2; else input=$2; fi
                shift 2
                ;;
            -*) die_usage "fuzz does not take '$1'" ;;
            *)
                targets+=("$1")
                shift
                ;;
        esac
    done
    in_range "$seconds" 1 1000000 || die_usage "--seconds needs a number"
    for target in "${targets[@]}"; do
        [[ " ${FUZZ_TARGETS[*]} " == *" $target "* ]] || die_usage "the fuzz targets are ${FUZZ_TARGETS[*]}"
    done
    if [[ -n $input ]]; then
        [[ -r $input && ${#targets[@]} -eq 1 ]] || die_usage "--input needs a file and its target"
        input=$(realpath "$input")
    fi
    [[ ${#targets[@]} -gt 0 ]] || targets=("${FUZZ_TARGETS[@]}")

    build_fuzzer || return 0
    if [[ -n $input ]]; then
        run_fuzzer "${targets[0]}" "$input"
        return
    fi
    for target in "${targets[@]}"; do fuzz_target "$target" "$seconds"; done
}

# False where the toolchain has no fuzzer.
build_fuzzer() {
    local resources runtime
    require_swift
    resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
    runtime=$resources/clang/lib/linux/libclang_rt.fuzzer_no_main-$(uname -m).a
    if [[ ! -r $runtime ]]; then
        warn "this Swift comes without libFuzzer: nothing is fuzzed"
        return 1
    fi
    say "building the fuzzer (the first time takes some minutes)"
    # In a folder of its own, because everything in it is built with the sanitizer. The linker's warnings about the
    # sanitizer's symbols are 70 lines that say nothing.
    PARLEY_FUZZ=1 swift build --package-path "$ROOT" --scratch-path "$ROOT/.build-fuzz" --sanitize=address \
        -Xswiftc -sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table \
        -Xlinker "$runtime" -Xlinker -lstdc++ --product parley-fuzz 2>&1 |
        grep -v 'Cannot export local symbol' >&2 || die "the fuzzer does not build"
}

# run_fuzzer TARGET ARGUMENT…: the arguments are libFuzzer's.
run_fuzzer() {
    local target=$1
    shift
    # Swift's own report of a crash would come before libFuzzer's, which keeps the input.
    SWIFT_BACKTRACE=enable=no PARLEY_FUZZ_TARGET=$target "$ROOT/.build-fuzz/debug/parley-fuzz" "$@" </dev/null
}

# New inputs are kept below .build-fuzz, for the next run; those in Tests/Fuzz/Corpus are the first ones.
fuzz_target() {
    local target=$1 seconds=$2 folder output file
    folder=$ROOT/.build-fuzz/fuzz/$target
    mkdir -p "$folder/corpus" "$folder/found"
    output=$folder/output
    say "fuzzing $target for $seconds s"
    if run_fuzzer "$target" -max_total_time="$seconds" -max_len=2048 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$folder/found/" "$folder/corpus" "$ROOT/Tests/Fuzz/Corpus/$target" \
        >"$output" 2>&1; then
        note "$(sed -n 's/^#\([0-9]*\)\tDONE *\(.*\) lim:.*/\1 runs, \2/p' "$output")"
        return 0
    fi
    grep -a -E 'Fatal error|ERROR:' "$output" >&2 || true
    tail -n 40 "$output" >&2
    file=$(sed -n 's/.*Test unit written to //p' "$output" | tail -n 1)
    die "the fuzzer found something in $target${file:+: $file}" "run it again: ./parley fuzz --input ${file:-FILE} $target"
}
