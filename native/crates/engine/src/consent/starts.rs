//! Components and workers that code starts.

use super::facts::Foreign;
use super::heap::{Key, Origin, Store};
use super::value::{ANY, Atom, Value};
use super::world::{Gap, World};
use crate::code::link::NONE;
use crate::env::Kind;
use std::collections::BTreeSet;

impl World<'_> {
    /// Components that intents among the arguments name start; an activity that waits for a result gets it.
    pub(super) fn start_named(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
    ) {
        let mut names: BTreeSet<u32> = BTreeSet::new();
        let mut kinds: BTreeSet<u32> = BTreeSet::new();
        let mut unknown = false;
        let mut all = Vec::new();
        for &arg in passed {
            unknown |= arg == ANY;
            all.extend(self.inside(node, arg));
            for atom in self.values.atoms(arg) {
                if let Atom::Class(kind) = atom {
                    kinds.insert(*kind);
                }
            }
        }
        for object in all {
            let contents = self.read(Key::Contents(object), node);
            for atom in self.values.atoms(contents) {
                match atom {
                    Atom::Class(kind) => {
                        kinds.insert(*kind);
                    }
                    Atom::Text(text) => {
                        names.insert(*text);
                    }
                    _ => {}
                }
            }
        }
        let mut started = Vec::new();
        for kind in kinds {
            let name = self.program.type_name(kind);
            started.extend(self.start_component(node, unit, &name));
        }
        for text in names {
            let name = self.heap.text_of(text).to_owned();
            let actions = self.manifest.components.iter();
            let by_action: Vec<String> = actions
                .filter(|one| one.actions.contains(&name))
                .map(|one| one.class.clone())
                .collect();
            started.extend(self.start_component(node, unit, &name));
            for class in by_action {
                started.extend(self.start_component(node, unit, &class));
            }
        }
        if unknown && started.is_empty() {
            self.leave_out(Gap::Intent, node, unit);
        }
        if facts.name.starts_with("startActivityForResult") {
            self.await_result(node, unit, receiver, passed, &started);
        }
    }

    fn await_result(
        &mut self,
        node: u32,
        unit: u32,
        receiver: Value,
        passed: &[Value],
        started: &[u32],
    ) {
        let mut codes = if started.is_empty() {
            ANY
        } else {
            self.values.integer(0)
        };
        for &activity in started {
            let own = self.read(Key::Result(activity), node);
            codes = self.values.join(codes, own);
        }
        for waiting in self.values.objects(receiver) {
            for callback in self.callbacks_of(waiting).iter() {
                if callback.name != "onActivityResult" {
                    continue;
                }
                let mut args = self.callback_args(waiting, callback.def);
                if args.len() == 4 {
                    args[1] = passed.get(1).copied().unwrap_or(ANY);
                    args[2] = codes;
                    if !started.is_empty() {
                        let (extras, zero) = (self.extras(), self.values.integer(0));
                        args[3] = self.values.join(extras, zero);
                    }
                    self.add_event(node, unit, callback.def, args, None);
                }
            }
        }
    }

    /// Starts a component that the manifest declares; gives its object.
    pub(super) fn start_component(&mut self, node: u32, unit: u32, name: &str) -> Option<u32> {
        let declared = self.manifest.components.iter().any(|one| one.class == name);
        if !declared {
            return None;
        }
        self.start_class(node, unit, name)
    }

    /// The platform makes an object of a class of the program and calls it.
    pub(super) fn start_class(&mut self, node: u32, unit: u32, name: &str) -> Option<u32> {
        let program = self.program;
        let kind = program.find_class(name)?;
        let position = program.defs.class_of[kind as usize];
        if position == NONE {
            return None;
        }
        let object = self.object(Origin::Made(kind), kind, 0);
        if self.started.insert(kind, object).is_some() {
            return Some(object);
        }
        self.initialise(kind, node, unit);
        self.construct(node, unit, object, kind);
        let served = self
            .manifest
            .components
            .iter()
            .any(|one| one.class == name && one.kind == Kind::Provider && !one.exported);
        for callback in self.facts.callbacks(position).iter() {
            // Nobody but the app asks a provider that is not exported.
            if served && !callback.name.starts_with("on") && callback.name != "attachInfo" {
                continue;
            }
            // Clicks, and the result of another activity, come by registration only.
            if matches!(callback.name.as_str(), "onClick" | "onActivityResult") {
                continue;
            }
            let args = self.callback_args(object, callback.def);
            if callback.by_user {
                self.add_event(node, unit, callback.def, args, None);
            } else {
                self.call(node, unit, callback.def, &args);
            }
        }
        Some(object)
    }

    /// All constructors of a class run on an object that the platform makes.
    pub(super) fn construct(&mut self, node: u32, unit: u32, object: u32, kind: u32) {
        use crate::dex::class_data::access::{CONSTRUCTOR, STATIC};
        let program = self.program;
        let Some(class) = program.defs.loaded(kind) else {
            return;
        };
        for def in class.methods.start..class.virtuals {
            let method = program.defs.methods[def as usize];
            if method.access & (CONSTRUCTOR | STATIC) == CONSTRUCTOR && method.code != 0 {
                let args = self.callback_args(object, def);
                self.call(node, unit, def, &args);
            }
        }
    }

    /// WorkManager: requests are made of classes, and enqueued; the library keeps them in a database in between.
    pub(super) fn work(&mut self, node: u32, unit: u32, name: &[u8], args: &[Value]) {
        let own = self.heap.text("androidx.work");
        let (store, _) = self.heap.object(Origin::Store(Store::Table, own), NONE, 0);
        if name == b"<init>" {
            for &arg in args {
                let classes = self
                    .values
                    .filter(arg, |atom| matches!(atom, Atom::Class(_)));
                if classes != ANY {
                    self.write(Key::Contents(store), classes);
                }
            }
        }
        if !name.starts_with(b"enqueue") && !name.starts_with(b"begin") {
            return;
        }
        let classes = self.read(Key::Contents(store), node);
        for atom in self.values.atoms(classes).to_vec() {
            if let Atom::Class(kind) = atom {
                self.start_worker(node, unit, kind);
            }
        }
    }

    fn start_worker(&mut self, node: u32, unit: u32, kind: u32) {
        let program = self.program;
        let object = self.object(Origin::Made(kind), kind, 0);
        if self.started.insert(kind, object).is_some() {
            return;
        }
        self.initialise(kind, node, unit);
        self.construct(node, unit, object, kind);
        let chain: Vec<u32> = program.hierarchy.chain(&program.defs, kind).collect();
        for position in chain {
            for &(_, def) in program.hierarchy.virtuals(position) {
                let id = program.defs.methods[def as usize].id;
                let name = program.name(program.link.methods[id as usize].name);
                if matches!(&*name, "doWork" | "startWork" | "createWork") && program.has_code(def)
                {
                    let args = self.callback_args(object, def);
                    self.call(node, unit, def, &args);
                }
            }
        }
    }
}
