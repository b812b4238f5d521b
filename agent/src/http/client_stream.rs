//! Owns what is seen of a client in the bytes of its connection: whether it sends and reads, and the deadline if it stops
//! reading. Must not know HTTP.

use super::connections::Client;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A stream whose writes fail if the client reads nothing for a while, and which tells what its connection waits for.
pub struct ClientStream<S> {
    stream: S,
    client: Arc<Client>,
    limit: Duration,
    /// The timer of the pending write, if there is one.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> ClientStream<S> {
    /// The stream of a client, with that limit of silence while it has an answer to read.
    pub fn new(stream: S, client: Arc<Client>, limit: Duration) -> Self {
        Self {
            stream,
            client,
            limit,
            waiting: None,
        }
    }

    fn watch_write(
        &mut self,
        result: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.client.took();
        }
        self.watch(result, cx)
    }

    /// Passes a finished write on, and makes a pending one fail after the limit.
    fn watch<T>(&mut self, result: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.waiting = None;
            return result;
        }
        self.client.stalls();
        let until = Instant::now() + self.limit;
        let sleep = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client took nothing of its answer for too long",
        )))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        match &result {
            // To the server this is the end of the client's bytes, at which it ends the connection.
            Poll::Pending if self.client.is_over() => return Poll::Ready(Ok(())),
            Poll::Pending => self.client.waits(),
            Poll::Ready(Ok(())) if buf.filled().len() > before => self.client.sent(),
            Poll::Ready(_) => {}
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch_write(result, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch_write(result, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(result, Poll::Ready(Ok(()))) {
            self.client.flushed();
        }
        self.watch(result, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(result, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::connections::Connections;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const LIMIT: Duration = Duration::from_secs(30);

    async fn stream<S>(stream: S) -> ClientStream<S> {
        let client = Connections::new(1).place().await;
        ClientStream::new(stream, Arc::new(client), LIMIT)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_is_given_up() {
        let (ours, _theirs) = tokio::io::duplex(16);
        let error = stream(ours).await.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_that_goes_on_reading_is_served() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let reader = tokio::spawn(async move {
            let mut taken = [0; 8];
            for _ in 0..8 {
                tokio::time::sleep(LIMIT.mul_f32(0.9)).await;
                theirs.read_exact(&mut taken).await.unwrap();
            }
        });
        stream(ours).await.write_all(&[0; 64]).await.unwrap();
        reader.await.unwrap();
    }
}
