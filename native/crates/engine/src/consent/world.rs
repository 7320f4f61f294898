//! One world in which the code runs: what it reaches, and with which values.
//!
//! A *node* is a method with the constants and objects that it was called with, as far as those are one each. Nodes are run with
//! abstract values until nothing changes; what they read is remembered, so that only readers run again.

use super::body::Body;
use super::calls::Handed;
use super::controls::Event;
use super::coroutines;
use super::facts::Facts;
use super::heap::{Heap, Key, Origin, SUMMARY};
use super::lexicon::Lexicon;
use super::value::{ANY, Atom, Map, NOTHING, Value, Values};
use crate::code::Program;
use crate::code::link::NONE;
use crate::dex::class_data::access;
use crate::env::Manifest;
use crate::env::screens::Screens;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Methods inside methods that are run at once; deeper ones wait in the queue.
const DEPTH: u32 = 48;
/// Contexts of one method; then as many for the objects that it is called on, then one for all.
const CONTEXTS: u32 = 24;
/// The same for long methods.
const CONTEXTS_LONG: u32 = 3;
/// Instructions that the contexts of one method may hold together; longer methods have fewer contexts.
const CONTEXT_CODE: u32 = 600;
/// Nodes of a small app: in larger ones contexts are as much fewer, but for those that tell much.
const SMALL: u32 = 300;
/// Ids of the app's resources.
const RESOURCES: std::ops::Range<i64> = 0x7f00_0000..0x8000_0000;
/// Calls of one method by one node that are remembered.
const CALLS: usize = 64;
/// Objects inside objects that tell contexts apart.
const NESTING: u8 = 2;

/// What has happened: each phase holds all that the one before it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// The process, exported components and what these start; nobody touches the screen.
    #[default]
    Start,
    /// The user does all but agree.
    Used,
    /// Also what an SDK's quiet start leads to, which by its maker collects nothing.
    Quiet,
    /// Also what cannot be told: stores that are not followed, controls that may be the one that agrees.
    Unclear,
    /// The user agrees.
    Agreed,
}

/// Why something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It runs by itself.
    Start,
    /// Something that happens.
    Event(u32),
    /// A cell got another value; the event that led to it.
    Cell(u32, u32),
}

/// What tells calls of a method apart: for each register the one thing that it holds, if it is one.
type Context = Box<[Option<Atom>]>;

/// The arguments of a call, and the node that it runs.
type KnownCall = (Box<[Value]>, u32);

/// A method with a context.
pub struct Node {
    /// Method definition.
    pub def: u32,
    pub(super) args: Vec<Value>,
    pub(super) result: Value,
    pub(super) returns: bool,
    callers: Vec<u32>,
    /// The node and code unit that it was first called from, or [`NONE`].
    pub from: (u32, u32),
    /// Why it was first reached.
    pub cause: u32,
    /// When it was first reached.
    pub phase: Phase,
    /// Why it waits in the queue.
    pending: u32,
    depth: u8,
    /// The places that the first object of the context comes from: see [`super::heap::Object::places`].
    places: (u32, u32),
    queued: bool,
    running: bool,
    ran: bool,
    /// Steps taken in it.
    pub(super) spent: u32,
}

/// When and from where a sensitive place was first reached.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// In which phase.
    pub phase: Phase,
    /// The node.
    pub node: u32,
    /// Why.
    pub cause: u32,
}

/// What was left out, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Classes, methods and components whose names are not constant.
    pub reflection: u64,
    /// Intents whose target is not known.
    pub intents: u64,
    /// Calls behind `invoke-custom` and `invoke-polymorphic`.
    pub dynamic: u64,
    /// Methods too long to be followed.
    pub long_methods: u64,
}

