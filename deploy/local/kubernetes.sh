# shellcheck shell=bash
# kubernetes: renders deploy/kubernetes and checks what comes out (Tests/Kubernetes). Needs no cluster, and asks none.

# The arguments are pytest's.
command_kubernetes() {
    local venv
    prepare_venv Kubernetes
    say "pytest Tests/Kubernetes"
    (cd "$ROOT" && "$venv/bin/python" -m pytest Tests/Kubernetes "$@") || die "deploy/kubernetes is not as it should be"
}
