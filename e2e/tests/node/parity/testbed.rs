//! The testbed between the clients and the API server: proxies, fronts, identities.

use serde_json::{Value, json};
use sre_e2e::authority::{Authority, CertificateRequest, CertifiedKey, P256, RSA, Validity, self_signed};
use sre_e2e::node::{self, RestrictedNamespace, kubectl};
use sre_e2e::service::{Service, free_port};
use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The user of certificates.
pub const ALICE: &str = "alice@parity";
/// Another user of certificates, who may impersonate some others.
pub const IVAN: &str = "ivan@parity";
/// The user of tokens.
pub const READER: &str = "system:serviceaccount:sre-parity:reader";
/// Another one.
pub const WRITER: &str = "system:serviceaccount:sre-parity:writer";
/// A name of the API server's certificate that only proxies can look up.
pub const HIDDEN: &str = "kubernetes.default.svc";
/// The user for proxies that ask for one.
pub const USER: &str = "proxy-user";
/// The password of [`USER`].
pub const PASSWORD: &str = "proxy-pass-3f9";
/// A token that no API server knows.
pub const WRONG_TOKEN: &str = "no-such-token-71c2";

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const LOOPBACK6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Ports of servers in front of the API server.
#[derive(Debug)]
pub struct Fronts {
    /// TLS with a certificate for each loopback address. It serves the API server below a path too.
    pub front: u16,
    /// A server like `front` on the IPv6 loopback address.
    pub front6: u16,
    /// A TCP proxy of the API server's own port, on the IPv6 loopback address.
    pub passed6: u16,
    /// A self-signed certificate that may sign others.
    pub self_signed_ca: u16,
    /// A self-signed certificate that may not sign others.
    pub self_signed_leaf: u16,
    /// A certificate for another name.
    pub wrong_name: u16,
    /// A certificate that has expired.
    pub expired: u16,
    /// A certificate that is not valid yet.
    pub future: u16,
    /// A certificate with a name only in its subject.
    pub common_name: u16,
    /// A certificate of an intermediate authority, whose certificate is sent too.
    pub chain: u16,
    /// A certificate of an intermediate authority, whose certificate is not sent.
    pub broken_chain: u16,
    /// Keys of RSA, and TLS 1.2.
    pub old: u16,
    /// A certificate that may sign others.
    pub authority: u16,
    /// A certificate for `*.parity`.
    pub wildcard: u16,
    /// No TLS. Every client is [`READER`].
    pub gateway: u16,
    /// No TLS.
    pub plain: u16,
    /// TLS, with a page for people.
    pub portal: u16,
    /// A port that accepts connections and stays silent.
    pub silent: u16,
    /// A port at which nothing listens.
    pub closed: u16,
}

/// Ports of proxies on the loopback address.
#[derive(Debug)]
pub struct Proxies {
    /// Serves every client.
    pub http: u16,
    /// Wants [`USER`] and [`PASSWORD`].
    pub guarded: u16,
    /// Refuses every CONNECT.
    pub denying: u16,
    /// Speaks TLS, with a certificate of the front's authority.
    pub tls: u16,
    /// SOCKS 5.
    pub socks: u16,
    /// SOCKS 5 that wants [`USER`] and [`PASSWORD`].
    pub guarded_socks: u16,
}

/// The testbed. It ends when this value is dropped.
pub struct Testbed {
    /// For files.
    pub directory: PathBuf,
    /// The API server's address and port.
    pub address: SocketAddr,
    /// Of the API server, and of the clients that it knows.
    pub authority: Authority,
    /// Of what stands before it.
    pub front_authority: Authority,
    /// Signed by that one.
    pub intermediate: Authority,
    /// Certificates that signed themselves.
    pub self_signed: [CertifiedKey; 2],
    /// [`ALICE`]
    pub alice: CertifiedKey,
    /// [`ALICE`], with a key of RSA.
    pub alice_rsa: CertifiedKey,
    /// [`ALICE`], with a key of Ed25519.
    pub alice_ed25519: CertifiedKey,
    /// [`ALICE`], by a certificate of X.509 version 1.
    pub alice_version_1: CertifiedKey,
    /// [`ALICE`], until 2020.
    pub alice_expired: CertifiedKey,
    /// Of an authority that the API server does not know.
    pub stranger: CertifiedKey,
    /// [`IVAN`]
    pub ivan: CertifiedKey,
    /// Of [`READER`].
    pub token: String,
    /// Of [`WRITER`].
    pub writer_token: String,
    /// What stands before the API server.
    pub fronts: Fronts,
    /// What stands on the way.
    pub proxies: Proxies,
    _silent: TcpListener,
    #[allow(dead_code, reason = "they end with it")]
    services: Vec<Service>,
    _space: RestrictedNamespace,
}

