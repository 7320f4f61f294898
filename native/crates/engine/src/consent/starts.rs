//! Components and workers that code starts.

use super::facts::{Callback, Foreign, of_type};
use super::heap::{Key, Origin, Store, part};
use super::texts::PARTIAL;
use super::value::{ANY, Atom, Value};
use super::world::{Gap, World};
use crate::code::link::NONE;
use crate::env::Kind;
use std::collections::BTreeMap;

/// Call-backs that get the intent by which a component was started.
fn takes_intent(callback: &str) -> bool {
    matches!(
        callback,
        "onStartCommand"
            | "onStart"
            | "onHandleIntent"
            | "onHandleWork"
            | "onBind"
            | "onReceive"
            | "onNewIntent"
    )
}

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
        // Components by name, each with the intents that name them.
        let mut named: BTreeMap<String, Vec<Atom>> = BTreeMap::new();
        let (mut unknown, mut nameless) = (false, false);
        let mut all = Vec::new();
        for &arg in passed {
            unknown |= arg == ANY;
            all.extend(self.inside(node, arg));
            for atom in self.values.atoms(arg).to_vec() {
                if let Atom::Class(kind) = atom {
                    named.entry(self.program.type_name(kind)).or_default();
                }
            }
        }
        let intent = self.program.find_type(b"Landroid/content/Intent;");
        let mut intents = Vec::new();
        for &object in &all {
            let is_intent = Some(self.heap.objects[object as usize].class) == intent;
            let contents = self.read(Key::Contents(object), node);
            nameless |= self.read(Key::Element(object, part::TARGET), node) == ANY;
            if is_intent {
                intents.push(Atom::Object(object));
            }
            for atom in self.values.atoms(contents).to_vec() {
                let mut components = Vec::new();
                match atom {
                    Atom::Class(kind) => components.push(self.program.type_name(kind)),
                    Atom::Text(text) => {
                        let name = self.heap.text_of(text).to_owned();
                        unknown |= name.starts_with(PARTIAL);
                        let actions = self.manifest.components.iter();
                        let by_action = actions.filter(|one| one.actions.contains(&name));
                        components.extend(by_action.map(|one| one.class.clone()));
                        components.push(name);
                    }
                    _ => {}
                }
                for component in components {
                    let given = named.entry(component).or_default();
                    given.extend(is_intent.then_some(Atom::Object(object)));
                }
            }
        }
        let mut started = Vec::new();
        for (name, given) in named {
            // A component that is named by itself, as in `setComponent`, gets the intents that are there.
            let given = if given.is_empty() {
                intents.clone()
            } else {
                given
            };
            let given = if given.is_empty() {
                ANY
            } else {
                self.values.of(given)
            };
            started.extend(self.start_component(node, unit, &name, given));
        }
        if nameless || unknown && started.is_empty() {
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

    /// Whether somebody outside can start a component by any of its names; `None` if the manifest has none for it.
    pub(super) fn is_open(&self, class: &str) -> Option<bool> {
        let open = self.manifest.rows_of(class).map(|one| one.open);
        open.reduce(|one, other| one || other)
    }

    /// An intent, or the name of a component, is told a class that is not known.
    pub(super) fn name_unknown(&mut self, named: Value, class: Value) {
        if class != ANY {
            return;
        }
        for object in self.values.objects(named) {
            self.write(Key::Element(object, part::TARGET), ANY);
        }
    }

    /// Starts a component that the manifest declares; gives its object.
    pub(super) fn start_component(
        &mut self,
        node: u32,
        unit: u32,
        name: &str,
        intents: Value,
    ) -> Option<u32> {
        let open = self.is_open(name)?;
        let kind = self.program.find_class(name)?;
        let object = self.object(Origin::Made(kind), kind, 0);
        let known = self.heap.peek(Key::Given(object));
        // Who is open gets any intent from others.
        self.write(Key::Given(object), if open { ANY } else { intents });
        if self.started.contains_key(&kind) && self.heap.peek(Key::Given(object)) != known {
            for callback in self.own_callbacks(object, kind) {
                if takes_intent(&callback.name) {
                    let args = self.callback_args(object, callback.def);
                    self.call_back(node, unit, &callback, &args);
                }
            }
        }
        self.start_class(node, unit, name)
    }

    /// The call-backs of a component: those of the platform's class above it. Interfaces that it implements beside are registered.
    fn own_callbacks(&mut self, object: u32, kind: u32) -> Vec<Callback> {
        let callbacks = self.callbacks_of(object);
        match self.facts.platform_class(kind) {
            Some(above) => of_type(&callbacks, &above),
            None => callbacks.to_vec(),
        }
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
        if self
            .facts
            .platform_class(kind)
            .is_some_and(|above| above.ends_with("Activity;"))
        {
            self.show_activity(object);
        }
        let mut rows = self.manifest.rows_of(name);
        let served =
            rows.clone().any(|one| one.kind == Kind::Provider) && rows.all(|one| !one.exported);
        self.run_callbacks(node, unit, object, kind, served);
        Some(object)
    }

    /// What the platform calls on an object of a class of the program that it makes. `served`: it is a provider for the app alone.
    pub(super) fn run_callbacks(
        &mut self,
        node: u32,
        unit: u32,
        object: u32,
        kind: u32,
        served: bool,
    ) {
        for callback in self.own_callbacks(object, kind) {
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
                self.call_back(node, unit, &callback, &args);
            }
        }
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
