//! Owns the picture of the API server's record: a bar for each span of time, above the line if it was ready, below it if it was
//! not. A span that was not watched has no bar.

use crate::apiserver::windows::RecordSpan;
use sre_shared::digest::percent;
use sre_shared::report::Window;

/// The height of a bar on either side of the line.
const HALF: f64 = 20.0;
/// The width of a span.
const WIDTH: usize = 10;

/// A bar.
#[derive(Debug, PartialEq)]
pub struct Bar {
    /// Its left edge.
    pub x: usize,
    /// Its width.
    pub width: usize,
    /// The height of the part that was ready, above the line.
    pub up: String,
    /// Where that part begins.
    pub top: String,
    /// The height of the part that was not ready, below the line.
    pub down: String,
}

/// The picture, and the same in words.
#[derive(Debug)]
pub struct RecordChart {
    /// The bars. Neighbours that are alike are one bar.
    pub bars: Vec<Bar>,
    /// The width of all spans.
    pub width: usize,
    /// The ages of its left edge and of its middle.
    pub ages: [String; 2],
    /// What it shows, in words.
    pub words: String,
    /// The rows of the table.
    pub windows: Vec<WindowRow>,
}

/// One window of the record.
#[derive(Debug, PartialEq, Eq)]
pub struct WindowRow {
    /// Its name.
    pub name: String,
    /// How much of it was ready, or that it was not watched.
    pub availability: String,
    /// How much of it was watched.
    pub watched: String,
    /// Latencies.
    pub latency: [String; 3],
}

impl RecordChart {
    /// The picture of spans of that many seconds, the oldest first.
    pub fn new(spans: &[RecordSpan], seconds: u64, windows: &[Window]) -> Self {
        let mut bars: Vec<Bar> = Vec::new();
        for (number, span) in spans.iter().enumerate().filter(|(_, span)| span.seen > 0) {
            let bar = Bar::new(number, *span);
            match bars.last_mut() {
                Some(last) if last.continues(&bar) => last.width = last.width.saturating_add(WIDTH),
                _ => bars.push(bar),
            }
        }
        let length = i64::try_from(spans.len()).unwrap_or_default();
        let length = length.saturating_mul(i64::try_from(seconds).unwrap_or_default());
        Self {
            bars,
            ages: [length, length / 2].map(sre_shared::span::span),
            width: spans.len().saturating_mul(WIDTH).max(1),
            words: words(spans, seconds),
            windows: windows.iter().map(WindowRow::new).collect(),
        }
    }
}

impl Bar {
    fn new(number: usize, span: RecordSpan) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a picture has few pixels")]
        let ready = (span.ready as f64 / span.seen as f64).clamp(0.0, 1.0);
        let down = (1.0 - ready) * HALF;
        // One failure of many is to be seen too.
        let down = if span.ready < span.seen {
            down.max(HALF / 5.0)
        } else {
            0.0
        };
        Self {
            x: number.saturating_mul(WIDTH),
            width: WIDTH,
            up: format!("{:.1}", ready * HALF),
            top: format!("{:.1}", HALF - ready * HALF),
            down: format!("{down:.1}"),
        }
    }

    fn continues(&self, next: &Self) -> bool {
        self.x.saturating_add(self.width) == next.x && self.up == next.up && self.down == next.down
    }
}

/// The counts of spans, so that nobody needs to see the picture.
fn words(spans: &[RecordSpan], seconds: u64) -> String {
    let ready = spans
        .iter()
        .filter(|span| span.seen > 0 && span.ready == span.seen)
        .count();
    let not_ready = spans.iter().filter(|span| span.ready < span.seen).count();
    let gaps = spans.iter().filter(|span| span.seen == 0).count();
    format!(
        "of {} spans of {} min: {ready} ready throughout, {not_ready} with failures, {gaps} not watched",
        spans.len(),
        seconds / 60
    )
}

impl WindowRow {
    fn new(window: &Window) -> Self {
        let ms = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), sre_shared::digest::milliseconds);
        let watched = window
            .watched_seconds
            .map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        Self {
            name: window.window.clone(),
            availability: window
                .availability
                .map_or_else(|| "not watched".to_owned(), percent),
            watched: watched.map_or_else(|| "–".to_owned(), sre_shared::span::span),
            latency: [window.p50_ms, window.p99_ms, window.max_ms].map(ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(spans: &[(u64, u64)]) -> Vec<RecordSpan> {
        spans
            .iter()
            .map(|(seen, ready)| RecordSpan {
                seen: *seen,
                ready: *ready,
            })
            .collect()
    }

    #[test]
    fn a_span_that_was_not_watched_is_a_gap_and_no_bar() {
        let chart = RecordChart::new(&spans(&[(0, 0), (90, 90), (90, 90), (0, 0), (90, 90)]), 900, &[]);
        let places: Vec<(usize, usize)> = chart.bars.iter().map(|bar| (bar.x, bar.width)).collect();
        assert_eq!(places, [(10, 20), (40, 10)]);
        assert_eq!(chart.width, 50);
        assert_eq!(chart.ages, ["75 min", "37 min"]);
        assert_eq!(
            chart.words,
            "of 5 spans of 15 min: 3 ready throughout, 0 with failures, 2 not watched"
        );
    }

    #[test]
    fn a_single_failure_of_many_checks_is_seen_below_the_line() {
        let chart = RecordChart::new(&spans(&[(90, 89), (90, 45), (90, 0)]), 900, &[]);
        let heights: Vec<(&str, &str)> = chart.bars.iter().map(|bar| (&*bar.up, &*bar.down)).collect();
        assert_eq!(heights, [("19.8", "4.0"), ("10.0", "10.0"), ("0.0", "20.0")]);
    }

    #[test]
    fn a_window_without_checks_has_no_numbers() {
        let row = WindowRow::new(&Window {
            window: "1h".to_owned(),
            ..Window::default()
        });
        assert_eq!(
            (&*row.availability, &*row.watched, &*row.latency[0]),
            ("not watched", "–", "–")
        );
        let row = WindowRow::new(&Window {
            availability: Some(0.99999),
            watched_seconds: Some(1800),
            p50_ms: Some(3.0),
            ..Window::default()
        });
        assert_eq!(
            (&*row.availability, &*row.watched, &*row.latency[0]),
            ("99.99 %", "30 min", "3.0 ms")
        );
    }
}
