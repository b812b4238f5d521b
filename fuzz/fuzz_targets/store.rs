//! Looks for inputs for which the property of the module does not hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sre_fuzz::store::holds(input));