impl Testbed {
    /// Builds it around the cluster with a node.
    pub fn new() -> Self {
        let directory = sre_e2e::temporary("parity");
        let address = apiserver();
        let authority = Authority::new(node::cluster().authority(), &directory.join("clients"));
        let front_authority = Authority::root(&directory.join("fronts"), "parity-fronts");
        let intermediate = front_authority.intermediate(&directory.join("intermediate"));
        let strangers = Authority::root(&directory.join("strangers"), "parity-strangers");
        let client = |authority: &Authority, name: &str, subject: &str, validity, key| {
            let wanted = CertificateRequest {
                subject,
                extensions: &["extendedKeyUsage=clientAuth"],
                validity,
                key,
            };
            authority.issue(name, &wanted)
        };
        let alice = "/O=team-a/O=team-b/CN=alice@parity";
        let space = identities();
        let (fronts, silent) = Fronts::choose(address.ip());
        let proxies = Proxies::choose();
        let mut testbed = Self {
            alice: client(&authority, "alice", alice, Validity::Now, P256),
            alice_rsa: client(&authority, "alice-rsa", alice, Validity::Now, RSA),
            alice_ed25519: client(
                &authority,
                "alice-ed25519",
                alice,
                Validity::Now,
                &["-algorithm", "ED25519"],
            ),
            alice_version_1: authority.issue_version_1("alice-version-1", alice),
            alice_expired: client(&authority, "alice-expired", alice, Validity::Past, P256),
            stranger: client(&strangers, "stranger", alice, Validity::Now, P256),
            ivan: client(
                &authority,
                "ivan",
                "/O=team-i/CN=ivan@parity",
                Validity::Now,
                P256,
            ),
            token: space.run(&["create", "token", "reader"]).trim().to_owned(),
            writer_token: space.run(&["create", "token", "writer"]).trim().to_owned(),
            self_signed: [
                self_signed(
                    &directory.join("own"),
                    "own-ca",
                    &["basicConstraints=critical,CA:TRUE", "subjectAltName=IP:127.0.0.1"],
                ),
                self_signed(
                    &directory.join("own"),
                    "own-leaf",
                    &[
                        "basicConstraints=critical,CA:FALSE",
                        "subjectAltName=IP:127.0.0.1",
                    ],
                ),
            ],
            directory,
            address,
            authority,
            front_authority,
            intermediate,
            fronts,
            proxies,
            _silent: silent,
            services: Vec::new(),
            _space: space,
        };
        testbed.services = testbed.start();
        testbed
    }

