//! Custom resources: found by discovery in a cluster and by their kind in a dump, judged by their conditions.

use super::coverage::not_seen;
use super::direct::{Judgement, Reach, Run, gather};
use super::noun::Noun;
use super::owners::Sift;
use super::{CustomTarget, Request};
use crate::check::{self, Evidence, Now};
use crate::cluster;
use crate::report::{CheckResult, KindCheck, NotSeen, Report};
use crate::resource::CustomObject;

/// Judges the objects of one kind, and says what the check is called.
pub(super) async fn judge(run: &Run<'_>, wanted: &CustomTarget) -> (String, Judgement) {
    let place = match cluster::discover(run.client, &wanted.kind).await {
        Ok(place) => place,
        Err(failure) => {
            let what = wanted.kind.to_string();
            let part = Judgement {
                not_seen: vec![NotSeen {
                    resource: Some(what.clone()),
                    ..not_seen(what.as_str(), &failure, None)
                }],
                reach: Reach::Nothing,
                namespaced: true,
                ..Judgement::default()
            };
            return (what, part);
        }
    };
    let noun = Noun::from(&place);
    let gathered = gather::<CustomObject>(run, &noun, Some(&place), &wanted.names, &Sift::every()).await;
    let evidence = Evidence {
        named: !wanted.names.is_empty(),
        heeds_annotations: !run.ask.no_ignore,
        ..Evidence::at(Now::known(run.now()))
    };
    let items = gathered.objects.iter().map(|object| {
        let mut item = match object {
            Ok(object) => check::judge(object, &evidence),
            Err(undecodable) => check::undecodable::<CustomObject>(undecodable),
        };
        item.kind.clone_from(&place.kind);
        item
    });
    let part = Judgement {
        items: items.collect(),
        not_seen: gathered.not_seen,
        passed_over: gathered.passed_over,
        reach: gathered.reach,
        namespaced: noun.namespaced,
        ..Judgement::default()
    };
    (noun.plural, part)
}

/// Adds that none of the custom resources that were asked for was seen.
pub(super) fn unasked(report: &mut Report, ask: &Request, why: impl Fn(String) -> NotSeen) {
    for wanted in &ask.custom {
        let what = wanted.kind.to_string();
        report.coverage.kinds.push(what.clone());
        report
            .checks
            .push(CheckResult::Kind(KindCheck::of(&what, Vec::new(), false)));
        report.coverage.not_seen.push(why(what));
    }
}
