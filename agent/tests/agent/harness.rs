//! Owns an agent that runs inside a test, and a plain HTTP client whose bytes are visible.
//! Must not know what a test expects.

use serde_json::Value;
use sre_agent::{Agent, Pace, ReviewPace, Settings, Signal};
use sre_shared::cluster::{ConfigSource, Deadlines};
use sre_shared::kind::Kind;
use sre_shared::run::{ChangeSources, clock};
use sre_testkit::ApiServer;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Limit of every wait. No wait takes nearly as long; a test that reaches it has failed.
pub const LIMIT: Duration = Duration::from_mins(1);

pub struct RunningAgent {
    pub address: SocketAddr,
    pub metrics: SocketAddr,
    pub stop: mpsc::Sender<Signal>,
    task: JoinHandle<()>,
}

/// Settings for tests: any free port, and short pauses.
pub fn settings(kubeconfig: &Path) -> Settings {
    let request = Duration::from_secs(2);
    Settings {
        cluster: sre_shared::cluster::Settings {
            source: ConfigSource::File(kubeconfig.to_owned()),
            context: None,
            overrides: sre_shared::cluster::Overrides::default(),
            deadlines: Deadlines {
                connect: request,
                idle: request,
                request: Some(request),
                run: None,
            },
            user_agent: "sre-agent-test".into(),
        },
        address: "127.0.0.1:0".parse().unwrap(),
        metrics_address: None,
        kinds: vec![Kind::Deployment],
        namespaces: Vec::new(),
        causes: false,
        changes: ChangeSources::default(),
        stale_after: Duration::from_mins(3),
        request_timeout: request,
        authenticate: false,
        tls: None,
        page: None,
        max_connections: 16,
        shutdown_delay: Duration::ZERO,
        pod: Some("agent-0".into()),
        slo: 99.9,
        write_canary: None,
        clock: clock::system,
        history_directory: None,
        review: ReviewPace::default(),
        pace: Pace {
            remember: Duration::from_millis(20),
            probe_every: Duration::from_millis(100),
            rebuild: Duration::from_millis(100),
            search_pause: Duration::from_millis(100),
            ..Pace::default()
        },
    }
}

pub async fn start(settings: Settings) -> RunningAgent {
    let agent = Agent::start(settings).await.unwrap();
    let address = agent.address().unwrap();
    let metrics = agent.metrics_address().unwrap();
    let (stop, stopped) = mpsc::channel(2);
    RunningAgent {
        address,
        metrics,
        stop,
        task: tokio::spawn(agent.serve(stopped)),
    }
}

/// An agent that has its first lists.
pub async fn listed_agent(server: &ApiServer) -> RunningAgent {
    let agent = start(settings(server.kubeconfig())).await;
    agent
        .until("/health/deployments", |a| a.json()["observedAt"].is_string())
        .await;
    agent
}

impl RunningAgent {
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    /// Sends one request on a connection of its own; `headers` are whole lines.
    pub async fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let text = format!("{method} {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n{headers}\r\n");
        Answer::parse(&self.exchange(text.as_bytes()).await)
    }

    /// Writes these bytes and reads until the other side closes.
    pub async fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        read_to_end(&mut stream).await
    }

    pub async fn connect(&self) -> TcpStream {
        timeout(LIMIT, TcpStream::connect(self.address))
            .await
            .unwrap()
            .unwrap()
    }

    /// Asks again and again until the answer fits, and returns it.
    pub async fn until(&self, path: &str, fits: impl Fn(&Answer) -> bool) -> Answer {
        let mut last = None;
        let waited = timeout(LIMIT, async {
            loop {
                let answer = self.get(path).await;
                if fits(&answer) {
                    return answer;
                }
                last = Some(answer);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let Ok(answer) = waited.await else {
            panic!("{path} never answered as expected; last {last:?}")
        };
        answer
    }

    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    pub async fn wait_for_end(self) {
        timeout(LIMIT, self.task).await.unwrap().unwrap();
    }
}

pub async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    timeout(LIMIT, stream.read_to_end(&mut bytes))
        .await
        .expect("the connection is closed in time")
        .unwrap();
    bytes
}

/// Reads one answer with a Content-Length from a connection that stays open.
pub async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "))
                .unwrap()
                .parse()
                .unwrap();
            if body.len() >= length {
                return Answer::parse(&bytes);
            }
        }
        let read = timeout(LIMIT, stream.read(&mut piece))
            .await
            .expect("an answer comes in time")
            .unwrap();
        assert_ne!(read, 0, "closed after {text:?}");
        bytes.extend_from_slice(&piece[..read]);
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .unwrap_or_else(|| {
                panic!("no answer: {:?}", String::from_utf8_lossy(bytes));
            });
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The names of the Deployments in the answer.
    pub fn names(&self) -> Vec<String> {
        let json = self.json();
        json["deployments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["name"].as_str().unwrap().to_owned())
            .collect()
    }
}
