//! `org.json`: a document is a store with keys, and its text stands for it.

use super::facts::Foreign;
use super::heap::Key;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;

impl World<'_> {
    /// A call on a document.
    pub(super) fn json(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let receiver = *args.first()?;
        let own = self.values.objects(receiver);
        let name = facts.name.as_str();
        if name == "<init>" {
            if args.len() == 2 {
                self.read_document(&own, args[1]);
            }
            return Some((NOTHING, true));
        }
        if receiver == ANY || own.is_empty() {
            return None;
        }
        match name {
            "toString" => return Some((receiver, true)),
            "put" | "putOpt" if args.len() == 3 => {
                self.save(&own, args[1], args[2]);
                return Some((receiver, true));
            }
            _ => {}
        }
        let asks = name.starts_with("opt") || name.starts_with("get");
        let key = args.get(1).copied().filter(|_| asks || name == "has")?;
        let Some(all) = self.with_sources(node, &own) else {
            return Some((ANY, true));
        };
        for &object in &all {
            if self.read(Key::Elements(object), node) != NOTHING {
                return Some((ANY, true));
            }
        }
        let zero = self.values.integer(0);
        if name == "has" {
            return Some((self.load(node, &all, key, zero, true), true));
        }
        let default = match args.get(2) {
            Some(&default) => default,
            None if name.starts_with("opt") && facts.result == "Ljava/lang/String;" => {
                let empty = self.heap.text("");
                self.values.one(Atom::Text(empty))
            }
            None if name.starts_with("opt") => zero,
            None => NOTHING,
        };
        let value = self.load(node, &all, key, default, false);
        Some((value, value != NOTHING))
    }

    /// Whether objects of a class stand for their text as well.
    pub(super) fn is_document(&self, class: u32) -> bool {
        self.program.descriptor(class) == b"Lorg/json/JSONObject;"
    }

    /// What a document is made from: the text of another one, an empty one, or what nobody knows.
    fn read_document(&mut self, documents: &[u32], text: Value) {
        let mut unknown = text == ANY;
        for atom in self.values.atoms(text).to_vec() {
            match atom {
                Atom::Object(object) => {
                    let from = self.values.one(Atom::Object(object));
                    for &document in documents {
                        self.write(Key::Holder(document), from);
                    }
                }
                Atom::Text(text) => {
                    let text = self.heap.text_of(text).trim();
                    let inner = text
                        .strip_prefix('{')
                        .and_then(|text| text.strip_suffix('}'));
                    unknown |= !inner.unwrap_or(text).trim().is_empty();
                }
                _ => {}
            }
        }
        for &document in documents.iter().filter(|_| unknown) {
            self.write(Key::Elements(document), ANY);
        }
    }
}
