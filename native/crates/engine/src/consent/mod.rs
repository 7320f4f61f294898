//! Does a sensitive call run before the user agrees?
//!
//! The code is run abstractly in a world that grows in phases ([`Phase`]): what starts by itself; what the user can do without
//! agreeing; what an SDK's quiet start leads to; what cannot be told; and, last, agreeing. A call that is first reached in the last phase happens after consent on every
//! run: whatever guards it (a stored flag, a helper, an exception, the order of screens, an SDK's switch) opens only then. Nothing has
//! to know what a guard looks like.
//!
//! Controls that agree are known by what they say and by what stands around them, never by names of code ([`lexicon`]).

pub mod atomics;
pub mod body;
pub mod calls;
pub mod containers;
pub mod contexts;
pub mod continuations;
pub mod controls;
pub mod coroutines;
pub mod facts;
pub mod files;
pub mod gate;
pub mod heap;
pub mod json;
pub mod lexicon;
pub mod listeners;
pub mod maps;
pub mod models;
pub mod platform;
pub mod progress;
pub mod providers;
pub mod reflection;
pub mod run;
pub mod starts;
pub mod steps;
pub mod stores;
pub mod tables;
pub mod texts;
pub mod unseen;
pub mod value;
pub mod views;
pub mod world;

use crate::code::Program;
use crate::code::link::NONE;
use crate::env::Manifest;
use crate::env::screens::Screens;
use gate::Gates;
use heap::{Key, Origin, Store};
use lexicon::Lexicon;
use std::collections::BTreeSet;
use value::Atom;
use world::{Counters, Phase, World};

/// Methods of one path.
const PATH: usize = 40;

/// The order of one place against the user's consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It can run before the user agrees.
    Before,
    /// It runs only after the user agreed.
    After,
    /// It can run, and nothing asks the user.
    NoGate,
    /// It cannot be told; why.
    Unknown(&'static str),
}

impl Order {
    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            Order::Before => "before",
            Order::After => "after",
            Order::NoGate => "no-gate",
            Order::Unknown(_) => "unknown",
        }
    }
}

/// The answer for one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The order.
    pub order: Order,
    /// The way to it: what starts it, then the methods, the one of the place last.
    pub path: Vec<String>,
    /// What opens the way, for [`Order::After`].
    pub gate: Option<String>,
}

/// All answers.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// One for each place asked for.
    pub answers: Vec<Answer>,
    /// The controls that agree, or may.
    pub controls: Vec<gate::Control>,
    /// False if the limit of steps ended the search.
    pub complete: bool,
    /// Steps taken.
    pub steps: u64,
    /// Methods with contexts.
    pub nodes: usize,
    /// What was left out.
    pub counters: Counters,
}

/// Finds the order of sensitive places (method definition, code unit) against the user's consent. `starts`: calls, by place, that
/// start an SDK: which one, and whether without collecting.
pub fn consent(
    program: &Program,
    manifest: &Manifest,
    screens: Screens<'_>,
    lexicon: &Lexicon,
    sites: &[(u32, u32)],
    starts: &[((u32, u32), u32, bool)],
    limit: u64,
) -> Outcome {
    let mut world = World::new(program, manifest, screens, lexicon, sites, limit);
    let starts = starts.iter();
    world.starts = starts
        .map(|&(place, sdk, quiet)| (place, (sdk, quiet)))
        .collect();
    state_meta_data(&mut world);
    start(&mut world);
    world.settle();
    let mut made = 0;
    for phase in [
        Phase::Used,
        Phase::Quiet,
        Phase::Unclear,
        Phase::Agreed,
        Phase::Late,
    ] {
        if phase == Phase::Agreed {
            made = world.heap.objects.len();
        }
        world.enter(phase);
        world.fire_events();
        if phase >= Phase::Unclear && world.counters.intents > 0 {
            // An intent whose target is not known may be for any component of the app.
            for component in &manifest.components {
                world.start_component(NONE, 0, &component.class, value::ANY);
            }
            world.fire_events();
        }
    }
    let controls = gate::controls(&mut world);
    let gate = controls.iter().any(|one| one.certain);
    let complete = !world.exhausted();
    let after = |one: &world::Reached| one.phase == Phase::Agreed;
    let unseen = match world.reached.iter().flatten().any(after) {
        true => world.unseen(made),
        false => BTreeSet::new(),
    };
    let mut opened = Gates::new(&world);
    let answers = (0..sites.len())
        .map(|site| {
            let mut answer = answer(&world, site, gate, complete);
            if answer.order == Order::After && unseen.contains(&sites[site].0) {
                answer.order = Order::Unknown("unseen-way");
            }
            if let (Order::After, Some(reached)) = (answer.order, world.reached[site]) {
                answer.gate = opened.of(&mut world, reached.node, sites[site].1, reached.cause);
            }
            answer
        })
        .collect();
    Outcome {
        answers,
        controls,
        complete,
        steps: world.steps,
        nodes: world.nodes.len(),
        counters: world.counters.clone(),
    }
}

/// What runs by itself: the application, providers, then whatever anybody can start.
fn start(world: &mut World<'_>) {
    let manifest = world.manifest;
    for name in manifest.application.iter().chain(&manifest.initializers) {
        world.start_class(NONE, 0, name);
    }
    use crate::env::Kind;
    for first in [true, false] {
        for component in &manifest.components {
            if component.open && (component.kind == Kind::Provider) == first {
                world.start_class(NONE, 0, &component.class);
            }
        }
    }
}

fn state_meta_data(world: &mut World<'_>) {
    let (object, _) = world
        .heap
        .object(Origin::Store(Store::MetaData, NONE), NONE, 0);
    let manifest = world.manifest;
    for (name, text) in &manifest.meta_data {
        let key = world.heap.text(name);
        let atom = match text.as_str() {
            "true" => Atom::Integer(1),
            "false" => Atom::Integer(0),
            other => match other.parse() {
                Ok(number) => Atom::Integer(number),
                Err(_) => Atom::Text(world.heap.text(other)),
            },
        };
        let value = world.values.one(atom);
        world.write(Key::At(object, key), value);
        let key = world.values.one(Atom::Text(key));
        world.write(Key::Contents(object), key);
    }
}

fn answer(world: &World<'_>, site: usize, gate: bool, complete: bool) -> Answer {
    let Some(reached) = world.reached[site] else {
        let why = if complete { "not-reached" } else { "limit" };
        return Answer {
            order: Order::Unknown(why),
            path: Vec::new(),
            gate: None,
        };
    };
    let order = match reached.phase {
        // A search that was cut may not have come to what asks the user.
        Phase::Start | Phase::Used if gate || !complete => Order::Before,
        Phase::Start | Phase::Used => Order::NoGate,
        Phase::Quiet => Order::Unknown("pre-init"),
        Phase::Agreed if gate => Order::After,
        _ => Order::Unknown("unresolved-guard"),
    };
    Answer {
        order,
        path: path(world, reached.node),
        gate: None,
    }
}

/// The methods from the start to a node.
fn path(world: &World<'_>, node: u32) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = node;
    while at != NONE && out.len() < PATH {
        let found = &world.nodes[at as usize];
        let (class, method, _) = world.program.method_text(found.def);
        out.push(format!("{class}.{method}"));
        at = found.from.0;
    }
    out.reverse();
    out
}
