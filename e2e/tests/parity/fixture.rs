//! What rows refer to: an API server, and certificates and tokens that it knows, made once for all of them.

use serde_json::{Value, json};
use sre_e2e::{Cluster, Kubectl, process};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Of the proxies that ask for one.
pub const PASSWORD: (&str, &str) = ("prudence", "w0rd-of-the-proxy");

/// The shared cluster as rows see it.
#[derive(Debug)]
pub struct Fixture {
    directory: PathBuf,
    server: String,
    pki: PathBuf,
}

impl Fixture {
    /// The one that all tests share; made by the first that asks.
    pub fn get() -> &'static Self {
        static FIXTURE: OnceLock<Fixture> = OnceLock::new();
        FIXTURE.get_or_init(Self::make)
    }

    fn make() -> Self {
        let cluster = Cluster::shared();
        let kubectl = cluster.kubectl();
        let server = kubectl.ok(&[
            "config",
            "view",
            "--output",
            "jsonpath={.clusters[0].cluster.server}",
        ]);
        let kubeconfig = cluster.kubeconfig();
        let pki = kubeconfig
            .parent()
            .expect("a kubeconfig lies in a cluster's directory")
            .join("pki");
        let directory = std::env::temp_dir().join(format!("sre-e2e-parity-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("the directory for temporary files can be written");
        let fixture = Self {
            directory,
            server,
            pki,
        };
        fixture.make_certificates();
        fixture.make_identities(&kubectl);
        fixture
    }

    /// Certificates of users, and the ways in which a file can be wrong.
    fn make_certificates(&self) {
        self.copy("ca.crt", "ca.crt");
        self.copy("front-proxy-ca.crt", "other-ca.crt");
        self.issue("alice", "/O=team-a/O=on-call/CN=alice", 10);
        self.issue("bob", "/CN=bob", 10);
        self.issue("carol", "/CN=parity-carol", 10);
        self.issue("root", "/O=system:masters/CN=parity-root", 10);
        self.issue("expired", "/CN=expired", -1);
        let (key, encrypted) = (self.path("alice.key"), self.path("alice.encrypted.key"));
        openssl(&[
            "ec",
            "-in",
            &key,
            "-aes256",
            "-passout",
            "pass:secret",
            "-out",
            &encrypted,
        ]);
        let encrypted = self.path("alice.encrypted.pkcs8.key");
        openssl(&[
            "pkcs8",
            "-topk8",
            "-in",
            &key,
            "-passout",
            "pass:secret",
            "-out",
            &encrypted,
        ]);
        let plain = self.path("alice.pkcs8.key");
        openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", &key, "-out", &plain]);
        self.write("alice.pem", &(self.read("alice.crt") + &self.read("alice.key")));
        self.copy("apiserver.crt", "apiserver.crt");
        self.copy("apiserver.key", "apiserver.key");
        self.write(
            "front.pem",
            &(self.read("apiserver.crt") + &self.read("apiserver.key")),
        );
        self.write("two-cas.crt", &(self.read("other-ca.crt") + &self.read("ca.crt")));
        self.write("not-pem", "this is no PEM\n");
        self.write("empty", "");
    }

    /// Tokens of a `ServiceAccount`, and whom carol may be: users and groups, but no uid and no extra.
    fn make_identities(&self, kubectl: &Kubectl) {
        let rights = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "ServiceAccount",
             "metadata": {"name": "parity", "namespace": "default"}},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "parity-carol"},
             "rules": [{"apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"]}]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "parity-carol"},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "parity-carol"},
             "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "parity-carol"}]},
        ]});
        let _ = kubectl
            .run(&["apply", "--filename", "-"], Some(rights.to_string()))
            .expect_code(0);
        let token = kubectl.ok(&["create", "token", "parity", "--namespace", "default"]);
        self.write("token", token.trim());
        self.write("token.newline", &format!("{}\n", token.trim()));
        self.write("token.spaces", &format!("\n  {}  \n\n", token.trim()));
        let audiences: Vec<String> = (0..150)
            .map(|n| format!("--audience=https://audience-{n}.example/of/a/very/long/token"))
            .chain(["--audience=https://kubernetes.default.svc.cluster.local".to_owned()])
            .collect();
        let mut words = vec!["create", "token", "parity", "--namespace", "default"];
        words.extend(audiences.iter().map(String::as_str));
        self.write("token.long", kubectl.ok(&words).trim());
    }

    fn copy(&self, from: &str, to: &str) {
        let bytes = std::fs::read(self.pki.join(from)).expect("the cluster has a PKI");
        std::fs::write(self.directory.join(to), bytes).expect("the directory can be written");
    }

    fn issue(&self, name: &str, subject: &str, days: i32) {
        let [key, request, certificate] =
            ["key", "csr", "crt"].map(|extension| self.path(&format!("{name}.{extension}")));
        let [ca, ca_key] = ["ca.crt", "ca.key"].map(|file| self.pki.join(file).display().to_string());
        openssl(&[
            "ecparam",
            "-name",
            "prime256v1",
            "-genkey",
            "-noout",
            "-out",
            &key,
        ]);
        openssl(&["req", "-new", "-key", &key, "-subj", subject, "-out", &request]);
        openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            &ca,
            "-CAkey",
            &ca_key,
            "-days",
            &days.to_string(),
            "-out",
            &certificate,
        ]);
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.join(name), text).expect("the directory can be written");
    }

    /// Where all of it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// `https://127.0.0.1:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The API server's address.
    pub fn address(&self) -> SocketAddr {
        self.server
            .trim_start_matches("https://")
            .parse()
            .expect("the API server's URL is an address")
    }

    /// The API server by the unspecified address, which Linux connects to loopback. Go leaves proxies of the
    /// environment out for loopback addresses, and for no others.
    pub fn away(&self) -> String {
        format!("https://0.0.0.0:{}", self.address().port())
    }

    /// The path of a file.
    pub fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// The text of a file.
    pub fn read(&self, name: &str) -> String {
        let path = self.directory.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A file in base64, as the `-data` fields have it.
    pub fn inline(&self, name: &str) -> String {
        let path = self.path(name);
        openssl(&["base64", "-A", "-in", &path]).trim().to_owned()
    }

    /// The user entry of somebody with an inline certificate.
    pub fn certificate(&self, name: &str) -> Value {
        json!({
            "client-certificate-data": self.inline(&format!("{name}.crt")),
            "client-key-data": self.inline(&format!("{name}.key")),
        })
    }

    /// What no program may print.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = vec![PASSWORD.1.to_owned()];
        secrets.extend(["token", "token.long"].map(|file| self.read(file)));
        // The first line of a key is the same for all.
        secrets.extend(["alice.key", "carol.key"].map(|file| {
            let key = self.read(file);
            key.lines().nth(1).unwrap_or_default().to_owned()
        }));
        secrets.extend(["alice.key", "carol.key"].map(|file| self.inline(file)));
        secrets
    }

    /// A directory that nobody else has.
    pub fn new_directory(&self, name: &str) -> PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(format!("{name}-{number}"));
        std::fs::create_dir_all(&path).expect("the directory can be written");
        path
    }
}

fn openssl(arguments: &[&str]) -> String {
    let mut command = Command::new("openssl");
    let finished = process::run(command.args(arguments), None, Duration::from_secs(30));
    finished.expect_code(0).stdout
}
