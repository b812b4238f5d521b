//! Failures of requests: their class, whose side they are on, and the next step.

use std::time::Duration;

/// The class of a failure. Two failures have different classes if a person does different things about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The kubeconfig, or a credential in it, cannot be used.
    BadConfiguration,
    /// The credential could not be obtained: an exec plugin or a token refresh failed.
    Credential,
    /// The server's name does not resolve.
    Dns,
    /// Nothing listens at the address.
    Refused,
    /// There is no route to the address.
    Unreachable,
    /// The server's certificate is signed by an unknown authority.
    UnknownAuthority,
    /// A certificate in the chain has expired, or is not valid yet.
    CertificateExpired,
    /// The server's certificate is for another name.
    WrongName,
    /// TLS failed in another way, such as a client certificate that was refused.
    Tls,
    /// A proxy on the way does not let the connection through.
    Proxy,
    /// No answer, or no further byte, within the deadline.
    Timeout,
    /// The connection was cut in the middle.
    ConnectionLost,
    /// 401: the credential is missing, wrong or expired.
    Unauthenticated,
    /// 403: the identity has no such right.
    Forbidden,
    /// 404: it does not exist.
    NotFound,
    /// 410: the requested version or page is gone.
    Expired,
    /// 429: flow control turned the request away.
    Overloaded,
    /// 5xx: the API server, or what it depends on, is in trouble.
    Unhealthy,
    /// Another 4xx: the API server did not accept the request.
    Rejected,
    /// Something answers, and it is not an API server.
    NotAnApiServer,
    /// The answer is larger than the limit for it.
    TooLarge,
    /// No agent is installed in the cluster, or not under that name.
    NoAgent,
    /// An agent is installed, and none of its pods is ready.
    AgentNotReady,
    /// An agent is installed, and the API server cannot reach its pod.
    AgentUnreachable,
    /// The versions of the agent and the plugin do not understand each other.
    AgentVersion,
    /// Something answers, and it is not an agent.
    NotAnAgent,
}

/// Whose side a failure is on: who has to look at it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The kubeconfig, the credential's command, the clock or the resolver of the machine that asks.
    Machine,
    /// The network between this machine and the API server.
    Network,
    /// A load balancer or proxy in front of the API server.
    Proxy,
    /// kube-apiserver, etcd and the controllers.
    ControlPlane,
    /// The rights of the identity, or whether it is still accepted.
    Rights,
}

