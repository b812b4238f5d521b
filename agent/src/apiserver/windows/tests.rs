use super::*;
use sre_shared::apiserver::slo;

/// The longest pause of these tests.
const PAUSE: u64 = 30;

fn seen(ready: bool, request: Option<f64>) -> Observation {
    Observation {
        ready,
        phases: [None, None, None, request],
    }
}

fn window(windows: &Windows, second: u64, name: &str) -> Window {
    let record = windows.record(second);
    let mut found = record.windows.into_iter().filter(|window| window.window == name);
    found.next().expect("a window of that name")
}

/// Checks every ten seconds from `since` up to `until`, the last one at `until`.
fn watch(windows: &mut Windows, since: u64, until: u64, ready: bool) {
    for second in (since..=until).step_by(10) {
        windows.note(second, &seen(ready, None));
    }
}

#[test]
fn the_record_has_the_windows_that_it_names() {
    let names: Vec<String> = Windows::new(PAUSE)
        .record(0)
        .windows
        .into_iter()
        .map(|window| window.window)
        .collect();
    assert_eq!(names, slo::WINDOWS);
    for (name, span, length) in RINGS.into_iter().flatten() {
        assert_eq!(
            sre_shared::report::window_seconds(name),
            Some(span * length),
            "{name}"
        );
    }
}

#[test]
fn a_window_without_checks_has_no_numbers() {
    assert_eq!(
        window(&Windows::new(PAUSE), 100, "5m"),
        Window {
            window: "5m".into(),
            watched_seconds: Some(0),
            ..Window::default()
        }
    );
}

#[test]
fn quantiles_count_the_checks_of_the_window() {
    let mut windows = Windows::new(PAUSE);
    for second in 0..100 {
        let slow = second >= 98;
        windows.note(second, &seen(true, Some(if slow { 1000.0 } else { 1.0 })));
    }
    let last = window(&windows, 100, "5m");
    assert_eq!((last.checks, last.availability), (100, Some(1.0)));
    assert_eq!(
        (last.p50_ms, last.p90_ms, last.p99_ms, last.max_ms),
        (Some(1.0), Some(1.0), Some(1000.0), Some(1000.0))
    );
}

#[test]
fn each_step_of_the_way_has_quantiles_of_its_own() {
    let mut windows = Windows::new(PAUSE);
    let phases = [Some(0.5), Some(1.0), Some(8.0), Some(4.0)];
    windows.note(0, &Observation { ready: true, phases });
    windows.note(10, &seen(true, Some(16.0)));
    for name in slo::WINDOWS {
        let phases = window(&windows, 10, name).phases;
        let short: Vec<_> = phases
            .iter()
            .map(|p| (p.phase.as_str(), p.count, p.p50_ms, p.max_ms))
            .collect();
        assert_eq!(
            short,
            [
                ("dns", 1, 0.5, 0.5),
                ("connect", 1, 1.0, 1.0),
                ("tls", 1, 8.0, 8.0),
                ("request", 2, 4.0, 16.0)
            ],
            "{name}"
        );
    }
}

#[test]
fn a_check_counts_for_the_time_since_the_check_before_it() {
    let mut windows = Windows::new(PAUSE);
    // Ready for 40 s, then a check that hung for 18 s, and one that a client asked for a second later.
    for (second, ready) in [
        (0, true),
        (10, true),
        (40, true),
        (58, false),
        (59, false),
        (65, true),
    ] {
        windows.note(second, &seen(ready, None));
    }
    for name in slo::WINDOWS {
        let all = window(&windows, 65, name);
        assert_eq!((all.watched_seconds, all.checks), (Some(65), 6), "{name}");
        assert_eq!(all.availability, Some(46.0 / 65.0), "{name}");
    }
}

#[test]
fn sums_are_exact_in_every_window_whatever_the_pauses_are() {
    // The pauses that are no longer than 30 s are watched, every third of them as a failure.
    let pauses = [1_u64, 7, 10, 29, 30, 31, 3, 299, 10, 12, 3600, 5, 18, 10];
    let mut windows = Windows::new(PAUSE);
    let (mut second, mut spans) = (12_345, Vec::new());
    windows.note(second, &seen(true, None));
    for (turn, pause) in (0..30_000).map(|turn| (turn, pauses[turn % pauses.len()])) {
        let ready = turn % 3 != 0;
        windows.note(second + pause, &seen(ready, None));
        if pause <= PAUSE {
            spans.push((second, second + pause, ready));
        }
        second += pause;
    }
    for (name, span, length) in RINGS.into_iter().flatten() {
        let begin = (second / span + 1 - length) * span;
        let inside = |(from, to, ready): &(u64, u64, bool)| (to.saturating_sub(begin.max(*from)), *ready);
        let parts = spans.iter().filter(|(_, to, _)| *to > begin).map(inside);
        let (watched, up) = parts.fold((0, 0), |(watched, up), (seconds, ready)| {
            (watched + seconds, if ready { up + seconds } else { up })
        });
        let all = window(&windows, second, name);
        assert_eq!(all.watched_seconds, Some(watched), "{name}");
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let availability = up as f64 / watched as f64;
        assert_eq!(all.availability, Some(availability), "{name}");
    }
}

#[test]
fn a_gap_in_watching_is_neither_up_nor_down() {
    let mut windows = Windows::new(PAUSE);
    watch(&mut windows, 0, 600, true);
    // Half an hour without a check, and then an outage.
    watch(&mut windows, 2400, 3000, false);
    let hour = window(&windows, 3000, "1h");
    assert_eq!((hour.watched_seconds, hour.availability), (Some(1200), Some(0.5)));
    // One second more than a check may be late is a gap.
    let mut windows = Windows::new(PAUSE);
    windows.note(0, &seen(true, None));
    windows.note(31, &seen(true, None));
    assert_eq!(window(&windows, 31, "1h").watched_seconds, Some(0));
    windows.note(61, &seen(true, None));
    assert_eq!(window(&windows, 61, "1h").watched_seconds, Some(30));
}