    /// The secrets, which must not be in any output.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        [&*self.token, &*self.writer_token, PASSWORD, WRONG_TOKEN].into_iter()
    }

    /// The API server's URL.
    pub fn server(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Its URL by a name that only proxies can look up.
    pub fn hidden(&self) -> String {
        format!("https://{HIDDEN}:{}", self.address.port())
    }

    /// The line of /etc/hosts by which that name can be looked up.
    pub fn hidden_host(&self) -> String {
        format!("{} kubernetes {HIDDEN}", self.address.ip())
    }

    /// A cluster of a kubeconfig: the API server.
    pub fn cluster(&self) -> Value {
        self.cluster_at(&self.server())
    }

    /// A cluster of a kubeconfig: the API server at another URL.
    pub fn cluster_at(&self, server: &str) -> Value {
        json!({"server": server, "certificate-authority-data": base64(&self.authority.own.certificate)})
    }

    /// A front on the loopback address, trusted by its authority.
    pub fn front(&self, port: u16) -> Value {
        json!({
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority-data": base64(&self.front_authority.own.certificate),
        })
    }

    /// The user [`READER`] of a kubeconfig.
    pub fn reader(&self) -> Value {
        json!({"token": self.token})
    }

    /// A kubeconfig with [`READER`] at the API server.
    pub fn plain_config(&self) -> Value {
        config(&self.cluster(), &self.reader())
    }

    fn start(&self) -> Vec<Service> {
        let hosts = self.directory.join("proxy-hosts");
        write(&hosts, &format!("127.0.0.1 localhost\n{}\n", self.hidden_host()));
        let ports = &self.proxies;
        let guard = format!("BasicAuth {USER} {PASSWORD}\n");
        let mut services = vec![
            self.tinyproxy(&hosts, ports.http, ""),
            self.tinyproxy(&hosts, ports.guarded, &guard),
            // No port of ours is 1.
            self.tinyproxy(&hosts, ports.denying, "ConnectPort 1\n"),
            self.microsocks(&hosts, ports.socks, &[]),
            self.microsocks(&hosts, ports.guarded_socks, &["-u", USER, "-P", PASSWORD]),
        ];
        services.push(self.nginx());
        services
    }

    fn tinyproxy(&self, hosts: &Path, port: u16, more: &str) -> Service {
        let config = self.directory.join(format!("tinyproxy-{port}.conf"));
        write(
            &config,
            &format!("Port {port}\nListen 127.0.0.1\nMaxClients 100\nTimeout 60\n{more}"),
        );
        let program = ["tinyproxy", "-d", "-c", &config.to_string_lossy()].map(str::to_owned);
        self.with_hosts(hosts, &program, "tinyproxy-bin", port)
    }

    fn microsocks(&self, hosts: &Path, port: u16, more: &[&str]) -> Service {
        let port_text = port.to_string();
        let program: Vec<String> = [&["microsocks", "-i", "127.0.0.1", "-p", &port_text], more]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect();
        self.with_hosts(hosts, &program, "microsocks", port)
    }

    /// Starts a program for which /etc/hosts is another file.
    fn with_hosts(&self, hosts: &Path, program: &[String], package: &str, port: u16) -> Service {
        let script = "mount --no-mtab --bind \"$0\" /etc/hosts && exec \"$@\"";
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", script])
            .arg(hosts)
            .args(program);
        let log = self.directory.join(format!("{package}-{port}.log"));
        Service::start(&mut command, package, &[SocketAddr::new(LOOPBACK, port)], &log)
    }

    fn server_certificate(&self, name: &str, names: &str, validity: Validity, key: &[&str]) -> CertifiedKey {
        let names = format!("subjectAltName={names}");
        let extensions = [
            "extendedKeyUsage=serverAuth",
            &*names,
            "basicConstraints=critical,CA:TRUE",
            "keyUsage=critical,digitalSignature,keyCertSign",
        ];
        let extensions = match name {
            "common-name" => &extensions[..1],
            "authority" => &extensions[..],
            _ => &extensions[..2],
        };
        let authority = if name.ends_with("chain") {
            &self.intermediate
        } else {
            &self.front_authority
        };
        let subject = if name == "common-name" {
            "/CN=127.0.0.1".to_owned()
        } else {
            format!("/CN=parity-{name}")
        };
        authority.issue(
            name,
            &CertificateRequest {
                subject: &subject,
                extensions,
                validity,
                key,
            },
        )
    }

    fn nginx(&self) -> Service {
        let ports = &self.fronts;
        let loopback = "IP:127.0.0.1,IP:::1,DNS:front.parity.test";
        let front = self.server_certificate("front", loopback, Validity::Now, P256);
        let mut chain = self.server_certificate("chain", loopback, Validity::Now, P256);
        let broken_chain = chain.clone();
        let whole = self.directory.join("whole-chain.crt");
        write(
            &whole,
            &[&*chain.certificate, &*self.intermediate.own.certificate].concat(),
        );
        chain.certificate_file = whole;
        let ssl = |certified: &CertifiedKey| {
            format!(
                "ssl_certificate {}; ssl_certificate_key {};",
                certified.certificate_file.display(),
                certified.key_file.display()
            )
        };
        let to = format!("proxy_pass {};", self.server());
        let below = format!("location /k8s/clusters/c-1/ {{ proxy_pass {}/; }}", self.server());
        let secured = |port: u16, certified: &CertifiedKey, more: &str| {
            format!(
                "server {{ listen 127.0.0.1:{port} ssl; {} {more} location / {{ {to} }} }}\n",
                ssl(certified)
            )
        };
        let issued =
            |name: &str, names: &str, validity, key| self.server_certificate(name, names, validity, key);
        let wrong_name = issued(
            "wrong-name",
            "DNS:elsewhere.parity.test,IP:127.0.0.9",
            Validity::Now,
            P256,
        );
        let secured_servers = [
            secured(ports.front, &front, &below),
            secured(ports.self_signed_ca, &self.self_signed[0], ""),
            secured(ports.self_signed_leaf, &self.self_signed[1], ""),
            secured(ports.wrong_name, &wrong_name, ""),
            secured(
                ports.expired,
                &issued("expired", loopback, Validity::Past, P256),
                "",
            ),
            secured(
                ports.future,
                &issued("future", loopback, Validity::Future, P256),
                "",
            ),
            secured(
                ports.common_name,
                &issued("common-name", "", Validity::Now, P256),
                "",
            ),
            secured(ports.chain, &chain, ""),
            secured(ports.broken_chain, &broken_chain, ""),
            secured(
                ports.authority,
                &issued("authority", loopback, Validity::Now, P256),
                "",
            ),
            secured(
                ports.wildcard,
                &issued("wildcard", "DNS:*.parity", Validity::Now, P256),
                "",
            ),
            secured(
                ports.old,
                &issued("old", loopback, Validity::Now, RSA),
                "ssl_protocols TLSv1.2;",
            ),
        ];
        let bearer = format!("proxy_set_header Authorization 'Bearer {}';", self.token);
        let ip = self.address.ip();
        let named = format!(
            "server {{ listen [::1]:{} ssl; {front_ssl} {below} location / {{ {to} }} }}\n\
             server {{ listen {ip}:{gateway}; {bearer} {below} location / {{ {to} }} }}\n",
            ports.front6,
            gateway = ports.gateway,
            front_ssl = ssl(&front),
        );
        let others = format!(
            "server {{ listen 127.0.0.1:{}; location / {{ {to} }} }}\n\
             server {{ listen 127.0.0.1:{} ssl; {} default_type text/html; location / {{ return 200 '<html>Sign in</html>'; }} }}\n",
            ports.plain,
            ports.portal,
            ssl(&front),
        );
        let http = [&*secured_servers.concat(), &named, &others].concat();
        let stream = format!(
            "server {{ listen [::1]:{}; proxy_pass {}; }}\n\
             server {{ listen 127.0.0.1:{} ssl; {} proxy_pass 127.0.0.1:{}; }}\n",
            ports.passed6,
            self.address,
            self.proxies.tls,
            ssl(&front),
            self.proxies.http,
        );
        // One process, so that ending it ends nginx.
        let config = self.directory.join("nginx.conf");
        write(
            &config,
            &format!(
                "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n\
                 daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr;\n\
                 events {{ }}\n\
                 http {{ access_log off; {temporary} proxy_http_version 1.1;\n{http}}}\n\
                 stream {{ {stream} }}\n",
                directory = self.directory.display(),
                temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|what| format!("{what}_temp_path {}/nginx;", self.directory.display()))
                    .concat(),
            ),
        );
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-c").arg(&config).args(["-e", "stderr"]);
        let addresses = [
            SocketAddr::new(LOOPBACK, ports.front),
            SocketAddr::new(LOOPBACK6, ports.front6),
            SocketAddr::new(LOOPBACK, self.proxies.tls),
        ];
        let packages = "nginx-light libnginx-mod-stream";
        Service::start(
            &mut command,
            packages,
            &addresses,
            &self.directory.join("nginx.log"),
        )
    }
}

