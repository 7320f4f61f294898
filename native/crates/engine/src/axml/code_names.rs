//! Code that XML resources name: custom views, fragments, behaviours, click handlers. The platform makes objects of these
//! classes and calls these methods, though nothing in the DEX files does.

use super::layouts::each_document;
use super::table::Table;
use super::{Document, TYPE_STRING};
use crate::zip::Archive;
use crate::{Limits, Oddity};
use std::collections::BTreeSet;

/// Attributes whose value is the name of a class.
const CLASS_ATTRIBUTES: &[&str] = &[
    "name",
    "class",
    "fragment",
    "targetClass",
    "actionViewClass",
    "actionProviderClass",
    "layout_behavior",
    "layoutManager",
    "viewInflaterClass",
];

/// Names kept; a real app has a few hundred.
const NAMES: usize = 20_000;

/// What the XML resources of a package name in its code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeNames {
    /// Classes as written: complete, or starting with a dot for the package of the app.
    pub classes: BTreeSet<String>,
    /// Methods of `android:onClick`.
    pub on_click: BTreeSet<String>,
}

/// Reads all layouts, menus, navigation graphs and XML resources of a package for the code that they name.
pub fn code_names(
    file: &[u8],
    archive: &Archive,
    table: Option<&Table>,
    limits: &Limits,
) -> (CodeNames, Vec<Oddity>) {
    let mut names = CodeNames::default();
    let oddities = each_document(file, archive, table, limits, |_, document| {
        read(document, &mut names);
        names.classes.len() + names.on_click.len() < NAMES
    });
    (names, oddities)
}

fn read(document: &Document, names: &mut CodeNames) {
    for element in &document.elements {
        if let Some(tag) = document.string(element.name)
            && is_class_name(&tag)
            && !names.classes.contains(&*tag)
        {
            names.classes.insert(tag.into_owned());
        }
        for attribute in document.attributes_of(element) {
            if attribute.kind != TYPE_STRING {
                continue;
            }
            let name = document.attribute_name(attribute);
            let Some(text) = document.attribute_text(attribute) else {
                continue;
            };
            if name == "onClick" {
                names.on_click.insert(text.into_owned());
            } else if is_class_name(&text) && CLASS_ATTRIBUTES.contains(&&*name) {
                names.classes.insert(text.into_owned());
            }
        }
    }
}

/// Whether a text can be the name of a class in a package.
fn is_class_name(text: &str) -> bool {
    text.contains('.')
        && text.len() <= 512
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$') || byte >= 0x80
        })
}

#[cfg(test)]
mod tests {
    use super::is_class_name;

    #[test]
    fn names_of_classes() {
        assert!(is_class_name("com.example.ui.Chart"));
        assert!(is_class_name(".ui.Chart$Inner"));
        assert!(!is_class_name("LinearLayout"));
        assert!(!is_class_name("a sentence. And another"));
        assert!(!is_class_name("https://www.example.com"));
    }
}
