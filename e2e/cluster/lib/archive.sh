# The content of a docker archive.
# shellcheck shell=bash

need_archive() {
	[[ -f $1 ]] || die "$1: no such file; give a docker archive, such as 'make image-archive OUT=FILE' writes"
	tar -tf "$1" manifest.json >/dev/null 2>&1 || die "$1 is not a docker archive: it has no manifest.json"
}

# Prints each X for which the archive has an image localhost/X, as buildah and podman name
# it. A pod names it X, which containerd reads as docker.io/library/X.
local_names() {
	tar -xOf "$1" manifest.json | { grep -o '"localhost/[^"/]*"' || true; } | tr -d '"' | cut -d / -f 2
}
