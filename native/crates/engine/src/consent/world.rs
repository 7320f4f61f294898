//! One world in which the code runs: what it reaches, and with which values.
//!
//! A *node* is a method with the constants and objects that it was called with, as far as those are one each. Nodes are run with
//! abstract values until nothing changes; what they read is remembered, so that only readers run again.

mod nodes;

pub use nodes::Node;

use super::body::Body;
use super::calls::{Handed, Receivers};
use super::contexts::Context;
use super::continuations::Convention;
use super::controls::Event;
use super::coroutines;
use super::facts::Facts;
use super::heap::{Heap, Key, Origin, SUMMARY};
use super::lexicon::Lexicon;
use super::progress::{ARGUMENTS, WHOLE};
use super::value::{Value, Values};
use super::views::Views;
use crate::code::Program;
use crate::code::link::NONE;
use crate::dex::class_data::access;
use crate::env::Manifest;
use crate::env::screens::Screens;
use crate::hash::{Map, Set};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Cells that stand with the node that reads them.
const READS: usize = 256;
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
    /// Also controls that nothing enables.
    Late,
    /// What does not happen.
    Never,
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

/// What was left out, by kind: places in the code, each once.
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

/// Why a place counts as left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Gap {
    Reflection,
    Intent,
    Dynamic,
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
    pub(super) by_context: Map<(u32, Context), u32>,
    pub(super) contexts: Map<u32, (u32, u32)>,
    /// Numbers of rows of places, see [`SUMMARY`].
    rows: Map<(u32, u32), u32>,
    /// Calls made: by method called and numbers of the arguments, the node that runs it.
    calls: Map<Box<[u32]>, u32>,
    /// Room for a key of `calls`.
    call_key: Vec<u32>,
    /// Values that nodes keep, see [`Kept`].
    pub(super) kept: usize,
    queue: BTreeSet<(u32, u32)>,
    pub(super) phase: Phase,
    pub(super) cause: u32,
    /// See [`Cause`].
    pub causes: Vec<Cause>,
    by_cause: Map<(u32, u32), u32>,
    /// By method definition: code unit and number of each sensitive place in it.
    sites: Map<u32, Vec<(u32, u32)>>,
    /// Cells that grew once the user had agreed, each with what first made it grow.
    pub(super) grown: Map<u32, u32>,
    /// Calls that start an SDK, by method definition and code unit: the SDK, and whether they start it without collecting.
    pub starts: Map<(u32, u32), (u32, bool)>,
    /// SDKs that are started before the user agrees, in earnest.
    started_early: BTreeSet<u32>,
    /// For each sensitive place.
    pub reached: Vec<Option<Reached>>,
    pub(super) events: Vec<Event>,
    pub(super) event_numbers: Map<(u32, u32, u32), u32>,
    /// Nodes that depend on the phase.
    phase_nodes: Vec<(u32, u32)>,
    phase_node: Map<(u32, u32), ()>,
    pub(super) initialised: Map<u32, ()>,
    pub(super) started: Map<u32, u32>,
    pub(super) views: Views,
    /// Whether the next call is made because the user acts on a control.
    pub(super) by_user: bool,
    pub(super) bound: Map<u32, Vec<u32>>,
    pub(super) instances: Map<u32, Vec<u32>>,
    /// By type and signature: what a call on any object of the type may run.
    pub(super) receivers: Map<(u32, u32), Rc<Receivers>>,
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
    /// How continuations go on, where that library lost its names.
    pub(super) convention: Option<Rc<Convention>>,
    /// Coroutines that were made and are still to run.
    spawned: Vec<u32>,
    pub(super) text_numbers: Map<(u32, u32), u32>,
    /// What was left out.
    pub counters: Counters,
    left_out: Set<(Gap, u32, u32)>,
    /// Cell, node and instruction of what nodes read beyond what stands with them.
    read_more: Set<(u32, u32, u32)>,
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
        let mut by_method: Map<u32, Vec<(u32, u32)>> = Map::default();
        for (&(def, unit), number) in sites.iter().zip(0..) {
            by_method.entry(def).or_default().push((unit, number));
        }
        let coroutines_modelled = coroutines::is_modelled(program);
        let convention = (!coroutines_modelled)
            .then(|| Convention::find(program, |def| by_method.contains_key(&def)))
            .flatten();
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
            call_key: Vec::new(),
            kept: 0,
            queue: BTreeSet::new(),
            phase: Phase::Start,
            grown: Map::default(),
            starts: Map::default(),
            started_early: BTreeSet::new(),
            cause: 0,
            causes: vec![Cause::Start],
            by_cause: Map::default(),
            sites: by_method,
            reached: vec![None; sites.len()],
            events: Vec::new(),
            event_numbers: Map::default(),
            phase_nodes: Vec::new(),
            phase_node: Map::default(),
            initialised: Map::default(),
            started: Map::default(),
            views: Views::default(),
            by_user: false,
            bound: Map::default(),
            instances: Map::default(),
            receivers: Map::default(),
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
            coroutines_modelled,
            convention: convention.map(Rc::new),
            spawned: Vec::new(),
            text_numbers: Map::default(),
            counters: Counters::default(),
            left_out: Set::default(),
            read_more: Set::default(),
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
        for reader in self.phase_nodes.clone() {
            self.enqueue(reader, 0);
        }
    }

    /// The node depends on the phase.
    pub(super) fn depends_on_phase(&mut self, node: u32) {
        let at = (node, self.asking_in(node));
        if node != NONE && self.phase_node.insert(at, ()).is_none() {
            self.phase_nodes.push(at);
        }
    }

    /// The instruction of a node that asks now; what happens outside of one concerns the whole node.
    fn asking_in(&self, node: u32) -> u32 {
        match self.nodes.get(node as usize) {
            Some(slot) if slot.running => slot.asks,
            _ => WHOLE,
        }
    }

    fn enqueue(&mut self, (node, asks): (u32, u32), cause: u32) {
        let slot = &mut self.nodes[node as usize];
        if let Err(place) = slot.waiting.binary_search(&asks)
            && asks != ARGUMENTS
        {
            slot.waiting.insert(place, asks);
        }
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
        let mut body = Body::of(self.program, def);
        for &(unit, number) in self.sites.get(&def).into_iter().flatten() {
            let insns = body.iter_mut().flat_map(|body| &mut body.insns);
            for insn in insns.filter(|insn| insn.unit == unit) {
                insn.site = number;
            }
        }
        let body = body.map(Rc::new);
        if body.is_none() && self.program.has_code(def) {
            self.counters.long_methods += 1;
        }
        self.bodies.insert(def, body.clone());
        body
    }

    /// What a cell holds.
    pub(super) fn read(&mut self, key: Key, node: u32) -> Value {
        let cell = self.heap.cell(key);
        if node != NONE {
            // What a node reads is looked up beside it: a table for all is too large to be near.
            let at = (cell, self.asking_in(node));
            let reads = &mut self.nodes[node as usize].reads;
            let new = match reads.binary_search(&at) {
                Ok(_) => false,
                Err(place) if reads.len() < READS => {
                    reads.insert(place, at);
                    true
                }
                Err(_) => self.read_more.insert((cell, node, at.1)),
            };
            if new {
                self.heap.cells[cell as usize].readers.push((node, at.1));
            }
        }
        self.heap.cells[cell as usize].value
    }

    /// Adds to a cell, and tells its readers.
    pub(super) fn write(&mut self, key: Key, value: Value) {
        let Some(cell) = self.heap.write(key, value, &mut self.values) else {
            return;
        };
        self.views.note(key);
        let cause = match self.causes[self.cause as usize] {
            Cause::Event(event) if self.phase == Phase::Agreed => {
                self.cause_number(Cause::Cell(cell, event))
            }
            _ => self.cause,
        };
        if self.phase == Phase::Agreed {
            self.grown.entry(cell).or_insert(cause);
        }
        self.tell_readers(self.heap.cells[cell as usize].key, cause);
    }

    /// Those that read a cell ask again.
    pub(super) fn tell_readers(&mut self, key: Key, cause: u32) {
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
        self.read(Key::Instances(kind), node);
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

    /// Counts a place whose meaning is not followed.
    pub(super) fn leave_out(&mut self, gap: Gap, node: u32, unit: u32) {
        let def = self.nodes.get(node as usize).map_or(NONE, |node| node.def);
        if self.left_out.insert((gap, def, unit)) {
            *match gap {
                Gap::Reflection => &mut self.counters.reflection,
                Gap::Intent => &mut self.counters.intents,
                Gap::Dynamic => &mut self.counters.dynamic,
            } += 1;
        }
    }

    /// Marks a sensitive place as reached.
    pub(super) fn visit(&mut self, node: u32, site: u32) {
        let (phase, cause) = (self.phase, self.cause);
        self.reached[site as usize].get_or_insert(Reached { phase, node, cause });
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