impl Side {
    /// The stable words on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "your machine",
            Self::Network => "the network",
            Self::Proxy => "the load balancer or proxy",
            Self::ControlPlane => "the control plane",
            Self::Rights => "your rights",
        }
    }
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 26] = [
        Self::BadConfiguration,
        Self::Credential,
        Self::Dns,
        Self::Refused,
        Self::Unreachable,
        Self::UnknownAuthority,
        Self::CertificateExpired,
        Self::WrongName,
        Self::Tls,
        Self::Proxy,
        Self::Timeout,
        Self::ConnectionLost,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Expired,
        Self::Overloaded,
        Self::Unhealthy,
        Self::Rejected,
        Self::NotAnApiServer,
        Self::TooLarge,
        Self::NoAgent,
        Self::AgentNotReady,
        Self::AgentUnreachable,
        Self::AgentVersion,
        Self::NotAnAgent,
    ];

    /// The class of a word on the wire; `None` for words of a newer version.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// The stable word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadConfiguration => "badConfiguration",
            Self::Credential => "credential",
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::UnknownAuthority => "unknownAuthority",
            Self::CertificateExpired => "certificateExpired",
            Self::WrongName => "wrongName",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Timeout => "timeout",
            Self::ConnectionLost => "connectionLost",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "notFound",
            Self::Expired => "expired",
            Self::Overloaded => "overloaded",
            Self::Unhealthy => "unhealthy",
            Self::Rejected => "rejected",
            Self::NotAnApiServer => "notAnApiServer",
            Self::TooLarge => "tooLarge",
            Self::NoAgent => "noAgent",
            Self::AgentNotReady => "agentNotReady",
            Self::AgentUnreachable => "agentUnreachable",
            Self::AgentVersion => "agentVersion",
            Self::NotAnAgent => "notAnAgent",
        }
    }

    /// What failed, for readers who must not learn the names of files and certificates; `None` for classes whose messages
    /// have none.
    #[must_use]
    pub fn public_message(self) -> Option<&'static str> {
        match self {
            Self::BadConfiguration => Some("the configuration cannot be used"),
            Self::Credential => Some("the credential cannot be obtained"),
            Self::UnknownAuthority => Some("the server's certificate is not signed by a trusted authority"),
            Self::CertificateExpired => Some("the server's certificate has expired or is not valid yet"),
            Self::WrongName => Some("the server's certificate is for another name"),
            Self::Tls => Some("the TLS handshake failed"),
            _ => None,
        }
    }

    /// Whether no API server answered at all, or no agent if one was asked.
    #[must_use]
    pub fn is_unreached(self) -> bool {
        matches!(
            self,
            Self::BadConfiguration
                | Self::Credential
                | Self::Dns
                | Self::Refused
                | Self::Unreachable
                | Self::UnknownAuthority
                | Self::CertificateExpired
                | Self::WrongName
                | Self::Tls
                | Self::Proxy
                | Self::Timeout
                | Self::ConnectionLost
                | Self::NotAnApiServer
                | Self::NoAgent
                | Self::AgentNotReady
                | Self::AgentUnreachable
                | Self::NotAnAgent
        )
    }

    /// Whose side it is on if nothing more is known than the class.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Self::BadConfiguration
            | Self::Credential
            | Self::Dns
            // The kubeconfig names the authority, the address and the name that a certificate has to fit.
            | Self::UnknownAuthority
            | Self::WrongName
            | Self::Tls
            | Self::NotFound
            | Self::Rejected
            | Self::TooLarge
            | Self::AgentVersion
            | Self::NotAnAgent => Side::Machine,
            Self::Unreachable | Self::Timeout | Self::AgentUnreachable => Side::Network,
            Self::Proxy | Self::ConnectionLost | Self::NotAnApiServer => Side::Proxy,
            Self::Refused
            | Self::CertificateExpired
            | Self::Expired
            | Self::Overloaded
            | Self::Unhealthy
            | Self::NoAgent
            | Self::AgentNotReady => Side::ControlPlane,
            Self::Unauthenticated | Self::Forbidden => Side::Rights,
        }
    }

    /// One line of what to do next.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::BadConfiguration => "check the kubeconfig: kubectl config view --minify",
            Self::Credential => "run the credential command of the kubeconfig by hand, or log in again",
            Self::Dns => "check the server's name in the kubeconfig, and the VPN or DNS of this machine",
            Self::Refused => {
                "nothing listens there: check the server's address, and whether kube-apiserver runs"
            }
            Self::Unreachable => "there is no route: check the VPN, the network and the server's address",
            Self::UnknownAuthority => {
                "check certificate-authority in the kubeconfig; a proxy that inspects TLS shows the same"
            }
            Self::CertificateExpired => "renew the API server's certificate, or check this machine's clock",
            Self::WrongName => "check the server's address, or set tls-server-name in the kubeconfig",
            Self::Tls => "check the client certificate in the kubeconfig, and what listens at the address",
            Self::Proxy => {
                "ask for the way through the proxy, or except the server with NO_PROXY; proxy-url in the kubeconfig counts first"
            }
            Self::Timeout => "check firewall, VPN and proxy on the way, then the load of the API server",
            Self::ConnectionLost => {
                "try again; if it stays, look at the load balancer and at kube-apiserver's log"
            }
            Self::Unauthenticated => "log in again: the credential is missing, wrong or expired",
            Self::Forbidden => "ask for the missing rule: kubectl auth can-i --list shows what you have",
            Self::NotFound => "check the name",
            Self::Expired => "try again",
            Self::Overloaded => "the API server sheds load: try again later, and look at its flow control",
            Self::Unhealthy => "look at the API server and etcd: kubectl get --raw '/readyz?verbose'",
            Self::Rejected => "check the request's values",
            Self::NotAnApiServer => {
                "something else answers there, a proxy or a login page: check the server's address"
            }
            Self::TooLarge => {
                "ask for less at once: one namespace with -n, some objects with -l, or a kind by itself"
            }
            Self::NoAgent => {
                "install it with the chart helm/sre-agent, name it with --agent=NAMESPACE/SERVICE, or leave out --agent"
            }
            Self::AgentNotReady => {
                "look at the agent's pods: kubectl get pods -A -l app.kubernetes.io/name=sre-agent"
            }
            Self::AgentUnreachable => {
                "go around the API server's proxy with kubectl port-forward and --agent-url, or leave out --agent"
            }
            Self::AgentVersion => {
                "use the plugin and the agent of the same version: kubectl sre version --agent"
            }
            Self::NotAnAgent => "check the name of the Service or the URL",
        }
    }
}

/// A request that failed: what, where, after how long and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The class.
    pub class: Class,
    /// The underlying error, without secrets.
    pub message: String,
    /// The server that was asked, and the path.
    pub endpoint: String,
    /// Time from the start of the request to the failure, retries included.
    pub elapsed: Duration,
    /// HTTP status code, if there was an answer.
    pub status: Option<u16>,
    /// How long the server asked to wait before the next try.
    pub retry_after: Option<Duration>,
    /// A hint that is better than the class's own.
    pub hint: Option<String>,
    /// Whether only the time limit of the run was over. Then nothing is at fault.
    pub own_limit: bool,
    /// Whose side it is on, if more is known than the class.
    pub side: Option<Side>,
}

impl Failure {
    /// A failure without an endpoint, which a request adds.
    #[must_use]
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            endpoint: String::new(),
            elapsed: Duration::ZERO,
            status: None,
            retry_after: None,
            hint: None,
            own_limit: false,
            side: None,
        }
    }

    /// A configuration that cannot be used.
    #[must_use]
    pub fn bad_configuration(message: impl Into<String>) -> Self {
        Self::new(Class::BadConfiguration, message)
    }

    /// Replaces the hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The failure for readers who must not learn the names of files and certificates. A hint that is not the class's own
    /// can have them too.
    #[must_use]
    pub fn public(&self) -> Self {
        match self.class.public_message() {
            Some(message) => Self {
                message: message.to_owned(),
                hint: None,
                ..self.clone()
            },
            None => self.clone(),
        }
    }

    /// Whose side it is on.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side.unwrap_or(self.class.side())
    }

    /// One line of what to do next.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.class.hint())
    }
}
