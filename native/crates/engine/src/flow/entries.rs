//! What the platform runs: components and their life cycles, class initialisers, objects with a life of their own (fragments).

use super::heap::{Abs, What};
use super::rules::Lifecycle;
use super::solve::{Solver, Start};
use crate::code::link::NONE;
use crate::code::platform::Overrides;
use crate::dex::class_data::access;
use std::collections::BTreeSet;

/// The state in which the platform calls whatever has no state of its own.
pub(super) const EVENT: &str = "EVENT";

/// A life cycle: which state may come at some time after which.
#[derive(Debug, Default)]
pub(super) struct Cycle {
    pub names: Vec<String>,
    after: Vec<Vec<bool>>,
    next: Vec<Vec<bool>>,
}

impl Cycle {
    fn new(lifecycle: &Lifecycle) -> Cycle {
        let mut names: Vec<String> = Vec::new();
        let mut edges = Vec::new();
        for line in &lifecycle.order {
            let mut last = None;
            for name in line.split(" > ").map(str::trim) {
                let at = names.iter().position(|own| own == name).unwrap_or_else(|| {
                    names.push(name.to_owned());
                    names.len() - 1
                });
                if let Some(last) = last {
                    edges.push((last, at));
                }
                last = Some(at);
            }
        }
        let mut after = vec![vec![false; names.len()]; names.len()];
        for (from, to) in edges {
            after[from][to] = true;
        }
        let next = after.clone();
        // Warshall's closure over a few dozen states.
        for middle in 0..names.len() {
            let further = after[middle].clone();
            for row in after.iter_mut().filter(|row| row[middle]) {
                row.iter_mut()
                    .zip(&further)
                    .for_each(|(own, &more)| *own |= more);
            }
        }
        Cycle { names, after, next }
    }

    /// Whether state `b` may come after state `a` in the life of one object.
    pub fn may_follow(&self, a: u32, b: u32) -> bool {
        self.after[a as usize][b as usize]
    }

    /// The same, without these states in between.
    pub fn may_follow_around(&self, a: u32, b: u32, avoid: &[u32]) -> bool {
        let mut seen = vec![false; self.names.len()];
        let mut stack = vec![a as usize];
        while let Some(state) = stack.pop() {
            for (next, _) in self.next[state]
                .iter()
                .enumerate()
                .filter(|(_, edge)| **edge)
            {
                if next == b as usize {
                    return true;
                }
                if !avoid.contains(&(next as u32)) && !std::mem::replace(&mut seen[next], true) {
                    stack.push(next);
                }
            }
        }
        false
    }
}

/// What the platform holds.
#[derive(Default)]
pub(super) struct World {
    pub cycles: Vec<Cycle>,
    /// The object of the application class.
    pub application: Option<Abs>,
    /// Sources that are parameters: node, value, rule.
    pub sources: Vec<(u32, u32, u32)>,
    begun: BTreeSet<(Abs, u32)>,
    living: BTreeSet<Abs>,
    clicks: Vec<u32>,
}

