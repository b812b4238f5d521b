//! The exchanges that `-v` shows.

use super::{TOKEN, assert_no_secret};
use crate::client::{PATIENT, ask_with, only_deployments, settings, with_deployments};
use sre_shared::cluster::{Client, Exchange};
use sre_testkit::ApiServer;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn an_observer_sees_every_exchange_and_no_secret() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let written = Arc::clone(&lines);
    let observer = Arc::new(move |exchange: &Exchange<'_>| {
        written
            .lock()
            .expect("no test panics here")
            .push(format!("{exchange:?}"));
    });
    let client = Client::new(settings(server.kubeconfig(), PATIENT), Some(observer))
        .await
        .expect("a client");
    ask_with(&client, &with_deployments()).await;
    server.stop();
    ask_with(&client, &only_deployments()).await;
    let lines = lines.lock().expect("no test panics here");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("status: Some(200)"))
            .count(),
        5,
        "{lines:?}"
    );
    // A connection that was kept open may be reported as lost first.
    assert!(
        lines.last().is_some_and(|line| line.contains("Refused")),
        "{lines:?}"
    );
    assert_no_secret(&lines.concat());
}
