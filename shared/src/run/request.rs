//! The request that a run answers.

use crate::field_selector::FieldSelector;
use crate::kind::{Kind, ResourceArg};
use crate::resource::Time;
use crate::run::change_sources::ChangeSources;
use crate::selector::Selector;

/// Items on a page of a list by default, as in kubectl.
pub const PAGE_SIZE: u32 = 500;

/// Whether a run searches for the causes of unhealthy objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Causes {
    /// No requests are made for them.
    #[default]
    None,
    /// Yes, without logs.
    WithoutLogs,
    /// Yes, with the last lines of containers that crashed for an unknown reason. A person who looks at a screen did not ask
    /// for them, so they have one second, and a missing right is not reported.
    WithQuickLogs,
    /// Yes, with the last lines of crashed containers. Such lines may contain secrets.
    WithLogs,
}

/// The parts that a run judges, and how.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Request {
    /// Whether the API server itself is judged.
    pub api_server: bool,
    /// The kinds that are judged.
    pub kinds: Vec<KindTarget>,
    /// Kinds that are found by discovery, and judged by their conditions.
    pub custom: Vec<CustomTarget>,
    /// The namespace; `None` for all.
    pub namespace: Option<String>,
    /// The label selector as it was given; empty for none.
    pub selector_text: String,
    /// The label selector, parsed.
    pub selector: Selector,
    /// The field selector, which is sent as it was given.
    pub field_selector: FieldSelector,
    /// Items on a page of a list; 0 for whole lists.
    pub page_size: u32,
    /// Whether somebody chose that number. Then no page has more items.
    pub exact_pages: bool,
    /// Whether causes are searched for.
    pub causes: Causes,
    /// Which sources of changes a search for causes reads.
    pub changes: ChangeSources,
    /// Whether every kind is asked for, and none by its name. Then a kind that the API server does not serve has no
    /// objects.
    pub all_kinds: bool,
    /// Whether these are the default parts, because none was named.
    pub by_default: bool,
    /// Whether annotations that acknowledge a finding are ignored.
    pub no_ignore: bool,
    /// Whether kinds were named, so that each of their objects is judged by itself, with or without a controller.
    /// Otherwise an object that has a controller is left to it. If the controller has no verdict, its objects are
    /// judged together under its name.
    pub every_object: bool,
    /// Which objects the report has.
    pub items: AgentItems,
    /// The moment in the past that is asked about, if it is not the present. Only an agent's history knows it.
    pub at: Option<Time>,
}

/// Which objects a report has, or an agent sends. All of them are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AgentItems {
    /// All.
    #[default]
    All,
    /// Only items worth showing: not healthy, or with a note.
    Notable,
}

/// A kind that is judged: all of its objects, or some by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindTarget {
    /// The kind.
    pub kind: Kind,
    /// Names of objects; empty for all.
    pub names: Vec<String>,
}

/// A kind of custom resources that is judged: all of its objects, or some by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomTarget {
    /// The kind, as it was named.
    pub kind: ResourceArg,
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
    /// The default request: the API server and the default kinds, in all namespaces.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            api_server: true,
            kinds: Kind::by_default().map(KindTarget::all).collect(),
            page_size: PAGE_SIZE,
            changes: ChangeSources::DEFAULT,
            by_default: true,
            ..Self::default()
        }
    }

    /// Whether only some objects are asked for, by their labels or by their fields.
    pub(super) fn has_selector(&self) -> bool {
        !self.selector.is_empty() || !self.field_selector.is_empty()
    }

    /// The plurals of the kinds of the registry.
    pub(super) fn plurals(&self) -> Vec<String> {
        self.kinds
            .iter()
            .map(|target| target.kind.plural().to_owned())
            .collect()
    }

    /// The names of the checks of all kinds.
    pub(super) fn checks(&self) -> Vec<String> {
        let kinds = self.plurals().into_iter();
        kinds
            .chain(self.custom.iter().map(|target| target.kind.to_string()))
            .collect()
    }

    /// Whether objects of this kind are judged by themselves, though a default run leaves them to their controllers.
    pub(super) fn judges_every(&self, check: &str) -> bool {
        self.every_object && Kind::from_word(check).is_some_and(Kind::leaves_owned)
    }

    /// The kinds whose objects are all judged, so that the objects that these control are left to them. With a
    /// selector there is no such kind: the selected objects are not known before the kinds are read.
    pub(super) fn covered(&self) -> Vec<Kind> {
        if self.has_selector() {
            return Vec::new();
        }
        let whole = |target: &&KindTarget| target.names.is_empty() && target.kind.has_owned();
        self.kinds
            .iter()
            .filter(whole)
            .map(|target| target.kind)
            .collect()
    }
}
