use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

fn budget() -> Budget {
    Budget {
        bytes: 64 << 20,
        entries: 100,
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// An archive with these entries.
fn tar(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_ustar();
        // By hand: the crate's own writer refuses a path that leaves the archive.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        if kind.is_symlink() {
            header.set_link_name("/etc/passwd").expect("it fits");
        }
        header.set_cksum();
        builder.append(&header, *content).expect("memory takes it");
    }
    builder.into_inner().expect("memory takes it")
}

fn unpacked(bytes: &[u8], mut budget: Budget) -> Vec<String> {
    let mut found = FoundFiles::default();
    unpack("a.tgz", &mut &*bytes, 0, &mut budget, &mut found);
    let names: Vec<String> = found.files.iter().map(|file| file.name.clone()).collect();
    let objects = sre_shared::dump::Objects::read(found.files);
    let gaps = objects
        .gaps()
        .iter()
        .map(|gap| format!("{}: {}", gap.place(), gap.why));
    names.into_iter().chain(gaps).collect()
}

const POD: &[u8] = b"kind: Pod\napiVersion: v1\n";
const FILE: tar::EntryType = tar::EntryType::Regular;

#[test]
fn an_archive_is_read_under_any_name_and_packed_up_to_three_times() {
    let inner = tar(&[
        ("./b/pod.yaml", FILE, POD),
        ("b/app.log", FILE, b"{}"),
        ("b/._pod.yaml", FILE, b"\0"),
    ]);
    for bytes in [inner.clone(), gzip(&inner), gzip(&gzip(&inner))] {
        assert_eq!(unpacked(&bytes, budget()), ["a.tgz/b/pod.yaml"]);
    }
    assert_eq!(unpacked(&gzip(POD), budget()), ["a.tgz"]);
    let outer = tar(&[("inner.tar.gz", FILE, &gzip(&inner))]);
    assert_eq!(unpacked(&outer, budget()), ["a.tgz/inner.tar.gz/b/pod.yaml"]);
}

#[test]
fn links_devices_and_paths_that_leave_the_archive_are_reported_and_not_followed() {
    let bytes = tar(&[
        ("ok.yaml", FILE, POD),
        ("../up.yaml", FILE, POD),
        ("/root.yaml", FILE, POD),
        ("link.yaml", tar::EntryType::Symlink, b""),
        ("fifo.json", tar::EntryType::Fifo, b""),
        ("zero.json", tar::EntryType::Char, b""),
    ]);
    let lines = unpacked(&bytes, budget());
    assert_eq!(
        lines[6..],
        [
            "a.tgz/../up.yaml: a path that leaves the archive: it was not read",
            "a.tgz//root.yaml: a path that leaves the archive: it was not read",
            "a.tgz/link.yaml: a link in an archive, which is not followed",
            "a.tgz/fifo.json: no regular file: it was not read",
            "a.tgz/zero.json: no regular file: it was not read",
        ]
    );
}

#[test]
fn a_bomb_is_not_unpacked() {
    let zeros = vec![b' '; 40 << 20];
    let bomb = gzip(&zeros);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    assert_eq!(
        unpacked(&bomb, budget()),
        [
            "a.tgz",
            "a.tgz: it unpacks to more than 400 times its size, as no dump does"
        ]
    );
    let hidden = gzip(&tar(&[("notes.txt", FILE, &zeros), ("pod.yaml", FILE, POD)]));
    let lines = unpacked(&hidden, budget());
    assert_eq!(
        lines.last().map(String::as_str),
        Some("a.tgz: it unpacks to more than 400 times its size, as no dump does")
    );
    let small = Budget {
        bytes: 10,
        entries: 100,
    };
    assert_eq!(
        unpacked(&gzip(POD), small),
        [
            "a.tgz",
            "a.tgz: with it, more than 1 GiB would be read, which is the most"
        ]
    );
    let many = tar(&[
        ("a.yaml", FILE, POD),
        ("b.yaml", FILE, POD),
        ("c.yaml", FILE, POD),
    ]);
    let few = Budget {
        bytes: 1 << 20,
        entries: 2,
    };
    assert_eq!(
        unpacked(&many, few).last().map(String::as_str),
        Some("a.tgz: more than 200000 files: the rest was not read")
    );
    let deep = gzip(&gzip(&gzip(&gzip(POD))));
    assert_eq!(
        unpacked(&deep, budget())[1..],
        ["a.tgz: packed more than 3 times: unpack it first"]
    );
}

#[test]
fn a_damaged_archive_is_read_up_to_the_damage_which_is_reported() {
    let noise: Vec<u8> = (0..200_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let whole = gzip(&tar(&[("pod.yaml", FILE, POD), ("later.json", FILE, &noise)]));
    let lines = unpacked(&whole[..whole.len() / 2], budget());
    assert_eq!(lines[0], "a.tgz/pod.yaml");
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with("it breaks off or is damaged: copy it again")),
        "{lines:?}"
    );
    let text = b"kind: Pod\napiVersion: v1\n".repeat(50);
    let packed = gzip(&text);
    let mut damaged = packed.clone();
    let at = damaged.len() - 6;
    damaged[at] ^= 0xff;
    assert_eq!(
        unpacked(&damaged, budget())[1..],
        ["a.tgz: it breaks off or is damaged: copy it again"]
    );
}

#[test]
fn other_packings_are_named() {
    assert_eq!(other_packing(b"PK\x03\x04rest"), Some("zip"));
    assert_eq!(other_packing(b"\x28\xb5\x2f\xfdrest"), Some("zstd"));
    assert_eq!(other_packing(b"{}"), None);
}
