//! Requests to the agent.

use sre_agent::{Agent, args};
use std::cell::RefCell;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// The longest that an answer may take. The agent's own limits are shorter.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most bytes that the answers to one input may have: a request takes at least 16.
const PER_REQUEST: usize = 64 << 10;

/// The statuses that the agent answers: never one that a proxy or a client repeats by itself, such as 503.
const STATUSES: [u16; 12] = [200, 304, 400, 401, 404, 405, 408, 413, 414, 429, 431, 500];

thread_local! {
    static AGENT: RefCell<Option<(Runtime, SocketAddr)>> = const { RefCell::new(None) };
}

fn start() -> (Runtime, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let kubeconfig = tempfile::NamedTempFile::new().expect("a file");
    let text = r#"{"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c"}}], "current-context": "c"}"#;
    std::fs::write(kubeconfig.path(), text).expect("a written file");
    let words = ["sre-agent", "--address", "127.0.0.1:0", "--kubeconfig"].map(OsString::from);
    let words = words.into_iter().chain([kubeconfig.path().into()]);
    let Ok(args::Command::Serve(serve)) = args::read(words) else {
        panic!("the flags are right");
    };
    let agent = runtime.block_on(Agent::start(serve.settings)).expect("an agent");
    let address = agent.address().expect("an address");
    let (sender, stop) = tokio::sync::mpsc::channel(1);
    runtime.spawn(async move {
        let _running = sender;
        agent.serve(stop).await;
    });
    // The file is read again now and then.
    std::mem::forget(kubeconfig);
    (runtime, address)
}

async fn ask(address: SocketAddr, input: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        // A connection that is closed early takes no more bytes.
        let _ = stream.write_all(input).await;
        let _ = stream.shutdown().await;
        let most = (1 + input.len() / 16) * PER_REQUEST;
        let _ = stream.take(most as u64 + 1).read_to_end(&mut answer).await;
        assert!(answer.len() <= most, "{} bytes of answers", answer.len());
    };
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .expect("an answer, or the end");
    answer
}

/// Holds if any bytes get an answer that HTTP allows, or the end of the connection, and if the agent is well afterwards.
pub fn holds(input: &[u8]) {
    AGENT.with_borrow_mut(|agent| {
        let (runtime, address) = agent.get_or_insert_with(start);
        runtime.block_on(async {
            let answer = ask(*address, input).await;
            if !answer.is_empty() {
                assert!(
                    STATUSES.contains(&status(&answer)),
                    "{}",
                    String::from_utf8_lossy(&answer)
                );
            }
            let probe = ask(
                *address,
                b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            )
            .await;
            assert_eq!(status(&probe), 200);
        });
    });
}

fn status(answer: &[u8]) -> u16 {
    let line = answer.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5));
    let digits = line.and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}
