//! Which sources of changes a search reads.

/// The sources of changes besides the workloads themselves and their ReplicaSets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeSources {
    /// Whether ControllerRevisions, quotas, `LimitRanges`, webhooks and cordoned nodes are read.
    pub objects: bool,
    /// Whether the metadata of `ConfigMaps` is read.
    pub config_maps: ConfigMaps,
}

/// Whether the metadata of `ConfigMaps` is read. The right to list it is the right to read the contents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConfigMaps {
    /// No.
    #[default]
    Never,
    /// If that takes few requests. A missing right is not reported, since nobody asked.
    Few,
    /// Yes.
    Asked,
}

impl ChangeSources {
    /// The sources of a person's run.
    pub const DEFAULT: Self = Self {
        objects: true,
        config_maps: ConfigMaps::Few,
    };
}
