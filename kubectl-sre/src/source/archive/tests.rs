#[allow(unused_imports, reason = "its tests are on their way")]
use super::*;
