//! `/openapi.json`: the description of every path, from which clients are generated. Tests compare it with the routes.

use crate::http::response::Answer;

/// The description.
pub const TEXT: &str = include_str!("../openapi.json");

pub fn answer() -> Answer {
    Answer::typed("application/json", TEXT)
}

#[cfg(test)]
mod tests {
    use super::TEXT;
    use serde::de::{self, Deserialize, Deserializer, Error as _, Visitor};
    use serde_json::Value;
    use sre_shared::report::{
        Acknowledged, ApiServerCheck, AvailabilityDemand, BaselineMark, BaselineSummary, BurnRatePair, Cause,
        ChangeKind, Code, CommandResult, Coverage, FieldChange, FieldChangeKind, Finding, GoneItem, Grant,
        HistoryGap, HistoryPage, Identity, Item, KindCheck, ManifestCoverage, NewestPods, NotSeen, Note,
        NoteCode, ObjectChange, ObjectRef, PhaseLatency, Readyz, Record, Report, RolloutProgress, Rung,
        Source, State, Status, TerminatingNamespace, TransitionRecord, Undo, Vantage, VantagePoint, Window,
    };
    use std::collections::BTreeSet;

    /// Notes which fields a type asks for, and gives none.
    struct FieldNames<'a>(&'a mut BTreeSet<String>);

    impl<'de> Deserializer<'de> for FieldNames<'_> {
        type Error = de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("it is no structure"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.extend(fields.iter().map(|field| (*field).to_owned()));
            Err(Self::Error::custom("it was only asked for its fields"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    fn fields<T: for<'de> Deserialize<'de>>() -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        assert!(T::deserialize(FieldNames(&mut names)).is_err());
        names
    }

    /// The fields of a value in which none is empty.
    fn fields_of(value: &impl serde::Serialize) -> BTreeSet<String> {
        let value = serde_json::to_value(value).unwrap();
        value.as_object().unwrap().keys().cloned().collect()
    }

    /// An item with every field. Without `..`, so that a new field is added here too.
    fn item() -> Item {
        let text = || Some("x".to_owned());
        Item {
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            uid: text(),
            generation: Some(1),
            state: State::Healthy,
            healthy: Some(true),
            desired: Some(1),
            ready: Some(1),
            available: Some(1),
            updated: Some(1),
            reason: Code::Ready,
            message: "x".to_owned(),
            detail: text(),
            since: text(),
            notes: vec![Note::coded(NoteCode::ALL[0], "x")].into_iter().collect(),
            warnings: vec!["x".to_owned()],
            causes: vec![Cause::default()],
            change: Some(Box::new(change())),
            acknowledged: Some(Acknowledged::default()),
            judged_by: vec!["x".to_owned()],
            spec_written: text(),
            rollout: Some(Box::default()),
            baseline: Some(BaselineMark::Same),
            baseline_state: Some(State::Healthy),
        }
    }

    /// A change with every field. Without `..`, so that a new field is added here too.
    fn change() -> ObjectChange {
        let text = || Some("x".to_owned());
        ObjectChange {
            at: "x".to_owned(),
            what: ChangeKind::Rollout,
            seconds_before: Some(1),
            revision: text(),
            from: text(),
            by: text(),
            change_cause: text(),
            diff: vec![FieldChange {
                field: "x".to_owned(),
                container: text(),
                how: FieldChangeKind::Added,
                from: text(),
                to: text(),
            }],
            subject: Some(ObjectRef::named("Node", "n")),
            undo: Some(Undo {
                revision: "x".to_owned(),
                worked: true,
                command: text(),
                ready: Some(1),
                desired: Some(1),
            }),
        }
    }

    /// A check with every field. Without `..`, so that a new field is added here too.
    fn api_server() -> ApiServerCheck {
        let text = || Some("x".to_owned());
        let point = || VantagePoint {
            status: Status::Ok,
            latency_ms: None,
            class: None,
            error: None,
        };
        ApiServerCheck {
            check: sre_shared::report::Probe::ApiServer,
            status: Status::Ok,
            version: text(),
            latency_ms: Some(1.0),
            readyz: Some(Readyz::default()),
            identity: Some(Identity::default()),
            class: text(),
            error: text(),
            endpoint: text(),
            elapsed_ms: Some(1.0),
            missing: text(),
            side: text(),
            rung: text(),
            hint: text(),
            notes: vec![Note::coded(NoteCode::ALL[0], "x")].into_iter().collect(),
            frozen_since: text(),
            ladder: vec![Rung::default()],
            vantage: Some(Vantage {
                own: point(),
                agent: point(),
                conclusion: sre_shared::report::Conclusion::Unknown,
            }),
            record: Some(Record::default()),
            baseline: Some(BaselineMark::Same),
        }
    }

    #[test]
    fn the_openapi_description_has_every_field_of_a_report() {
        let document: Value = serde_json::from_str(TEXT).unwrap();
        let report = "Report/properties";
        let coverage = "Coverage/properties";
        let item_fields = "Item/properties";
        let of = |parent: &str, field: &str| format!("{parent}/{field}/properties");
        let cause = format!("{item_fields}/causes/items/properties");
        let rollout = of(item_fields, "rollout");
        let change_fields = "ObjectChange/properties";
        for (fields, place) in [
            (fields::<Report>(), report.to_owned()),
            (fields::<Source>(), of(report, "source")),
            (fields::<BaselineSummary>(), of(report, "baseline")),
            (fields::<CommandResult>(), of(report, "command")),
            (fields::<Coverage>(), coverage.to_owned()),
            (fields::<ManifestCoverage>(), of(coverage, "manifest")),
            (fields::<Grant>(), of(coverage, "grant")),
            (
                fields::<TerminatingNamespace>(),
                format!("{coverage}/terminatingNamespaces/items/properties"),
            ),
            (fields::<NotSeen>(), "NotSeen/properties".to_owned()),
            (fields::<HistoryPage>(), "History/properties".to_owned()),
            (fields::<HistoryGap>(), "HistoryGap/properties".to_owned()),
            (fields::<TransitionRecord>(), "Transition/properties".to_owned()),
            (fields::<Finding>(), "Finding/properties".to_owned()),
            (fields::<KindCheck>(), "Check/properties".to_owned()),
            (fields_of(&item()), item_fields.to_owned()),
            (fields::<Cause>(), cause),
            (fields_of(&change()), change_fields.to_owned()),
            (
                fields_of(&change().diff[0]),
                format!("{change_fields}/diff/items/properties"),
            ),
            (fields_of(&change().undo.unwrap()), of(change_fields, "undo")),
            (fields::<Acknowledged>(), of(item_fields, "acknowledged")),
            (fields::<RolloutProgress>(), rollout.clone()),
            (fields::<NewestPods>(), of(&rollout, "pods")),
            (fields_of(&api_server()), "ApiServer/properties".to_owned()),
            (fields::<Readyz>(), of("ApiServer/properties", "readyz")),
            (fields::<Identity>(), of("ApiServer/properties", "identity")),
            (fields::<Vantage>(), of("ApiServer/properties", "vantage")),
            (fields::<Record>(), "Record/properties".to_owned()),
            (fields::<AvailabilityDemand>(), of("Record/properties", "demand")),
            (fields::<BurnRatePair>(), "BurnRatePair/properties".to_owned()),
            (fields::<Window>(), "Window/properties".to_owned()),
            (fields::<PhaseLatency>(), "PhaseLatency/properties".to_owned()),
            (
                fields::<GoneItem>(),
                "Change/allOf/1/properties/gone/items/properties".to_owned(),
            ),
        ] {
            assert!(!fields.is_empty(), "{place}");
            let described = document.pointer(&format!("/components/schemas/{place}"));
            let described = described
                .and_then(Value::as_object)
                .unwrap_or_else(|| panic!("no {place}"));
            let missing: Vec<&String> = fields
                .iter()
                .filter(|field| !described.contains_key(*field))
                .collect();
            assert!(missing.is_empty(), "{place} lacks {missing:?}");
        }
    }
}
