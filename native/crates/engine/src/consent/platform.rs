//! Calls that leave the program: what runs because of them, and what they give back.

use super::body::Insn;
use super::controls::resource_text;
use super::coroutines::is_library;
use super::facts::Foreign;
use super::heap::{Key, Origin, Store};
use super::value::{ANY, Atom, NOTHING, Objects, Value};
use super::world::World;
use crate::code::link::NONE;
use crate::env::rules::Action;

/// Objects that are looked through for what lies inside others.
const INSIDE: usize = 200;
const ACTIVITY: &str = "Landroid/app/Activity;";
const DIALOG: &str = "Landroid/app/Dialog;";

impl World<'_> {
    /// Calls whose meaning is known whoever defines them: names and types of the platform that subclasses keep.
    pub(super) fn intercept(
        &mut self,
        node: u32,
        insn: &Insn,
        method: u32,
        args: &[Value],
    ) -> Option<(Value, bool)> {
        if self.is_plain(method) {
            return None;
        }
        let key = self.program.link.methods[method as usize];
        let name = self
            .program
            .bytes(self.program.link.names[key.name as usize]);
        if let Some(outcome) = self.coroutine(node, insn, method, args) {
            return Some(outcome);
        }
        match name {
            b"findViewById" | b"requireViewById" if args.len() == 2 => {
                let ids = self.values.integers(args[1])?;
                let mut atoms = Vec::new();
                for id in ids {
                    let found = self.find_view(node, insn.unit, args[0], id as u32);
                    if found == ANY {
                        return Some((ANY, true));
                    }
                    atoms.extend(self.values.atoms(found));
                }
                Some((self.values.of(atoms), true))
            }
            b"setContentView" if args.len() == 2 => {
                let own = self.program.link.proto(key.proto);
                if self.program.descriptor(own[1]) == b"I" {
                    self.inflate(node, insn.unit, args[0], args[1]);
                } else {
                    for child in self.values.objects(args[1]) {
                        self.hold_all(args[0], child);
                    }
                }
                None
            }
            b"get" | b"set" | b"contains" if args.len() >= 2 => {
                let class = self.program.descriptor(key.class);
                let store = class.starts_with(b"Landroidx/datastore/preferences/core/");
                store.then(|| self.data_store(node, name, args))
            }
            _ if self
                .program
                .descriptor(key.class)
                .starts_with(b"Landroidx/work/") =>
            {
                self.work(node, insn.unit, name, args);
                None
            }
            // A dialog that is built by a library of the app: a text, and a listener for the button that says it.
            _ if self.program.defs.class_of[key.class as usize] != NONE => {
                let types = self.program.link.proto(key.proto).to_vec();
                if types[0] == key.class && types.len() == 2 && args.len() == 2 {
                    self.tell_builder(types[1], args);
                }
                let listener = types[1..].iter().position(|&kind| {
                    self.program.descriptor(kind)
                        == b"Landroid/content/DialogInterface$OnClickListener;"
                })?;
                let text = types[1..].iter().position(|&kind| {
                    let descriptor = self.program.descriptor(kind);
                    descriptor == b"Ljava/lang/CharSequence;" || descriptor == b"I"
                })?;
                // Parameters of one register each, as in all such methods.
                if args.len() == types.len() && text < listener {
                    let label = args[1 + text];
                    let which = self.values.integer(match name {
                        b"setPositiveButton" => -1,
                        b"setNegativeButton" => -2,
                        b"setNeutralButton" => -3,
                        _ => 0,
                    });
                    self.button(node, insn.unit, args[0], label, args[1 + listener], which);
                }
                None
            }
            _ => None,
        }
    }

    /// An observer is told of what it observes.
    fn update(&mut self, node: u32, unit: u32, observer: u32, of: Value, passed: &[Value]) {
        let zero = self.values.integer(0);
        for callback in self.callbacks_of(observer).iter() {
            let mut args = self.callback_args(observer, callback.def);
            if callback.name == "update" && args.len() == 3 {
                args[1] = of;
                args[2] = passed.first().copied().unwrap_or(zero);
                self.call(node, unit, callback.def, &args);
            }
        }
    }

    /// Whether [`World::intercept`] has nothing to do for a method.
    fn is_plain(&mut self, method: u32) -> bool {
        if let Some(&plain) = self.plain.get(&method) {
            return plain;
        }
        let program = self.program;
        let key = program.link.methods[method as usize];
        let name = program.bytes(program.link.names[key.name as usize]);
        let class = program.descriptor(key.class);
        let types = program.link.proto(key.proto);
        let builds = program.defs.class_of[key.class as usize] != NONE
            && (types[0] == key.class && types.len() == 2
                || types[1..].iter().any(|&kind| {
                    program.descriptor(kind) == b"Landroid/content/DialogInterface$OnClickListener;"
                }));
        let plain = !builds
            && !class.starts_with(b"Landroidx/")
            && !is_library(class)
            && !matches!(
                name,
                b"findViewById" | b"requireViewById" | b"setContentView"
            );
        self.plain.insert(method, plain);
        plain
    }

    /// Runs a call of a method that the program does not define.
    pub(super) fn foreign(
        &mut self,
        node: u32,
        unit: u32,
        method: u32,
        args: &[Value],
        is_static: bool,
    ) -> (Value, bool) {
        let facts = self.facts.foreign(method);
        let args = &*facts.narrowed(args, is_static);
        if let Some(outcome) = self.model(node, unit, &facts, args, is_static) {
            return outcome;
        }
        let receiver = if is_static || args.is_empty() {
            NOTHING
        } else {
            args[0]
        };
        let passed = &args[usize::from(!is_static).min(args.len())..];
        let constructor = facts.name == "<init>";

        let action = match facts.action {
            _ if constructor => Action::Keep,
            Some(action) => action,
            None => Action::Arguments,
        };
        match action {
            Action::Nothing => return (ANY, true),
            Action::Arguments if facts.class() == "Landroid/os/Parcel;" => {
                // A collection is filled with what comes out of it.
                for object in self.all_objects(passed) {
                    if self.is_container(object) {
                        self.write(Key::Elements(object), ANY);
                    }
                }
            }
            Action::Keep => {
                self.keep(receiver, passed);
                self.fire_functions(node, unit, &facts, passed);
            }
            Action::Arguments => {
                self.keep(receiver, passed);
                self.fire_arguments(node, unit, &facts, passed);
            }
            Action::Receiver => {
                self.keep(receiver, passed);
                let inside = self.inside(node, receiver);
                let told = facts.name == "notifyObservers";
                let threads = self.values.objects(receiver);
                for object in inside {
                    if told {
                        self.update(node, unit, object, receiver, passed);
                    } else if facts.of("Ljava/lang/Thread;") {
                        let is_thread = threads.contains(&object);
                        self.run_thread(node, unit, object, is_thread);
                    } else {
                        self.fire(node, unit, object);
                    }
                }
                self.fire_arguments(node, unit, &facts, passed);
            }
            Action::Start => {
                self.keep(receiver, passed);
                let mut all = passed.to_vec();
                if receiver != NOTHING {
                    all.push(NOTHING);
                }
                self.start_named(node, unit, &facts, receiver, &all);
                self.fire_arguments(node, unit, &facts, passed);
            }
            Action::Event => self.listen(node, unit, &facts, receiver, passed),
            Action::Button => self.buttons(node, unit, &facts, receiver, passed),
            Action::Message => self.message(node, unit, &facts, receiver, passed),
        }
        let result = self.foreign_result(node, unit, &facts, receiver, passed, is_static);
        (result, true)
    }

    /// What a call outside gives back.
    fn foreign_result(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
        is_static: bool,
    ) -> Value {
        if facts.result == "V" {
            return NOTHING;
        }
        if !facts.result.starts_with(['L', '[']) {
            return ANY;
        }
        let container = facts.class().starts_with("Ljava/util/")
            || facts.class().starts_with("Ljava/lang/ref/")
            || facts.of("Ljava/lang/ThreadLocal;");
        // Every class is an object, so one that gives an object need not give itself.
        let fluent = facts.result != "Ljava/lang/Object;" && facts.classes.contains(&facts.result)
            || facts.class().ends_with("Builder;");
        let makes = facts.action.is_some() || container || fluent;
        if is_static {
            let known = passed.iter().any(|&arg| !self.values.atoms(arg).is_empty());
            if !makes || !known {
                return ANY;
            }
            if facts.name.starts_with("unmodifiable") || facts.name.starts_with("synchronized") {
                return passed[0];
            }
            let kind = self
                .program
                .find_type(facts.result.as_bytes())
                .unwrap_or(NONE);
            let object = self.object_at(node, unit, kind);
            let value = self.values.one(Atom::Object(object));
            self.keep(value, passed);
            if facts.class() == "Ljava/util/EnumSet;"
                && !matches!(&*facts.name, "of" | "copyOf" | "noneOf")
            {
                // Others than those that are named.
                self.write(Key::Elements(object), ANY);
            }
            for array in self.all_objects(passed) {
                let elements = self.read(Key::Elements(array), node);
                self.write(Key::Contents(object), elements);
            }
            return value;
        }
        let objects = self.values.objects(receiver);
        if !makes || receiver == ANY || objects.is_empty() {
            return ANY;
        }
        let text =
            facts.result == "Ljava/lang/String;" || facts.result == "Ljava/lang/CharSequence;";
        if text && !container {
            return ANY;
        }
        if facts.result.ends_with("Future;") {
            // A future holds its task.
            let kind = self.program.find_type(facts.result.as_bytes());
            let future = self.object_at(node, unit, kind.unwrap_or(NONE));
            let future = self.values.one(Atom::Object(future));
            self.keep(future, passed);
            return future;
        }
        // Builders give themselves; containers give what they hold, and views of themselves.
        let element = facts.result == "Ljava/lang/Object;" && facts.name != "clone";
        if element && !container && !facts.class().starts_with("Landroid/util/") {
            return ANY;
        }
        let mut out = if element { NOTHING } else { receiver };
        if container || facts.name.starts_with("get") || facts.name.starts_with("obtain") {
            let zero = self.values.integer(0);
            out = self.values.join(out, zero);
            let mut unknown = false;
            for object in objects {
                let contents = self.read(Key::Contents(object), node);
                out = self.values.join(out, contents);
                unknown |= element && self.read(Key::Elements(object), node) == ANY;
            }
            // Objects that are known are worth more than that there may be others; numbers and texts are not.
            let atoms = self.values.atoms(out).iter();
            let plain = |atom: &Atom| !matches!(atom, Atom::Object(_) | Atom::Integer(0));
            if unknown && (out == zero || atoms.clone().any(plain)) {
                return ANY;
            }
        }
        out
    }

    /// An object of the platform keeps what it is given.
    pub(super) fn keep(&mut self, receiver: Value, passed: &[Value]) {
        for object in self.values.objects(receiver) {
            if matches!(self.heap.objects[object as usize].origin, Origin::Made(_)) {
                continue;
            }
            for &arg in passed {
                if arg != ANY {
                    self.write(Key::Contents(object), arg);
                } else if self.is_container(object) {
                    // That it holds something unknown is kept apart, so that what is known of it stays.
                    self.write(Key::Elements(object), ANY);
                }
            }
        }
    }

    pub(super) fn is_container(&self, object: u32) -> bool {
        let class = self.heap.objects[object as usize].class;
        class != NONE && self.program.descriptor(class).starts_with(b"Ljava/util/")
    }

    pub(super) fn all_objects(&self, values: &[Value]) -> Vec<u32> {
        values
            .iter()
            .flat_map(|&value| self.values.objects(value))
            .collect()
    }

    pub(super) fn hold_all(&mut self, holders: Value, child: u32) {
        for holder in self.values.objects(holders) {
            self.hold(holder, child);
        }
    }

    /// Objects of a value and what those of the platform among them keep, at any depth.
    pub(super) fn inside(&mut self, node: u32, value: Value) -> Objects {
        let mut all = self.values.objects(value);
        let mut next = 0;
        while next < all.len() && all.len() < INSIDE {
            let object = all[next];
            next += 1;
            if matches!(
                self.heap.objects[object as usize].origin,
                Origin::Made(_) | Origin::Store(..)
            ) {
                continue;
            }
            let contents = self.read(Key::Contents(object), node);
            for inner in self.values.objects(contents) {
                if !all.contains(&inner) {
                    all.push(inner);
                }
            }
        }
        all
    }

    /// What is passed runs: call-backs of each object, and of what objects of the platform among them hold.
    fn fire_arguments(&mut self, node: u32, unit: u32, facts: &Foreign, passed: &[Value]) {
        for (parameter, arg) in arguments(facts, passed) {
            if !parameter.starts_with('L') || is_passive(parameter) {
                continue;
            }
            let direct = self.values.objects(arg);
            // What a view holds, such as its tag, does not run because the view is shown.
            let objects = if parameter == "Landroid/view/View;" {
                direct.clone()
            } else {
                self.inside(node, arg)
            };
            for object in objects {
                if direct.contains(&object) {
                    self.fire_as(node, unit, object, parameter);
                } else {
                    self.fire(node, unit, object);
                }
            }
        }
    }

    /// Functions among the arguments of a call that runs nothing else. A constructor keeps what it runs later.
    fn fire_functions(&mut self, node: u32, unit: u32, facts: &Foreign, passed: &[Value]) {
        for (parameter, arg) in arguments(facts, passed) {
            let function = parameter.starts_with("Ljava/util/function/")
                || parameter == "Ljava/util/Comparator;";
            if function {
                for object in self.values.objects(arg) {
                    self.fire_as(node, unit, object, parameter);
                }
            }
        }
    }

    /// Something sent to a handler: what it was made with, itself, and what is posted.
    fn message(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
    ) {
        let mut messages = NOTHING;
        if facts.name.starts_with("sendEmpty") {
            let kind = self
                .program
                .find_type(b"Landroid/os/Message;")
                .unwrap_or(NONE);
            let object = self.object_at(node, unit, kind);
            if let Some(&what) = passed.first() {
                self.set_message(object, "what", what);
            }
            messages = self.values.one(Atom::Object(object));
        } else if facts.name == "sendToTarget" {
            messages = receiver;
        } else if let Some(&first) = passed.first() {
            messages = first;
        }
        for object in self.inside(node, messages) {
            if !self.handles_messages(object) {
                self.fire(node, unit, object);
            }
        }
        for handler in self.inside(node, receiver) {
            for callback in self.callbacks_of(handler).iter() {
                if callback.name != "handleMessage" {
                    continue;
                }
                let mut args = self.callback_args(handler, callback.def);
                if facts.name.starts_with("post") {
                    continue;
                }
                let each = self.values.objects(messages);
                if each.is_empty() {
                    self.call(node, unit, callback.def, &args);
                }
                for message in each {
                    args[1] = self.values.one(Atom::Object(message));
                    self.call(node, unit, callback.def, &args);
                }
            }
        }
    }

    fn handles_messages(&mut self, object: u32) -> bool {
        self.callbacks_of(object)
            .iter()
            .any(|one| one.name == "handleMessage")
    }

    /// A field of a message.
    pub(super) fn set_message(&mut self, message: u32, name: &str, value: Value) {
        let Some(kind) = self.program.find_type(b"Landroid/os/Message;") else {
            return;
        };
        let fields = self.program.link.fields_of(kind);
        for field in fields {
            let own = self.program.link.fields[field].name;
            if &*self.program.name(own) == name {
                self.write(Key::Field(message, field as u32), value);
            }
        }
    }

    /// The store of extras, arguments and saved state.
    pub(super) fn extras(&mut self) -> Value {
        let (object, _) = self
            .heap
            .object(Origin::Store(Store::Extras, NONE), NONE, 0);
        self.values.one(Atom::Object(object))
    }

    /// A text that stands for the text of a resource.
    pub(super) fn resource(&mut self, ids: Value) -> Value {
        let Some(ids) = self.values.integers(ids) else {
            return ANY;
        };
        let mut atoms = Vec::new();
        for id in ids {
            let number = self.heap.text(&resource_text(id as u32));
            atoms.push(Atom::Text(number));
        }
        self.values.of(atoms)
    }

    /// Whether a call is on an activity or a dialog.
    pub(super) fn on_screen(&self, facts: &Foreign) -> bool {
        facts.of(ACTIVITY) || facts.of(DIALOG)
    }
}

/// The types of the parameters of a call, each with its argument.
fn arguments<'a>(
    facts: &'a Foreign,
    passed: &'a [Value],
) -> impl Iterator<Item = (&'a str, Value)> + use<'a> {
    let parameters = facts.parameters.iter().map(String::as_str);
    parameters.zip(passed.iter().copied())
}

/// Types of which an argument tells a call something, and is not called back.
fn is_passive(parameter: &str) -> bool {
    matches!(
        parameter,
        "Ljava/lang/Object;"
            | "Landroid/content/Context;"
            | "Landroid/app/Activity;"
            | "Landroid/app/Application;"
            | "Ljava/lang/CharSequence;"
            | "Ljava/lang/String;"
            | "Landroid/os/Handler;"
            | "Ljava/util/concurrent/Executor;"
            | "Ljava/lang/Throwable;"
            | "Landroid/content/Intent;"
            | "Landroid/os/Bundle;"
    )
}
