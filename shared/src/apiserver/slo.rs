//! The record of the API server against an objective: how fast the error budget is spent, and whether a demanded availability was
//! reached.
//!
//! The pairs are those of the SRE workbook, "Alerting on SLOs", in the form of the kubernetes-mixin: the budget of 30 days is spent in
//! two days at 14.4, in five days at 6, in ten days at 3, and in 30 days at 1.

use crate::report::{ApiServerCheck, AvailabilityDemand, BurnRatePair, Record, Status, Window};

/// Long window, short window, and the burn rate that both have to exceed.
pub const BURN_RATE_PAIRS: [(&str, &str, f64); 4] = [
    ("1h", "5m", 14.4),
    ("6h", "30m", 6.0),
    ("1d", "2h", 3.0),
    ("3d", "6h", 1.0),
];

/// The windows of a record.
pub const WINDOWS: [&str; 8] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"];

/// The window of a demand that names none.
pub const DEMAND_WINDOW: &str = "1h";

/// Far below the smallest part of a window, and far above the error of the arithmetic.
const EPSILON: f64 = 1e-9;

/// Adds the burn rates against an objective in percent, which is below 100. Only windows that were watched for at least half of
/// their length have one.
pub fn add_burn_rates(record: &mut Record, slo: f64) {
    record.slo = Some(slo);
    for window in &mut record.windows {
        window.burn_rate = burn_rate(window, slo);
    }
    let rate = |word: &str| {
        let window = record.windows.iter().find(|window| window.window == word)?;
        window.burn_rate
    };
    let pair = |(long, short, factor): (&str, &str, f64)| {
        let exceeds = |rate: f64| rate > factor + EPSILON;
        BurnRatePair {
            long: long.to_owned(),
            short: short.to_owned(),
            factor,
            exceeded: rate(long)
                .zip(rate(short))
                .map(|(long, short)| exceeds(long) && exceeds(short)),
        }
    };
    record.burn_rates = BURN_RATE_PAIRS.into_iter().map(pair).collect();
}

fn burn_rate(window: &Window, slo: f64) -> Option<f64> {
    let budget = 1.0 - slo / 100.0;
    let availability = window.availability.filter(|_| window.is_half_watched())?;
    (budget > 0.0).then(|| ((1.0 - availability) / budget * 1e6).round() / 1e6)
}

/// Demands an availability of a window. The check is degraded if it was not reached, and unknown if less than half of the window was
/// watched, or nobody keeps a record.
pub fn demand_availability(check: &mut ApiServerCheck, min_percent: f64, word: &str) {
    let record = check.record.get_or_insert_default();
    let window = record.windows.iter().find(|window| window.window == word);
    let known = window.filter(|window| window.is_half_watched());
    let percent = window
        .and_then(|window| window.availability)
        .map(|part| part * 100.0);
    let met = known.and(percent).map(|percent| percent + EPSILON >= min_percent);
    let demand = AvailabilityDemand {
        min_percent,
        window: word.to_owned(),
        percent,
        met,
    };
    let (status, class, error) = match met {
        Some(true) => (Status::Ok, "", String::new()),
        Some(false) => (
            Status::Degraded,
            BELOW_DEMAND,
            format!(
                "it was available for {} of the last {word}, and {} were demanded",
                percent_text(percent.unwrap_or_default()),
                percent_text(min_percent)
            ),
        ),
        None => (Status::Unknown, NOT_WATCHED_ENOUGH, unknown_text(window, word)),
    };
    record.demand = Some(demand);
    if check.status.worst(status) != check.status {
        check.status = status;
        check.class = Some(class.to_owned());
        // A failure of this moment that is no verdict by itself, such as no answer, stays with its place and its next step.
        if let Some(present) = check.error.take() {
            check.error = Some(format!("{error}; at present: {present}"));
            return;
        }
        check.error = Some(error);
        check.endpoint = None;
        check.elapsed_ms = None;
        check.missing = None;
        check.side = None;
        check.rung = None;
        check.hint = Some(match status {
            Status::Unknown => {
                "wait until it has watched for longer, or demand a shorter --window".to_owned()
            }
            _ => "look at the record: kubectl sre health apiserver --agent -v".to_owned(),
        });
    }
}

/// The class of an API server that was less available than demanded.
pub const BELOW_DEMAND: &str = "belowDemand";
/// The class of an API server whose availability is not known, since its agent has not watched for long enough.
pub const NOT_WATCHED_ENOUGH: &str = "notWatchedEnough";

fn unknown_text(window: Option<&Window>, word: &str) -> String {
    let Some(window) = window else {
        return format!("the agent keeps no record of {word}");
    };
    let watched = window.watched_seconds.unwrap_or_default();
    format!(
        "the agent has watched {} of the last {word}, less than half",
        crate::span::span(i64::try_from(watched).unwrap_or(i64::MAX))
    )
}

