//! Where values go: from the calls that read personal information to those that send it.
//!
//! ```text
//! Rules, Setting -> Entries -> Solver (what values can be, who calls whom) -> Taint (which source reaches which sink) -> Leak*
//! ```
//!
//! 1. [`solve`], [`evaluate`], [`memory`]: one abstract interpretation of all code that the entry points reach. Each call of a method has
//!    a body of its own (the chain of calls is the context) until there are too many. A value is a set of constants and objects; an object is the place that made it, in its
//!    context, and has cells: fields, elements by constant index, entries by constant key, the content of a framework object. A branch is
//!    taken only when its condition can hold. So dispatch, call-backs, reflection and keys all come from one set.
//! 2. [`sources`], [`taint`], [`crossing`], [`transfer`], [`implicit`], [`ends`]: from each source along definitions, cells and calls, with the way it came. A cell is read
//!    from a write only if the write can come first and nothing must overwrite it in between ([`order`]).
//!
//! What the framework does is data ([`rules`], looked up by [`library`], read at a call by [`spots`], applied by [`outside`]): which
//! argument goes where, which calls are sources and sinks, which methods are called back.
//! Work is counted in steps; each bound that was hit is a named counter of [`Outcome::cuts`].

mod calls;
mod crossing;
mod ends;
mod entries;
mod evaluate;
mod functions;
mod heap;
mod holds;
mod implicit;
mod intents;
mod library;
mod marked;
mod memory;
mod order;
mod outside;
mod reflect;
pub mod rules;
mod solve;
mod sources;
mod spots;
mod taint;
mod texts;
mod throwing;
mod transfer;
mod undoing;
mod unpacking;

use crate::code::Program;
use crate::code::callgraph::CallGraph;
use rules::Rules;

/// A component of the manifest, or another class that the platform makes an object of.
#[derive(Debug, Clone, Default)]
pub struct Component {
    /// Dotted name.
    pub class: String,
    /// For a component of the manifest: whether other apps may start it.
    pub exported: Option<bool>,
    /// Its intent filters.
    pub filters: Vec<Filter>,
    /// Other names under which intents reach it.
    pub aliases: Vec<String>,
    /// For a content provider: its authorities.
    pub authorities: Vec<String>,
}

/// An intent filter of a component.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Actions.
    pub actions: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// How addresses start: scheme and host.
    pub links: Vec<String>,
    /// Media types.
    pub types: Vec<String>,
}

/// An element of a layout that a user types into.
#[derive(Debug, Clone)]
pub struct Widget {
    /// Its resource id.
    pub id: u32,
    /// The data category of what is typed.
    pub data: String,
}

/// What manifest and resources say.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// The name of the package.
    pub package: String,
    /// Enabled components, the application, views and fragments of layouts.
    pub components: Vec<Component>,
    /// Methods that layouts name in `android:onClick`.
    pub on_click: Vec<String>,
    /// Widgets for input of personal information.
    pub widgets: Vec<Widget>,
}

/// Bounds of one run, in counted things.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Steps to find what values can be: evaluations of instructions, and what each of them looks at.
    pub steps: u64,
    /// Steps to follow data.
    pub search: u64,
    /// Bodies, one for each context of a method.
    pub nodes: usize,
    /// Contexts of one method; behind them all further calls share one.
    pub contexts: usize,
    /// Facts of the search for leaks.
    pub facts: usize,
    /// Whether a branch on a source counts as a flow to what it decides.
    pub implicit: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            steps: 12_000_000,
            search: 4_000_000,
            nodes: 6_000,
            contexts: 24,
            facts: 400_000,
            implicit: false,
        }
    }
}

/// A place in the code: method definition, code unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The method definition.
    pub def: u32,
    /// The code unit.
    pub unit: u32,
}

/// What was done to the data on the way; bits of [`Leak::marks`].
pub mod mark {
    /// A digest of it.
    pub const HASHED: u8 = 1;
    /// Encrypted.
    pub const ENCRYPTED: u8 = 2;
    /// Only its length or whether it is there.
    pub const LENGTH: u8 = 4;
    /// Made coarser.
    pub const COARSE: u8 = 8;
    /// Only a branch depends on it.
    pub const IMPLICIT: u8 = 16;
}

/// One source that reaches one sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// Position of the source's rule in the rules given.
    pub source_rule: u32,
    /// Its data category.
    pub data: String,
    /// What is read: class and method, or class and field, dotted.
    pub source_api: String,
    /// Where it is read.
    pub source: Site,
    /// Position of the sink's rule in the rules given.
    pub sink_rule: u32,
    /// The kind of sink.
    pub sink_kind: String,
    /// What is called.
    pub sink_api: String,
    /// Where it is called.
    pub sink: Site,
    /// See [`mark`].
    pub marks: u8,
    /// False if a bound was hit on the way, so that an order could not be checked.
    pub confirmed: bool,
    /// Constant text that the sink was given, if it is an address.
    pub address: Option<String>,
    /// The SDK that it is handed to.
    pub recipient: Option<String>,
    /// The way, source first.
    pub path: Vec<Site>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// By sink, then source.
    pub leaks: Vec<Leak>,
    /// Bounds that were hit, by name, with how often.
    pub cuts: Vec<(&'static str, u64)>,
    /// Evaluations made.
    pub steps: u64,
    /// Bodies made.
    pub nodes: u64,
    /// Method definitions among them.
    pub methods: u64,
}

/// Follows the data of a program.
pub fn flows(
    program: &Program,
    graph: &CallGraph,
    rules: &Rules,
    setting: &Setting,
    budget: Budget,
) -> Outcome {
    let mut solver = solve::Solver::new(program, graph, rules, setting, budget);
    solver.start();
    solver.run();
    if solver.send_again() {
        solver.run();
    }
    let mut outcome = taint::search(&mut solver);
    outcome.steps = solver.steps.get();
    outcome.nodes = solver.nodes.len() as u64;
    outcome.methods = solver.methods_seen();
    outcome.cuts = solver.cuts.list();
    outcome
}

/// How often each bound was hit.
#[derive(Debug, Default)]
pub(crate) struct Cuts(std::collections::BTreeMap<&'static str, u64>);

impl Cuts {
    pub fn add(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }

    fn list(&self) -> Vec<(&'static str, u64)> {
        self.0.iter().map(|(&name, &count)| (name, count)).collect()
    }
}
