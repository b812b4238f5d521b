//! The bytes of a connection to a server, with TLS or without.

use rustls::ServerConfig;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// The first byte of a client that speaks TLS: a record of the handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 0x16;
/// Bytes that are read of a client that speaks something else. Bytes left unread would reset the connection, and the client
/// would lose its answer.
const DRAIN: usize = 16 << 10;

/// A connection to a server. The handshake belongs to the first read, and so to its deadline.
pub struct ServerStream(ConnectionPhase);

enum ConnectionPhase {
    Plain(TcpStream),
    /// Nothing was read yet.
    Unknown(Option<TcpStream>, Arc<ServerConfig>, &'static [u8]),
    Handshake(Box<Accept<TcpStream>>),
    Tls(Box<TlsStream<TcpStream>>),
    /// The client speaks no TLS. These bytes are left of its answer; `false` until its request was read.
    Refused(TcpStream, &'static [u8], bool),
}

impl ServerStream {
    /// A connection without TLS.
    pub fn plain(stream: TcpStream) -> Self {
        Self(ConnectionPhase::Plain(stream))
    }

    /// A connection with TLS. A client that does not speak it gets `plain`, and then the end.
    pub(super) fn with_tls(stream: TcpStream, config: Arc<ServerConfig>, plain: &'static [u8]) -> Self {
        Self(ConnectionPhase::Unknown(Some(stream), config, plain))
    }

    /// Takes the steps before the first byte of a request.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match &mut self.0 {
                ConnectionPhase::Plain(_) | ConnectionPhase::Tls(_) => return Poll::Ready(Ok(())),
                ConnectionPhase::Unknown(stream, config, plain) => {
                    let Some(open) = stream.as_ref() else {
                        return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
                    };
                    let mut byte = [0];
                    let mut first = ReadBuf::new(&mut byte);
                    ready!(open.poll_peek(cx, &mut first))?;
                    let is_tls = first.filled() == [HANDSHAKE];
                    let (config, plain) = (Arc::clone(config), *plain);
                    let Some(open) = stream.take() else { continue };
                    self.0 = if is_tls {
                        ConnectionPhase::Handshake(Box::new(TlsAcceptor::from(config).accept(open)))
                    } else {
                        ConnectionPhase::Refused(open, plain, false)
                    };
                }
                ConnectionPhase::Handshake(accept) => {
                    let accepted = ready!(Pin::new(&mut **accept).poll(cx))?;
                    self.0 = ConnectionPhase::Tls(Box::new(accepted));
                }
                ConnectionPhase::Refused(stream, left, is_read) => {
                    if !*is_read {
                        let mut bytes = vec![0; DRAIN];
                        ready!(Pin::new(&mut *stream).poll_read(cx, &mut ReadBuf::new(&mut bytes)))?;
                        *is_read = true;
                    }
                    while !left.is_empty() {
                        let written = ready!(Pin::new(&mut *stream).poll_write(cx, left))?;
                        *left = left.get(written.max(1)..).unwrap_or_default();
                    }
                    return Poll::Ready(Err(io::Error::other("the client does not speak TLS")));
                }
            }
        }
    }
}

impl AsyncRead for ServerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_ready(cx))?;
        match &mut self.0 {
            ConnectionPhase::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            ConnectionPhase::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buf),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for ServerStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            ConnectionPhase::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            ConnectionPhase::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, buf),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            ConnectionPhase::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            ConnectionPhase::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(cx, bufs),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            ConnectionPhase::Plain(stream) => stream.is_write_vectored(),
            ConnectionPhase::Tls(stream) => stream.is_write_vectored(),
            _ => false,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            ConnectionPhase::Plain(stream) => Pin::new(stream).poll_flush(cx),
            ConnectionPhase::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            ConnectionPhase::Plain(stream)
            | ConnectionPhase::Refused(stream, ..)
            | ConnectionPhase::Unknown(Some(stream), ..) => Pin::new(stream).poll_shutdown(cx),
            ConnectionPhase::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            ConnectionPhase::Handshake(_) | ConnectionPhase::Unknown(None, ..) => Poll::Ready(Ok(())),
        }
    }
}
