//! Owns the faults, and the requests that each still has to hit.
//! Must not know how a fault is carried out.

use std::time::Duration;

use super::matcher::Match;
use super::request::RecordedRequest;

/// A fault of a request, or of a connection.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The request is read and never answered.
    Hang,
    /// The connection is accepted and stays silent, so that a TLS handshake never ends. It hits every new
    /// connection: no request has come yet that a matcher could be compared with.
    HangTls,
    /// The connection is closed without an answer.
    Close,
    /// The right answer begins after this time.
    SlowHeaders(Duration),
    /// The head of the right answer comes at once, and its body in pieces with a pause before each.
    SlowBody {
        /// The size of a piece.
        bytes: usize,
        /// The pause before each piece.
        every: Duration,
    },
    /// This status, with the `kind: Status` body of an API server if it ever answers with that status.
    Status(u16),
    /// A status as in [`Fault::Status`], with a Retry-After header in seconds.
    RetryAfter(u16, u64),
    /// 429 in plain text with Retry-After, as priority and fairness refuses a request.
    TooManyRequests(u32),
    /// A 401 of a pod behind the service proxy, with a challenge, which the API server's own 401 has not, and a JSON body.
    Challenge(String),
    /// A redirect (302) to another address, such as a login page.
    Redirect(String),
    /// A body that is not the API server's, such as the page of a captive portal.
    WrongBody {
        /// The status, often 200.
        status: u16,
        /// The value of Content-Type.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
    /// The right answer, but the connection breaks after so many bytes of its body.
    CutStream(usize),
    /// A fault of an open watch. It hits only watches.
    Watch(WatchFault),
}

impl Fault {
    /// The 200 page of a captive portal, or of a proxy that wants a login.
    pub fn captive_portal() -> Self {
        Self::WrongBody {
            status: 200,
            content_type: "text/html; charset=utf-8".to_owned(),
            body: b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to continue</body></html>"
                .to_vec(),
        }
    }
}

/// A fault of an open watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchFault {
    /// The stream ends in good order. A new watch sends the missed events first.
    End,
    /// Nothing more comes, neither events nor bookmarks, and the connection stays open.
    Silent,
    /// These bytes come instead of an event, and the stream goes on.
    Garbage(Vec<u8>),
    /// The connection breaks in the middle of the stream.
    Cut,
}

/// The number of a fault, with which it is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultId(u64);

/// The faults that are set. A request gets the first one that fits it, so several with a count make a sequence.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    entries: Vec<Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    matcher: Match,
    fault: Fault,
    left: Option<u32>,
    to_skip: u32,
}

impl Faults {
    /// Sets a fault, for so many requests or until it is cleared.
    pub fn add(&mut self, matcher: Match, fault: Fault, times: Option<u32>) -> FaultId {
        self.next += 1;
        let to_skip = matcher.skipped();
        self.entries.push(Entry {
            id: self.next,
            matcher,
            fault,
            left: times,
            to_skip,
        });
        FaultId(self.next)
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn remove(&mut self, id: FaultId) {
        self.entries.retain(|entry| entry.id != id.0);
    }

    /// The fault of a request, if one fits it.
    pub fn take(&mut self, request: &RecordedRequest) -> Option<Fault> {
        self.take_where(|entry| match entry.fault {
            Fault::HangTls => false,
            Fault::Watch(_) => request.is_watch() && entry.matcher.fits(request),
            _ => entry.matcher.fits(request),
        })
    }

    /// Whether a new connection gets no answer.
    pub fn take_connection(&mut self) -> bool {
        self.take_where(|entry| matches!(entry.fault, Fault::HangTls))
            .is_some()
    }

    fn take_where(&mut self, fits: impl Fn(&Entry) -> bool) -> Option<Fault> {
        let taken = self
            .entries
            .iter_mut()
            .filter(|entry| entry.left != Some(0))
            .find_map(|entry| {
                if !fits(entry) {
                    return None;
                }
                if entry.to_skip > 0 {
                    entry.to_skip -= 1;
                    return None;
                }
                entry.left = entry.left.map(|left| left - 1);
                Some(entry.fault.clone())
            });
        self.entries.retain(|entry| entry.left != Some(0));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::tests::get;
    use super::*;

    fn code(fault: Option<Fault>) -> Option<u16> {
        match fault {
            Some(Fault::Status(code)) => Some(code),
            None => None,
            other => panic!("unexpected {other:?}"),
        }
    }

    #[test]
    fn faults_with_a_count_make_a_sequence_and_then_end() {
        let mut faults = Faults::default();
        faults.add(Match::path("/a"), Fault::Status(429), Some(2));
        faults.add(Match::any().skip(1), Fault::Status(500), Some(1));
        let mut taken = Vec::new();
        for _ in 0..5 {
            taken.push(code(faults.take(&get("/a"))));
        }
        assert_eq!(taken, [Some(429), Some(429), None, Some(500), None]);
    }

    #[test]
    fn a_fault_without_a_count_stays_until_it_is_cleared() {
        let mut faults = Faults::default();
        let id = faults.add(Match::any(), Fault::Status(503), None);
        assert_eq!(code(faults.take(&get("/a"))), Some(503));
        assert_eq!(code(faults.take(&get("/b"))), Some(503));
        faults.remove(id);
        assert_eq!(code(faults.take(&get("/a"))), None);
    }

    #[test]
    fn a_connection_fault_hits_no_request_and_a_watch_fault_no_list() {
        let mut faults = Faults::default();
        faults.add(Match::any(), Fault::HangTls, Some(1));
        faults.add(Match::any(), Fault::Watch(WatchFault::End), Some(1));
        assert!(faults.take(&get("/a")).is_none());
        assert!(faults.take_connection());
        assert!(!faults.take_connection());
        assert!(matches!(
            faults.take(&get("/a?watch=1")),
            Some(Fault::Watch(WatchFault::End))
        ));
    }
}
