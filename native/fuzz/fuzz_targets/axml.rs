//! Binary XML: a tree whose parents come before their children, and texts that can all be decoded.
#![no_main]

use assaymark_engine::Limits;
use assaymark_engine::axml::Document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(document) = Document::parse(data, &Limits::default()) else {
        return;
    };
    for (index, element) in document.elements.iter().enumerate() {
        assert!(
            element
                .parent
                .is_none_or(|parent| (parent as usize) < index)
        );
        for attribute in document.attributes_of(element) {
            assert_eq!(attribute.element as usize, index);
            document.attribute_name(attribute);
            document.attribute_namespace(attribute);
            document.attribute_text(attribute);
        }
    }
});