impl Fronts {
    fn choose(ip: IpAddr) -> (Self, TcpListener) {
        let port = || free_port(LOOPBACK);
        // Connections wait in its queue and are never accepted.
        let silent = TcpListener::bind((LOOPBACK, port())).expect("the port is free");
        let fronts = Self {
            front: port(),
            front6: free_port(LOOPBACK6),
            passed6: free_port(LOOPBACK6),
            self_signed_ca: port(),
            self_signed_leaf: port(),
            wrong_name: port(),
            expired: port(),
            future: port(),
            common_name: port(),
            chain: port(),
            broken_chain: port(),
            old: port(),
            authority: port(),
            wildcard: port(),
            gateway: free_port(ip),
            plain: port(),
            portal: port(),
            silent: silent.local_addr().expect("it listens").port(),
            closed: port(),
        };
        (fronts, silent)
    }
}

impl Proxies {
    fn choose() -> Self {
        let port = || free_port(LOOPBACK);
        Self {
            http: port(),
            guarded: port(),
            denying: port(),
            tls: port(),
            socks: port(),
            guarded_socks: port(),
        }
    }
}

/// The API server's address, from the administrator's kubeconfig.
fn apiserver() -> SocketAddr {
    let view = kubectl().ok(&[
        "config",
        "view",
        "--output=jsonpath={.clusters[0].cluster.server}",
    ]);
    let address = view
        .strip_prefix("https://")
        .and_then(|address| address.parse().ok());
    let address: SocketAddr = address.unwrap_or_else(|| panic!("the server is {view:?}"));
    assert!(
        !address.ip().is_loopback(),
        "no proxy of the environment is used for {address}"
    );
    address
}

