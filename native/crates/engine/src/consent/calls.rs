//! Which definitions a call runs, and with which objects.

use super::body::Insn;
use super::facts::{Callback, of_type};
use super::heap::{Key, Origin};
use super::value::{ANY, Atom, NOTHING, Value};
use super::world::World;
use crate::code::callgraph::{exact, superclass_method};
use crate::code::link::NONE;
use smallvec::SmallVec;
use std::cell::Cell;
use std::rc::Rc;

/// A method that the platform called, and keeps calling or calls on what it gave.
pub(super) struct Handed {
    from: (u32, u32),
    def: u32,
    args: Box<[Value]>,
    cause: u32,
    fired: Vec<u32>,
}

impl Handed {
    /// Adds a call to a list of them, unless it is there; says whether it was not.
    fn add(list: &mut Vec<Handed>, call: Handed) -> bool {
        let new = !list
            .iter()
            .any(|one| one.def == call.def && one.args[0] == call.args[0]);
        if new {
            list.push(call);
        }
        new
    }
}

/// Objects of one class that are told apart as receivers of one call.
const RECEIVERS: usize = 8;

/// Objects that one call runs the same definition on.
#[derive(Debug, Clone)]
struct Receiving {
    def: u32,
    objects: Vec<u32>,
    /// All of them as one value, once somebody asked: how many they were then, and the value.
    together: Cell<(usize, Value)>,
}

/// Objects that a call may go to, by the definition that it runs there, ascending.
#[derive(Debug, Default, Clone)]
pub(super) struct Receivers {
    by_method: Vec<Receiving>,
    /// How many objects of the type were looked at.
    seen: usize,
}

impl Receivers {
    fn add(&mut self, def: u32, object: u32) {
        match self.by_method.binary_search_by_key(&def, |one| one.def) {
            Ok(at) => self.by_method[at].objects.push(object),
            Err(at) => {
                let one = Receiving {
                    def,
                    objects: vec![object],
                    together: Cell::new((0, NOTHING)),
                };
                self.by_method.insert(at, one);
            }
        }
    }
}

