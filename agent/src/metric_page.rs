//! Owns how a family of metrics is written, in both text formats of Prometheus.
//! Must not know which families there are.

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use sre_shared::metric::sample;
use std::fmt;

/// How the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// The text format 0.0.4 of Prometheus, for clients that ask for nothing else.
    Plain,
}

impl TextFormat {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The labels of a sample.
pub type Labels = Vec<(&'static str, String)>;

/// Labels and their values.
pub fn labels<const N: usize>(labels: [(&'static str, &str); N]) -> Labels {
    sample(labels, 0).0
}

/// The text while it is written. Families without a sample are left out.
pub struct Page<'a> {
    /// Writes the families.
    pub encoder: DescriptorEncoder<'a>,
    /// How the text is written.
    pub format: TextFormat,
}

impl Page<'_> {
    /// Whole numbers.
    pub fn gauge(&mut self, name: &str, help: &str, samples: Vec<(Labels, u64)>) -> fmt::Result {
        self.family(name, help, MetricType::Gauge, samples)
    }

    /// Numbers with a fraction, of families whose samples have labels.
    pub fn fractions(&mut self, name: &str, help: &str, samples: Vec<(Labels, f64)>) -> fmt::Result {
        if samples.is_empty() {
            return Ok(());
        }
        let mut family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in samples {
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// One histogram for each set of labels.
    pub fn histograms(
        &mut self,
        name: &str,
        help: &str,
        histograms: Vec<(Labels, &Histogram)>,
    ) -> fmt::Result {
        if histograms.is_empty() {
            return Ok(());
        }
        let mut family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (labels, histogram) in histograms {
            histogram.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// `name` comes without `_total`: `OpenMetrics` has the suffix only on samples, the plain format on the family too.
    pub fn counter(&mut self, name: &str, help: &str, samples: Vec<(Labels, u64)>) -> fmt::Result {
        match self.format {
            TextFormat::OpenMetrics => self.family(name, help, MetricType::Counter, samples),
            TextFormat::Plain => self.family(&format!("{name}_total"), help, MetricType::Counter, samples),
        }
    }

    /// Seconds that add up. `name` comes without `_total`; nothing is written if the value is not known.
    pub fn seconds_total(&mut self, name: &str, help: &str, value: Option<f64>) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        let encoder = &mut self.encoder;
        match self.format {
            TextFormat::OpenMetrics => {
                let family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
                ConstCounter::new(value).encode(family)
            }
            TextFormat::Plain => {
                let name = format!("{name}_total");
                let family = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
                ConstGauge::new(value).encode(family)
            }
        }
    }

    /// `name` comes without `_info`. The plain format has no such type.
    pub fn info(&mut self, name: &str, help: &str, labels: &Labels) -> fmt::Result {
        match self.format {
            TextFormat::OpenMetrics => self
                .encoder
                .encode_descriptor(name, help, None, MetricType::Info)?
                .encode_info(labels),
            TextFormat::Plain => self.gauge(&format!("{name}_info"), help, vec![(labels.clone(), 1)]),
        }
    }

    /// One histogram without labels.
    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) -> fmt::Result {
        let family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Histogram)?;
        histogram.encode(family)
    }

    fn family(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        samples: Vec<(Labels, u64)>,
    ) -> fmt::Result {
        if samples.is_empty() {
            return Ok(());
        }
        let suffixed = matches!(
            (kind, self.format),
            (MetricType::Counter, TextFormat::OpenMetrics)
        );
        let mut family = self.encoder.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in samples {
            // An empty set of labels would be written as a pair of braces.
            if labels.is_empty() {
                return if suffixed {
                    ConstCounter::new(value).encode(family)
                } else {
                    ConstGauge::new(value).encode(family)
                };
            }
            let sample = family.encode_family(&labels)?;
            if suffixed {
                ConstCounter::new(value).encode(sample)?;
            } else {
                ConstGauge::new(value).encode(sample)?;
            }
        }
        Ok(())
    }
}