/// Makes the `ServiceAccounts`, and the rights of [`IVAN`] to impersonate. He may impersonate exactly these, so that a
/// header that is not sent makes a difference.
fn identities() -> RestrictedNamespace {
    let space = RestrictedNamespace::new("sre-parity");
    for name in ["reader", "writer"] {
        space.run(&["create", "serviceaccount", name]);
    }
    let rule = |group: &str, resource: &str, names: &[&str]| json!({"apiGroups": [group], "resources": [resource], "verbs": ["impersonate"], "resourceNames": names});
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "sre-parity"}, "rules": [
        rule("", "users", &["bob"]),
        rule("", "groups", &["ops", "on call"]),
        rule("authentication.k8s.io", "uids", &["uid-7"]),
        rule("authentication.k8s.io", "userextras/reason", &["incident", "a=b", "two words"]),
        rule("authentication.k8s.io", "userextras/example.org/ticket", &["4711"]),
        rule("authentication.k8s.io", "userextras/50%", &["yes"]),
    ]});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "sre-parity"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "sre-parity"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": IVAN}]});
    for object in [role, binding] {
        let input = object.to_string();
        let _ = kubectl().run(&["apply", "-f", "-"], Some(input)).expect_code(0);
    }
    space
}

impl Drop for Testbed {
    fn drop(&mut self) {
        let objects = ["clusterrolebinding/sre-parity", "clusterrole/sre-parity"];
        let _ = kubectl().run(&[&["delete", "--ignore-not-found"], &objects[..]].concat(), None);
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A kubeconfig with one context.
pub fn config(cluster: &Value, user: &Value) -> Value {
    config_with(cluster, user, &json!({"cluster": "c", "user": "u"}))
}

/// A kubeconfig with one context, which has these fields.
pub fn config_with(cluster: &Value, user: &Value, context: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": context}],
    })
}

/// Adds fields to an object.
pub fn with(mut object: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}

/// The user of a certificate.
pub fn by_certificate(certified: &CertifiedKey) -> Value {
    json!({"client-certificate-data": base64(&certified.certificate), "client-key-data": base64(&certified.key)})
}

/// Bytes as kubeconfigs hold them.
pub fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
