# The link between this machine and a node: a pair of virtual Ethernet devices.
#
# Each node cluster of a machine has a number. The names of its devices and its cgroup, its
# addresses and the range of its pods follow from it. The addresses are of 198.18.0.0/15,
# which is reserved for tests (RFC 2544), so that they do not collide with networks of this
# machine.
# shellcheck shell=bash disable=SC2034,SC2154 # the cluster's settings are shared with the caller

readonly link_numbers=256

# derive_from_link NUMBER
derive_from_link() {
	local number=$1
	node_name=node-1
	link=sre$number
	node_link=sre$number-node
	host_address=198.19.$number.1
	node_address=198.19.$number.2
	pod_range=198.18.$number.0/24
	cgroup=kubectl-sre-$number
}

# Whether a route other than the default leads to that address already.
is_routed() {
	ip -4 route show to match "$1" | grep -qv '^default'
}

# reserve_link: takes the lowest free number. The kernel makes a device of one name only
# once, so two clusters never get the same number.
reserve_link() {
	local number error
	for ((number = 0; number < link_numbers; number++)); do
		derive_from_link "$number"
		if is_routed "$host_address" || is_routed "${pod_range%/*}"; then
			continue
		fi
		if error=$(LC_ALL=C ip link add "$link" type veth peer name "$node_link" 2>&1); then
			# Set only now, since `down` removes the devices of a cluster that has a number.
			link_number=$number
			return
		fi
		[[ $error == *'File exists'* ]] || die "adding the network device $link failed: $error"
	done
	die "none of $link_numbers device names and ranges is free; 'ip link' lists them"
}

# This machine reaches the pods through the node, as on a network of several machines.
start_link() {
	ip address add "$host_address/30" dev "$link"
	ip link set "$link" up
	ip route add "$pod_range" via "$node_address" dev "$link"
}

# lend_link PID: moves the other end into the network namespace of that process.
lend_link() {
	ip link set "$node_link" netns "$1"
}

# Removing the device removes its address and route.
end_link() {
	if [[ -n ${link_number-} && -e /sys/class/net/$link ]]; then
		ip link delete "$link"
	fi
}
