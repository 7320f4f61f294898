//! Maps, lists, references and atomic values.

use super::facts::Foreign;
use super::heap::{Key, Origin};
use super::value::{ANY, NOTHING, Value};
use super::world::World;

type Outcome = (Value, bool);

impl World<'_> {
    /// Maps, references and atomic values.
    pub(super) fn container(
        &mut self,
        node: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let receiver = *args.first()?;
        let objects = self.values.objects(receiver);
        let name = facts.name.as_str();
        if facts.class().starts_with("Ljava/util/concurrent/atomic/") {
            return self.atomic(node, facts, args);
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
        match (name, args.len()) {
            ("put" | "putIfAbsent", 3) if map => {
                for &object in &objects {
                    self.write(Key::Contents(object), args[1]);
                    self.write(Key::Contents(object), args[2]);
                }
                self.save(&objects, args[1], args[2]);
                let zero = self.values.integer(0);
                let old = joined(self, Key::Contents);
                Some((self.values.join(zero, old), true))
            }
            ("get" | "getOrDefault", 2 | 3) if map => {
                let zero = self.values.integer(0);
                let default = args.get(2).copied().unwrap_or(zero);
                let keys = self.heap.known_texts(args[1], &self.values);
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
                Some((self.load(node, &objects, args[1], zero, true), true))
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

    fn atomic(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let receiver = *args.first()?;
        let objects = self.values.objects(receiver);
        if receiver == ANY || objects.is_empty() {
            return Some((ANY, true));
        }
        let name = facts.name.as_str();
        let zero = self.values.integer(0);
        let given = args.last().copied().filter(|_| args.len() > 1);
        let given = match (name, given) {
            ("<init>", None) => Some(zero),
            (_, given) => given,
        };
        let sets = matches!(
            name,
            "<init>" | "set" | "lazySet" | "getAndSet" | "compareAndSet"
        );
        if sets {
            for &object in &objects {
                self.write(Key::Contents(object), given.unwrap_or(ANY));
            }
        } else if !matches!(name, "get" | "getPlain" | "getAcquire") {
            for &object in &objects {
                self.write(Key::Contents(object), ANY);
            }
        }
        if name == "compareAndSet" {
            return Some((ANY, true));
        }
        let mut out = NOTHING;
        for &object in &objects {
            let own = self.read(Key::Contents(object), node);
            out = self.values.join(out, own);
        }
        if facts.result == "V" {
            return Some((NOTHING, true));
        }
        Some((out, out != NOTHING))
    }
}
