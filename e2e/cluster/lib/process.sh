# Background processes of one cluster: each is recorded in DIR/run/NAME.pid as
# "PID STARTTIME" and logs to DIR/log/NAME.log.
#
# The start time (jiffies since boot, from /proc) distinguishes the process from a later one
# with the same pid, so only processes that were started here are ever signalled.
# shellcheck shell=bash disable=SC2154 # the cluster's settings are set by the caller

# Limit of an orderly end. The API server stops listening at once, but waits a minute for open
# watches, so it is killed. Nothing is lost: etcd ends last, and its data are removed.
readonly stop_seconds=2
readonly kill_seconds=10

start_time() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	# The second field is the command in parentheses and may hold spaces.
	stat=${stat##*) }
	# shellcheck disable=SC2086 # split into fields; the 22nd of all is the 20th here
	set -- $stat
	# A zombie counts as gone.
	[[ $1 != Z ]] || return 1
	echo "${20}"
}

# spawn NAME COMMAND...: starts it detached from this script and its terminal.
spawn() {
	local name=$1 pid started
	shift
	mkdir -p -- "$dir/run" "$dir/log"
	# setsid: an interrupt at the terminal goes to the caller of `up`, who then calls `down`.
	# The parts must not end by themselves before that.
	# No proxy is used between the parts.
	env -u HTTP_PROXY -u HTTPS_PROXY -u http_proxy -u https_proxy \
		setsid "$@" >>"$dir/log/$name.log" 2>&1 </dev/null &
	pid=$!
	# Without it bash reports the end of the process after `down` and a failed `up`.
	disown
	started=$(start_time "$pid") || fail_with_log "$name" "$name ended at once"
	printf '%s %s\n' "$pid" "$started" >"$dir/run/$name.pid"
}

# Prints the pid if the process still runs.
running_pid() {
	local pid started
	[[ -f $dir/run/$1.pid ]] || return 1
	read -r pid started <"$dir/run/$1.pid" || return 1
	[[ $(start_time "$pid") == "$started" ]] || return 1
	echo "$pid"
}

is_running() {
	running_pid "$1" >/dev/null
}

is_gone() {
	! is_running "$1"
}

# signal NAME SIGNAL: false if it does not run.
signal() {
	local pid
	pid=$(running_pid "$1") || return 1
	kill -s "$2" "$pid" 2>/dev/null
}

# Ends a process within a limit. Does nothing if it has ended already.
stop() {
	local name=$1
	if signal "$name" TERM; then
		# A paused process acts on TERM only once it continues.
		signal "$name" CONT || true
		if ! wait_until "$stop_seconds" is_gone "$name"; then
			signal "$name" KILL || true
			wait_until "$kill_seconds" is_gone "$name" || die "$name does not end"
		fi
	fi
	rm -f -- "$dir/run/$name.pid"
}

fail_with_log() {
	local name=$1
	shift
	{
		printf '%s: %s; the last lines of %s:\n' "$program" "$*" "$dir/log/$name.log"
		tail -n 30 "$dir/log/$name.log" 2>/dev/null
	} >&2 || true
	exit 1
}

gone_or() {
	local name=$1
	shift
	is_gone "$name" || "$@"
}

# await NAME SECONDS CHECK...: waits until the check holds. Fails at once if the process has
# ended.
await() {
	local name=$1 seconds=$2
	shift 2
	wait_until "$seconds" gone_or "$name" "$@" ||
		fail_with_log "$name" "$name is not ready after $seconds s"
	is_running "$name" || fail_with_log "$name" "$name ended"
}
