# The way between this machine and a node: a pair of virtual Ethernet devices.
#
# Its number tells the node clusters of one machine apart: names of devices and
# of the cgroup, addresses and the range of the pods follow from it. The addresses
# are of 198.18.0.0/15, which is set aside for tests (RFC 2544), so that they
# meet no network that this machine is in.
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

# Whether anything but the default route leads to that address already.
is_routed() {
	ip -4 route show to match "$1" | grep -qv '^default'
}

# reserve_link: takes the lowest number that is free. That the kernel makes a
# device of one name only once is what keeps two clusters apart.
reserve_link() {
	local number error
	for ((number = 0; number < link_numbers; number++)); do
		derive_from_link "$number"
		if is_routed "$host_address" || is_routed "${pod_range%/*}"; then
			continue
		fi
		if error=$(LC_ALL=C ip link add "$link" type veth peer name "$node_link" 2>&1); then
			# Only now: what has a number is ended by its devices' names.
			link_number=$number
			return
		fi
		[[ $error == *'File exists'* ]] || die "adding the network device $link failed: $error"
	done
	die "none of $link_numbers device names and ranges is free; 'ip link' shows who holds them"
}

# The pods are reached through the node, as on a network of several machines.
start_link() {
	ip address add "$host_address/30" dev "$link"
	ip link set "$link" up
	ip route add "$pod_range" via "$node_address" dev "$link"
}

# lend_link PID: gives the other end to the network of that process.
lend_link() {
	ip link set "$node_link" netns "$1"
}

# Address and route end with the device.
end_link() {
	if [[ -n ${link_number-} && -e /sys/class/net/$link ]]; then
		ip link delete "$link"
	fi
}
