//! Reads when quotas, webhooks, nodes and ConfigMaps were last written, and by which program. Of all but webhooks only the
//! metadata is read. Secrets are never asked for.

use super::gaps::{GapReason, UnseenList};
use super::limits::{BYTES, CHANGES, CONFIG_NAMESPACES, NAMESPACES, deadline_failure};
use super::search::{single_answer, whole_list};
use crate::check::WrittenObject;
use crate::cluster::{BoundedList, Client, ListBounds, ListOptions, bounded_list, bounded_metadata_list};
use crate::failure::{Class, Failure};
use crate::judge::WrittenNeeds;
use crate::kind::ResourceType;
use crate::report::{ChangeKind, ObjectRef};
use crate::resource::{
    MutatingWebhookConfiguration, ObjectMeta, Resource, ValidatingWebhookConfiguration, Webhook,
};
use crate::run::change_sources::{ChangeSources, ConfigMaps};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::{Instant, timeout_at};

/// The objects that were found, and the lists that were not seen.
#[derive(Default)]
pub(super) struct WrittenSearch {
    pub found: Vec<WrittenObject>,
    pub gaps: Vec<UnseenList>,
}

/// ConfigMaps by their namespace.
pub(super) type NamedConfigMaps = BTreeMap<String, BTreeSet<String>>;

/// A type whose metadata is read.
struct MetadataType {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    what: ChangeKind,
}

const QUOTAS: MetadataType = MetadataType {
    group: "",
    kind: "ResourceQuota",
    plural: "resourcequotas",
    namespaced: true,
    what: ChangeKind::Quota,
};
const LIMIT_RANGES: MetadataType = MetadataType {
    kind: "LimitRange",
    plural: "limitranges",
    ..QUOTAS
};
const CONFIG_MAPS: MetadataType = MetadataType {
    kind: "ConfigMap",
    plural: "configmaps",
    what: ChangeKind::Config,
    ..QUOTAS
};
const NODES: MetadataType = MetadataType {
    kind: "Node",
    plural: "nodes",
    namespaced: false,
    what: ChangeKind::Node,
    ..QUOTAS
};
/// The field selector of nodes that are cordoned.
const CORDONED: &str = "spec.unschedulable=true";

impl MetadataType {
    fn resource_type(&self) -> ResourceType {
        ResourceType {
            group: self.group.into(),
            version: "v1".into(),
            kind: self.kind.into(),
            plural: self.plural.into(),
            singular: self.kind.to_lowercase().into(),
            namespaced: self.namespaced,
            qualified: false,
        }
    }
}

/// One list of metadata.
struct MetadataRequest {
    of: &'static MetadataType,
    namespace: Option<String>,
    field_selector: &'static str,
}

/// Reads what the needs name, and these ConfigMaps. Each request ends by the deadline.
pub(super) async fn read_written(
    client: &Client,
    until: Instant,
    needs: &WrittenNeeds,
    config_maps: &NamedConfigMaps,
    sources: ChangeSources,
) -> WrittenSearch {
    let mut requests = Vec::new();
    let mut search = WrittenSearch::default();
    if sources.objects {
        for (of, namespaces) in [(&QUOTAS, &needs.quotas), (&LIMIT_RANGES, &needs.limit_ranges)] {
            let scopes: Vec<Option<String>> = match namespaces.len() {
                0 => Vec::new(),
                1..=NAMESPACES => namespaces.iter().cloned().map(Some).collect(),
                _ => vec![None],
            };
            requests.extend(scopes.into_iter().map(|namespace| MetadataRequest {
                of,
                namespace,
                field_selector: "",
            }));
        }
        requests.extend(needs.nodes.then_some(MetadataRequest {
            of: &NODES,
            namespace: None,
            field_selector: CORDONED,
        }));
        requests.truncate(CHANGES.saturating_sub(if needs.webhooks { 2 } else { 0 }));
    }
    let most = match sources.config_maps {
        ConfigMaps::Never => 0,
        ConfigMaps::Few => CONFIG_NAMESPACES.1,
        ConfigMaps::Asked => CONFIG_NAMESPACES.0,
    };
    let reads_config = sources.config_maps == ConfigMaps::Asked || config_maps.len() <= most;
    let namespaces = config_maps.keys().filter(|_| reads_config);
    requests.extend(namespaces.take(most).map(|namespace| MetadataRequest {
        of: &CONFIG_MAPS,
        namespace: Some(namespace.clone()),
        field_selector: "",
    }));
    let lists = requests.iter().map(|request| metadata(client, until, request));
    let webhooks = async {
        if !needs.webhooks || !sources.objects {
            return None;
        }
        Some(tokio::join!(
            webhooks::<ValidatingWebhookConfiguration>(client, until),
            webhooks::<MutatingWebhookConfiguration>(client, until)
        ))
    };
    let (lists, hooks) = tokio::join!(futures_util::future::join_all(lists), webhooks);
    for (request, list) in requests.iter().zip(lists) {
        search.add(request, list, config_maps, sources);
    }
    if let Some((validating, mutating)) = hooks {
        search.add_webhooks(validating, |configuration| &configuration.webhooks);
        search.add_webhooks(mutating, |configuration| &configuration.webhooks);
    }
    search
}

