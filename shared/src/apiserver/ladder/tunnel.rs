//! Whether the proxy opens a tunnel to the API server.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::broken_rung;
use crate::apiserver::hint;
use crate::apiserver::milliseconds::milliseconds;
use crate::failure::Side;
use crate::report::{Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let step = facts.trace?.dial.proxy.as_ref()?;
    let mut rung = match &step.result {
        Ok(()) => Rung::new("tunnel", RungStatus::Ok, "the proxy opens it"),
        Err(failure) => {
            let mut rung = broken_rung("tunnel", failure, Side::Proxy);
            let proxy = facts.connection.proxy.url.as_deref().unwrap_or_default();
            rung.hint
                .get_or_insert_with(|| hint::curl_version_by_proxy(facts.connection, proxy));
            rung
        }
    };
    rung.elapsed_ms = Some(milliseconds(step.elapsed));
    Some(rung)
}
