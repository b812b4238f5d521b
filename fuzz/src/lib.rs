//! Properties that hold for any input, one file a target. A property is a function that panics if it does not hold.
//!
//! `cargo test` tries the inputs of `corpus/` and random changes of them. `make fuzz` lets libFuzzer look for others.
//! An input that breaks a property is added to the corpus once the fault is mended.

pub mod acknowledgement;
pub mod agent_report;
pub mod broken;
pub mod change_stream;
pub mod dump;
pub mod duration;
pub mod http_head;
pub mod input;
pub mod json_list;
pub mod kubeconfig;
pub mod memory;
pub mod proto_list;
mod reading;
pub mod schedule;
pub mod selector;
pub mod store;

/// Panics if the property does not hold for an input.
pub type Property = fn(&[u8]);

/// All targets, by the name of their folder in `corpus/`.
pub const TARGETS: [(&str, Property); 13] = [
    ("acknowledgement", acknowledgement::holds),
    ("agent_report", agent_report::holds),
    ("broken", broken::holds),
    ("change_stream", change_stream::holds),
    ("dump", dump::holds),
    ("duration", duration::holds),
    ("http_head", http_head::holds),
    ("json_list", json_list::holds),
    ("kubeconfig", kubeconfig::holds),
    ("proto_list", proto_list::holds),
    ("schedule", schedule::holds),
    ("selector", selector::holds),
    ("store", store::holds),
];

/// The input as text, if it is some.
fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}
