# How each part of the control plane starts, and how it is known to serve.
# shellcheck shell=bash disable=SC2154 # the cluster's settings are set by the caller

# How long a kubelet may be silent: longer than every outage of the tests. After an outage,
# nodes must not count as lost before they can renew their leases.
lost_after=10m

# Limit of a start, far above a cold start on a busy two-core machine.
readonly ready_seconds=120

server_url() {
	echo "https://$apiserver_address:$apiserver_port"
}

# choose_ports NAME...: sets each named variable to a free port.
#
# No port is from the ephemeral range. From there, a client that retries while the API
# server is stopped can be given the very port that it dials, connect to itself and keep
# the server from coming back.
choose_ports() {
	local name port attempt chosen=' ' low=10000 high
	read -r high _ </proc/sys/net/ipv4/ip_local_port_range
	if ((high - low < 1000)); then
		low=61000 high=65535
	fi
	for name in "$@"; do
		port=
		for ((attempt = 0; attempt < 100; attempt++)); do
			port=$((low + SRANDOM % (high - low)))
			[[ $chosen != *" $port "* ]] || continue
			(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
		done
		((attempt < 100)) || die "no free port between $low and $high"
		chosen+="$port "
		printf -v "$name" %s "$port"
	done
}

# get PATH: the API server's answer to the administrator.
get() {
	# --noproxy: a proxy of the environment would not reach this machine's loopback.
	curl --silent --show-error --fail --noproxy '*' --max-time 5 -A e2e \
		--cacert "$dir/pki/ca.crt" --cert "$dir/pki/admin.crt" --key "$dir/pki/admin.key" \
		"$(server_url)$1" 2>/dev/null
}

answers() {
	get "$1" >/dev/null
}

# The health endpoints of the other parts; their certificates are self-signed.
healthy() {
	curl --silent --fail --noproxy '*' --max-time 5 --insecure --output /dev/null "$1"
}

# The scheduler of 1.30 has only /healthz, which does not wait for its informers.
scheduler_serves() {
	local address=https://127.0.0.1:$scheduler_port code
	code=$(curl --silent --noproxy '*' --max-time 5 --insecure --output /dev/null --write-out '%{http_code}' \
		"$address/readyz") || return 1
	case $code in
	200) ;;
	404) healthy "$address/healthz" ;;
	*) return 1 ;;
	esac
}

# create PATH BODY
create() {
	curl --silent --show-error --fail-with-body --noproxy '*' --max-time 30 -A e2e \
		--cacert "$dir/pki/ca.crt" --cert "$dir/pki/admin.crt" --key "$dir/pki/admin.key" \
		-H 'Content-Type: application/json' --data-binary "$2" --output "$dir/log/create.json" \
		"$(server_url)$1" || die "creating at $1 failed: $(cat "$dir/log/create.json")"
}

start_etcd() {
	# Without fsync and in memory: the data live as long as the tests, and most of the time
	# of a write would be disk latency.
	spawn etcd "$etcd" \
		--name e2e \
		--data-dir "$etcd_data" \
		--unsafe-no-fsync \
		--quota-backend-bytes 8589934592 \
		--listen-client-urls "http://127.0.0.1:$etcd_port" \
		--advertise-client-urls "http://127.0.0.1:$etcd_port" \
		--listen-peer-urls "http://127.0.0.1:$etcd_peer_port" \
		--initial-advertise-peer-urls "http://127.0.0.1:$etcd_peer_port" \
		--initial-cluster "e2e=http://127.0.0.1:$etcd_peer_port" \
		--log-level warn
}

start_apiserver() {
	spawn kube-apiserver "$kube_apiserver" \
		--etcd-servers "http://127.0.0.1:$etcd_port" \
		--bind-address "$apiserver_address" \
		--secure-port "$apiserver_port" \
		--advertise-address "$apiserver_address" \
		--endpoint-reconciler-type none \
		--service-cluster-ip-range 10.96.0.0/16 \
		--authorization-mode Node,RBAC \
		--enable-admission-plugins NodeRestriction \
		--allow-privileged \
		--client-ca-file "$dir/pki/ca.crt" \
		--tls-cert-file "$dir/pki/apiserver.crt" \
		--tls-private-key-file "$dir/pki/apiserver.key" \
		--kubelet-client-certificate "$dir/pki/apiserver-kubelet.crt" \
		--kubelet-client-key "$dir/pki/apiserver-kubelet.key" \
		--kubelet-certificate-authority "$dir/pki/ca.crt" \
		--kubelet-preferred-address-types InternalIP \
		--requestheader-client-ca-file "$dir/pki/front-proxy-ca.crt" \
		--requestheader-allowed-names front-proxy-client \
		--requestheader-username-headers X-Remote-User \
		--requestheader-group-headers X-Remote-Group \
		--requestheader-extra-headers-prefix X-Remote-Extra- \
		--proxy-client-cert-file "$dir/pki/front-proxy.crt" \
		--proxy-client-key-file "$dir/pki/front-proxy.key" \
		--service-account-issuer https://kubernetes.default.svc.cluster.local \
		--service-account-key-file "$dir/pki/service-account.pub" \
		--service-account-signing-key-file "$dir/pki/service-account.key"
}

