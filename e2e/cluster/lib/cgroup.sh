# The cgroup under which all pods of a node are, in each hierarchy (v1) or in
# the only one (v2).
# shellcheck shell=bash disable=SC2154 # the cluster's settings are set by the caller

readonly cgroup_mount=/sys/fs/cgroup

# On v2 a group has only the controllers that its parent hands down. kubelet refuses a root
# without cpu, cpuset, memory or pids.
make_cgroup() {
	local hierarchy controller
	if [[ -f $cgroup_mount/cgroup.controllers ]]; then
		for controller in $(<"$cgroup_mount/cgroup.controllers"); do
			# One at a time: if one is not available, a write of several fails as a whole.
			{ echo "+$controller" >"$cgroup_mount/cgroup.subtree_control"; } 2>/dev/null || true
		done
		mkdir -p -- "$cgroup_mount/$cgroup"
		for controller in cpu cpuset memory pids; do
			[[ " $(<"$cgroup_mount/$cgroup/cgroup.controllers") " == *" $controller "* ]] ||
				die "the cgroup controller $controller is not handed down in $cgroup_mount; a node needs it (in a container: run it with its own cgroup namespace, or on the machine itself)"
		done
		return
	fi
	for hierarchy in "$cgroup_mount"/*/cgroup.procs; do
		[[ -f $hierarchy ]] || die "no cgroups at $cgroup_mount; mount them, as every init system does"
		mkdir -p -- "${hierarchy%/*}/$cgroup"
	done
}

# False while something still runs in it.
remove_cgroup() {
	local group
	for group in "$cgroup_mount/$cgroup" "$cgroup_mount"/*/"$cgroup"; do
		[[ -d $group ]] || continue
		find "$group" -depth -type d -exec rmdir -- {} + 2>/dev/null
		[[ ! -d $group ]] || return 1
	done
}