/// The state of the analysis.
pub struct World<'a> {
    pub(super) program: &'a Program,
    pub(super) manifest: &'a Manifest,
    pub(super) screens: Screens<'a>,
    pub(super) lexicon: &'a Lexicon,
    pub(super) values: Values,
    pub(super) heap: Heap,
    pub(super) facts: Facts<'a>,
    bodies: Map<u32, Option<Rc<Body>>>,
    /// Nodes in the order in which they were reached.
    pub nodes: Vec<Node>,
    by_context: Map<(u32, Context), u32>,
    contexts: Map<u32, (u32, u32)>,
    /// Numbers of rows of places, see [`SUMMARY`].
    rows: Map<(u32, u32), u32>,
    /// Calls made: by method called and node that calls, the arguments and the node called.
    calls: Map<(u32, u32), Vec<KnownCall>>,
    queue: BTreeSet<(u32, u32)>,
    pub(super) phase: Phase,
    pub(super) cause: u32,
    /// See [`Cause`].
    pub causes: Vec<Cause>,
    by_cause: Map<(u32, u32), u32>,
    sites: Map<(u32, u32), u32>,
    /// Calls that start an SDK, by method definition and code unit: the SDK, and whether they start it without collecting.
    pub starts: Map<(u32, u32), (u32, bool)>,
    /// SDKs that are started before the user agrees, in earnest.
    started_early: BTreeSet<u32>,
    /// For each sensitive place.
    pub reached: Vec<Option<Reached>>,
    pub(super) events: Vec<Event>,
    pub(super) event_numbers: Map<(u32, u32, u32), u32>,
    /// Nodes that depend on the phase.
    phase_nodes: Vec<u32>,
    phase_node: Map<u32, ()>,
    pub(super) initialised: Map<u32, ()>,
    pub(super) started: Map<u32, u32>,
    pub(super) children: Map<u32, Vec<u32>>,
    pub(super) bound: Map<u32, Vec<u32>>,
    instances: Map<u32, Vec<u32>>,
    /// Call-backs whose results the platform calls, and those that it calls for each activity.
    pub(super) handed: Vec<Handed>,
    pub(super) watchers: Vec<Handed>,
    /// Activities that were started.
    pub(super) activities: Vec<u32>,
    /// By class and signature: the definition that a call runs.
    pub(super) targets: Map<(u32, u32), u32>,
    /// By method: whether calls of it need a look before they are dispatched.
    pub(super) plain: Map<u32, bool>,
    /// Type id of the class of all coroutines, or [`NONE`].
    coroutine: u32,
    /// Whether the library of coroutines has its own names, so that it is modelled.
    pub(super) coroutines_modelled: bool,
    /// Coroutines that were made and are still to run.
    spawned: Vec<u32>,
    pub(super) text_numbers: Map<(u32, u32), u32>,
    /// What was left out.
    pub counters: Counters,
    /// Steps taken.
    pub steps: u64,
    limit: u64,
    depth: u32,
}

