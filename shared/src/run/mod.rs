//! Gather, then judge: the one place where [`crate::cluster`] and [`crate::check`] meet.

mod agent;
pub mod apiserver;
pub mod cause;
pub mod clock;
mod coverage;
mod custom;
mod direct;
mod dump;
mod gaps;
mod kind;
mod noun;
mod owners;
pub mod related;

pub use crate::check::EvidenceStore;
pub use agent::{AgentItems, DEFAULT_AGENT, agent, agent_answer, agent_version, ask_agent, ask_service};
pub use clock::Clock;
pub use coverage::{all_but, not_seen, not_seen_kind, nothing_selected};
pub use direct::{Progress, direct, unreached};
pub use dump::dump;
pub use kind::{Kind, KindVisitor};
pub use owners::{CONTROLLERS, Owned, Sift, controllers};

pub use crate::cluster::CustomName;

use crate::selector::Selector;

/// Items a page of a list where nothing else is asked for, as kubectl.
pub const PAGE_SIZE: u32 = 500;
/// Lists of single namespaces that run at the same time.
const LISTS_AT_ONCE: usize = 8;

/// Whether a run looks for the causes of what is not healthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Causes {
    /// No: nothing is asked for them.
    #[default]
    None,
    /// Yes.
    Told,
    /// And the last words of containers that crashed, which can hold anything that they were given.
    WithLogs,
}

/// What a run is asked.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Request {
    /// Whether the API server itself is judged.
    pub api_server: bool,
    /// The kinds that are judged.
    pub kinds: Vec<KindTarget>,
    /// Kinds that are found by discovery, and judged by their conditions.
    pub custom: Vec<CustomTarget>,
    /// One namespace; `None` for all.
    pub namespace: Option<String>,
    /// The label selector as it was given; empty for none.
    pub selector_text: String,
    /// The same, parsed.
    pub selector: Selector,
    /// Items a page of a list.
    pub page_size: u32,
    /// Whether causes are looked for.
    pub causes: Causes,
    /// Every kind is asked for, and none by its name: one that the API server does not serve has no objects.
    pub all_kinds: bool,
    /// No part was named: these are the default ones.
    pub by_default: bool,
    /// Whether annotations that acknowledge a finding are disregarded.
    pub no_ignore: bool,
    /// Kinds were named: every object of theirs is judged, one that a controller has too. Else such an object is left to
    /// its controller, and judged with the others of the same under its name where that has no verdict.
    pub every_object: bool,
    /// Which objects an agent sends.
    pub items: AgentItems,
}

/// One kind that is judged: all of its objects, or these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindTarget {
    /// The kind.
    pub kind: Kind,
    /// Names of objects; empty for all.
    pub names: Vec<String>,
}

/// The same of a kind that is not in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomTarget {
    /// The kind, as it was named.
    pub kind: CustomName,
    /// Names of objects; empty for all.
    pub names: Vec<String>,
}

impl KindTarget {
    /// Every object of a kind.
    #[must_use]
    pub fn all(kind: Kind) -> Self {
        Self {
            kind,
            names: Vec::new(),
        }
    }
}

impl Request {
    /// What the checks of all kinds are called.
    fn checks(&self) -> Vec<String> {
        let kinds = self.kinds.iter().map(|wanted| wanted.kind.plural().to_owned());
        kinds
            .chain(self.custom.iter().map(|wanted| wanted.kind.to_string()))
            .collect()
    }

    /// What is judged where nothing is chosen: the API server and the default kinds, in all namespaces.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            api_server: true,
            kinds: Kind::by_default().map(KindTarget::all).collect(),
            page_size: PAGE_SIZE,
            by_default: true,
            ..Self::default()
        }
    }
}
