//! Owns the bodies of answers: whole, in pieces, slow, cut off, or a watch's stream.
//! Must not know the meaning of the bytes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::watch::{StreamStep, WatchStream};

/// Up to this size Go's server sends a body with Content-Length. A larger one is chunked.
const COUNTED: usize = 2048;

/// The most bytes of a chunk.
const CHUNK: usize = 16 * 1024;

/// A pause before a connection is broken, so that the bytes before it reach the socket. hyper drops its buffer at once.
const BEFORE_CUT: Duration = Duration::from_millis(10);

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Body {
    source: Source,
    /// Bytes that came from the source and have not been sent yet.
    rest: Bytes,
    counted: bool,
    pieces: usize,
    pause: Option<Duration>,
    left_before_cut: Option<usize>,
    sleep: Option<Pin<Box<Sleep>>>,
    slept: bool,
}

#[derive(Debug)]
enum Source {
    Whole,
    Watch(WatchStream),
}

impl Body {
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        let rest = bytes.into();
        Self {
            counted: rest.len() <= COUNTED,
            ..Self::new(Source::Whole, rest)
        }
    }

    pub fn watch(stream: WatchStream) -> Self {
        Self::new(Source::Watch(stream), Bytes::new())
    }

    fn new(source: Source, rest: Bytes) -> Self {
        Self {
            source,
            rest,
            counted: false,
            pieces: CHUNK,
            pause: None,
            left_before_cut: None,
            sleep: None,
            slept: false,
        }
    }

    /// Sends pieces of so many bytes, with a pause before each.
    pub fn slow(mut self, bytes: usize, every: Duration) -> Self {
        self.pieces = bytes.max(1);
        self.pause = Some(every);
        self
    }

    /// Breaks the connection after so many bytes, or at the end of a shorter body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.left_before_cut = Some(bytes);
        self
    }

    fn poll_pause(&mut self, context: &mut Context<'_>, pause: Duration) -> Poll<()> {
        if self.slept {
            return Poll::Ready(());
        }
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        ready!(sleep.as_mut().poll(context));
        self.sleep = None;
        self.slept = true;
        Poll::Ready(())
    }

    fn poll_cut(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        ready!(self.poll_pause(context, BEFORE_CUT));
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionAborted))))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        if this.left_before_cut == Some(0) {
            return this.poll_cut(context);
        }
        if this.rest.is_empty() {
            let next = match &mut this.source {
                Source::Whole => StreamStep::End,
                Source::Watch(stream) => ready!(stream.poll_next(context)),
            };
            match next {
                StreamStep::Bytes(bytes) => this.rest = bytes,
                StreamStep::End if this.left_before_cut.is_none() => return Poll::Ready(None),
                StreamStep::End | StreamStep::Cut => {
                    this.left_before_cut = Some(0);
                    return this.poll_cut(context);
                }
            }
        }
        if let Some(pause) = this.pause {
            ready!(this.poll_pause(context, pause));
            this.slept = false;
        }
        let size = this
            .rest
            .len()
            .min(this.pieces)
            .min(this.left_before_cut.unwrap_or(usize::MAX));
        if let Some(left) = &mut this.left_before_cut {
            *left -= size;
        }
        Poll::Ready(Some(Ok(Frame::data(this.rest.split_to(size)))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.counted {
            SizeHint::with_exact(self.rest.len() as u64)
        } else {
            SizeHint::default()
        }
    }
}
