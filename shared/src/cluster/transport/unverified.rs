//! TLS with a server whose certificate is not verified, as the kubelet asks probes.

use crate::cluster::transport::tls::{Tls, TlsPeer, Trust};
use crate::failure::Failure;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Does the handshake with any server that answers.
///
/// # Errors
/// If the handshake fails.
pub async fn unverified_tls(
    stream: TcpStream,
    host: &str,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>, Failure> {
    let tls = Arc::new(Tls::new(Trust::Unverified, None, Instant::now())?);
    let config = tls.config().await?;
    TlsPeer::new(tls, host)?.handshake(config, Box::new(stream)).await
}
