//! What the screens of an app say: texts, hints and handlers of all its XML layouts, menus and preference screens.

use super::resolve::{TYPE_DYNAMIC_REFERENCE, TYPE_REFERENCE};
use super::table::Table;
use super::{Document, TYPE_STRING};
use crate::zip::Archive;
use crate::{Error, ErrorKind, Limits, Oddity};

/// Types of resources whose files show something, or name code.
const TYPES: &[&str] = &["layout", "menu", "navigation", "xml"];

/// Attributes that carry what a user reads, or what a control does.
const ATTRIBUTES: &[&str] = &[
    "text",
    "hint",
    "title",
    "summary",
    "contentDescription",
    "onClick",
    "checked",
    "inputType",
    "textOn",
    "textOff",
    "autoLink",
];

const TYPE_INT_BOOLEAN: u8 = 0x12;

/// Bytes of text that all layouts together may give.
const TEXT_BYTES: usize = 64 << 20;
/// Layouts that are read, and rows that they may give.
const FILES: usize = 50_000;
const ROWS: usize = 200_000;

/// One attribute of one element of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutText {
    /// Member of the archive.
    pub file: String,
    /// Index of the element in its file.
    pub element: u32,
    /// Index of its parent.
    pub parent: Option<u32>,
    /// Tag name.
    pub tag: String,
    /// Name of its `android:id`.
    pub id_name: Option<String>,
    /// Name of the attribute.
    pub attribute: &'static str,
    /// The text, resolved in the default configuration; booleans as `true` and `false`, other values as hexadecimal numbers.
    pub text: String,
    /// The resource that the text comes from, or 0.
    pub resource_id: u32,
}

/// Reads all layouts, menus and XML resources of a package. Files are found through the resource table, for their names may be shortened
/// (`res/aB.xml`); without a table, everything in `res/` that ends in `.xml` is tried.
///
/// What was odd in a file, or why it was not read, is given beside the rows. Without a table, files that are no binary XML are passed
/// over: nothing says that they should be.
pub fn layouts(
    file: &[u8],
    archive: &Archive,
    table: Option<&Table>,
    limits: &Limits,
) -> (Vec<LayoutText>, Vec<Oddity>) {
    let mut reader = Reader {
        table,
        rows: Vec::new(),
        budget: TEXT_BYTES,
    };
    let oddities = each_document(file, archive, table, limits, |name, document| {
        reader.read(name, document)
    });
    (reader.rows, oddities)
}

/// Hands every layout, menu, navigation graph and XML resource to `visit`, until it gives `false`. Gives what was odd in them.
pub(super) fn each_document(
    file: &[u8],
    archive: &Archive,
    table: Option<&Table>,
    limits: &Limits,
    mut visit: impl FnMut(&str, &Document) -> bool,
) -> Vec<Oddity> {
    let files = match table {
        Some(table) => table.files(TYPES),
        None => {
            let names = archive.entries.iter().map(|entry| entry.name.clone());
            names
                .filter(|name| name.starts_with("res/") && name.ends_with(".xml"))
                .collect()
        }
    };
    let mut oddities = Vec::new();
    let mut bytes_left = limits.total_bytes;
    for name in files.iter().take(FILES) {
        let Some(entry) = archive.find(name) else {
            continue;
        };
        let allowed = limits.member_bytes.min(bytes_left);
        let content = match archive.extract(file, entry, allowed) {
            Ok(content) => content,
            Err(error) => {
                if error.kind == ErrorKind::LimitHit {
                    bytes_left -= allowed; // it was inflated before the bound stopped it
                }
                keep(&mut oddities, limits, name, [unread("damaged-data", error)]);
                continue;
            }
        };
        bytes_left -= content.bytes.len() as u64;
        keep(&mut oddities, limits, name, content.oddities);
        match Document::parse_quickly(&content.bytes, limits) {
            Ok(document) => {
                keep(
                    &mut oddities,
                    limits,
                    name,
                    document.oddities.iter().cloned(),
                );
                if !visit(name, &document) {
                    let error = Error::new(ErrorKind::LimitHit, "texts past the bound");
                    keep(
                        &mut oddities,
                        limits,
                        name,
                        [unread("xml-too-large", error)],
                    );
                    break;
                }
            }
            Err(error) if error.kind == ErrorKind::NotThisFormat && table.is_none() => {}
            Err(error) => keep(&mut oddities, limits, name, [unread("chunk-broken", error)]),
        }
    }
    oddities
}

/// Adds what was odd about a file, as far as there is room.
fn keep(
    oddities: &mut Vec<Oddity>,
    limits: &Limits,
    file: &str,
    met: impl IntoIterator<Item = Oddity>,
) {
    let room = limits.oddities.saturating_sub(oddities.len());
    oddities.extend(met.into_iter().take(room).map(|oddity| Oddity {
        member: file.to_owned(),
        ..oddity
    }));
}

/// The record of a file that could not be read, or not to its end.
fn unread(kind: &'static str, error: Error) -> Oddity {
    Oddity {
        kind,
        member: String::new(),
        offset: error.offset,
        detail: format!("not read: {}", error.detail),
    }
}

struct Reader<'a> {
    table: Option<&'a Table>,
    rows: Vec<LayoutText>,
    budget: usize,
}

impl Reader<'_> {
    /// Adds the rows of one document; `false` once there is no room for more.
    fn read(&mut self, file: &str, document: &Document) -> bool {
        for (index, element) in document.elements.iter().enumerate() {
            let attributes = document.attributes_of(element);
            let mut id_name = None;
            let mut tag = None;
            for attribute in attributes {
                let name = document.attribute_name(attribute);
                let Some(&known) = ATTRIBUTES.iter().find(|known| **known == name) else {
                    continue;
                };
                let (text, resource_id) = match attribute.kind {
                    TYPE_REFERENCE | TYPE_DYNAMIC_REFERENCE => {
                        let text = self
                            .table
                            .and_then(|table| table.default_text(attribute.data));
                        (text.unwrap_or_default().into_owned(), attribute.data)
                    }
                    TYPE_STRING => {
                        let text = document.attribute_text(attribute);
                        (text.unwrap_or_default().into_owned(), 0)
                    }
                    TYPE_INT_BOOLEAN => ((attribute.data != 0).to_string(), 0),
                    _ => (format!("{:#x}", attribute.data), 0),
                };
                let tag = tag
                    .get_or_insert_with(|| document.string(element.name).unwrap_or_default())
                    .clone()
                    .into_owned();
                let id_name = id_name
                    .get_or_insert_with(|| self.id_name(document, attributes))
                    .clone();
                let cost =
                    file.len() + tag.len() + text.len() + id_name.as_ref().map_or(0, String::len);
                if cost > self.budget || self.rows.len() >= ROWS {
                    return false;
                }
                self.budget -= cost;
                self.rows.push(LayoutText {
                    file: file.to_owned(),
                    element: index as u32,
                    parent: element.parent,
                    tag,
                    id_name,
                    attribute: known,
                    text,
                    resource_id,
                });
            }
        }
        true
    }

    /// Name of the `android:id` of an element, without `id/`.
    fn id_name(&self, document: &Document, attributes: &[super::Attribute]) -> Option<String> {
        let id = attributes.iter().find(|attribute| {
            attribute.kind == TYPE_REFERENCE && document.attribute_name(attribute) == "id"
        })?;
        let name = self.table?.name(id.data)?;
        Some(name.strip_prefix("id/").map_or(name.clone(), str::to_owned))
    }
}
