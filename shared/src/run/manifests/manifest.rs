//! The objects that manifests name, each with the way to look at it.

use crate::check::Expectation;
use crate::dump::{NamedObject, Objects};
use crate::kind::{Kind, ResourceArg, ResourceType, unjudged_type};
use crate::nearest::nearest;
use std::collections::BTreeMap;

/// The most objects that are looked at. No release of a chart has nearly as many.
const MOST: usize = 2000;
/// The annotation of an object that Helm creates and deletes by itself, at some step of an installation.
const HELM_HOOK: &str = "helm.sh/hook";
/// The group of the file that tells kustomize how to build manifests.
const KUSTOMIZE: &str = "kustomize.config.k8s.io";

/// The objects that manifests name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    pub(super) objects: Vec<ManifestObject>,
    /// How many objects are not looked for, by what they are.
    pub(super) not_checked: BTreeMap<String, u64>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ManifestObject {
    pub kind: ManifestKind,
    /// Its namespace, if the manifest has one.
    pub namespace: Option<String>,
    pub name: String,
    pub expectation: Expectation,
    /// File and line.
    place: String,
}

/// How an object is looked at, by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ManifestKind {
    /// It is judged by the rules of its kind.
    Judged(Kind),
    /// It is judged by its conditions. Discovery finds its type.
    Custom(ResourceArg, String),
    /// It is only looked for.
    Unjudged(ResourceType),
}

impl ManifestObject {
    /// Whether the kind is known to have no namespaces.
    pub fn is_cluster_wide(&self) -> bool {
        match &self.kind {
            ManifestKind::Judged(kind) => !kind.is_namespaced(),
            ManifestKind::Custom(..) => false,
            ManifestKind::Unjudged(resource_type) => !resource_type.namespaced,
        }
    }
}

impl Manifest {
    /// The objects that these manifests name. `name` is that of the file, the directory or the stream.
    ///
    /// # Errors
    /// One line with the place of a part that is not understood, or that names no object. A part of the manifests alone is not
    /// judged: that would be the answer to another question.
    pub fn new(manifests: &Objects, name: &str) -> Result<Self, String> {
        // An empty file names nothing, as for kubectl.
        let mut gaps = manifests.gaps().iter().filter(|gap| gap.unit != "file");
        if let Some(gap) = gaps.next() {
            let more = match gaps.count() {
                0 => String::new(),
                n => format!(" (and {n} further places)"),
            };
            return Err(format!("{}: {}{more}", gap.place(), gap.why));
        }
        let mut manifest = Self::default();
        for object in manifests.named()? {
            manifest.add(object)?;
        }
        if !manifest.objects.is_empty() {
            return Ok(manifest);
        }
        let only: Vec<String> = manifest
            .not_checked
            .iter()
            .map(|(what, count)| format!("{what} {count}"))
            .collect();
        Err(match only.as_slice() {
            [] => format!("{name} names no object to judge"),
            only => format!(
                "{name} names only objects that are not checked: {}",
                only.join(", ")
            ),
        })
    }

    fn add(&mut self, object: NamedObject) -> Result<(), String> {
        let NamedObject { place, kind, .. } = &object;
        if object.group == KUSTOMIZE {
            return Err(format!(
                "{place}: a {kind} of kustomize names files and no objects: kustomize build . | kubectl sre health \
                 --manifest -"
            ));
        }
        // An object with a uid was created, by Helm or not.
        if object.uid.is_none() && object.annotations.iter().any(|key| key == HELM_HOOK) {
            self.count("Helm hook");
            return Ok(());
        }
        if object.group.is_empty() && kind == "Secret" {
            self.count("Secret");
            return Ok(());
        }
        match (&object.generate_name, object.name.as_str()) {
            (Some(generated), "") => {
                return Err(format!(
                    "{place}: the API server generates the name of this {kind} from {generated:?}, so that it cannot be \
                     looked for: kubectl create -o yaml -f FILE | kubectl sre health --manifest - has its name"
                ));
            }
            (None, "") => return Err(format!("{place}: this {kind} has no name")),
            _ => {}
        }
        let object = ManifestObject {
            kind: manifest_kind(&object)?,
            namespace: object.namespace,
            name: object.name,
            expectation: Expectation {
                uid: object.uid,
                generation: object.generation,
            },
            place: object.place,
        };
        let is_same = |known: &&mut ManifestObject| {
            (&known.kind, &known.namespace, &known.name) == (&object.kind, &object.namespace, &object.name)
        };
        // The last one is what an apply leaves.
        if let Some(known) = self.objects.iter_mut().find(is_same) {
            *known = object;
        } else if self.objects.len() < MOST {
            self.objects.push(object);
        } else {
            return Err(format!("more than {MOST} objects: give fewer manifests at once"));
        }
        Ok(())
    }

