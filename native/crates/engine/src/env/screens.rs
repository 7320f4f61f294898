//! What layouts show, read when code puts them on the screen.

use crate::Limits;
use crate::axml::{Document, TYPE_STRING, Table};
use crate::zip::Archive;
use std::collections::HashMap;
use std::rc::Rc;

const TYPE_REFERENCE: u8 = 1;
const TYPE_INT_BOOLEAN: u8 = 0x12;
/// Nesting of included layouts that is followed.
const INCLUDES: u32 = 4;
/// Views of one layout.
const VIEWS: usize = 2_000;
/// Texts of one resource over all languages.
const LANGUAGES: usize = 200;

/// One package of the program with its resources.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Bytes of the package.
    pub file: &'a [u8],
    /// Its entries.
    pub archive: &'a Archive,
    /// Its resource table.
    pub table: Option<&'a Table>,
}

/// One view of a layout.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// `android:id`, or 0.
    pub id: u32,
    /// What it says, in all languages.
    pub texts: Vec<String>,
    /// `android:checked`.
    pub checked: bool,
    /// `android:enabled`.
    pub enabled: bool,
    /// `android:onClick`.
    pub on_click: Option<String>,
    /// The class of the program that it is an object of.
    pub class: Option<String>,
    /// Whether it can be ticked.
    pub ticks: bool,
    /// Whether it is a button by its kind, and no text that can be pressed.
    pub button: bool,
}

/// One layout with those it includes.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Its views in document order.
    pub views: Vec<View>,
    /// Positions in [`Layout::views`], by id.
    by_id: HashMap<u32, Vec<usize>>,
    /// Ids of radio buttons that their groups tick.
    checked: Vec<u32>,
}

impl Layout {
    /// The number by which a view is known: its id, or its position if it has none. Ids are higher than any position.
    pub fn number(&self, position: usize) -> u32 {
        match self.views[position].id {
            0 => position as u32,
            id => id,
        }
    }

    /// Positions of the views with a number; an included layout may repeat an id.
    pub fn positions(&self, number: u32) -> Vec<usize> {
        match self.by_id.get(&number) {
            Some(found) => found.clone(),
            None => (number as usize..self.views.len()).take(1).collect(),
        }
    }

    /// The views with a number.
    pub fn of(&self, number: u32) -> impl Iterator<Item = &View> {
        self.positions(number).into_iter().map(|at| &self.views[at])
    }
}

/// The layouts and texts of a program.
pub struct Screens<'a> {
    sources: Vec<Source<'a>>,
    limits: Limits,
    layouts: HashMap<u32, Rc<Layout>>,
    texts: HashMap<u32, Rc<Vec<String>>>,
}

impl<'a> Screens<'a> {
    /// The layouts of these packages.
    pub fn new(sources: Vec<Source<'a>>, limits: Limits) -> Screens<'a> {
        Screens {
            sources,
            limits,
            layouts: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    /// The texts of a resource in all languages; empty if it is none.
    pub fn texts(&mut self, id: u32) -> Rc<Vec<String>> {
        if let Some(found) = self.texts.get(&id) {
            return found.clone();
        }
        let tables = self.sources.iter().filter_map(|source| source.table);
        let values = tables.flat_map(|table| table.resolve(id));
        let mut texts: Vec<String> = values
            .filter_map(|value| value.text)
            .take(LANGUAGES)
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let texts = Rc::new(texts);
        self.texts.insert(id, texts.clone());
        texts
    }

    /// A layout by its resource id; empty if there is none.
    pub fn layout(&mut self, id: u32) -> Rc<Layout> {
        if let Some(found) = self.layouts.get(&id) {
            return found.clone();
        }
        self.layouts.insert(id, Rc::default()); // ends a cycle of includes
        let mut layout = Layout::default();
        self.read(id, INCLUDES, &mut layout);
        let Layout { views, checked, .. } = &mut layout;
        for view in views.iter_mut().filter(|view| checked.contains(&view.id)) {
            view.checked = true;
        }
        for (position, view) in layout.views.iter().enumerate() {
            if view.id as usize >= VIEWS {
                layout.by_id.entry(view.id).or_default().push(position);
            }
        }
        let layout = Rc::new(layout);
        self.layouts.insert(id, layout.clone());
        layout
    }

    fn read(&mut self, id: u32, depth: u32, out: &mut Layout) {
        let names = self.texts(id);
        for source in self.sources.clone() {
            for name in names.iter().filter(|name| name.contains('/')) {
                let Some(entry) = source.archive.find(name) else {
                    continue;
                };
                let content =
                    source
                        .archive
                        .extract(source.file, entry, self.limits.member_bytes >> 4);
                let Ok(content) = content else { continue };
                if let Ok(document) = Document::parse_quickly(&content.bytes, &self.limits) {
                    self.views(&document, depth, out);
                }
            }
        }
    }

    /// A truth value, or the one that a resource has; true if it may be.
    fn truth(&self, kind: u8, data: u32) -> bool {
        if kind != TYPE_REFERENCE {
            return kind != TYPE_INT_BOOLEAN || data != 0;
        }
        let tables = self.sources.iter().filter_map(|source| source.table);
        let values: Vec<_> = tables.flat_map(|table| table.resolve(data)).collect();
        values.is_empty()
            || values
                .iter()
                .any(|one| one.kind != TYPE_INT_BOOLEAN || one.data != 0)
    }

    fn views(&mut self, document: &Document<'_>, depth: u32, out: &mut Layout) {
        for element in &document.elements {
            if out.views.len() >= VIEWS {
                return;
            }
            let tag = document.string(element.name).unwrap_or_default();
            let mut view = View {
                enabled: true,
                class: tag.contains('.').then(|| tag.to_string()),
                ticks: ["CheckBox", "Switch", "RadioButton", "ToggleButton"]
                    .iter()
                    .any(|kind| tag.ends_with(kind) || tag.ends_with("SwitchCompat")),
                button: tag.ends_with("Button"),
                ..View::default()
            };
            let mut included = 0;
            // What stands where there is no text.
            let mut described = Vec::new();
            for attribute in document.attributes_of(element) {
                let name = document.attribute_name(attribute);
                let text = || {
                    let text = document.attribute_text(attribute);
                    text.filter(|_| attribute.kind == TYPE_STRING)
                        .map(|text| text.into_owned())
                };
                match &*name {
                    "id" if attribute.data as usize >= VIEWS => view.id = attribute.data,
                    "text" | "title" | "hint" | "contentDescription" | "message" => {
                        let instead = matches!(&*name, "hint" | "contentDescription");
                        let list = if instead {
                            &mut described
                        } else {
                            &mut view.texts
                        };
                        if attribute.kind == TYPE_REFERENCE {
                            let texts = self.texts(attribute.data);
                            list.extend(texts.iter().cloned());
                        } else {
                            list.extend(text());
                        }
                    }
                    "checkedButton" => out.checked.push(attribute.data),
                    "checked" => {
                        view.checked = self.truth(attribute.kind, attribute.data);
                    }
                    "enabled" => {
                        view.enabled = self.truth(attribute.kind, attribute.data);
                    }
                    "onClick" => view.on_click = text(),
                    "layout" if attribute.kind == TYPE_REFERENCE => included = attribute.data,
                    "class" | "name" => {
                        view.class = text().filter(|name| name.contains('.')).or(view.class);
                    }
                    _ => {}
                }
            }
            if view.texts.is_empty() {
                view.texts = described;
            }
            out.views.push(view);
            if included != 0 && depth > 0 {
                self.read(included, depth - 1, out);
            }
        }
    }
}
