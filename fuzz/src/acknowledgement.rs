//! Annotations that acknowledge a finding.

use crate::dump::judge;
use crate::text;
use serde_json::json;
use sre_shared::report::Status;
use sre_testkit::object::Deployment;

/// Holds if an annotation acknowledges only with the word of the finding. Any other text leaves the verdict.
pub fn holds(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let short = Deployment::new("shop", "web").replicas(3).counts(3, 3, 1, 1);
    let mut object: serde_json::Value = short.into();
    object["metadata"]["annotations"]["sre/ignore"] = json!(text);
    let report = judge(
        "dump.json",
        json!({"apiVersion": "v1", "kind": "List", "items": [object]})
            .to_string()
            .as_bytes(),
    );
    let items: Vec<_> = report.kinds().flat_map(|kind| &kind.items).collect();
    assert_eq!(items.len(), 1, "{text:?}");
    let reason = items[0].reason.as_str();
    let names_it = text.contains(reason) || text.contains('*');
    assert!(
        report.status != Status::Ok || names_it,
        "{text:?} acknowledges {reason}"
    );
}
