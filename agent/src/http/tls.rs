//! Owns TLS of the listeners: a stream for each connection, and the certificate that is read again.
//! Must not know the requests.

use crate::history::failures::{FailureLog, LoggedFailure};
use sre_shared::cluster::{ServerStream, ServerTls};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// The name of the certificate in the log of failures.
const WHO: &str = "certificate of this server";
/// The answer to a request without TLS.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 80\r\n\
    connection: close\r\n\r\n{\"error\":\"tlsRequired\",\"message\":\"this port speaks TLS: ask by an https:// URL\"}";

/// The bytes of a connection, with TLS if there is a certificate.
pub fn stream(stream: TcpStream, tls: Option<&Arc<ServerTls>>) -> ServerStream {
    match tls {
        Some(tls) => tls.stream(stream, PLAIN),
        None => ServerStream::plain(stream),
    }
}

/// Reads the certificate again after each pause. Does not end.
pub async fn renew(tls: Arc<ServerTls>, failures: Arc<FailureLog>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        match tls.renew().await {
            Ok(is_changed) => {
                failures.recovered(WHO);
                if is_changed {
                    tracing::info!("the certificate of this server was read again");
                }
            }
            // It goes on with the former one.
            Err(failure) => failures.failed(
                WHO,
                &LoggedFailure {
                    own: true,
                    next: "check --tls-cert-file and --tls-private-key-file; the former certificate stays in use",
                    ..LoggedFailure::from(&failure)
                },
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PLAIN;

    #[test]
    fn the_answer_without_tls_is_whole() {
        let text = std::str::from_utf8(PLAIN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}\r\n", body.len())),
            "{}",
            body.len()
        );
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"], "tlsRequired");
    }
}
