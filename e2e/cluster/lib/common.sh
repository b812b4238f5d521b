# Messages, bounded waits and the check for tools, for every script here.
# shellcheck shell=bash

program=${0##*/}

say() {
	printf '%s: %s\n' "$program" "$*" >&2
}

die() {
	say "$@"
	exit 1
}

usage_error() {
	say "$@"
	exit 64
}

# The command that installs a missing tool on Debian.
install_command() {
	case $1 in
	go) echo "apt-get install golang-go (1.21 or newer; it fetches the exact toolchain itself)" ;;
	pip) echo "apt-get install python3-pip" ;;
	flock | setsid | unshare | nsenter) echo "apt-get install util-linux" ;;
	ip) echo "apt-get install iproute2" ;;
	busybox) echo "apt-get install busybox-static" ;;
	*) echo "apt-get install $1" ;;
	esac
}

need() {
	local tool
	for tool in "$@"; do
		if [[ $tool == pip ]]; then
			python3 -m pip --version >/dev/null 2>&1 && continue
		elif command -v "$tool" >/dev/null 2>&1; then
			continue
		fi
		die "$tool is missing; install it with: $(install_command "$tool")"
	done
}

# Calls a function or command until it succeeds, for at most that many seconds.
# 50 ms between attempts, since 200 ms would be a noticeable part of `up`.
wait_until() {
	local seconds=$1 end
	shift
	# SECONDS are whole, so without one more a wait could be a second short.
	end=$((SECONDS + seconds + 1))
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}
