# The cache, outside of the repository, in which everything is built once.
# shellcheck shell=bash

cache=${SRE_E2E_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither SRE_E2E_CACHE nor HOME is set}/.cache}/kubectl-sre/e2e}

# Limit of a build: longer than the slowest cold build measured (five minutes on two
# cores), so that a run which waits for another's build gets its result.
readonly build_seconds=3600

open_cache() {
	mkdir -p -- "$cache"
	cache=$(cd -- "$cache" && pwd)
}

# Makes TARGET with the given command unless it exists. One run builds at a time, so that
# concurrent runs build once.
once() {
	local target=$1
	shift
	if [[ ! -f $target ]]; then
		need flock nice timeout
		mkdir -p -- "${target%/*}"
		(
			flock -w "$build_seconds" 9 || die "waited too long for another build of ${target##*/}"
			[[ -f $target ]] || "$@"
		) 9>"$target.lock"
	fi
	echo "$target"
}
