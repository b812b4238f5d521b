use super::*;
use crate::check::KindVisitor;
use crate::dump::{File, Objects};
use crate::kind::Kind;
use crate::resource::{Deployment, from_value};
use sre_testkit::object::Deployment as Build;
use std::path::Path;

/// Seconds after which a compact item is compared with a new judgement.
const LATER: [i64; 14] = [
    0,
    1,
    30,
    59,
    61,
    121,
    181,
    301,
    601,
    3_601,
    86_401,
    2_600_000,
    31_600_000,
    320_000_000,
];

fn files(place: &Path, found: &mut Vec<File>) {
    if place.is_dir() {
        for entry in std::fs::read_dir(place).expect("a directory") {
            files(&entry.expect("an entry").path(), found);
        }
    } else {
        let bytes = std::fs::read(place).expect("a file");
        found.push(File::new(place.display().to_string(), bytes));
    }
}

/// Compares each object of a kind that can be compact with a new judgement. Returns how many there were.
struct Comparison<'a> {
    objects: &'a Objects,
    now: Time,
}

impl KindVisitor for Comparison<'_> {
    type Output = usize;

    fn visit<T: Check>(self, kind: Kind) -> usize {
        let mut compactor = Compactor::default();
        let mut compared = 0;
        for object in self.objects.decode_kind::<T>() {
            let Ok(mut object) = object.object else { continue };
            crate::resource::slim(&mut object);
            let Some(compact) = compactor.compact(&object, Some(self.now), self.now) else {
                continue;
            };
            compared = usize::saturating_add(compared, 1);
            let namespace = &object.meta().namespace;
            let item = compact.item(namespace, &NamespaceDeletions::default());
            for seconds in LATER {
                let time = Time::from_seconds(self.now.seconds.saturating_add(seconds));
                assert_eq!(
                    judge_alone(&object, Some(self.now), time),
                    item,
                    "{kind:?} after {seconds} s"
                );
            }
            for (key, value) in &object.meta().labels {
                let found = compact.labels.get(key, &compactor.words);
                assert_eq!(found.as_deref(), Some(value.as_str()));
            }
        }
        compared
    }
}

#[test]
fn a_compact_object_has_exactly_the_item_of_a_new_judgement() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut dumps = vec![root.join("examples/shop.yaml"), root.join("examples/small.yaml")];
    let reports = root.join("kubectl-sre/tests/reports/dumps");
    for entry in std::fs::read_dir(reports).expect("the dumps") {
        dumps.push(entry.expect("an entry").path());
    }
    let mut compared = std::collections::BTreeMap::new();
    for dump in dumps {
        let mut found = Vec::new();
        files(&dump, &mut found);
        let objects = Objects::read(found);
        let Some((newest, ..)) = objects.newest() else {
            continue;
        };
        for age in [0, 45, 700, 90_000] {
            let now = Time::from_seconds(newest.seconds + age);
            for kind in Kind::ALL {
                let comparison = Comparison {
                    objects: &objects,
                    now,
                };
                *compared.entry(kind.plural()).or_insert(0) += kind.visit(comparison);
            }
        }
    }
    for kind in [
        "deployments",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
        "nodes",
    ] {
        assert!(compared.get(kind).is_some_and(|n| *n > 0), "{kind}: {compared:?}");
    }
}

#[test]
fn items_that_nothing_uses_any_more_are_dropped() {
    let now = Time::parse(sre_testkit::clock::NOW).expect("a time");
    let mut compactor = Compactor::default();
    for replicas in 1..=1000 {
        let object: Deployment =
            from_value(&Build::new("shop", "web").replicas(replicas).build()).expect("a Deployment");
        compactor.compact(&object, None, now).expect("a compact form");
    }
    assert!(compactor.items.len() <= FIRST_SWEEP, "{}", compactor.items.len());
}

#[test]
fn an_item_that_is_written_over_another_is_the_same_as_one_of_its_own() {
    let now = Time::parse(sre_testkit::clock::NOW).expect("a time");
    let mut compactor = Compactor::default();
    let mut compact = |name: &str, replicas: i64| {
        let build = Build::new("shop", name).replicas(replicas).build();
        let object: Deployment = from_value(&build).expect("a Deployment");
        compactor.compact(&object, None, now).expect("a compact form")
    };
    let objects = [
        compact("a", 1),
        compact("b", 1),
        compact("c", 2),
        compact("d", 1),
        compact("e", 1),
    ];
    let mut deletions = NamespaceDeletions::default();
    let namespace = serde_json::json!({
        "metadata": {"name": "gone", "deletionTimestamp": sre_testkit::clock::NOW},
        "status": {"phase": "Terminating"},
    });
    deletions.update(&from_value(&namespace).expect("a namespace"));
    assert!(deletions.contains("gone"));
    let mut written = WrittenItems::default();
    for namespaces in [
        ["shop"; 5],
        ["shop", "gone", "gone", "shop", "shop"],
        ["gone"; 5],
        ["x"; 5],
    ] {
        for (object, namespace) in objects.iter().zip(namespaces) {
            let own = object.item(namespace, &deletions);
            assert_eq!(*object.write_item(namespace, &deletions, &mut written), own);
        }
    }
}