    fn count(&mut self, what: &str) {
        let count = self.not_checked.entry(what.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// Whether all objects may be looked for in the namespace of `-n`, as kubectl has it.
    ///
    /// # Errors
    /// One line that names the object and both namespaces.
    pub fn check_namespace(&self, flag: &str) -> Result<(), String> {
        let objects = self.objects.iter().filter(|object| !object.is_cluster_wide());
        for object in objects {
            if let Some(own) = object.namespace.as_deref().filter(|own| *own != flag) {
                return Err(format!(
                    "{} {own}/{} ({}) is in namespace {own}, and -n names {flag}: leave out -n, or give -n {own}",
                    object.kind.words(),
                    object.name,
                    object.place
                ));
            }
        }
        Ok(())
    }
}

impl Manifest {
    /// Whether each object names its namespace, if it has one: there is no context that has another.
    ///
    /// # Errors
    /// One line that names the first object that does not.
    pub fn check_own_namespaces(&self) -> Result<(), String> {
        let mut objects = self.objects.iter().filter(|object| !object.is_cluster_wide());
        match objects.find(|object| object.namespace.is_none()) {
            Some(object) => Err(format!(
                "{} {} ({}) names no namespace, and an agent's URL has no context with one: give -n",
                object.kind.words(),
                object.name,
                object.place
            )),
            None => Ok(()),
        }
    }
}

impl ManifestKind {
    /// The `kind` of the object.
    pub fn words(&self) -> &str {
        match self {
            Self::Judged(kind) => kind.kind(),
            Self::Custom(_, kind) => kind,
            Self::Unjudged(resource_type) => &resource_type.kind,
        }
    }
}

fn manifest_kind(object: &NamedObject) -> Result<ManifestKind, String> {
    let NamedObject {
        api_version,
        group,
        kind,
        place,
        ..
    } = object;
    let judged = Kind::ALL
        .iter()
        .find(|known| known.kind() == kind && known.group() == group);
    if let Some(judged) = judged {
        return Ok(ManifestKind::Judged(*judged));
    }
    if let Some(resource_type) = unjudged_type(api_version, kind) {
        return Ok(ManifestKind::Unjudged(resource_type));
    }
    if api_version.is_empty() {
        return Err(format!("{place}: this {kind} has no apiVersion"));
    }
    // Nobody adds a kind to the core group.
    if group.is_empty() {
        let known = Kind::ALL.iter().map(|kind| kind.kind());
        let near = nearest(kind, known).map_or(String::new(), |near| format!(", did you mean {near}?"));
        return Err(format!("{place}: {api_version} has no kind {kind}{near}"));
    }
    let arg = ResourceArg {
        word: kind.to_lowercase(),
        version: None,
        group: group.clone(),
    };
    Ok(ManifestKind::Custom(arg, kind.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::File;

    fn manifest(text: &str) -> Result<Manifest, String> {
        let files = vec![File::new("m.yaml", text.as_bytes().to_vec())];
        Manifest::new(&Objects::read_manifests(files), "m.yaml")
    }

    /// Each object in a line: how it is looked at, and its name.
    fn shown(text: &str) -> Vec<String> {
        let manifest = manifest(text).expect("it names objects");
        let line = |object: &ManifestObject| {
            let how = match &object.kind {
                ManifestKind::Judged(kind) => kind.plural().to_owned(),
                ManifestKind::Custom(arg, _) => format!("custom {arg}"),
                ManifestKind::Unjudged(resource_type) => format!("look for {}", resource_type.plural),
            };
            let namespace = object.namespace.as_deref().unwrap_or("-");
            format!("{how} {namespace}/{}", object.name)
        };
        manifest.objects.iter().map(line).collect()
    }

    fn object(api_version: &str, kind: &str, metadata: &str) -> String {
        format!("---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{{metadata}}}\n")
    }

    #[test]
    fn each_kind_is_judged_looked_for_or_found_by_discovery() {
        let text = [
            object("apps/v1", "Deployment", "name: web, namespace: shop"),
            object("extensions/v1beta1", "Deployment", "name: old"),
            object("autoscaling/v1", "HorizontalPodAutoscaler", "name: web"),
            object("v1", "ConfigMap", "name: web"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", "name: web"),
            object("cert-manager.io/v1", "Certificate", "name: web"),
            object("serving.knative.dev/v1", "Service", "name: web"),
            object(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                "name: webs.example.com",
            ),
        ]
        .concat();
        assert_eq!(
            shown(&text),
            [
                "deployments shop/web",
                "deployments -/old",
                "horizontalpodautoscalers -/web",
                "look for configmaps -/web",
                "look for clusterroles -/web",
                "custom certificate.cert-manager.io -/web",
                "custom service.serving.knative.dev -/web",
                "custom customresourcedefinition.apiextensions.k8s.io -/webs.example.com",
            ]
        );
    }

    #[test]
    fn lists_of_every_form_name_their_items() {
        let list = r#"{"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "uid": "u1", "generation": 3}}]}
            {"apiVersion": "apps/v1", "kind": "StatefulSetList", "items": [{"metadata": {"name": "db"}}]}"#;
        assert_eq!(shown(list), ["deployments -/web", "statefulsets -/db"]);
        let read = manifest(list).expect("it names objects");
        assert_eq!(
            read.objects[0].expectation,
            Expectation {
                uid: Some("u1".to_owned()),
                generation: Some(3)
            }
        );
        // The last of two that name the same object counts.
        let twice = [
            object("apps/v1", "Deployment", "name: web, generation: 1"),
            object("apps/v1", "Deployment", "name: web, generation: 2"),
        ];
        let read = manifest(&twice.concat()).expect("it names objects");
        assert_eq!(
            (read.objects.len(), read.objects[0].expectation.generation),
            (1, Some(2))
        );
    }

    #[test]
    fn a_manifest_is_whole_without_a_status_and_without_a_line_end() {
        let open =
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, uid: u1}\nspec: {replicas: 1}";
        assert_eq!(shown(open), ["deployments -/web"]);
        assert_eq!(
            shown("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web"),
            ["look for configmaps -/web"]
        );
    }

    #[test]
    fn secrets_and_hooks_of_helm_are_counted_and_not_looked_for() {
        let hook = "name: migrate, annotations: {helm.sh/hook: pre-install}";
        let text = [
            object("apps/v1", "Deployment", "name: web"),
            object("v1", "Secret", "name: a"),
            object("v1", "Secret", "generateName: b-"),
            object("batch/v1", "Job", hook),
            // The names of the objects of some hooks are generated too.
            object(
                "batch/v1",
                "Job",
                "generateName: m-, annotations: {helm.sh/hook: test}",
            ),
        ];
        let read = manifest(&text.concat()).expect("it names objects");
        let counts: Vec<_> = read
            .not_checked
            .iter()
            .map(|(what, n)| (what.as_str(), *n))
            .collect();
        assert_eq!(counts, [("Helm hook", 2), ("Secret", 2)]);
        assert_eq!(read.objects.len(), 1);
        // This one was created: kubectl knows no hooks.
        let created = object("batch/v1", "Job", &format!("{hook}, uid: u1"));
        assert_eq!(shown(&created), ["jobs -/migrate"]);
    }

    #[test]
    fn manifests_that_name_no_object_are_an_error_with_file_and_line() {
        for (text, expected) in [
            ("", "m.yaml names no object to judge"),
            ("---\n# nothing\n", "m.yaml names no object to judge"),
            (
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
                "m.yaml names only objects that are not checked: Secret 1",
            ),
            ("a: 1\n", "m.yaml, line 1: no kind: nothing says what it is"),
            (
                "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: v1\nkind: Pod\n",
                "m.yaml, line 1: this ConfigMap has no name",
            ),
            (
                "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: m-}\n",
                "m.yaml, line 1: the API server generates the name of this Job from \"m-\", so that it cannot be looked \
                 for: kubectl create -o yaml -f FILE | kubectl sre health --manifest - has its name",
            ),
            (
                "apiVersion: v1\nkind: Deploymnt\nmetadata: {name: web}\n",
                "m.yaml, line 1: v1 has no kind Deploymnt, did you mean Deployment?",
            ),
            (
                "kind: Thing\nmetadata: {name: web}\n",
                "m.yaml, line 1: this Thing has no apiVersion",
            ),
            (
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
                "m.yaml, line 1: a Kustomization of kustomize names files and no objects: kustomize build . | kubectl sre \
                 health --manifest -",
            ),
            (
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: [web]\n",
                "m.yaml, line 1: the metadata of this Deployment is not understood",
            ),
        ] {
            assert_eq!(manifest(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_namespace_of_the_command_line_must_not_contradict_the_manifests() {
        let read = manifest(
            &[
                object("apps/v1", "Deployment", "name: web"),
                object("v1", "Namespace", "name: bank, namespace: bank"),
                object("apps/v1", "Deployment", "name: ledger, namespace: bank"),
            ]
            .concat(),
        )
        .expect("it names objects");
        assert_eq!(read.check_namespace("bank"), Ok(()));
        assert_eq!(
            read.check_namespace("shop"),
            Err(
                "Deployment bank/ledger (m.yaml, line 10) is in namespace bank, and -n names shop: leave out -n, or give -n \
                 bank"
                    .to_owned()
            )
        );
    }
}
