//! Maps, lists and references.

use super::facts::Foreign;
use super::heap::{Key, Origin};
use super::value::{ANY, Atom, NOTHING, Value};
use super::world::World;

type Outcome = (Value, bool);

impl World<'_> {
    /// Maps and references.
    pub(super) fn container(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let receiver = *args.first()?;
        let objects = self.values.objects(receiver);
        let name = facts.name.as_str();
        if facts.class().starts_with("Ljava/util/concurrent/atomic/") {
            return self.atomic(node, unit, facts, args);
        }
        let map = facts.of("Ljava/util/Map;") || facts.of("Ljava/util/Dictionary;");
        if objects.is_empty() {
            return None;
        }
        let joined = |world: &mut Self, key: fn(u32) -> Key| {
            let mut out = NOTHING;
            for &object in &objects {
                let own = world.read(key(object), node);
                out = world.values.join(out, own);
            }
            out
        };
        let sparse = facts.class().starts_with("Landroid/util/Sparse");
        let map = map || sparse;
        let keyed = args.get(1).map(|&key| self.key_of(key)).filter(|_| map);
        match (name, args.len()) {
            ("put" | "putIfAbsent" | "append", 3) if map => {
                for &object in &objects {
                    self.write(Key::Contents(object), args[1]);
                    self.write(Key::Contents(object), args[2]);
                }
                self.save(&objects, keyed.unwrap_or(ANY), args[2]);
                let zero = self.values.integer(0);
                let old = joined(self, Key::Contents);
                Some((self.values.join(zero, old), true))
            }
            ("get" | "getOrDefault", 2 | 3) if map => {
                let zero = self.values.integer(0);
                let default = args.get(2).copied().unwrap_or(zero);
                let keys = self.heap.known_texts(keyed.unwrap_or(ANY), &self.values);
                let meta = objects.iter().all(|&object| {
                    matches!(self.heap.objects[object as usize].origin, Origin::Store(..))
                });
                let value = match keys {
                    Some(keys) if !keys.is_empty() => {
                        let mut out = default;
                        for &object in &objects {
                            for &key in &keys {
                                let own = self.read(Key::At(object, key), node);
                                out = self.values.join(out, own);
                            }
                            let unknown = self.read(Key::AtUnknown(object), node);
                            out = self.values.join(out, unknown);
                        }
                        out
                    }
                    _ if meta => ANY,
                    _ => {
                        let all = joined(self, Key::Contents);
                        self.values.join(default, all)
                    }
                };
                Some((value, true))
            }
            ("containsKey", 2) if map => {
                let zero = self.values.integer(0);
                let key = keyed.unwrap_or(ANY);
                Some((self.load(node, &objects, key, zero, true), true))
            }
            ("addAll" | "putAll", _) => {
                for inner in self.values.objects(*args.last()?) {
                    let contents = self.read(Key::Contents(inner), node);
                    for &object in &objects {
                        self.write(Key::Contents(object), contents);
                        if map {
                            self.write(Key::AtUnknown(object), contents);
                        }
                    }
                }
                Some((ANY, true))
            }
            ("<init>", 2) if facts.class().starts_with("Ljava/util/") => {
                for inner in self.values.objects(args[1]) {
                    let contents = self.read(Key::Contents(inner), node);
                    for &object in &objects {
                        self.write(Key::Contents(object), contents);
                    }
                }
                None
            }
            ("clone", 1) => Some((receiver, true)),
            _ => None,
        }
    }

    /// The key of an entry as a text: strings as they are, numbers, classes and constants of enumerations as one that no string is.
    fn key_of(&mut self, value: Value) -> Value {
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
    fn compares(&mut self, object: u32) -> bool {
        self.class_of(object).is_none() || self.own_method(object, "equals", 1).is_some()
    }
}
