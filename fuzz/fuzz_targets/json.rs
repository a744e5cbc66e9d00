//! A world and a request as text, parted by the first zero byte.
#![no_main]

#[path = "../../lifecycle-core/tests/json_entry/mod.rs"]
mod json_entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|b| *b == 0).unwrap_or(data.len());
    let (world, request) = data.split_at(at);
    json_entry::everything(world, request.get(1..).unwrap_or_default());
});