# The endpoint of the Service kubernetes, by which pods reach the API server. The API server
# would remove its own endpoint when it ends. kube-proxy learns of a new one after a back-off,
# so pods could not reach it for half a minute after each outage. A control plane with a load
# balancer has a fixed endpoint too.
create_apiserver_endpoint() {
	create /apis/discovery.k8s.io/v1/namespaces/default/endpointslices '{
		"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
		"metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
		"ports": [{"name": "https", "port": '"$apiserver_port"', "protocol": "TCP"}],
		"endpoints": [{"addresses": ["'"$apiserver_address"'"], "conditions": {"ready": true}}]}'
}

await_apiserver() {
	await kube-apiserver "$ready_seconds" answers /readyz
}

# It renews its Lease every 2 s, as by default, by which the plugin knows that it is alive. By
# default it ends if it could not renew for 10 s, as in every outage of the tests.
leader_election=(
	--leader-elect
	--leader-elect-lease-duration 15m
	--leader-elect-renew-deadline 10m
	--leader-elect-retry-period 2s
)

start_controller_manager() {
	# With the default rate of 20 requests a second, thousands of pods would take minutes. With
	# the default of five workers, tests would wait behind the thousands of another.
	spawn kube-controller-manager "$kube_controller_manager" \
		--kubeconfig "$dir/pki/kube-controller-manager.kubeconfig" \
		--authentication-kubeconfig "$dir/pki/kube-controller-manager.kubeconfig" \
		--authorization-kubeconfig "$dir/pki/kube-controller-manager.kubeconfig" \
		--bind-address 127.0.0.1 \
		--secure-port "$controller_manager_port" \
		"${leader_election[@]}" \
		--use-service-account-credentials \
		--service-account-private-key-file "$dir/pki/service-account.key" \
		--root-ca-file "$dir/pki/ca.crt" \
		--cluster-signing-cert-file "$dir/pki/ca.crt" \
		--cluster-signing-key-file "$dir/pki/ca.key" \
		--node-monitor-grace-period "$lost_after" \
		--concurrent-deployment-syncs 20 \
		--concurrent-replicaset-syncs 20 \
		--kube-api-qps 2000 \
		--kube-api-burst 4000
}

start_scheduler() {
	spawn kube-scheduler "$kube_scheduler" \
		--kubeconfig "$dir/pki/kube-scheduler.kubeconfig" \
		--authentication-kubeconfig "$dir/pki/kube-scheduler.kubeconfig" \
		--authorization-kubeconfig "$dir/pki/kube-scheduler.kubeconfig" \
		--bind-address 127.0.0.1 \
		--secure-port "$scheduler_port" \
		"${leader_election[@]}" \
		--kube-api-qps 2000 \
		--kube-api-burst 4000
}

start_kwok() {
	spawn kwok "$kwok" \
		--kubeconfig "$dir/pki/kwok.kubeconfig" \
		--config "$here/kwok/config.yaml" \
		--server-address "127.0.0.1:$kwok_port"
}

create_nodes() {
	local number
	for number in 1 2 3; do
		create /api/v1/nodes '{
			"apiVersion": "v1", "kind": "Node",
			"metadata": {"name": "node-'"$number"'", "labels": {
				"kubernetes.io/hostname": "node-'"$number"'",
				"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}}}'
	done
}

# Whether all three nodes are ready and not tainted any more, so that a new pod is scheduled
# at once.
nodes_are_ready() {
	local nodes ready
	nodes=$(get /api/v1/nodes) || return 1
	ready=${nodes//'"reason":"KubeletReady"'/}
	(((${#nodes} - ${#ready}) / 23 == 3)) && [[ $nodes != *'"key":"node.kubernetes.io/'* ]]
}
