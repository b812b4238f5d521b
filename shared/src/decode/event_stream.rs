//! Cuts a stream of server-sent events (WHATWG HTML, 9.2.6) into events, as the bytes arrive.
//!
//! An event counts once its blank line is here: one that the stream breaks off is never handed on. A server ends a line with a
//! line feed, a carriage return or both.

use memchr::memchr2;

/// The byte order mark, which may begin a stream.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSentEvent {
    /// Its type; `message` if it names none.
    pub name: String,
    /// The last id that the stream has sent; empty if there was none.
    pub id: String,
    /// Its data. Several lines are joined by line feeds.
    pub data: Vec<u8>,
}

/// An event, or a line, that is longer than the reader has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {0} bytes")]
pub struct LongEventError(pub usize);

/// The events of one stream.
#[derive(Debug)]
pub struct EventStreamParser {
    /// The most bytes of one event.
    limit: usize,
    /// The beginning of the present line.
    line: Vec<u8>,
    /// Whether a line feed belongs to the end of the line before.
    after_return: bool,
    /// Whether no line has ended yet.
    is_first: bool,
    name: String,
    id: String,
    data: Vec<u8>,
    has_data: bool,
    signs: u64,
}

impl EventStreamParser {
    /// A stream whose events have at most so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            after_return: false,
            is_first: true,
            name: String::new(),
            id: String::new(),
            data: Vec::new(),
            has_data: false,
            signs: 0,
        }
    }

    /// How many events and comments have come. A stream that adds none is silent, even if bytes arrive.
    #[must_use]
    pub fn signs(&self) -> u64 {
        self.signs
    }

    /// Takes further bytes, and adds the events that are complete with them.
    ///
    /// # Errors
    /// If an event is too long. The stream cannot be read any further.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<ServerSentEvent>) -> Result<(), LongEventError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_return)
                && let Some(after) = rest.strip_prefix(b"\n")
            {
                rest = after;
                continue;
            }
            let end = memchr2(b'\n', b'\r', rest);
            let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
            let held = self.line.len().saturating_add(self.data.len());
            if held.saturating_add(piece.len()) > self.limit {
                return Err(LongEventError(self.limit));
            }
            self.line.extend_from_slice(piece);
            let Some((ended_by, after)) = after.split_first() else {
                break;
            };
            self.after_return = *ended_by == b'\r';
            rest = after;
            self.end_line(events);
        }
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<ServerSentEvent>) {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.is_first) {
            text = text.strip_prefix(MARK).unwrap_or(text);
        }
        let (field, value) = match memchr::memchr(b':', text).map(|at| text.split_at(at)) {
            Some((field, value)) => (field, value.strip_prefix(b":").unwrap_or(value)),
            None => (text, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            [] if text.is_empty() => events.extend(self.end_event()),
            // A comment.
            [] => self.signs = self.signs.saturating_add(1),
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) => self.id = String::from_utf8_lossy(value).into_owned(),
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            // `retry`, and fields of a newer server.
            _ => {}
        }
    }

    /// The event that a blank line ends; `None` if it has no data.
    fn end_event(&mut self) -> Option<ServerSentEvent> {
        let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        if !std::mem::take(&mut self.has_data) {
            return None;
        }
        self.signs = self.signs.saturating_add(1);
        Some(ServerSentEvent {
            name: if name.is_empty() {
                "message".to_owned()
            } else {
                name
            },
            id: self.id.clone(),
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, id: &str, data: &str) -> ServerSentEvent {
        ServerSentEvent {
            name: name.to_owned(),
            id: id.to_owned(),
            data: data.as_bytes().to_vec(),
        }
    }

    fn parse(pieces: &[&[u8]]) -> (Vec<ServerSentEvent>, u64) {
        let (mut parser, mut events) = (EventStreamParser::new(100), Vec::new());
        for piece in pieces {
            parser.push(piece, &mut events).expect("short events");
        }
        (events, parser.signs())
    }

    /// Streams with their events and their signs of life.
    fn vectors() -> Vec<(&'static str, Vec<ServerSentEvent>, u64)> {
        let one = |name: &str, id: &str, data: &str| vec![event(name, id, data)];
        vec![
            ("data: a\n\n", one("message", "", "a"), 1),
            ("\u{feff}data: a\n\n", one("message", "", "a"), 1),
            (
                "retry: 1000\nid: e-1\nevent: report\ndata: {\"a\": 1}\n\n",
                one("report", "e-1", "{\"a\": 1}"),
                1,
            ),
            ("data\r\ndata:  b\rdata:c\n\r\n", one("message", "", "\n b\nc"), 1),
            // The id stays, the name does not. An event without data is none.
            ("id: 7\nevent: x\n\ndata: b\n\n", one("message", "7", "b"), 1),
            ("id: 7\nid: 8\u{0}\ndata:\n\n", one("message", "7", ""), 1),
            (": alive\n\n:\n", Vec::new(), 2),
            (
                "data: a\n\ndata: b\n\n:",
                [one("message", "", "a"), one("message", "", "b")].concat(),
                2,
            ),
            // It breaks off before the blank line.
            ("data: a\n\ndata: b\n", one("message", "", "a"), 1),
            ("data: a\n\ndata: b", one("message", "", "a"), 1),
            ("dataa: 1\nxyz\nevent\n\n", Vec::new(), 0),
            ("\n\n\r\r\n\r\n", Vec::new(), 0),
        ]
    }

    #[test]
    fn the_events_are_those_of_the_specification() {
        for (text, events, signs) in vectors() {
            assert_eq!(parse(&[text.as_bytes()]), (events, signs), "{text:?}");
        }
    }

    #[test]
    fn any_split_of_the_bytes_gives_the_same_events() {
        for (text, events, signs) in vectors() {
            let bytes = text.as_bytes();
            let expected = (events, signs);
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    assert_eq!(parse(&pieces), expected, "{text:?} {first} {second}");
                }
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(parse(&single), expected, "{text:?}");
        }
    }

    #[test]
    fn an_event_and_a_line_have_at_most_so_many_bytes() {
        let push = |text: &str, limit| EventStreamParser::new(limit).push(text.as_bytes(), &mut Vec::new());
        assert_eq!(push("data: 12345678", 14), Ok(()));
        assert_eq!(push("data: 123456789", 14), Err(LongEventError(14)));
        // The lines of one event count together, those of the next one do not.
        assert_eq!(push("data: 12345\ndata: 1234\n", 14), Err(LongEventError(14)));
        assert_eq!(push(&"data: 12345\n\n".repeat(9), 14), Ok(()));
        assert_eq!(push(&": alive\n".repeat(9), 14), Ok(()));
        let name = format!("id: {}\n\n", "x".repeat(99));
        assert_eq!(push(&name, 14), Err(LongEventError(14)));
    }

    #[test]
    fn bytes_that_end_no_line_are_no_sign_of_life() {
        let mut parser = EventStreamParser::new(1000);
        for _ in 0..100 {
            parser.push(b"x", &mut Vec::new()).expect("it is short");
        }
        parser
            .push(b"\nretry: 1\n\n", &mut Vec::new())
            .expect("it is short");
        assert_eq!(parser.signs(), 0);
        parser.push(b":\n", &mut Vec::new()).expect("it is short");
        assert_eq!(parser.signs(), 1);
    }
}
