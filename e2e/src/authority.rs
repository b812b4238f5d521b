//! A certificate authority, by openssl: it signs certificates of the servers that a test puts between a client and the API
//! server.

use crate::process;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Limit of a step. Each takes milliseconds, except for RSA keys.
const WITHIN: Duration = Duration::from_mins(1);

/// A key and its certificate, in PEM.
#[derive(Clone)]
pub struct CertifiedKey {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
    /// The file with the certificate.
    pub certificate_file: PathBuf,
    /// The file with the key.
    pub key_file: PathBuf,
}

/// Leaves out the key.
impl std::fmt::Debug for CertifiedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertifiedKey")
            .field("certificate_file", &self.certificate_file)
            .finish_non_exhaustive()
    }
}

impl CertifiedKey {
    /// Reads both files.
    #[must_use]
    pub fn read(certificate: &Path, key: &Path) -> Self {
        let read = |path: &Path| {
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        Self {
            certificate: read(certificate),
            key: read(key),
            certificate_file: certificate.to_owned(),
            key_file: key.to_owned(),
        }
    }
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It is valid now.
    Now,
    /// It was valid for a day in 2020.
    Past,
    /// It will be valid in 2048.
    Future,
}

impl Validity {
    fn dates(self) -> [&'static str; 2] {
        match self {
            Self::Now => ["20200101000000Z", "20490101000000Z"],
            Self::Past => ["20200101000000Z", "20200102000000Z"],
            Self::Future => ["20480101000000Z", "20490101000000Z"],
        }
    }
}

/// The request for a certificate.
#[derive(Debug, Clone)]
pub struct CertificateRequest<'a> {
    /// The subject, such as `/O=team/CN=alice`.
    pub subject: &'a str,
    /// Lines of openssl's extensions.
    pub extensions: &'a [&'a str],
    /// When it is valid.
    pub validity: Validity,
    /// The arguments of `openssl genpkey`.
    pub key: &'a [&'a str],
}

/// Keys that are made in milliseconds.
pub const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
/// Keys that old tools make.
pub const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

/// An authority, which signs certificates.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Its own key and certificate.
    pub own: CertifiedKey,
    directory: PathBuf,
}

impl Authority {
    /// An authority with that certificate. It writes into that directory, which is made.
    #[must_use]
    pub fn new(own: CertifiedKey, directory: &Path) -> Self {
        std::fs::create_dir_all(directory).expect("the directory of the tests can be written");
        let authority = Self {
            own,
            directory: directory.to_owned(),
        };
        authority.write("index", "");
        authority.write(
            "config",
            "[ca]\ndefault_ca = own\n\
             [own]\ndatabase = index\nnew_certs_dir = .\ndefault_md = sha256\nrand_serial = yes\nserial = serial\npolicy = any\nunique_subject = no\n\
             [any]\norganizationName = optional\ncommonName = supplied\n",
        );
        authority
    }

    /// A new authority with a self-signed certificate.
    #[must_use]
    pub fn root(directory: &Path, name: &str) -> Self {
        Self::new(
            self_signed(
                directory,
                name,
                &[
                    "basicConstraints=critical,CA:TRUE",
                    "keyUsage=critical,keyCertSign",
                ],
            ),
            directory,
        )
    }

    /// A new authority whose certificate this one signs.
    #[must_use]
    pub fn intermediate(&self, directory: &Path) -> Self {
        let own = self.issue(
            "intermediate",
            &CertificateRequest {
                subject: "/CN=parity-intermediate",
                extensions: &[
                    "basicConstraints=critical,CA:TRUE",
                    "keyUsage=critical,keyCertSign",
                ],
                validity: Validity::Now,
                key: P256,
            },
        );
        Self::new(own, directory)
    }

    /// A key, and a certificate for it. The files are named after `name`.
    #[must_use]
    #[track_caller]
    pub fn issue(&self, name: &str, wanted: &CertificateRequest<'_>) -> CertifiedKey {
        let path = |suffix: &str| self.directory.join(format!("{name}.{suffix}"));
        let (key, request, certificate) = (path("key"), path("csr"), path("crt"));
        let text = |path: &Path| path.to_string_lossy().into_owned();
        self.write(&format!("{name}.ext"), &wanted.extensions.join("\n"));
        self.openssl(&[&["genpkey", "-out", &text(&key)], wanted.key].concat());
        self.openssl(&[
            "req",
            "-new",
            "-key",
            &text(&key),
            "-subj",
            wanted.subject,
            "-out",
            &text(&request),
        ]);
        let [start, end] = wanted.validity.dates();
        self.openssl(&[
            "ca",
            "-batch",
            "-notext",
            "-preserveDN",
            "-config",
            "config",
            "-cert",
            &text(&self.own.certificate_file),
            "-keyfile",
            &text(&self.own.key_file),
            "-startdate",
            start,
            "-enddate",
            end,
            "-extfile",
            &text(&path("ext")),
            "-in",
            &text(&request),
            "-out",
            &text(&certificate),
        ]);
        CertifiedKey::read(&certificate, &key)
    }

    /// A key, and a certificate of X.509 version 1 for it. OpenSSL 3.0 makes one if there are no extensions.
    #[must_use]
    #[track_caller]
    pub fn issue_version_1(&self, name: &str, subject: &str) -> CertifiedKey {
        let path = |suffix: &str| self.directory.join(format!("{name}.{suffix}"));
        let (key, request, certificate) = (path("key"), path("csr"), path("crt"));
        let text = |path: &Path| path.to_string_lossy().into_owned();
        self.openssl(&[&["genpkey", "-out", &text(&key)], P256].concat());
        self.openssl(&[
            "req",
            "-new",
            "-key",
            &text(&key),
            "-subj",
            subject,
            "-out",
            &text(&request),
        ]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &text(&request),
            "-CA",
            &text(&self.own.certificate_file),
            "-CAkey",
            &text(&self.own.key_file),
            "-set_serial",
            "4711",
            "-days",
            "30",
            "-out",
            &text(&certificate),
        ]);
        CertifiedKey::read(&certificate, &key)
    }

    /// Another form of a key, by the arguments of an openssl command that reads it on stdin.
    #[must_use]
    #[track_caller]
    pub fn convert(&self, key: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("openssl");
        process::run(command.args(arguments), Some(key.to_owned()), WITHIN)
            .expect_code(0)
            .stdout
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.join(name), text).expect("the directory of the tests can be written");
    }

    #[track_caller]
    fn openssl(&self, arguments: &[&str]) {
        let mut command = Command::new("openssl");
        let _ =
            process::run(command.current_dir(&self.directory).args(arguments), None, WITHIN).expect_code(0);
    }
}

/// A key, and a self-signed certificate.
#[must_use]
#[track_caller]
pub fn self_signed(directory: &Path, name: &str, extensions: &[&str]) -> CertifiedKey {
    std::fs::create_dir_all(directory).expect("the directory of the tests can be written");
    let path = |suffix: &str| directory.join(format!("{name}.{suffix}"));
    let (key, certificate, config) = (path("key"), path("crt"), path("conf"));
    let text = format!(
        "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = own\n[name]\nCN = {name}\n[own]\n{}\n",
        extensions.join("\n")
    );
    std::fs::write(&config, text).expect("the directory of the tests can be written");
    let mut command = Command::new("openssl");
    command
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
        ])
        .args(["-sha256", "-batch", "-config"])
        .arg(&config)
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    let _ = process::run(&mut command, None, WITHIN).expect_code(0);
    CertifiedKey::read(&certificate, &key)
}
