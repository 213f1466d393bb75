//! What holds of any text, as a script of this dialect.

#![no_main]

mod split;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| split::check(bytes, driftlock_script::Dialect::MySql));