/// A percentage with at most four decimals, rounded down, so that only all of it is 100 %.
fn percent_text(percent: f64) -> String {
    // The addend makes up for the error of the arithmetic.
    let parts = ((percent + EPSILON) * 1e4).floor() / 1e4;
    format!("{parts} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(word: &str, watched: u64, availability: Option<f64>) -> Window {
        Window {
            window: word.into(),
            watched_seconds: Some(watched),
            availability,
            ..Window::default()
        }
    }

    #[test]
    fn a_pair_is_exceeded_if_both_windows_burn_faster_than_its_factor() {
        // The long one, the short one, and whether the pair is exceeded. The objective is 99.9 %, so the factor 14.4 is an
        // availability of 98.56 %.
        for (long, short, exceeded) in [
            ((3600, Some(0.98)), (300, Some(0.98)), Some(true)),
            ((3600, Some(0.98)), (300, Some(1.0)), Some(false)),
            ((3600, Some(1.0)), (300, Some(0.0)), Some(false)),
            ((3600, Some(0.9856)), (300, Some(0.0)), Some(false)),
            ((3600, Some(0.985_599)), (300, Some(0.0)), Some(true)),
            ((1799, Some(0.5)), (300, Some(0.5)), None),
            ((1800, Some(0.5)), (150, Some(0.5)), Some(true)),
            ((3600, Some(0.5)), (149, Some(0.5)), None),
            ((3600, None), (300, Some(0.5)), None),
        ] {
            let mut record = Record {
                windows: vec![window("5m", short.0, short.1), window("1h", long.0, long.1)],
                ..Record::default()
            };
            add_burn_rates(&mut record, 99.9);
            assert_eq!(record.burn_rates.len(), 4);
            let pair = &record.burn_rates[0];
            assert_eq!((pair.long.as_str(), pair.short.as_str()), ("1h", "5m"));
            assert_eq!(pair.exceeded, exceeded, "{long:?} {short:?}");
            // The record has no window of the other pairs.
            assert!(record.burn_rates[1..].iter().all(|pair| pair.exceeded.is_none()));
        }
    }

    #[test]
    fn a_burn_rate_of_one_spends_exactly_the_budget() {
        for (slo, availability, rate) in [
            (99.9, 0.999, 1.0),
            (99.9, 1.0, 0.0),
            (99.9, 0.0, 1000.0),
            (99.0, 0.97, 3.0),
            (50.0, 0.0, 2.0),
        ] {
            let seen = burn_rate(&window("1h", 3600, Some(availability)), slo);
            assert_eq!(seen, Some(rate), "{slo} {availability}");
        }
        assert_eq!(burn_rate(&window("1h", 1799, Some(0.0)), 99.9), None);
    }

    #[test]
    fn every_pair_is_of_windows_of_the_record() {
        for (long, short, _) in BURN_RATE_PAIRS {
            assert!(
                WINDOWS.contains(&long) && WINDOWS.contains(&short),
                "{long} {short}"
            );
        }
        assert!(WINDOWS.contains(&DEMAND_WINDOW));
    }

    #[test]
    fn a_demand_is_met_missed_or_unknown_and_never_met_by_time_that_was_not_watched() {
        let ok = |watched, availability| Some(window("1h", watched, availability));
        for (window, status, met, class) in [
            (ok(3600, Some(0.999)), Status::Ok, Some(true), None),
            (ok(1800, Some(1.0)), Status::Ok, Some(true), None),
            (
                ok(3600, Some(0.998_999)),
                Status::Degraded,
                Some(false),
                Some(BELOW_DEMAND),
            ),
            (
                ok(1799, Some(1.0)),
                Status::Unknown,
                None,
                Some(NOT_WATCHED_ENOUGH),
            ),
            (
                ok(1799, Some(0.0)),
                Status::Unknown,
                None,
                Some(NOT_WATCHED_ENOUGH),
            ),
            (ok(0, None), Status::Unknown, None, Some(NOT_WATCHED_ENOUGH)),
            (None, Status::Unknown, None, Some(NOT_WATCHED_ENOUGH)),
        ] {
            let mut check = ApiServerCheck {
                status: Status::Ok,
                record: Some(Record {
                    windows: window.into_iter().collect(),
                    ..Record::default()
                }),
                ..ApiServerCheck::default()
            };
            demand_availability(&mut check, 99.9, "1h");
            let demand = check
                .record
                .and_then(|record| record.demand)
                .expect("it was demanded");
            assert_eq!(
                (check.status, demand.met, check.class.as_deref()),
                (status, met, class),
                "{demand:?}"
            );
        }
    }

    #[test]
    fn a_demand_does_not_hide_a_worse_failure_and_an_agent_without_a_record_is_unknown() {
        let mut check = ApiServerCheck {
            status: Status::Degraded,
            class: Some("unhealthy".into()),
            error: Some("/readyz answers 500".into()),
            ..ApiServerCheck::default()
        };
        demand_availability(&mut check, 99.9, "1h");
        assert_eq!(
            (check.status, check.class.as_deref()),
            (Status::Degraded, Some("unhealthy"))
        );
        // An API server that does not answer, after a bad hour.
        let mut check = ApiServerCheck {
            status: Status::Unknown,
            class: Some("refused".into()),
            error: Some("connection refused".into()),
            hint: Some("is it started?".into()),
            record: Some(Record {
                windows: vec![window("1h", 3600, Some(0.5))],
                ..Record::default()
            }),
            ..ApiServerCheck::default()
        };
        demand_availability(&mut check, 99.9, "1h");
        assert_eq!(
            (
                check.status,
                check.class.as_deref(),
                check.error.as_deref(),
                check.hint.as_deref()
            ),
            (
                Status::Degraded,
                Some(BELOW_DEMAND),
                Some(
                    "it was available for 50 % of the last 1h, and 99.9 % were demanded; at present: connection refused"
                ),
                Some("is it started?")
            )
        );
        let mut check = ApiServerCheck {
            status: Status::Ok,
            ..ApiServerCheck::default()
        };
        demand_availability(&mut check, 99.9, "1h");
        assert_eq!(check.status, Status::Unknown);
        assert_eq!(check.error.as_deref(), Some("the agent keeps no record of 1h"));
    }

    #[test]
    fn a_percentage_is_never_rounded_up() {
        for (percent, text) in [
            (100.0, "100 %"),
            (99.999_99, "99.9999 %"),
            (99.9, "99.9 %"),
            (0.999 * 100.0, "99.9 %"),
            (0.0, "0 %"),
        ] {
            assert_eq!(percent_text(percent), text);
        }
    }
}
