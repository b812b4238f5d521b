//! Which proxy is used, and why.

use crate::apiserver::facts::Facts;
use crate::report::{Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let proxy = &facts.connection.proxy;
    let url = proxy.url.as_deref().unwrap_or("none");
    let message = match proxy.why.as_str() {
        "" => url.to_owned(),
        why => format!("{url}: {why}"),
    };
    Some(Rung {
        proxy: proxy.url.clone(),
        ..Rung::new("proxy", RungStatus::Ok, message)
    })
}