impl Solver<'_> {
    /// Begins at everything that the platform starts.
    pub fn start(&mut self) {
        let rules = self.rules;
        self.world.cycles = rules.lifecycles.iter().map(Cycle::new).collect();
        let setting = self.setting;
        self.world.clicks = setting
            .on_click
            .iter()
            .filter_map(|name| self.program.find_name(name))
            .collect();
        let mut found = Vec::new();
        for (position, component) in setting.components.iter().enumerate() {
            let Some(kind) = self.program.find_class(&component.class) else {
                continue;
            };
            if self.program.defs.class_of[kind as usize] != NONE {
                let object = self.heap.number(What::Component(kind), kind);
                if self
                    .names_of(kind)
                    .iter()
                    .any(|name| name == "android.app.Application")
                {
                    self.world.application = Some(object);
                }
                self.declare(object, position);
                found.push((object, kind));
            }
        }
        for (object, kind) in found {
            self.begin_life(object, kind);
        }
    }

    /// The platform makes an object of a class that no manifest names.
    pub fn begin_life(&mut self, object: Abs, kind: u32) {
        if self.world.living.insert(object) {
            self.initialise(kind);
            self.construct(object, kind);
            self.live(object, kind);
        }
    }

    fn construct(&mut self, object: Abs, kind: u32) {
        let Some(class) = self.program.defs.loaded(kind) else {
            return;
        };
        let cycle = self.cycle_of(kind).unwrap_or(0);
        for def in class.methods.start..class.virtuals {
            let method = self.program.defs.methods[def as usize];
            if method.access & access::CONSTRUCTOR != 0 && method.access & access::STATIC == 0 {
                let state = self.state(cycle, "<init>").unwrap_or(0);
                self.begin(object, def, cycle, state);
            }
        }
    }

    fn state(&self, cycle: u32, name: &str) -> Option<u32> {
        let names = &self.world.cycles.get(cycle as usize)?.names;
        names.iter().position(|own| own == name).map(|at| at as u32)
    }

    /// The life cycle of a class: that of its nearest supertype that has one.
    fn cycle_of(&mut self, kind: u32) -> Option<u32> {
        let names = self.names_of(kind);
        let rules = self.rules;
        names
            .iter()
            .find_map(|name| rules.lifecycles.iter().position(|one| one.base == *name))
            .map(|at| at as u32)
    }

    /// Runs what the platform calls on an object: states of its life cycle, and other methods of the platform that it overrides.
    fn live(&mut self, object: Abs, kind: u32) {
        let program = self.program;
        let cycle = self.cycle_of(kind);
        let listened = self.listened(kind);
        let chain: Vec<u32> = program.hierarchy.chain(&program.defs, kind).collect();
        for position in chain {
            if self.is_outside(position) {
                continue;
            }
            for &(signature, def) in program.hierarchy.virtuals(position) {
                if program.hierarchy.lookup(&program.defs, kind, signature) != Some(def) {
                    continue;
                }
                let key = program.link.methods[program.defs.methods[def as usize].id as usize];
                let name = program.name(key.name).into_owned();
                let own = cycle.and_then(|cycle| self.state(cycle, &name));
                let clicked = self.world.clicks.contains(&key.name)
                    && program.link.proto(key.proto).len() == 2;
                let external =
                    program.hierarchy.external[program.defs.class_of[kind as usize] as usize];
                let overrides = self.overrides[signature as usize];
                let called = overrides != Overrides::OfObject
                    && (overrides.runs(external) || self.overrides_outside(kind, signature))
                    && !listened.contains(&name);
                if own.is_some() || clicked || called {
                    let cycle = cycle.unwrap_or(0);
                    let state = own.or_else(|| self.state(cycle, EVENT)).unwrap_or(0);
                    self.begin(object, def, cycle, state);
                }
            }
        }
    }

    /// Names of methods that only run once an object was registered as a listener.
    fn listened(&mut self, kind: u32) -> Vec<String> {
        let rules = self.rules;
        let names = self.names_of(kind);
        names
            .iter()
            .filter_map(|name| rules.listeners.get(name))
            .flatten()
            .cloned()
            .collect()
    }

    fn begin(&mut self, object: Abs, def: u32, lifecycle: u32, state: u32) {
        if !self.world.begun.insert((object, def)) {
            return;
        }
        let Some(method) = self.method(def) else {
            return;
        };
        let node = self.add_node(
            def,
            method,
            Start::Platform {
                component: object,
                lifecycle,
                state,
            },
            0,
        );
        self.join(node, 0, &[object]);
        self.give(node, 1);
        self.listen(object, node);
    }

    /// The platform makes the parameters of a node from this one on; some of them are sources.
    pub fn give(&mut self, node: u32, first: u32) {
        let program = self.program;
        let def = self.nodes[node as usize].def;
        let method = program.defs.methods[def as usize];
        let receiver = u32::from(method.access & access::STATIC == 0);
        let key = program.link.methods[method.id as usize];
        let kinds: Vec<u32> = program.link.proto(key.proto)[1..].to_vec();
        for (position, kind) in kinds.into_iter().enumerate() {
            let value = position as u32 + receiver;
            if value < first || value >= self.nodes[node as usize].method.body.params().end {
                continue;
            }
            let given = match program.descriptor(kind).first() {
                Some(b'L')
                    if program.descriptor(kind) == b"Landroid/os/Bundle;"
                        && self.own_state(node).is_some() =>
                {
                    // What a component keeps of itself comes back to it.
                    let component = self.own_state(node).unwrap_or_default();
                    self.heap
                        .number(What::Global(self.names.state, component), kind)
                }
                Some(b'L' | b'[') if program.descriptor(kind) != b"Ljava/lang/String;" => {
                    self.heap.number(
                        What::Given {
                            node,
                            parameter: value as u16,
                        },
                        kind,
                    )
                }
                _ => super::heap::UNKNOWN,
            };
            self.join(node, value, &[given]);
        }
        let name = program.name(key.name).into_owned();
        let class = program.defs.class(def).kind;
        let rules = self.rules;
        for above in self.names_of(class).iter() {
            for &rule in rules.find(above, &name) {
                let row = &rules.rules[rule as usize].row;
                let source = (node, u32::from(row.parameter) + receiver - 1, rule);
                if row.parameter > 0
                    && row.source.is_some()
                    && !self.world.sources.contains(&source)
                {
                    self.world.sources.push(source);
                }
            }
        }
    }

    /// The component whose life a node is a state of.
    fn own_state(&self, node: u32) -> Option<Abs> {
        match self.nodes[node as usize].start {
            Start::Platform { component, .. } => Some(component),
            _ => None,
        }
    }

    /// The first use of a class runs its initialiser, and those above it.
    pub fn initialise(&mut self, kind: u32) {
        let program = self.program;
        let chain: Vec<u32> = program.hierarchy.chain(&program.defs, kind).collect();
        for position in chain {
            if std::mem::replace(&mut self.initialised[position as usize], true) {
                return;
            }
            if self.is_outside(position) {
                continue;
            }
            let class = &program.defs.classes[position as usize];
            for def in class.methods.start..class.virtuals {
                const INITIALIZER: u32 = access::CONSTRUCTOR | access::STATIC;
                if program.defs.methods[def as usize].access & INITIALIZER == INITIALIZER {
                    if let Some(method) = self.method(def) {
                        self.add_node(def, method, Start::Initializer, 0);
                    }
                }
            }
        }
    }

    /// An object was made: some classes have a life of their own from then on.
    pub fn made(&mut self, _node: u32, _ins: u32, object: Abs, kind: u32) {
        if self.program.defs.class_of[kind as usize] == NONE {
            return;
        }
        let Some(cycle) = self.cycle_of(kind) else {
            return;
        };
        if self.rules.lifecycles[cycle as usize].made {
            self.live(object, kind);
        }
    }
}
