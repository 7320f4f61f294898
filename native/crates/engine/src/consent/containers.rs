//! Maps, lists and references.

use super::facts::Foreign;
use super::heap::{Key, Origin, part};
use super::texts::is_marked;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::link::NONE;

/// Elements of an array that are copied one by one.
const COPIED: i64 = 64;

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
        match (facts.class(), name) {
            ("Ljava/lang/System;", "arraycopy") if args.len() == 5 => {
                let zero = self.values.integer(0);
                self.copy_elements(node, args[0], args[2], args[1] == zero && args[3] == zero);
                return Some((NOTHING, true));
            }
            ("Ljava/util/Arrays;", "copyOf" | "copyOfRange") => {
                let array = self.object_at(node, unit, NONE);
                let array = self.values.one(Atom::Object(array));
                self.copy_elements(node, receiver, array, name == "copyOf");
                if let (Some(&length), "copyOf") = (args.get(1), name) {
                    for copy in self.values.objects(array) {
                        self.write(Key::Element(copy, part::LENGTH), length);
                    }
                }
                return Some((array, true));
            }
            ("Ljava/util/Collections;", "addAll") if args.len() == 2 => {
                for array in self.values.objects(args[1]) {
                    let elements = self.read(Key::Elements(array), node);
                    self.keep(receiver, &[elements]);
                }
                return Some((ANY, true));
            }
            _ => {}
        }
        if facts.of("Ljava/lang/ThreadLocal;") && name == "get" && !objects.is_empty() {
            return Some(self.of_thread(node, unit, &objects));
        }
        if facts.class().starts_with("Ljava/util/concurrent/atomic/") {
            return self.atomic(node, unit, facts, args);
        }
        if facts.result == "Ljava/util/Map;"
            && let Some(map) = self.made_map(node, unit, facts, args)
        {
            return Some((map, true));
        }
        if facts.of("Ljava/util/Map$Entry;") {
            return self.entry(node, facts, args);
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
        let sparse = facts.class().starts_with("Landroid/util/Sparse")
            || facts.class() == "Landroid/util/LongSparseArray;";
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
            ("entrySet", 1) if map => {
                let set = self.object_at(node, unit, NONE);
                let entries = self.entries(&objects);
                self.write(Key::Contents(set), entries);
                Some((self.values.one(Atom::Object(set)), true))
            }
            (_, _) if map && facts.result == "Ljava/util/Map$Entry;" => {
                let (entries, zero) = (self.entries(&objects), self.values.integer(0));
                Some((self.values.join(entries, zero), true))
            }
            ("valueAt" | "keyAt" | "removeAt", 2) if map && facts.result.starts_with('L') => {
                let zero = self.values.integer(0);
                let all = joined(self, Key::Contents);
                let all = self.values.join(all, zero);
                Some((self.blurred(node, &objects, all), true))
            }
            ("setValueAt", 3) if map => {
                self.save(&objects, ANY, args[2]);
                self.keep(receiver, &args[2..]);
                Some((ANY, true))
            }
            ("computeIfAbsent" | "computeIfPresent" | "compute", 3) | ("merge", 4) if map => {
                let mut made = self.computed(node, unit, args);
                if name == "merge" {
                    made = self.values.join(made, args[2]);
                }
                self.save(&objects, keyed.unwrap_or(ANY), made);
                for &object in &objects {
                    self.write(Key::Contents(object), args[1]);
                    self.write(Key::Contents(object), made);
                }
                let (zero, all) = (self.values.integer(0), joined(self, Key::Contents));
                Some((self.values.join(zero, all), true))
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
                        let Some(all) = self.with_sources(node, &objects) else {
                            return Some((ANY, true));
                        };
                        let stored = self.stored_under(node, &all, &keys);
                        let out = self.values.join(default, stored);
                        self.blurred(node, &all, out)
                    }
                    _ if meta => ANY,
                    _ => {
                        let all = joined(self, Key::Contents);
                        let out = self.values.join(default, all);
                        self.blurred(node, &objects, out)
                    }
                };
                Some((value, true))
            }
            ("containsKey", 2) if map => {
                let zero = self.values.integer(0);
                let keys = self.heap.known_texts(keyed.unwrap_or(ANY), &self.values);
                let Some(all) = self.with_sources(node, &objects) else {
                    return Some((ANY, true));
                };
                let mut held = match keys {
                    Some(keys) => self.stored_under(node, &all, &keys),
                    None => joined(self, Key::Contents),
                };
                for &object in &all {
                    let unknown = self.read(Key::Elements(object), node);
                    held = self.values.join(held, unknown);
                }
                Some((if held == NOTHING { zero } else { ANY }, true))
            }
            ("addAll" | "putAll", _) => {
                for inner in self.values.objects(*args.last()?) {
                    let contents = self.read(Key::Contents(inner), node);
                    for &object in &objects {
                        self.write(Key::Contents(object), contents);
                    }
                }
                self.copied_from(&objects, *args.last()?);
                Some((ANY, true))
            }
            ("<init>", 2) if facts.class().starts_with("Ljava/util/") => {
                for inner in self.values.objects(args[1]) {
                    let contents = self.read(Key::Contents(inner), node);
                    for &object in &objects {
                        self.write(Key::Contents(object), contents);
                    }
                }
                let first = facts.parameters.first();
                if first.is_some_and(|kind| kind.starts_with("Ljava/util/")) {
                    self.copied_from(&objects, args[1]);
                }
                None
            }
            ("clone", 1) => Some((receiver, true)),
            ("toArray", 1 | 2) if facts.of("Ljava/util/Collection;") => {
                let array = self.object_at(node, unit, NONE);
                let (zero, mut elements) = (self.values.integer(0), NOTHING);
                for &object in &objects {
                    let contents = self.read(Key::Contents(object), node);
                    elements = self.values.join(elements, contents);
                    if self.read(Key::Elements(object), node) == ANY {
                        elements = ANY;
                    }
                }
                let elements = self.values.join(zero, elements);
                self.store_element(array, None, elements);
                Some((self.values.one(Atom::Object(array)), true))
            }
            ("contains", 2) if facts.of("Ljava/util/Collection;") => {
                Some((self.may_contain(node, receiver, args[1]), true))
            }
            ("drainTo", 2 | 3) => {
                for &object in &objects {
                    let contents = self.read(Key::Contents(object), node);
                    self.keep(args[1], &[contents]);
                }
                Some((ANY, true))
            }
            _ => None,
        }
    }

    /// What is kept for a thread: what was set, or what the program's `initialValue` makes.
    fn of_thread(&mut self, node: u32, unit: u32, locals: &[u32]) -> Outcome {
        let mut out = NOTHING;
        for &local in locals {
            let mut own = self.read(Key::Contents(local), node);
            if self.read(Key::Elements(local), node) == ANY {
                own = ANY;
            }
            let first = match self.own_method(local, "initialValue", 0) {
                Some(def) => {
                    let args = [self.values.one(Atom::Object(local))];
                    self.call(node, unit, def, &args).0
                }
                None => self.values.integer(0),
            };
            own = self.values.join(own, first);
            out = self.values.join(out, own);
        }
        (out, out != NOTHING)
    }

    /// The elements of arrays are copied into others, to the same places if `in_place`.
    fn copy_elements(&mut self, node: u32, from: Value, to: Value, in_place: bool) {
        let targets = self.values.objects(to);
        for array in self.values.objects(from) {
            let length = self.read(Key::Element(array, part::LENGTH), node);
            let length = match self.values.single(length) {
                Some(Atom::Integer(length @ 0..=COPIED)) if in_place => length,
                _ => {
                    let elements = self.read(Key::Elements(array), node);
                    for &other in &targets {
                        self.store_element(other, None, elements);
                    }
                    continue;
                }
            };
            for index in -1..length {
                let element = self.read(Key::Element(array, index), node);
                for &other in &targets {
                    self.write(Key::Elements(other), element);
                    self.write(Key::Element(other, index), element);
                }
            }
        }
        for &other in targets.iter().filter(|_| from == ANY) {
            self.store_element(other, None, ANY);
        }
    }

    /// Whether a collection may hold a value: not as long as nothing equal was put into it. That it does hold it is not followed.
    fn may_contain(&mut self, node: u32, collections: Value, value: Value) -> Value {
        if collections == ANY || value == ANY {
            return ANY;
        }
        let wanted = self.values.atoms(value).to_vec();
        for object in self.values.objects(collections) {
            let site = matches!(self.heap.objects[object as usize].origin, Origin::Site(..));
            let contents = self.read(Key::Contents(object), node);
            if !site || contents == ANY || self.read(Key::Elements(object), node) != NOTHING {
                return ANY;
            }
            for held in self.values.atoms(contents).to_vec() {
                // What a collection was made of is among its contents.
                let copied = matches!(held, Atom::Object(object) if self.is_container(object));
                if wanted.contains(&held) || !copied && self.is_opaque(held) {
                    return ANY;
                }
                if wanted.iter().any(|&one| self.is_opaque(one)) {
                    return ANY;
                }
            }
        }
        self.values.integer(0)
    }

    /// Whether another atom may be equal to this one.
    pub(super) fn is_opaque(&mut self, atom: Atom) -> bool {
        match atom {
            Atom::Text(text) => is_marked(self.heap.text_of(text)),
            Atom::Object(object) => self.compares(object),
            _ => false,
        }
    }
}
