//! Checks that a response has the type that was requested.

use crate::cluster::api::list_options::ListOptions;
use crate::failure::{Class, Failure};
use crate::kind::ResourceType;
use crate::resource::Resource;

/// The type that a response must have. Any other JSON would decode as an empty list, which is "ok".
pub(crate) struct ExpectedType {
    api_version: String,
    kind: String,
    /// Whether a list may have another kind: for a custom kind it is the `listKind`, which discovery does not report.
    any_list: bool,
    /// Whether a list of metadata may come in its place.
    metadata: bool,
}

/// The type of a list of metadata.
const METADATA_LIST: (&str, &str) = ("meta.k8s.io/v1", "PartialObjectMetadataList");

impl ExpectedType {
    /// One object of `T`.
    pub fn object<T: Resource>() -> Self {
        Self {
            api_version: ResourceType::from_view::<T>().api_version(),
            kind: T::KIND.to_owned(),
            any_list: false,
            metadata: false,
        }
    }

    /// A list of `T`.
    pub fn list<T: Resource>(options: &ListOptions) -> Self {
        let resource_type = options.type_of::<T>();
        Self {
            api_version: resource_type.api_version(),
            kind: format!("{}List", resource_type.kind),
            any_list: resource_type.qualified,
            metadata: false,
        }
    }

    /// A list of the metadata of that type. A server that knows no such lists answers with whole objects.
    pub fn metadata_list(resource_type: &ResourceType) -> Self {
        Self {
            api_version: resource_type.api_version(),
            kind: format!("{}List", resource_type.kind),
            any_list: false,
            metadata: true,
        }
    }

    /// Checks the type as far as it was read. `ended` is whether the whole response was read.
    ///
    /// # Errors
    /// `notAnApiServer`, with the type of the response.
    pub fn check(
        &self,
        api_version: Option<String>,
        kind: Option<String>,
        ended: bool,
    ) -> Result<(), Failure> {
        let matches = |given: &Option<String>, fits: &dyn Fn(&str) -> bool| match given {
            Some(given) => fits(given),
            None => !ended,
        };
        let kind_fits = |kind: &str| {
            let is_metadata = self.metadata && kind == METADATA_LIST.1;
            kind == self.kind || is_metadata || (self.any_list && kind.ends_with("List"))
        };
        let version_fits =
            |version: &str| version == self.api_version || (self.metadata && version == METADATA_LIST.0);
        if matches(&api_version, &version_fits) && matches(&kind, &kind_fits) {
            return Ok(());
        }
        let shown = |given: Option<String>| given.map(|text| shortened(&text)).unwrap_or_default();
        let (version, kind) = (shown(api_version), shown(kind));
        let is = match (kind.as_str(), version.as_str()) {
            ("", _) => "has no kind".to_owned(),
            (kind, "") => format!("is a {kind} of no version"),
            (kind, version) => format!("is a {kind} of {version}"),
        };
        Err(Failure::new(
            Class::NotAnApiServer,
            format!(
                "the answer {is}, and a {} of {} was asked for",
                self.kind, self.api_version
            ),
        ))
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
