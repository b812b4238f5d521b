# What a docker archive holds.
# shellcheck shell=bash

need_archive() {
	[[ -f $1 ]] || die "$1: no such file; give a docker archive, such as 'make image-archive OUT=FILE' writes"
	tar -tf "$1" manifest.json >/dev/null 2>&1 || die "$1 is not a docker archive: it has no manifest.json"
}

# What buildah and podman name localhost/X is written X in a pod, and that is
# docker.io/library/X to containerd. Prints each X.
local_names() {
	tar -xOf "$1" manifest.json | { grep -o '"localhost/[^"/]*"' || true; } | tr -d '"' | cut -d / -f 2
}
