//! Maps: what lies under a key, entries, and maps made of others.

use super::facts::Foreign;
use super::heap::{Key, Origin};
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::link::NONE;

/// Maps, or documents, that one was made of, one behind the other.
const BEHIND: usize = 16;

impl World<'_> {
    /// A map that a static call makes of keys and values, of entries or of another map.
    pub(super) fn made_map(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Value> {
        let made = match (facts.class(), facts.name.as_str()) {
            ("Ljava/util/Collections;", "singletonMap")
            | ("Ljava/util/Map;", "of" | "copyOf" | "ofEntries") => self.object_at(
                node,
                unit,
                self.program.find_type(b"Ljava/util/Map;").unwrap_or(NONE),
            ),
            _ => return None,
        };
        match facts.name.as_str() {
            "copyOf" => self.copied_from(&[made], args[0]),
            "ofEntries" => {
                for array in self.values.objects(args[0]) {
                    let entries = self.read(Key::Elements(array), node);
                    for entry in self.values.objects(entries) {
                        let parts = self.read(Key::Contents(entry), node);
                        self.write(Key::Contents(made), parts);
                        self.save(&[made], ANY, parts);
                    }
                    if entries == ANY {
                        self.write(Key::Elements(made), ANY);
                    }
                }
            }
            _ => {
                for pair in args.chunks_exact(2) {
                    let key = self.key_of(pair[0]);
                    self.save(&[made], key, pair[1]);
                    self.write(Key::Contents(made), pair[0]);
                    self.write(Key::Contents(made), pair[1]);
                }
            }
        }
        Some(self.values.one(Atom::Object(made)))
    }

    /// The entries of maps: one object for all of a map.
    pub(super) fn entries(&mut self, maps: &[u32]) -> Value {
        let kind = self.program.find_type(b"Ljava/util/Map$Entry;");
        let kind = kind.unwrap_or(NONE);
        let entries: Vec<Atom> = maps
            .iter()
            .map(|&map| Atom::Object(self.object(Origin::Entry(map), kind, 0)))
            .collect();
        self.values.of(entries)
    }

    /// A call on entries: keys and values are not told apart.
    pub(super) fn entry(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let entries = self.values.objects(*args.first()?);
        let holder = |world: &Self, entry: u32| match world.heap.objects[entry as usize].origin {
            Origin::Entry(map) => map,
            _ => entry,
        };
        if entries.is_empty() {
            return None;
        }
        let maps: Vec<u32> = entries.iter().map(|&entry| holder(self, entry)).collect();
        match (facts.name.as_str(), args.get(1)) {
            ("getKey" | "getValue", None) => {
                let mut out = self.values.integer(0);
                for &map in &maps {
                    let own = self.read(Key::Contents(map), node);
                    out = self.values.join(out, own);
                }
                Some((self.blurred(node, &maps, out), true))
            }
            ("setValue", Some(&value)) => {
                self.save(&maps, ANY, value);
                for &map in &maps {
                    self.write(Key::Contents(map), value);
                }
                Some((ANY, true))
            }
            _ => None,
        }
    }

    /// What the function among the arguments gives.
    pub(super) fn computed(&mut self, node: u32, unit: u32, args: &[Value]) -> Value {
        let Some((&function, given)) = args.split_last() else {
            return ANY;
        };
        let mut out = if function == ANY { ANY } else { NOTHING };
        for object in self.values.objects(function) {
            let found = [1, 2].map(|count| self.own_method(object, "apply", count));
            let Some(def) = found.into_iter().flatten().next() else {
                return ANY;
            };
            let mut args = self.callback_args(object, def);
            if args.len() == 2 {
                args[1] = given[1];
            }
            let (made, _) = self.call(node, unit, def, &args);
            out = self.values.join(out, made);
        }
        out
    }

    /// Maps or documents with those that they were made of; `None` if these are too many.
    pub(super) fn with_sources(&mut self, node: u32, objects: &[u32]) -> Option<Vec<u32>> {
        let mut all = objects.to_vec();
        let mut next = 0;
        while next < all.len() {
            let behind = self.read(Key::Holder(all[next]), node);
            next += 1;
            for object in self.values.objects(behind) {
                if !all.contains(&object) {
                    all.push(object);
                }
            }
            if all.len() > BEHIND.max(objects.len()) {
                return None;
            }
        }
        Some(all)
    }

    /// Maps are made of others.
    pub(super) fn copied_from(&mut self, maps: &[u32], others: Value) {
        for &map in maps {
            if others == ANY {
                self.write(Key::Elements(map), ANY);
            } else {
                let sources = self
                    .values
                    .filter(others, |atom| matches!(atom, Atom::Object(_)));
                self.write(Key::Holder(map), sources);
            }
        }
    }

    /// What was stored under keys, or under one that is not known; nothing if nothing was.
    pub(super) fn stored_under(&mut self, node: u32, maps: &[u32], keys: &[u32]) -> Value {
        let mut out = NOTHING;
        for &map in maps {
            for &key in keys {
                let own = self.read(Key::At(map, key), node);
                out = self.values.join(out, own);
            }
            let unknown = self.read(Key::AtUnknown(map), node);
            out = self.values.join(out, unknown);
        }
        out
    }

    /// What containers give that may hold something unknown beside. Objects that are known are worth more than that there may be
    /// others; numbers and texts are not.
    pub(super) fn blurred(&mut self, node: u32, objects: &[u32], found: Value) -> Value {
        let mut unknown = false;
        for &object in objects {
            unknown |= self.read(Key::Elements(object), node) == ANY;
        }
        let atoms = self.values.atoms(found).iter();
        let told = atoms.clone().any(|atom| matches!(atom, Atom::Object(_)));
        let plain = |atom: &Atom| !matches!(atom, Atom::Object(_) | Atom::Integer(0));
        if unknown && (!told || atoms.clone().any(plain)) {
            return ANY;
        }
        found
    }

    /// The key of an entry as a text: strings as they are, numbers, classes and constants of enumerations as one that no string is.
    pub(super) fn key_of(&mut self, value: Value) -> Value {
        if value == ANY {
            return ANY;
        }
        let mut atoms = Vec::new();
        for atom in self.values.atoms(value).to_vec() {
            let text = match atom {
                Atom::Text(text) => {
                    atoms.push(Atom::Text(text));
                    continue;
                }
                Atom::Integer(number) | Atom::Boxed(number) => format!("\u{2}{number}"),
                Atom::Class(kind) => format!("\u{2}class {kind}"),
                Atom::Object(object) if self.is_one(atom) && !self.compares(object) => {
                    format!("\u{2}object {object}")
                }
                _ => return ANY,
            };
            atoms.push(Atom::Text(self.heap.text(&text)));
        }
        self.values.of(atoms)
    }

    /// Whether the class of an object says which others are equal to it.
    pub(super) fn compares(&mut self, object: u32) -> bool {
        self.class_of(object).is_none() || self.own_method(object, "equals", 1).is_some()
    }
}
