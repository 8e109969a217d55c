# shellcheck shell=bash
# kubernetes: renders deploy/kubernetes and checks what comes out (Tests/Kubernetes). Needs no cluster, and asks none.

# The arguments are pytest's.
command_kubernetes() {
    if ! (prepare_venv Kubernetes); then
        warn "kubernetes SKIPPED: kubectl, kubernetes-validate and checkov cannot be had here"
        return 0
    fi
    say "pytest Tests/Kubernetes"
    (cd "$ROOT" && "$ROOT/.venv-kubernetes/bin/python" -m pytest Tests/Kubernetes "$@") ||
        die "deploy/kubernetes is not as it should be"
}
