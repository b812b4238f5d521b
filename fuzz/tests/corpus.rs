//! Tries every input of the corpus, and changes of each that are the same in every run.

use sre_fuzz::TARGETS;
use std::path::{Path, PathBuf};

/// Changes of each input. More of them is what `make fuzz` is for.
const CHANGES: u64 = 40;

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = std::fs::read_dir(&folder).expect("each target has a corpus");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("it can be read");
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("48 bits")
    }

    /// The input with a byte replaced, removed, doubled, or with its end cut off or put in front.
    fn change(&mut self, input: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.next() % 3 {
            if bytes.is_empty() {
                break;
            }
            let at = self.next() % bytes.len();
            match self.next() % 5 {
                0 => bytes[at] = self.next().to_le_bytes()[0],
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, bytes[at]),
                3 => bytes.truncate(at),
                _ => bytes.rotate_left(at),
            }
        }
        bytes
    }
}

/// As much stack as the plugin gives to the threads that read files.
const STACK: usize = 16 << 20;

fn try_target(name: &'static str) {
    let thread = std::thread::Builder::new().stack_size(STACK);
    let tried = thread.spawn(move || try_inputs(name)).expect("a thread");
    if let Err(panic) = tried.join() {
        std::panic::resume_unwind(panic);
    }
}

fn try_inputs(name: &str) {
    let (_, holds) = TARGETS
        .iter()
        .find(|(target, _)| *target == name)
        .expect("a target");
    let inputs = corpus(name);
    assert!(inputs.len() >= 3, "{name} has {} inputs", inputs.len());
    for (path, input) in inputs {
        let attempt = |bytes: &[u8]| {
            let held = std::panic::catch_unwind(|| holds(bytes)).is_ok();
            let text = String::from_utf8_lossy(bytes);
            assert!(held, "{} does not hold for: {text:?}", path.display());
        };
        attempt(&input);
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for _ in 0..CHANGES {
            attempt(&numbers.change(&input));
        }
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                try_target(stringify!($name));
            }
        )*

        #[test]
        fn each_target_is_tried() {
            let tried = [$(stringify!($name)),*];
            assert_eq!(TARGETS.map(|(name, _)| name), tried);
        }
    };
}

targets! {
    acknowledgement
    agent_report
    broken
    change_stream
    dump
    duration
    http_head
    json_list
    kubeconfig
    proto_list
    schedule
    selector
    store
}
