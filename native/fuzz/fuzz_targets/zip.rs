//! Archives: every member of whatever parses is read within a bound.
#![no_main]

use assaymark_engine::Limits;
use assaymark_engine::zip::Archive;
use libfuzzer_sys::fuzz_target;

const MEMBER_BYTES: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Ok(archive) = Archive::parse(data, &Limits::default()) else {
        return;
    };
    for entry in archive.entries.iter().take(100) {
        archive.prefix(data, entry, 16);
        if let Ok(content) = archive.extract(data, entry, MEMBER_BYTES) {
            assert!(content.bytes.len() as u64 <= MEMBER_BYTES);
        }
        assert!(archive.find(&entry.name).is_some());
    }
});
