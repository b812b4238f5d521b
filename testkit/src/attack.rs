//! Clients that behave badly: thousands that say nothing, that send a head for ever, or that read no answer. Must not know
//! what is expected of the server.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What so many clients do.
#[derive(Debug, Clone, Copy)]
pub enum Attack {
    /// They connect, and say nothing.
    Idle(usize),
    /// They connect and say nothing; each one that is closed connects again at once.
    ComeBack(usize),
    /// They send a head without an end, a byte after the other.
    SlowHeads(usize),
    /// They ask for every Deployment, and read nothing of the answer.
    ReadNothing(usize),
    /// The same, and each asks for another answer.
    ReadNothingOfManyAnswers(usize),
    /// They follow changes, with many different questions, and read nothing.
    ReadNothingOfStreams(usize),
}

impl Attack {
    /// Lets the clients do so for that long.
    ///
    /// # Panics
    /// If no runtime can be started.
    pub fn run(self, address: SocketAddr, lasts: Duration) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(async {
            let mut clients = JoinSet::new();
            for number in 0..self.count() {
                clients.spawn(self.client(address, number));
                if number % 100 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            tokio::time::sleep(lasts).await;
        });
    }

    fn count(self) -> usize {
        match self {
            Self::Idle(count)
            | Self::ComeBack(count)
            | Self::SlowHeads(count)
            | Self::ReadNothing(count)
            | Self::ReadNothingOfManyAnswers(count)
            | Self::ReadNothingOfStreams(count) => count,
        }
    }

    /// One client. If its connection ends, it comes back, unless it is one that waits for ever.
    async fn client(self, address: SocketAddr, number: usize) {
        loop {
            // An error is one of the many ways in which a client is given up.
            let _ = self.once(address, number).await;
            if matches!(self, Self::Idle(_)) {
                return;
            }
        }
    }

    /// One connection, until it is closed.
    async fn once(self, address: SocketAddr, number: usize) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(address).await?;
        match self {
            Self::Idle(_) | Self::ComeBack(_) => {
                stream.read_u8().await?;
            }
            Self::SlowHeads(_) => {
                stream
                    .write_all(b"GET /healthz HTTP/1.1\r\nhost: agent\r\nx: ")
                    .await?;
                loop {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    stream.write_all(b"y").await?;
                }
            }
            Self::ReadNothing(_) => ask(&mut stream, "/health/deployments").await?,
            Self::ReadNothingOfManyAnswers(_) => {
                ask(
                    &mut stream,
                    &format!("/health/deployments?limit={}", 1_000_000 + number),
                )
                .await?;
            }
            Self::ReadNothingOfStreams(_) => {
                let path = format!("/health/changes?namespace=namespace-{:03}", number % 20);
                ask(&mut stream, &path).await?;
            }
        }
        Ok(())
    }
}

/// Asks, and reads nothing until the connection is closed or a minute has passed.
async fn ask(stream: &mut TcpStream, path: &str) -> std::io::Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: agent\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Fails once the connection is reset. Until then it is a part of a head that never ends.
        stream.write_all(b"G").await?;
    }
    Ok(())
}

/// Raises the limit of open files of this process, for that many clients. Returns whether it could.
#[must_use]
pub fn raise_descriptors() -> bool {
    let this = std::process::id().to_string();
    let raised = Command::new("prlimit")
        .args(["--pid", &this, "--nofile=20000:20000"])
        .status();
    raised.is_ok_and(|status| status.success())
}
