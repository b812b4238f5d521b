//! Owns what is sent to one client of a stream, and when the stream ends. Must not know how events are made.

use super::event::COMMENT;
use super::hub::StreamPlace;
use crate::settings::StreamPace;
use crate::state::AgentState;
use bytes::Bytes;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Sends events until the client is gone, `refused` completes or this process ends. A client that comes while the process
/// ends gets its report nevertheless. `last` is the number of the event that the client has.
///
/// Nothing is kept for a client but the piece that it is about to take.
pub async fn run(
    state: Arc<AgentState>,
    place: StreamPlace,
    last: Option<u64>,
    pace: StreamPace,
    refused: impl Future<Output = ()>,
    pieces: mpsc::Sender<Bytes>,
) {
    let mut refused = pin!(refused);
    let mut number = last;
    let (mut is_first, mut is_last) = (true, false);
    let mut sent = Instant::now();
    // A client that has everything learns at once that it does.
    if last.is_some_and(|last| place.feed.has(last))
        && pieces.send(Bytes::from_static(COMMENT)).await.is_err()
    {
        return;
    }
    loop {
        let piece = tokio::select! {
            biased;
            () = pieces.closed() => return,
            () = &mut refused => return,
            () = state.signal.stopped(), if !is_first => return,
            event = place.feed.next(number) => {
                let Some(event) = event else { return };
                number = Some(event.number);
                is_first = false;
                is_last = event.is_last;
                event.bytes
            }
            () = sleep_until(sent + pace.comment) => {
                // Otherwise the client would take its report for the present one.
                if !place.is_fed() {
                    return;
                }
                Bytes::from_static(COMMENT)
            }
        };
        tokio::select! {
            biased;
            () = &mut refused => return,
            taken = pieces.send(piece) => if taken.is_err() {
                return;
            },
        }
        if is_last {
            return;
        }
        sent = Instant::now();
    }
}
