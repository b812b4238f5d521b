# A real node: containerd, kubelet and kube-proxy under a first process (the script 'node')
# in namespaces of their own. All devices, rules, mounts and processes that they and the pods
# make are in these namespaces, so all of it ends with that one process.
# shellcheck shell=bash disable=SC2154 # the cluster's settings are set by the caller

# Limit of loading an archive. One of 21 MB takes half a second.
readonly load_seconds=120

# Prints the directory of the CNI plugins for the pods' network.
cni_plugins() {
	local directory
	# The directories of Debian and of upstream's releases.
	for directory in /usr/lib/cni /opt/cni/bin; do
		[[ -x $directory/ptp && -x $directory/host-local && -x $directory/loopback ]] || continue
		echo "$directory"
		return
	done
	die "the CNI plugins are missing; install them with: $(install_command containernetworking-plugins)"
}

need_node() {
	((EUID == 0)) || die "a node needs root, for namespaces and cgroups; 'cluster up DIR' has simulated nodes and does not"
	need ip iptables runc unshare nsenter mount timeout busybox
	cni_plugins >/dev/null
}

need_paths() {
	local path
	for path in "$dir" "$containerd" "$kubelet" "$here"; do
		# The node replaces these directories by its own.
		[[ $path != /run/* && $path != /var/lib/* && $path != /var/log/* ]] ||
			die "$path cannot be used by a node: it must not be under /run, /var/lib or /var/log"
	done
}

node_certificates() {
	client_certificate kubelet "system:node:$node_name" system:nodes
	write_kubeconfig "$dir/pki/kubelet.kubeconfig" kubelet kubelet
	issue ca kubelet-serving "/O=system:nodes/CN=system:node:$node_name" serverAuth \
		"IP:$node_address,DNS:$node_name"
	component_kubeconfig kube-proxy system:kube-proxy
}

# Overlays do not stack on every kernel. If the directory is on one, as in a container,
# layers are copied.
snapshotter() {
	case $(stat --file-system --format %T -- "$dir") in
	overlayfs) echo native ;;
	*) echo overlayfs ;;
	esac
}

# NRI and the plugin for /opt are off, since they would leave directories behind.
# restrict_oom_score_adj: without it no sandbox starts if CAP_SYS_RESOURCE is missing, as in
# containers and small virtual machines. AppArmor is off, since its profile would stay in
# this machine's kernel.
containerd_config() {
	cat <<-EOT
		version = 3
		root = "/var/lib/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

		[grpc]
		address = "/run/containerd/containerd.sock"

		[plugins."io.containerd.metadata.v1.bolt"]
		no_sync = true

		[plugins."io.containerd.cri.v1.images"]
		snapshotter = "$(snapshotter)"

		[plugins."io.containerd.cri.v1.images".pinned_images]
		sandbox = "docker.io/library/sre-e2e-tools:latest"

		[plugins."io.containerd.cri.v1.runtime"]
		restrict_oom_score_adj = true
		disable_apparmor = true

		[plugins."io.containerd.cri.v1.runtime".cni]
		bin_dirs = ["$(cni_plugins)"]
		conf_dir = "$dir/node/cni"
	EOT
}

# ptp rather than bridge: traffic between pods is routed, so the rules of kube-proxy apply to
# it without the module br_netfilter.
cni_config() {
	cat <<-EOT
		{"cniVersion": "1.0.0", "name": "pods", "plugins": [{
			"type": "ptp", "ipam": {
				"type": "host-local", "ranges": [[{"subnet": "$pod_range"}]],
				"routes": [{"dst": "0.0.0.0/0"}]}}]}
	EOT
}

# clusterDNS is an address at which nothing listens, so a lookup fails at once instead of
# after seconds. There is no DNS.
# evictionHard: a developer's disk is fuller than a node's.
kubelet_config() {
	cat <<-EOT
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		address: $node_address
		healthzBindAddress: $node_address
		authentication:
		  anonymous: {enabled: false}
		  webhook: {enabled: true}
		  x509: {clientCAFile: "$dir/pki/ca.crt"}
		authorization: {mode: Webhook}
		tlsCertFile: "$dir/pki/kubelet-serving.crt"
		tlsPrivateKeyFile: "$dir/pki/kubelet-serving.key"
		clusterDomain: cluster.local
		clusterDNS: ["$node_address"]
		containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
		volumePluginDir: /var/lib/kubelet/volume-plugins
		cgroupDriver: cgroupfs
		cgroupRoot: /$cgroup
		failCgroupV1: false
		enforceNodeAllocatable: []
		oomScoreAdj: 0
		failSwapOn: false
		evictionHard: {nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%, memory.available: 0%}
		imageGCHighThresholdPercent: 100
		maxPods: 200
	EOT
}

# conntrack: zero leaves the kernel's limits unchanged, which are those of this machine.
kube_proxy_config() {
	cat <<-EOT
		apiVersion: kubeproxy.config.k8s.io/v1alpha1
		kind: KubeProxyConfiguration
		mode: iptables
		clientConnection: {kubeconfig: "$dir/pki/kube-proxy.kubeconfig"}
		clusterCIDR: $pod_range
		hostnameOverride: $node_name
		healthzBindAddress: $node_address:10256
		conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
	EOT
}

in_own_network() {
	local own theirs
	own=$(readlink /proc/self/ns/net)
	theirs=$(readlink "/proc/$1/ns/net") || return 1
	[[ $theirs != "$own" ]]
}

start_node() {
	local pid
	make_cgroup
	mkdir -p -- "$dir/node/cni" "$dir/node/lib" "$dir/node/log"
	containerd_config >"$dir/node/containerd.toml"
	cni_config >"$dir/node/cni/pods.conflist"
	kubelet_config >"$dir/node/kubelet.yaml"
	kube_proxy_config >"$dir/node/kube-proxy.yaml"
	spawn node unshare --net --mount --pid --fork --kill-child --mount-proc "$here/node" "$dir"
	pid=$(running_pid node) || fail_with_log node "node ended at once"
	await node "$ready_seconds" in_own_network "$pid"
	lend_link "$pid"
}

# Whether the node is ready and not tainted any more, so that a new pod is scheduled at once.
node_is_ready() {
	local node
	node=$(get "/api/v1/nodes/$node_name") || return 1
	[[ $node == *'"reason":"KubeletReady"'* && $node != *'"taints"'* ]]
}

await_node() {
	await node "$ready_seconds" node_is_ready
	await node "$ready_seconds" healthy "http://$node_address:10256/healthz"
}

# Kills the node, since its data are removed and nothing in it needs an orderly end.
end_node() {
	signal node KILL || true
	wait_until "$kill_seconds" is_gone node || die "node does not end"
	rm -f -- "$dir/run/node.pid"
	[[ -n ${link_number-} ]] || return 0
	wait_until "$kill_seconds" remove_cgroup ||
		die "processes of the node do not end; they are in $cgroup_mount/*/$cgroup"
}

# The children of a process. The kernel's list does not end in a newline.
children() {
	tr ' ' '\n' <"/proc/$1/task/$1/children"
}

# signal_kubelet SIGNAL: sends it to the kubelet. It is a child of the node's first process,
# which is the only child of the process that `start_node` spawned.
signal_kubelet() {
	local pid child
	pid=$(running_pid node) || die "the cluster in $dir has no node that runs; 'cluster up DIR --node' makes one"
	pid=$(children "$pid")
	for child in $(children "$pid"); do
		if [[ $(<"/proc/$child/comm") == kubelet ]]; then
			kill -s "$1" "$child"
			return
		fi
	done
	die "the node has no kubelet"
}

# images COMMAND...: runs a command about images of containerd, by its socket in the node's /run.
images() {
	timeout "$load_seconds" nsenter --target "$pid" --mount \
		"$ctr" --namespace k8s.io images "$@" >>"$dir/log/load.log" 2>&1
}

# load ARCHIVE: makes the images of a docker archive available to pods.
load() {
	local archive=$1 name pid
	need_archive "$archive"
	pid=$(running_pid node) || die "the cluster in $dir has no node that runs; 'cluster up DIR --node' makes one"
	images import - <"$archive" ||
		die "importing $archive failed: $(tail -n 3 "$dir/log/load.log")"
	while read -r name; do
		images tag --force "localhost/$name" "docker.io/library/$name" </dev/null ||
			die "naming localhost/$name $name failed: $(tail -n 3 "$dir/log/load.log")"
	done < <(local_names "$archive")
}
