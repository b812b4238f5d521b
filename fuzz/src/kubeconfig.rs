//! Kubeconfigs of people and their tools.

use crate::memory;
use sre_shared::cluster::{Client, ConfigSource, Deadlines, Overrides, Settings};
use sre_shared::failure::Class;
use std::cell::RefCell;
use std::io::{Seek as _, Write as _};
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

/// Memory that reading needs for its own: the buffer of the file, rustls with its authorities.
const START: usize = 24 << 20;

thread_local! {
    static PLACE: RefCell<Option<(Runtime, NamedTempFile)>> = const { RefCell::new(None) };
}

/// Holds if any file makes a client or a failure that names what is wrong. Nothing is run, and nothing is asked.
pub fn holds(input: &[u8]) {
    PLACE.with_borrow_mut(|place| {
        let (runtime, file) = place.get_or_insert_with(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            (runtime.expect("a runtime"), NamedTempFile::new().expect("a file"))
        });
        let handle = file.as_file_mut();
        handle.set_len(0).expect("an empty file");
        handle.rewind().expect("its start");
        handle.write_all(input).expect("a written file");
        let settings = Settings {
            source: ConfigSource::File(file.path().to_owned()),
            context: None,
            overrides: Overrides::default(),
            deadlines: Deadlines::default(),
            user_agent: "sre-fuzz".into(),
        };
        let client = memory::bounded(input, START, 200, || {
            runtime.block_on(Client::new(settings, None))
        });
        if let Err(failure) = client {
            assert!(!failure.message.is_empty() && !failure.hint().is_empty());
            assert_ne!(failure.class, Class::Timeout, "{}", failure.message);
        }
    });
}