async fn metadata(
    client: &Client,
    until: Instant,
    request: &MetadataRequest,
) -> Result<Vec<ObjectMeta>, GapReason> {
    let options = ListOptions {
        namespace: request.namespace.clone(),
        field_selector: request.field_selector.to_owned(),
        ..ListOptions::default()
    };
    let bounds = ListBounds {
        pages: 1,
        bytes: BYTES,
    };
    let list = bounded_metadata_list(client, request.of.resource_type(), options, bounds);
    let list = timeout_at(until, list)
        .await
        .unwrap_or_else(|_| Err(deadline_failure()));
    let objects = whole_list(list)?;
    Ok(objects.into_iter().filter_map(|object| object.metadata).collect())
}

async fn webhooks<T: Resource>(client: &Client, until: Instant) -> Result<BoundedList<T>, Failure> {
    let (options, bounds) = single_answer(None, String::new());
    let list = bounded_list::<T>(client, &options, bounds);
    timeout_at(until, list)
        .await
        .unwrap_or_else(|_| Err(deadline_failure()))
}

impl WrittenSearch {
    fn add(
        &mut self,
        request: &MetadataRequest,
        list: Result<Vec<ObjectMeta>, GapReason>,
        config_maps: &NamedConfigMaps,
        sources: ChangeSources,
    ) {
        let is_config = request.of.what == ChangeKind::Config;
        match list {
            Ok(objects) => {
                let is_named = |meta: &&ObjectMeta| {
                    let names = config_maps.get(&meta.namespace);
                    !is_config || names.is_some_and(|names| names.contains(&meta.name))
                };
                let kept = objects.iter().filter(is_named).filter_map(|meta| {
                    let object = ObjectRef::namespaced(request.of.kind, &meta.namespace, &meta.name);
                    WrittenObject::new(meta, object, request.of.what)
                });
                self.found.extend(kept);
            }
            Err(GapReason::Failed(failure))
                if is_config
                    && sources.config_maps == ConfigMaps::Few
                    && failure.class == Class::Forbidden => {}
            Err(reason) => {
                let of = request.of.resource_type();
                self.gaps
                    .push(UnseenList::of_type(of, request.namespace.clone(), reason));
            }
        }
    }

    fn add_webhooks<T: Resource>(
        &mut self,
        list: Result<BoundedList<T>, Failure>,
        hooks: impl Fn(&T) -> &Vec<Webhook>,
    ) {
        match whole_list(list) {
            Ok(configurations) => {
                for configuration in &configurations {
                    let hooks = hooks(configuration);
                    self.found
                        .extend(WrittenObject::of_webhooks(configuration, hooks));
                }
            }
            Err(reason) => self.gaps.push(UnseenList::new::<T>(None, reason)),
        }
    }
}
