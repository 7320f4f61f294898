//! Atomic values: objects of `java.util.concurrent.atomic`, and the updaters by which a class changes a field of its own.

use super::facts::Foreign;
use super::heap::{Key, part};
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::link::NONE;

impl World<'_> {
    /// A call on an atomic value or on an updater of a field.
    pub(super) fn atomic(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        if facts.class().ends_with("FieldUpdater;") {
            return Some(self.updater(node, unit, facts, args));
        }
        let receiver = *args.first()?;
        let objects = self.values.objects(receiver);
        if receiver == ANY || objects.is_empty() {
            return Some((ANY, true));
        }
        let name = facts.name.as_str();
        if name == "<init>" {
            let zero = self.values.integer(0);
            let given = args.get(1).copied().unwrap_or(zero);
            for &object in &objects {
                self.write(Key::Contents(object), given);
            }
            return Some((NOTHING, true));
        }
        if facts.class().contains("Array;")
            || facts.parameters.first().is_some_and(|kind| kind == "J")
        {
            return None;
        }
        let cells: Vec<Key> = objects.into_iter().map(Key::Contents).collect();
        let zero = self.values.integer(0);
        Some(self.change(node, facts, &cells, zero, &args[1..]))
    }

    /// `newUpdater`, and calls on what it gives: the object, then as on an atomic value.
    fn updater(&mut self, node: u32, unit: u32, facts: &Foreign, args: &[Value]) -> Outcome {
        if facts.name == "newUpdater" {
            let (kinds, names) = (args.first().copied(), args.last().copied());
            let names = names.and_then(|names| self.heap.known_texts(names, &self.values));
            let mut fields = Vec::new();
            for atom in self.values.atoms(kinds.unwrap_or(ANY)).to_vec() {
                let Atom::Class(kind) = atom else { continue };
                for &name in names.iter().flatten() {
                    let name = self.heap.text_of(name);
                    let mut own = self.program.link.fields_of(kind);
                    let field = own.find(|&field| {
                        *self.program.name(self.program.link.fields[field].name) == *name
                    });
                    fields.extend(field.map(|field| Atom::Integer(field as i64)));
                }
            }
            if fields.is_empty() {
                return (ANY, true);
            }
            let kind = self.program.find_type(facts.class().as_bytes());
            let object = self.object_at(node, unit, kind.unwrap_or(NONE));
            let fields = self.values.of(fields);
            self.write(Key::Element(object, part::UPDATED), fields);
            return (self.values.one(Atom::Object(object)), true);
        }
        let (Some(&updaters), Some(&owners)) = (args.first(), args.get(1)) else {
            return (ANY, true);
        };
        let mut fields = Vec::new();
        for updater in self.values.objects(updaters) {
            let own = self.read(Key::Element(updater, part::UPDATED), node);
            fields.extend(self.values.integers(own).unwrap_or_default());
        }
        let mut cells = Vec::new();
        for owner in self.values.objects(owners) {
            cells.extend(fields.iter().map(|&field| Key::Field(owner, field as u32)));
        }
        if cells.is_empty() || owners == ANY {
            return (ANY, true);
        }
        let zero = self.values.integer(0);
        let start = match fields.iter().all(|&field| self.facts.stored(field as u32)) {
            true => NOTHING,
            false => zero,
        };
        let outcome = self.change(node, facts, &cells, start, &args[2..]);
        for &field in &fields {
            for &cell in &cells {
                let value = self.heap.peek(cell);
                self.write(Key::EveryField(field as u32), value);
            }
        }
        outcome
    }

    /// Reads or changes cells, as the name of the call says. `start` is what they hold before anything is stored.
    fn change(
        &mut self,
        node: u32,
        facts: &Foreign,
        cells: &[Key],
        start: Value,
        given: &[Value],
    ) -> Outcome {
        let name = facts.name.as_str();
        let mut now = NOTHING;
        for &cell in cells {
            let own = self.read(cell, node);
            let own = if own == NOTHING { start } else { own };
            now = self.values.join(now, own);
        }
        let last = given.last().copied().unwrap_or(ANY);
        match name {
            "compareAndSet" | "weakCompareAndSet" if given.len() == 2 => {
                let (done, left) = self.may_match(now, given[0]);
                if done {
                    for &cell in cells {
                        self.write(cell, last);
                    }
                }
                let truths = [(done, 1), (left, 0)].into_iter().filter(|one| one.0);
                let truths = truths.map(|one| Atom::Integer(one.1));
                let result = self.values.of(truths);
                return (result, result != NOTHING);
            }
            "get" | "getPlain" | "getAcquire" | "intValue" | "longValue" => {}
            "set" | "lazySet" | "setRelease" | "getAndSet" => {
                for &cell in cells {
                    self.write(cell, last);
                }
            }
            _ => {
                for &cell in cells {
                    self.write(cell, ANY);
                }
                now = ANY;
            }
        }
        if facts.result == "V" {
            return (NOTHING, true);
        }
        (now, now != NOTHING)
    }

    /// Whether what is there may be what is expected, and whether it may be something else.
    fn may_match(&mut self, now: Value, expected: Value) -> (bool, bool) {
        if now == ANY || expected == ANY {
            return (true, true);
        }
        let theirs = self.values.atoms(expected).to_vec();
        let same = self
            .values
            .atoms(now)
            .iter()
            .any(|atom| theirs.contains(atom));
        let one = self
            .values
            .single(now)
            .is_some_and(|atom| self.is_one(atom));
        (same, !(same && one && now == expected))
    }
}
