//! Resource tables: every question ends.
#![no_main]

use assaymark_engine::Limits;
use assaymark_engine::axml::Table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(table) = Table::parse(data.to_vec(), &Limits::default()) else {
        return;
    };
    for string in table.strings().iter().take(50) {
        table.resolve(string.id);
        table.name(string.id);
        table.find(&string.name);
        table.default_text(string.id);
    }
    table.files(&["layout", "menu", "xml"]);
});
