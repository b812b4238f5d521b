//! TCP to the addresses of one host.

use crate::cluster::connection_info::Step;
use crate::cluster::transport::failure::transport_failure;
use crate::failure::{Class, Failure};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The pause before the next address is tried too, as in Go (`net.Dialer.FallbackDelay`).
const NEXT_ADDRESS: Duration = Duration::from_millis(300);

/// How many addresses are tried at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RaceMode {
    /// One after the other, each after a pause or once one has failed. The first that answers ends the race.
    UntilOneAnswers,
    /// All at once, each to its end.
    All,
}

/// An attempt to connect to one address.
pub(super) struct Attempt {
    /// The position of the address in the order of the resolver.
    index: usize,
    address: SocketAddr,
    step: Step<TcpStream>,
}

/// The step of one address.
pub(super) type AddressStep = (SocketAddr, Step<()>);

/// Tries the addresses; the attempts come in the order in which they ended.
pub(super) async fn race<F>(
    addresses: Vec<SocketAddr>,
    mode: RaceMode,
    connect: impl Fn(SocketAddr) -> F,
) -> Vec<Attempt>
where
    F: Future<Output = Step<TcpStream>> + Send + 'static,
{
    let mut waiting = addresses.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut attempts = Vec::new();
    loop {
        let at_once = match mode {
            RaceMode::UntilOneAnswers => 1,
            RaceMode::All => waiting.len(),
        };
        for (index, address) in waiting.by_ref().take(at_once) {
            let connecting = connect(address);
            running.spawn(async move {
                Attempt {
                    index,
                    address,
                    step: connecting.await,
                }
            });
        }
        tokio::select! {
            Some(joined) = running.join_next() => {
                attempts.extend(joined);
                let answers = attempts.last().is_some_and(|last| last.step.result.is_ok());
                if answers && mode == RaceMode::UntilOneAnswers {
                    return attempts;
                }
            }
            () = tokio::time::sleep(NEXT_ADDRESS), if waiting.len() > 0 => {}
            else => return attempts,
        }
    }
}

/// The first connection in the order of the resolver, or why there is none; and each attempt in that order.
pub(super) fn outcome(mut attempts: Vec<Attempt>) -> (Result<TcpStream, Failure>, Vec<AddressStep>) {
    let mut connected = Err(combined_failure(&attempts));
    attempts.sort_by_key(|attempt| attempt.index);
    let mut steps = Vec::new();
    for Attempt { address, step, .. } in attempts {
        steps.push((address, step.as_ref().map(|_| ())));
        if let (Ok(stream), Err(_)) = (step.result, &connected) {
            connected = Ok(stream);
        }
    }
    (connected, steps)
}

/// One failure for all addresses, with the class of the first that failed.
fn combined_failure(attempts: &[Attempt]) -> Failure {
    let failures: Vec<(SocketAddr, &Failure)> = attempts
        .iter()
        .filter_map(|attempt| Some((attempt.address, attempt.step.result.as_ref().err()?)))
        .collect();
    match failures[..] {
        [(_, only)] => only.clone(),
        _ => {
            let class = failures
                .first()
                .map_or(Class::Unreachable, |(_, failure)| failure.class);
            let all: Vec<String> = failures
                .iter()
                .map(|(address, failure)| format!("{address}: {}", failure.message))
                .collect();
            Failure::new(class, all.join("; "))
        }
    }
}

/// Connects to one address.
pub(super) async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let connecting = async {
        let stream = TcpStream::connect(address).await?;
        // A request is one small packet. It must not wait for the acknowledgement of the last one.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    connecting
        .await
        .map_err(|error: std::io::Error| transport_failure(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_address_that_answers_is_taken_and_if_none_does_each_is_named() {
        let open = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let open = open
            .local_addr()
            .map(|address| (address, open))
            .expect("it is bound");
        // Bound without listening, so that nobody else takes it and connections are refused.
        let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
        closed.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let closed = closed
            .local_addr()
            .map(|address| (address, closed))
            .expect("it is bound");
        let raced = async |addresses: Vec<SocketAddr>| {
            let attempts = race(addresses, RaceMode::UntilOneAnswers, |address| async move {
                Step {
                    elapsed: Duration::ZERO,
                    result: connect(address).await,
                }
            });
            outcome(attempts.await)
        };
        let (stream, tried) = raced(vec![closed.0, open.0]).await;
        let stream = stream.expect("one of them answers");
        assert_eq!(stream.peer_addr().expect("it is connected"), open.0);
        let tried: Vec<_> = tried
            .iter()
            .map(|(address, step)| (*address, step.result.is_ok()))
            .collect();
        assert_eq!(tried, [(closed.0, false), (open.0, true)]);
        let (failed, _) = raced(vec![closed.0, closed.0]).await;
        let failure = failed.expect_err("none answers");
        assert_eq!(failure.class, Class::Refused);
        assert_eq!(
            failure.message.matches(&closed.0.to_string()).count(),
            2,
            "{failure}"
        );
    }
}