impl<'a> World<'a> {
    /// A world in which nothing has run. `sites`: method definition and code unit of each sensitive place.
    pub fn new(
        program: &'a Program,
        manifest: &'a Manifest,
        screens: Screens<'a>,
        lexicon: &'a Lexicon,
        sites: &[(u32, u32)],
        limit: u64,
    ) -> World<'a> {
        let numbered = sites.iter().zip(0..);
        World {
            program,
            manifest,
            screens,
            lexicon,
            values: Values::default(),
            heap: Heap::default(),
            facts: Facts::new(program),
            bodies: Map::default(),
            nodes: Vec::new(),
            by_context: Map::default(),
            contexts: Map::default(),
            rows: Map::default(),
            calls: Map::default(),
            queue: BTreeSet::new(),
            phase: Phase::Start,
            starts: Map::default(),
            started_early: BTreeSet::new(),
            cause: 0,
            causes: vec![Cause::Start],
            by_cause: Map::default(),
            sites: numbered.map(|(&site, number)| (site, number)).collect(),
            reached: vec![None; sites.len()],
            events: Vec::new(),
            event_numbers: Map::default(),
            phase_nodes: Vec::new(),
            phase_node: Map::default(),
            initialised: Map::default(),
            started: Map::default(),
            children: Map::default(),
            bound: Map::default(),
            instances: Map::default(),
            handed: Vec::new(),
            watchers: Vec::new(),
            activities: Vec::new(),
            targets: Map::default(),
            plain: Map::default(),
            coroutine: program
                .find_type(b"Lkotlinx/coroutines/internal/DispatchedContinuation;")
                .and_then(|_| {
                    program.find_type(b"Lkotlin/coroutines/jvm/internal/BaseContinuationImpl;")
                })
                .unwrap_or(NONE),
            coroutines_modelled: coroutines::is_modelled(program),
            spawned: Vec::new(),
            text_numbers: Map::default(),
            counters: Counters::default(),
            steps: 0,
            limit,
            depth: 0,
        }
    }

    /// Whether the limit of steps was hit.
    pub fn exhausted(&self) -> bool {
        self.steps >= self.limit
    }

    /// Runs until nothing changes.
    pub fn settle(&mut self) {
        loop {
            while let Some((_, node)) = self.queue.pop_first() {
                self.nodes[node as usize].queued = false;
                if self.exhausted() {
                    return;
                }
                self.cause = self.nodes[node as usize].pending;
                self.run(node);
            }
            if self.hand_over() {
                continue;
            }
            if self.spawned.is_empty() {
                return;
            }
            for object in std::mem::take(&mut self.spawned) {
                self.resume(object);
            }
        }
    }

    /// A coroutine that was made runs: what dispatches it is too deep in its library to be followed for sure. Where the library is
    /// modelled, this is left to those that nothing else runs.
    fn resume(&mut self, object: u32) {
        let program = self.program;
        let class = self.heap.objects[object as usize].class;
        let (from, unit) = match self.heap.objects[object as usize].origin {
            Origin::Site(node, _, unit) if node < SUMMARY => (node, unit),
            _ => (NONE, 0),
        };
        let chain: Vec<u32> = program.hierarchy.chain(&program.defs, class).collect();
        for position in chain {
            for &(_, def) in program.hierarchy.virtuals(position) {
                let id = program.defs.methods[def as usize].id;
                let name = program.link.methods[id as usize].name;
                if &*program.name(name) == "invokeSuspend" && program.has_code(def) {
                    if self.coroutines_modelled && self.contexts.contains_key(&def) {
                        return;
                    }
                    if from != NONE {
                        self.cause = self.nodes[from as usize].cause;
                    }
                    let args = self.callback_args(object, def);
                    self.call(from, unit, def, &args);
                    return;
                }
            }
        }
    }

    /// Goes on to a phase; nodes that depend on it run again.
    pub fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        for node in self.phase_nodes.clone() {
            self.enqueue(node, 0);
        }
    }

    /// The node depends on the phase.
    pub(super) fn depends_on_phase(&mut self, node: u32) {
        if node != NONE && self.phase_node.insert(node, ()).is_none() {
            self.phase_nodes.push(node);
        }
    }

    fn enqueue(&mut self, node: u32, cause: u32) {
        let slot = &mut self.nodes[node as usize];
        if !slot.queued {
            slot.queued = true;
            slot.pending = cause;
            // What took most steps so far runs last: by then more of what it reads has settled.
            self.queue.insert((slot.spent, node));
        }
    }

    /// The number of a cause.
    pub(super) fn cause_number(&mut self, cause: Cause) -> u32 {
        let key = match cause {
            Cause::Start => return 0,
            Cause::Event(event) => (event, NONE),
            Cause::Cell(cell, event) => (event, cell),
        };
        let next = self.causes.len() as u32;
        let number = *self.by_cause.entry(key).or_insert(next);
        if number == next {
            self.causes.push(cause);
        }
        number
    }

    pub(super) fn body(&mut self, def: u32) -> Option<Rc<Body>> {
        if let Some(found) = self.bodies.get(&def) {
            return found.clone();
        }
        let body = Body::of(self.program, def).map(Rc::new);
        if body.is_none() && self.program.has_code(def) {
            self.counters.long_methods += 1;
        }
        self.bodies.insert(def, body.clone());
        body
    }

    /// What a cell holds.
    pub(super) fn read(&mut self, key: Key, node: u32) -> Value {
        self.heap.read(key, node)
    }

    /// Adds to a cell, and tells its readers.
    pub(super) fn write(&mut self, key: Key, value: Value) {
        let Some(cell) = self.heap.write(key, value, &mut self.values) else {
            return;
        };
        let cause = match self.causes[self.cause as usize] {
            Cause::Event(event) if self.phase == Phase::Agreed => {
                self.cause_number(Cause::Cell(cell, event))
            }
            _ => self.cause,
        };
        self.tell_readers(self.heap.cells[cell as usize].key, cause);
    }

    /// Those that read a cell run again.
    fn tell_readers(&mut self, key: Key, cause: u32) {
        let Some(cell) = self.heap.find(key) else {
            return;
        };
        for at in 0..self.heap.cells[cell as usize].readers.len() {
            let reader = self.heap.cells[cell as usize].readers[at];
            self.enqueue(reader, cause);
        }
    }

    /// All objects of a type made so far; the node is told of more.
    pub(super) fn instances(&mut self, kind: u32, node: u32) -> Vec<u32> {
        self.heap.read(Key::Instances(kind), node);
        self.instances.get(&kind).cloned().unwrap_or_default()
    }

    /// The object of a place in a node.
    pub(super) fn object_at(&mut self, node: u32, unit: u32, class: u32) -> u32 {
        let (def, depth, places) = match self.nodes.get(node as usize) {
            Some(found) => (found.def, found.depth, found.places),
            None => (NONE, 0, (NONE, NONE)),
        };
        let (origin, depth) = if depth < NESTING {
            (Origin::Site(node, def, unit), depth + 1)
        } else {
            let next = self.rows.len() as u32;
            let row = *self.rows.entry(places).or_insert(next);
            (Origin::Site(row | SUMMARY, def, unit), NESTING)
        };
        self.object_by(origin, class, depth, places.0)
    }

    /// An object by where it comes from; tells those who ask for all objects of its types.
    pub(super) fn object(&mut self, origin: Origin, class: u32, depth: u8) -> u32 {
        self.object_by(origin, class, depth, NONE)
    }

    /// The same, with the place that made the receiver.
    fn object_by(&mut self, origin: Origin, class: u32, depth: u8, by: u32) -> u32 {
        let (object, new) = self.heap.object_of(origin, class, depth, by);
        if new && class != NONE {
            let above = self.facts.supertypes(class);
            for &kind in above.iter() {
                if kind != self.program.hierarchy.object {
                    self.instances.entry(kind).or_default().push(object);
                    self.tell_readers(Key::Instances(kind), self.cause);
                }
            }
            if self.coroutine != NONE && above.contains(&self.coroutine) {
                self.spawned.push(object);
            }
        }
        object
    }

    /// The class position of an object, if the program defines its class.
    pub(super) fn class_of(&self, object: u32) -> Option<u32> {
        let class = self.heap.objects[object as usize].class;
        let position = *self.program.defs.class_of.get(class as usize)?;
        (position != NONE).then_some(position)
    }

    /// Calls a method definition; gives its result, and whether it may return.
    pub(super) fn call(&mut self, from: u32, unit: u32, def: u32, args: &[Value]) -> (Value, bool) {
        if let Some(known) = self.calls.get(&(def, from)) {
            // The same call again, as in a method that is run anew.
            if let Some((_, number)) = known.iter().find(|known| *known.0 == *args) {
                let node = &self.nodes[*number as usize];
                return (node.result, node.returns);
            }
        }
        let Some(body) = self.body(def) else {
            return (ANY, true);
        };
        let context = self.context(def, &body, args);
        let next = self.nodes.len() as u32;
        let (number, new) = match self.by_context.get(&(def, context.clone())) {
            Some(&number) => (number, false),
            None => {
                let (depth, places) = self.depth_of(&context);
                self.by_context.insert((def, context), next);
                self.nodes.push(Node {
                    def,
                    args: vec![NOTHING; usize::from(body.ins)],
                    result: NOTHING,
                    returns: false,
                    callers: Vec::new(),
                    from: (from, unit),
                    cause: self.cause,
                    phase: self.phase,
                    pending: self.cause,
                    depth,
                    places,
                    queued: false,
                    running: false,
                    ran: false,
                    spent: 0,
                });
                (next, true)
            }
        };
        let mut changed = new;
        for (at, &arg) in args.iter().enumerate().take(usize::from(body.ins)) {
            let old = self.nodes[number as usize].args[at];
            let joined = self.values.join(old, arg);
            if joined != old {
                self.nodes[number as usize].args[at] = joined;
                changed = true;
            }
        }
        if changed {
            if !self.nodes[number as usize].ran {
                self.nodes[number as usize].cause = self.cause;
            }
            if self.depth < DEPTH && !self.nodes[number as usize].running {
                self.run(number);
            } else {
                self.enqueue(number, self.cause);
            }
        }
        if from != NONE {
            let known = self.calls.entry((def, from)).or_default();
            let full = known.len() >= CALLS;
            let callers = &mut self.nodes[number as usize].callers;
            if known.iter().all(|known| known.1 != number) && !(full && callers.contains(&from)) {
                callers.push(from);
            }
            if known.len() < CALLS {
                known.push((args.into(), number));
            }
        }
        let node = &self.nodes[number as usize];
        (node.result, node.returns)
    }

    /// What tells calls of a method apart: constants and objects, as far as each is one.
    fn context(&mut self, def: u32, body: &Body, args: &[Value]) -> Context {
        let atom = |&arg: &Value| {
            self.values.single(arg).filter(|atom| match atom {
                Atom::Object(object) => {
                    !matches!(self.heap.objects[*object as usize].origin, Origin::Made(_))
                }
                _ => true,
            })
        };
        let mut context: Context = args.iter().map(atom).collect();
        // The object that a method is called on always counts, components included.
        if let Some(first) = args.first() {
            context[0] = self.values.single(*first);
        }
        if context.iter().all(Option::is_none)
            || self.by_context.contains_key(&(def, context.clone()))
        {
            return context;
        }
        // Keys of stores, ids of views and names of classes tell a helper's calls apart in apps of any size.
        let telling = |atom: &Option<Atom>| match atom {
            Some(Atom::Text(_) | Atom::Class(_)) => true,
            Some(Atom::Integer(id)) => RESOURCES.contains(id),
            _ => false,
        };
        let crowd = 1 + self.nodes.len() as u32 / SMALL;
        let length = body.insns.len().max(1) as u32;
        let most = if crowd == 1 || context.iter().any(telling) {
            (CONTEXT_CODE / length).clamp(CONTEXTS_LONG, CONTEXTS)
        } else {
            for atom in &mut context[1..] {
                *atom = atom.filter(|atom| !matches!(atom, Atom::Integer(_)));
            }
            (CONTEXT_CODE / crowd / length).min(CONTEXTS)
        };
        let (all, receivers) = self.contexts.entry(def).or_insert((0, 0));
        if *all < most {
            *all += 1;
            return context;
        }
        // Then only the object that it is called on counts, and then nothing.
        context[1..].fill(None);
        if context[0].is_none() || self.by_context.contains_key(&(def, context.clone())) {
            return context;
        }
        if *receivers < most {
            *receivers += 1;
            return context;
        }
        vec![None; args.len()].into()
    }

    /// How deep a context is, and where its first object comes from.
    fn depth_of(&self, context: &[Option<Atom>]) -> (u8, (u32, u32)) {
        let object = |atom: &Option<Atom>| match atom {
            Some(Atom::Object(object)) => Some(self.heap.objects[*object as usize]),
            _ => None,
        };
        let depth = context.iter().filter_map(object).map(|one| one.depth).max();
        let first = context.iter().find_map(object);
        (
            depth.unwrap_or(0),
            first.map_or((NONE, NONE), |one| one.places),
        )
    }

    fn run(&mut self, node: u32) {
        let (def, cause) = {
            let slot = &mut self.nodes[node as usize];
            slot.running = true;
            slot.ran = true;
            (slot.def, self.cause)
        };
        if let Some(body) = self.body(def) {
            self.depth += 1;
            let (result, returns) = self.execute(node, &body);
            self.depth -= 1;
            self.cause = cause;
            let old = self.nodes[node as usize].result;
            let joined = self.values.join(old, result);
            let slot = &mut self.nodes[node as usize];
            slot.running = false;
            let changed = joined != old || returns && !slot.returns;
            slot.result = joined;
            slot.returns |= returns;
            if changed {
                for at in 0..self.nodes[node as usize].callers.len() {
                    let caller = self.nodes[node as usize].callers[at];
                    self.enqueue(caller, cause);
                }
            }
        }
    }

    /// Whether a call does nothing yet: it starts an SDK quietly, and so far nothing starts that SDK in earnest.
    pub(super) fn is_quiet(&mut self, node: u32, unit: u32) -> bool {
        if self.phase >= Phase::Quiet || self.starts.is_empty() {
            return false;
        }
        let place = (self.nodes[node as usize].def, unit);
        let Some(&(sdk, quiet)) = self.starts.get(&place) else {
            return false;
        };
        if quiet && !self.started_early.contains(&sdk) {
            self.depends_on_phase(node);
            return true;
        }
        if !quiet && self.started_early.insert(sdk) {
            for waiting in self.phase_nodes.clone() {
                self.enqueue(waiting, self.cause);
            }
        }
        false
    }

    /// Marks a place as reached.
    #[inline]
    pub(super) fn visit(&mut self, node: u32, unit: u32) {
        let def = self.nodes[node as usize].def;
        if let Some(&site) = self.sites.get(&(def, unit)) {
            let (phase, cause) = (self.phase, self.cause);
            self.reached[site as usize].get_or_insert(Reached { phase, node, cause });
        }
    }

    /// Runs the initialiser of a class and of those above it, the first time.
    pub(super) fn initialise(&mut self, kind: u32, by: u32, unit: u32) {
        if kind == NONE || self.initialised.contains_key(&kind) {
            return;
        }
        self.initialised.insert(kind, ());
        let program = self.program;
        let Some(class) = program.defs.loaded(kind) else {
            return;
        };
        self.initialise(class.superclass, by, unit);
        for def in class.methods.start..class.virtuals {
            const INITIALIZER: u32 = access::CONSTRUCTOR | access::STATIC;
            if program.defs.methods[def as usize].access & INITIALIZER == INITIALIZER {
                self.call(by, unit, def, &[]);
            }
        }
    }
}
