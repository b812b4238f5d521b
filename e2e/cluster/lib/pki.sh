# Keys, certificates and kubeconfigs of one cluster, all in DIR/pki.
# shellcheck shell=bash disable=SC2154 # the cluster's settings are set by the caller

# Days for which a certificate is valid: longer than any cluster of the tests lives.
readonly certificate_days=30

new_key() {
	# P-256 keys take milliseconds. RSA keys would take most of `up`.
	openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>/dev/null
}

# new_ca NAME
new_ca() {
	local base=$dir/pki/$1
	new_key "$base.key"
	openssl req -x509 -new -key "$base.key" -sha256 -days "$certificate_days" \
		-subj "/CN=sre-e2e-$1" \
		-addext "basicConstraints=critical,CA:TRUE" \
		-addext "keyUsage=critical,digitalSignature,keyCertSign,cRLSign" \
		-out "$base.crt"
}

# issue CA NAME SUBJECT USAGE [SUBJECT_ALT_NAMES]
issue() {
	local ca=$dir/pki/$1 base=$dir/pki/$2 subject=$3 usage=$4 names=${5-}
	new_key "$base.key"
	openssl req -new -key "$base.key" -subj "$subject" -out "$base.csr"
	{
		echo "basicConstraints=critical,CA:FALSE"
		echo "keyUsage=critical,digitalSignature"
		echo "extendedKeyUsage=$usage"
		[[ -z $names ]] || echo "subjectAltName=$names"
	} >"$base.ext"
	# A random serial, since concurrent calls would share a counter file.
	openssl x509 -req -in "$base.csr" -CA "$ca.crt" -CAkey "$ca.key" \
		-set_serial "0x$(openssl rand -hex 8)" -sha256 -days "$certificate_days" \
		-extfile "$base.ext" -out "$base.crt" 2>/dev/null
	rm -f -- "$base.csr" "$base.ext"
}

# One attribute of a subject, with openssl's special characters escaped.
attribute() {
	local value=$2
	value=${value//\\/\\\\}
	value=${value//\//\\/}
	value=${value//+/\\+}
	printf '/%s=%s' "$1" "$value"
}

# client_certificate NAME USER [GROUP...]
client_certificate() {
	local name=$1 user=$2 subject='' group
	shift 2
	for group in "$@"; do
		subject+=$(attribute O "$group")
	done
	subject+=$(attribute CN "$user")
	issue ca "$name" "$subject" clientAuth
}

# write_kubeconfig FILE USER CERTIFICATE_NAME
write_kubeconfig() {
	local file=$1 user=$2 base=$dir/pki/$3
	(
		umask 077
		cat >"$file.part" <<-EOF
			apiVersion: v1
			kind: Config
			clusters:
			- name: e2e
			  cluster:
			    server: $(server_url)
			    certificate-authority-data: $(base64 -w 0 <"$dir/pki/ca.crt")
			users:
			- name: "$user"
			  user:
			    client-certificate-data: $(base64 -w 0 <"$base.crt")
			    client-key-data: $(base64 -w 0 <"$base.key")
			contexts:
			- name: e2e
			  context:
			    cluster: e2e
			    user: "$user"
			current-context: e2e
		EOF
	)
	mv -f -- "$file.part" "$file"
}

# make_pki: makes the keys and certificates that the API server and the controller-manager
# need to start.
make_pki() {
	mkdir -p -- "$dir/pki"
	chmod 700 "$dir/pki"
	new_ca ca
	# The aggregation layer trusts a CA of its own. With the client CA, any client could claim
	# to be the proxy.
	new_ca front-proxy-ca
	issue ca apiserver "/CN=kube-apiserver" serverAuth \
		"IP:$apiserver_address,IP:127.0.0.1,IP:::1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
	issue front-proxy-ca front-proxy "/CN=front-proxy-client" clientAuth
	client_certificate apiserver-kubelet kube-apiserver-kubelet-client system:masters
	new_key "$dir/pki/service-account.key"
	openssl ec -in "$dir/pki/service-account.key" -pubout -out "$dir/pki/service-account.pub" 2>/dev/null
}
