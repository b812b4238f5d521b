//! Owns the form of an event on the wire. Must not know what is in a report.

use bytes::Bytes;
use serde::Serialize;

/// A comment, which says that the stream is alive.
pub const COMMENT: &[u8] = b":\n\n";
/// How soon a client comes back, in milliseconds.
const RETRY: u32 = 1000;

/// The place of an event in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId {
    /// The feed. No two feeds have the same number, also not those of other processes.
    pub feed: u64,
    /// The number of the event.
    pub number: u64,
}

impl EventId {
    /// Reads the header `Last-Event-ID`; `None` if no agent has sent such an id.
    pub fn parse(text: &str) -> Option<Self> {
        let (feed, number) = text.trim().split_once('-')?;
        Some(Self {
            feed: u64::from_str_radix(feed, 16).ok()?,
            number: number.parse().ok()?,
        })
    }
}

/// The bytes of an event; `None` if its data does not serialise, which does not happen.
pub fn write(name: &str, id: EventId, data: &impl Serialize) -> Option<Bytes> {
    let EventId { feed, number } = id;
    let mut bytes = format!("id: {feed:016x}-{number}\nevent: {name}\nretry: {RETRY}\ndata: ").into_bytes();
    // JSON as serde writes it has no line break.
    serde_json::to_writer(&mut bytes, data).ok()?;
    bytes.extend_from_slice(b"\n\n");
    bytes.shrink_to_fit();
    Some(Bytes::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_block_of_lines_and_its_id_is_read_again() {
        let id = EventId {
            feed: 0xab,
            number: 7,
        };
        let bytes = write("report", id, &"a\nb").unwrap();
        assert_eq!(
            bytes,
            "id: 00000000000000ab-7\nevent: report\nretry: 1000\ndata: \"a\\nb\"\n\n"
        );
        assert_eq!(EventId::parse(" 00000000000000ab-7"), Some(id));
        for other in [
            "",
            "7",
            "x-7",
            "ab-",
            "ab--1",
            "ab-7-8",
            "ab-99999999999999999999",
        ] {
            assert_eq!(EventId::parse(other), None, "{other}");
        }
    }
}
