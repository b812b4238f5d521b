//! A change of an object's state, as a history keeps it.

use super::{Code, ObjectChange, State};
use serde::{Deserialize, Serialize};

/// A change of an object's state, as the agent's history keeps it and answers with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TransitionRecord {
    /// When the agent saw it, RFC 3339, by the API server's clock.
    pub at: String,
    /// Kind of the object, such as `Deployment`.
    pub kind: String,
    /// Its namespace; left out if it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The state before. Left out for an object that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<State>,
    /// The state after. Left out for an object that was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<State>,
    /// The reason of the new state, a stable word as in `items[].reason`; `Deleted` for an object that was deleted.
    pub reason: Code,
    /// The code of the first cause that was known at that moment, as in `items[].causes[].code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The change after which the state became worse, if one was known at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<ObjectChange>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_leaves_out_what_it_does_not_have() {
        let deleted = TransitionRecord {
            at: "2026-11-23T18:40:12Z".to_owned(),
            kind: "Node".to_owned(),
            namespace: String::new(),
            name: "n7".to_owned(),
            from: Some(State::Healthy),
            to: None,
            reason: Code::from("Deleted"),
            code: None,
            change: None,
        };
        let wire = json!({
            "at": "2026-11-23T18:40:12Z", "kind": "Node", "name": "n7", "from": "healthy", "reason": "Deleted",
        });
        assert_eq!(serde_json::to_value(&deleted).unwrap(), wire);
        assert_eq!(serde_json::from_value::<TransitionRecord>(wire).unwrap(), deleted);
    }
}