impl World<'_> {
    /// Runs a call; gives its result, and whether it may return.
    pub(super) fn invoke(&mut self, node: u32, insn: &Insn, args: &[Value]) -> (Value, bool) {
        let method = insn.index;
        if method == NONE {
            return (ANY, true);
        }
        let program = self.program;
        let opcode = insn.call_opcode();
        if opcode != 0x71 && args.first().is_some_and(|&first| first == NOTHING) {
            return (NOTHING, false);
        }
        if self.is_quiet(node, insn.unit) {
            return (ANY, true);
        }
        if let Some(outcome) = self.intercept(node, insn, method, args) {
            return outcome;
        }
        let target = match opcode {
            0x70 | 0x71 => exact(program, method),
            0x6f => {
                let def = self.nodes[node as usize].def;
                superclass_method(program, program.defs.class(def), method)
            }
            _ => return self.dispatch(node, insn.unit, method, args),
        };
        if opcode == 0x71 {
            let class = match target {
                Some(def) => program.defs.class(def).kind,
                None => program.link.methods[method as usize].class,
            };
            self.initialise(class, node, insn.unit);
        }
        match target {
            Some(def) if program.has_code(def) => self.call(node, insn.unit, def, args),
            Some(def) => self.native(node, def, args),
            None => self.foreign(node, insn.unit, method, args, opcode == 0x71),
        }
    }

    /// A call by the class of the object.
    pub(super) fn dispatch(
        &mut self,
        node: u32,
        unit: u32,
        method: u32,
        args: &[Value],
    ) -> (Value, bool) {
        let program = self.program;
        let signature = program.hierarchy.signatures[method as usize];
        let declared = program.link.methods[method as usize].class;
        let receiver = args[0];
        if let Some(Atom::Object(object)) = self.values.single(receiver)
            && let Some(def) = self.lookup(self.heap.objects[object as usize].class, signature)
        {
            if self.is_withheld(node, def, &[object], false) {
                return (ANY, true);
            }
            let outcome = self.call(node, unit, def, args);
            return self.or_any_of_view(outcome, receiver);
        }
        let unknown = receiver == ANY;
        let mut outside: SmallVec<[Atom; 8]> = SmallVec::new();
        let targets = if unknown && declared != program.hierarchy.object {
            self.read(Key::Instances(declared), node);
            self.receivers(declared, signature)
        } else {
            let mut targets = Receivers::default();
            for atom in self.values.atoms(receiver).to_vec() {
                let def = match atom {
                    Atom::Integer(_) => continue,
                    Atom::Object(object) => {
                        let class = self.heap.objects[object as usize].class;
                        self.lookup(class, signature).map(|def| (def, object))
                    }
                    _ => None,
                };
                match def {
                    Some((def, object)) => targets.add(def, object),
                    None => outside.push(atom),
                }
            }
            Rc::new(targets)
        };
        let mut all = (NOTHING, false);
        let add = |world: &mut Self, outcome: (Value, bool), all: &mut (Value, bool)| {
            all.0 = world.values.join(all.0, outcome.0);
            all.1 |= outcome.1;
        };
        for receiving in &targets.by_method {
            let (def, objects) = (receiving.def, &receiving.objects);
            if self.is_withheld(node, def, objects, unknown) {
                add(self, (ANY, true), &mut all);
                continue;
            }
            let mut args: SmallVec<[Value; 8]> = SmallVec::from_slice(args);
            if objects.len() <= RECEIVERS {
                for &object in objects {
                    args[0] = self.values.one(Atom::Object(object));
                    let outcome = self.call(node, unit, def, &args);
                    add(self, outcome, &mut all);
                }
            } else {
                if receiving.together.get().0 != objects.len() {
                    let all = self.values.of(objects.iter().copied().map(Atom::Object));
                    receiving.together.set((objects.len(), all));
                }
                args[0] = receiving.together.get().1;
                let outcome = self.call(node, unit, def, &args);
                add(self, outcome, &mut all);
            }
        }
        if !outside.is_empty() || unknown {
            let mut args = args.to_vec();
            if !unknown {
                args[0] = self.values.of(outside);
            }
            let def = program.defs.def_of[method as usize];
            let position = program.defs.class_of[declared as usize];
            // An object that is not known, of a type of the program: what it does is unknown too, unless its code was found above.
            let outcome = if position != NONE
                && unknown
                && program
                    .hierarchy
                    .lookup(&program.defs, declared, signature)
                    .is_some_and(|def| program.has_code(def))
                && all.1
            {
                (NOTHING, false)
            } else if def != NONE && !program.has_code(def) {
                self.native(node, def, &args)
            } else {
                self.foreign(node, unit, method, &args, false)
            };
            add(self, outcome, &mut all);
        }
        self.or_any_of_view(all, receiver)
    }

    /// The platform makes a view in more steps than are followed: a call on it goes on, even if none was seen to return.
    fn or_any_of_view(&self, outcome: (Value, bool), receiver: Value) -> (Value, bool) {
        if !outcome.1 && self.has_view(receiver) {
            return (ANY, true);
        }
        outcome
    }

    /// All objects of a type made so far, by the definition that a call on them runs. Only what was made since the last time is looked
    /// at: in a large app hundreds of calls go to any object of one type.
    fn receivers(&mut self, kind: u32, signature: u32) -> Rc<Receivers> {
        let mut known = self
            .receivers
            .remove(&(kind, signature))
            .unwrap_or_default();
        let made = self.instances.get(&kind).map_or(0, Vec::len);
        if known.seen < made {
            let targets = Rc::make_mut(&mut known);
            for at in targets.seen..made {
                let object = self.instances[&kind][at];
                let class = self.heap.objects[object as usize].class;
                if let Some(def) = self.lookup(class, signature) {
                    targets.add(def, object);
                }
            }
            targets.seen = made;
        }
        self.receivers.insert((kind, signature), known.clone());
        known
    }

    /// The definition with code that a call on an object of a class runs.
    pub(super) fn lookup(&mut self, class: u32, signature: u32) -> Option<u32> {
        if class == NONE {
            return None;
        }
        if let Some(&found) = self.targets.get(&(class, signature)) {
            return (found != NONE).then_some(found);
        }
        let program = self.program;
        let def = program.hierarchy.lookup(&program.defs, class, signature);
        let def = def.filter(|&def| program.has_code(def));
        self.targets.insert((class, signature), def.unwrap_or(NONE));
        def
    }

    /// A method without code: native, or abstract where no object is known.
    fn native(&mut self, node: u32, def: u32, args: &[Value]) -> (Value, bool) {
        let id = self.program.defs.methods[def as usize].id;
        let key = self.program.link.methods[id as usize];
        if self.program.descriptor(key.class) == b"Lcom/tencent/mmkv/MMKV;" {
            let name = self.program.name(key.name).into_owned();
            return self.mmkv(node, &name, args);
        }
        (ANY, true)
    }

    /// The methods of an object that the platform may call; none of one whose class is not known.
    pub(super) fn callbacks_of(&mut self, object: u32) -> Rc<Vec<Callback>> {
        let position = self.class_of(object);
        position.map_or_else(Rc::default, |at| self.facts.callbacks(at))
    }

    /// Calls each method of an object that the platform may call, now or at an event.
    pub(super) fn fire(&mut self, node: u32, unit: u32, object: u32) {
        let callbacks = self.callbacks_of(object);
        // A component that something holds does not run by that, but for what is posted or started.
        if let Origin::Made(_) = self.heap.objects[object as usize].origin {
            let own = of_type(&callbacks, "Ljava/lang/Runnable;");
            return self.fire_all(node, unit, object, &own);
        }
        self.fire_all(node, unit, object, &callbacks);
    }

    /// The same for an object that is handed over as a type: the methods of that type, or all if it has none of them.
    pub(super) fn fire_as(&mut self, node: u32, unit: u32, object: u32, kind: &str) {
        let callbacks = self.callbacks_of(object);
        match of_type(&callbacks, kind) {
            own if own.is_empty() => self.fire_all(node, unit, object, &callbacks),
            own => self.fire_all(node, unit, object, &own),
        }
    }

    /// A thread runs: its own code for this, and of what it was given.
    pub(super) fn run_thread(&mut self, node: u32, unit: u32, object: u32, is_thread: bool) {
        if !is_thread {
            return self.fire_as(node, unit, object, "Ljava/lang/Runnable;");
        }
        let callbacks = self.callbacks_of(object);
        let own = of_type(&callbacks, "Landroid/os/HandlerThread;");
        self.fire_all(node, unit, object, &own);
    }

    fn fire_all(&mut self, node: u32, unit: u32, object: u32, callbacks: &[Callback]) {
        for callback in callbacks {
            let args = self.callback_args(object, callback.def);
            if callback.by_user {
                if callback.name != "onClick" {
                    self.add_event(node, unit, callback.def, args, None);
                }
            } else {
                self.call_back(node, unit, callback, &args);
            }
        }
    }

    /// The platform calls a method. What it gives, a binder or a loader say, is called in turn; what watches activities is called for
    /// those that are there.
    pub(super) fn call_back(&mut self, node: u32, unit: u32, callback: &Callback, args: &[Value]) {
        let handed = ["onCreate", "onBind", "onGet", "getView"];
        if callback.name.starts_with("onActivity") && args.len() > 1 {
            return self.watch_activities(node, unit, callback.def, args);
        }
        let (given, _) = self.call(node, unit, callback.def, args);
        self.hold_given(args[0], given);
        if handed.iter().any(|start| callback.name.starts_with(start)) {
            let call = self.handing(node, unit, callback.def, args);
            Handed::add(&mut self.handed, call);
        }
    }

    fn handing(&self, node: u32, unit: u32, def: u32, args: &[Value]) -> Handed {
        Handed {
            from: (node, unit),
            def,
            args: args.into(),
            cause: self.cause,
            fired: Vec::new(),
        }
    }

    /// Calls what call-backs gave the platform since the last time; says whether there was any.
    pub(super) fn hand_over(&mut self) -> bool {
        let mut any = false;
        for at in 0..self.handed.len() {
            let (from, unit) = self.handed[at].from;
            let (def, args) = (self.handed[at].def, self.handed[at].args.clone());
            self.cause = self.handed[at].cause;
            let (given, _) = self.call(from, unit, def, &args);
            self.hold_given(args[0], given);
            for object in self.values.objects(given) {
                if !self.handed[at].fired.contains(&object) && self.class_of(object).is_some() {
                    self.handed[at].fired.push(object);
                    self.fire(from, unit, object);
                    any = true;
                }
            }
        }
        any
    }

    /// What call-backs give, the view of a fragment say, belongs to the object that they are called on.
    fn hold_given(&mut self, giver: Value, given: Value) {
        for object in self.values.objects(given) {
            self.hold_all(giver, object);
        }
    }

    fn watch_activities(&mut self, node: u32, unit: u32, def: u32, args: &[Value]) {
        let first = self.program.defs.methods[def as usize].id;
        let key = self.program.link.methods[first as usize];
        let of_activity = self
            .program
            .link
            .proto(key.proto)
            .get(1)
            .is_some_and(|&kind| self.program.descriptor(kind) == b"Landroid/app/Activity;");
        if !of_activity {
            self.call(node, unit, def, args);
            return;
        }
        let call = self.handing(node, unit, def, args);
        let watcher = self.watchers.len();
        if Handed::add(&mut self.watchers, call) {
            for activity in self.activities.clone() {
                self.tell_watcher(watcher, activity);
            }
        }
    }

    /// An activity starts: what watches activities is called for it.
    pub(super) fn show_activity(&mut self, activity: u32) {
        self.activities.push(activity);
        for at in 0..self.watchers.len() {
            self.tell_watcher(at, activity);
        }
    }

    fn tell_watcher(&mut self, watcher: usize, activity: u32) {
        let Handed { from, def, .. } = self.watchers[watcher];
        let mut args = self.watchers[watcher].args.to_vec();
        args[1] = self.values.one(Atom::Object(activity));
        self.call(from.0, from.1, def, &args);
    }

    /// Registers for a call by the platform: the object, then anything; a bundle is the state that the app saved, or none.
    pub(super) fn callback_args(&mut self, object: u32, def: u32) -> Vec<Value> {
        let program = self.program;
        let id = program.defs.methods[def as usize].id;
        let key = program.link.methods[id as usize];
        let mut args = vec![self.values.one(Atom::Object(object))];
        // A fragment gets the view that it made.
        let made = &*program.name(key.name) == "onViewCreated";
        for &kind in &program.link.proto(key.proto)[1..] {
            let descriptor = program.descriptor(kind);
            if descriptor == b"Landroid/view/View;" && made {
                let view = self.object(Origin::View(object, NONE, 0), NONE, 0);
                self.hold(object, view);
                args.push(self.values.one(Atom::Object(view)));
            } else if descriptor == b"Landroid/os/Bundle;" {
                let state = self.extras();
                let zero = self.values.integer(0);
                args.push(self.values.join(state, zero));
            } else if descriptor == b"Landroid/content/Intent;" {
                let given = self.heap.peek(Key::Given(object));
                args.push(if given == NOTHING { ANY } else { given });
            } else {
                args.push(ANY);
            }
            if matches!(descriptor, b"J" | b"D") {
                args.push(NOTHING);
            }
        }
        args
    }
}