#[test]
fn one_check_alone_has_an_availability_and_no_time() {
    let mut windows = Windows::new(PAUSE);
    windows.note(5, &seen(false, None));
    let month = window(&windows, 5, "30d");
    assert_eq!(
        (
            month.checks,
            month.availability,
            month.watched_seconds,
            month.p50_ms,
            month.max_ms
        ),
        (1, Some(0.0), Some(0), None, None)
    );
}

#[test]
fn a_check_older_than_the_window_is_forgotten() {
    let mut windows = Windows::new(PAUSE);
    windows.note(5, &seen(false, Some(9.0)));
    for name in slo::WINDOWS {
        let seconds = sre_shared::report::window_seconds(name).expect("a length");
        let checks = |second| window(&windows, second, name).checks;
        assert_eq!((checks(seconds - 1), checks(seconds)), (1, 0), "{name}");
    }
    // A bucket is emptied when the ring comes round to it.
    windows.note(305, &seen(true, Some(1.0)));
    let last = window(&windows, 305, "5m");
    assert_eq!(
        (last.checks, last.availability, last.max_ms),
        (1, Some(1.0), Some(1.0))
    );
}

#[test]
fn a_month_of_checks_makes_whole_windows() {
    let mut windows = Windows::new(PAUSE);
    let month = 30 * 86_400;
    watch(&mut windows, 0, month - 10, true);
    for name in slo::WINDOWS {
        let last = window(&windows, month - 10, name);
        let seconds = sre_shared::report::window_seconds(name).expect("a length");
        assert_eq!(last.watched_seconds, Some(seconds - 10), "{name}");
        assert_eq!(last.checks, seconds / 10, "{name}");
    }
}

#[test]
fn a_record_taken_over_has_the_sums_of_the_one_before() {
    let mut before = Windows::new(PAUSE);
    watch(&mut before, 0, 100_000, true);
    let mut after = Windows::new(PAUSE);
    for (span, buckets) in before.contents() {
        for bucket in buckets {
            assert!(after.restore(span, bucket, 100_000));
        }
    }
    assert_eq!(after.record(100_000), before.record(100_000));
    // The time between the two processes was not watched.
    after.note(100_010, &seen(true, None));
    let watched = |windows: &Windows, name| window(windows, 100_010, name).watched_seconds;
    assert_eq!(watched(&after, "30d"), watched(&before, "30d"));
}

#[test]
fn impossible_buckets_are_not_taken_over() {
    let good = Bucket {
        checks: 6,
        ready: 5,
        watched: 60,
        up: 50,
        ..Bucket::new(3)
    };
    let mut windows = Windows::new(PAUSE);
    for (span, bucket, fits) in [
        (60, good, true),
        (61, good, false),
        (60, Bucket { watched: 61, ..good }, false),
        (60, Bucket { up: 61, ..good }, false),
        (60, Bucket { ready: 7, ..good }, false),
        (60, Bucket { number: 5, ..good }, false),
        (
            60,
            Bucket {
                number: u64::MAX,
                ..good
            },
            false,
        ),
    ] {
        assert_eq!(
            windows.restore(span, &bucket, 299),
            fits,
            "{span} {}",
            bucket.number
        );
    }
    // An older one does not take the place of a newer one, and is not in the window.
    windows.note(3900, &seen(true, None));
    assert!(windows.restore(60, &Bucket::new(5), 3900));
    assert_eq!(window(&windows, 3900, "1h").checks, 1);
}

#[test]
fn a_second_at_the_end_of_all_time_breaks_nothing() {
    let mut windows = Windows::new(PAUSE);
    for second in [0, u64::MAX - 10, u64::MAX, 5] {
        windows.note(second, &seen(true, Some(f64::NAN)));
        windows.note(second, &seen(true, Some(f64::INFINITY)));
        windows.note(second, &seen(true, Some(-1.0)));
        assert_eq!(windows.record(second).windows.len(), slo::WINDOWS.len());
    }
}

#[test]
fn the_record_takes_146_kilobytes() {
    let size: usize = Windows::new(PAUSE)
        .rings
        .iter()
        .map(|ring| ring.buckets.capacity() * size_of::<Bucket>())
        .sum();
    assert_eq!((size_of::<Bucket>(), size), (552, 145_728));
}

#[test]
fn spans_that_were_not_watched_are_empty_and_the_newest_is_the_last() {
    const HOUR: u64 = 3600;
    let mut windows = Windows::new(PAUSE);
    watch(&mut windows, 0, HOUR, true);
    watch(&mut windows, 3 * HOUR, 3 * HOUR + 60, true);
    watch(&mut windows, 3 * HOUR + 70, 3 * HOUR + 100, false);
    let (seconds, spans) = windows.spans(4 * HOUR);
    assert_eq!((seconds, spans.len()), (HOUR, 72));
    let last: Vec<(u64, u64)> = spans[67..].iter().map(|span| (span.seen, span.ready)).collect();
    assert_eq!(last, [(HOUR, HOUR), (0, 0), (0, 0), (100, 60), (0, 0)]);
    // The first hour is too old now.
    let (_, spans) = windows.spans(74 * HOUR);
    assert_eq!(spans.iter().filter(|span| span.seen > 0).count(), 1);
}
