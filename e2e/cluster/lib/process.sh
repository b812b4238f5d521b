# Background processes of one cluster: each is recorded in DIR/run/NAME.pid as
# "PID STARTTIME" and logs to DIR/log/NAME.log.
#
# The start time (jiffies since boot, from /proc) tells the process from a later
# one that was given the same pid, so nothing but what was started here is ever
# signalled.
# shellcheck shell=bash disable=SC2154 # the cluster's settings are set by the caller

# The API server stops listening at once, yet waits a minute for open watches:
# what has not ended by then is killed. Nothing is lost, etcd goes last and its
# data are thrown away.
readonly stop_seconds=2
readonly kill_seconds=10

start_time() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	# The second field is the command in parentheses and may hold spaces.
	stat=${stat##*) }
	# shellcheck disable=SC2086 # split into fields; the 22nd of all is the 20th here
	set -- $stat
	# An ended process that nobody has waited for yet is as good as gone.
	[[ $1 != Z ]] || return 1
	echo "${20}"
}

# spawn NAME COMMAND...: starts it detached from this script and its terminal.
spawn() {
	local name=$1 pid started
	shift
	mkdir -p -- "$dir/run" "$dir/log"
	# setsid: an interrupt at the terminal goes to whoever called `up`, who then
	# calls `down`; the parts must not end on their own before that.
	# No proxy: what the parts say to each other is not for one.
	env -u HTTP_PROXY -u HTTPS_PROXY -u http_proxy -u https_proxy \
		setsid "$@" >>"$dir/log/$name.log" 2>&1 </dev/null &
	pid=$!
	# Else bash reports its end, which `down` and a failed `up` bring about.
	disown
	started=$(start_time "$pid") || fail_with_log "$name" "$name ended at once"
	printf '%s %s\n' "$pid" "$started" >"$dir/run/$name.pid"
}

# Prints the pid if that very process still runs.
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

# signal NAME SIGNAL: false when it does not run.
signal() {
	local pid
	pid=$(running_pid "$1") || return 1
	kill -s "$2" "$pid" 2>/dev/null
}

# Ends a process within a bound; quiet when it already ended.
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

# await NAME SECONDS CHECK...: until the check holds; at once an error when the
# process has ended.
await() {
	local name=$1 seconds=$2
	shift 2
	wait_until "$seconds" gone_or "$name" "$@" ||
		fail_with_log "$name" "$name is not ready after $seconds s"
	is_running "$name" || fail_with_log "$name" "$name ended"
}
