//! What values can be, which code runs, and who calls whom.

use super::heap::{Abs, Heap, Joined, Key, Names, Set};
use super::rules::Rules;
use super::{Budget, Cuts, Setting};
use crate::code::Program;
use crate::code::callgraph::CallGraph;
use crate::code::link::NONE;
use crate::code::platform::Overrides;
use crate::hash::Map;
use crate::ir::{Body, Builder, EdgeKind, Op, Users, Value};
use std::collections::VecDeque;
use std::rc::Rc;

/// A method that was read.
pub(super) struct Method {
    pub body: Body,
    pub users: Users,
    /// By block: whether its first instruction never goes to a handler by itself.
    pub quiet: Vec<bool>,
}

/// How a node came to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Another node calls it.
    Called,
    /// The platform does, on a component: number of the component, of its life cycle, and the state in it.
    Platform {
        component: u32,
        lifecycle: u32,
        state: u32,
    },
    /// First use of a class.
    Initializer,
}

/// A call that runs a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    pub node: u32,
    pub ins: u32,
    /// Whether it runs later than the call, or beside it.
    pub later: bool,
    /// Whether its result is that of the call as it is.
    pub plain: bool,
}

/// What a call hands on to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handing {
    /// Operands to parameters, one to one.
    Plain,
    /// By call-back `1` of rule `0`.
    CallBack(u32, u32),
    /// Nothing: the platform makes the arguments; the receiver is operand `0`.
    Listener(u8),
    /// By reflection: an array of arguments; the parameter that the first one goes to.
    Reflective(u8),
    /// The text of an object is asked for.
    Text,
    /// The call is answered by a handler, which gets the operands as an array: the object number of it.
    Proxy(Abs),
}

/// One body in one context.
pub(super) struct Node {
    pub def: u32,
    pub method: Rc<Method>,
    /// Number of its first value in [`Solver::values`].
    pub base: u32,
    pub runs: Vec<bool>,
    pub callers: Vec<Caller>,
    pub returned: Set,
    pub thrown: Set,
    /// Instructions to look at.
    waiting: Vec<u32>,
    pub start: Start,
    /// Whether calls from several places share it.
    pub shared: bool,
    /// Whether it is shared because there were too many contexts.
    pub merged: bool,
    pub depth: u32,
}

/// See the module.
pub(super) struct Solver<'a> {
    pub program: &'a Program,
    pub graph: &'a CallGraph,
    pub rules: &'a Rules,
    pub setting: &'a Setting,
    pub budget: Budget,
    pub heap: Heap,
    pub names: Names,
    pub nodes: Vec<Node>,
    /// By value of all nodes.
    pub values: Vec<Set>,
    queued: Vec<bool>,
    /// Nodes with instructions to look at, in the order in which the first of them came up.
    queue: VecDeque<u32>,
    /// By node: whether it is in the queue, or being worked on.
    active: Vec<bool>,
    /// Work done: evaluations, and what each of them looks at.
    pub steps: std::cell::Cell<u64>,
    pub cuts: Cuts,
    builder: Builder<'a>,
    methods: Map<u32, Option<Rc<Method>>>,
    contexts: Map<u32, u32>,
    shared: Map<u32, u32>,
    children: Map<(u32, u32, u32), u32>,
    /// By call: the nodes it runs.
    pub links: Map<(u32, u32), Vec<(u32, Handing)>>,
    /// By call: the method outside that it runs.
    pub outside: Map<(u32, u32), u32>,
    /// By call: what it does with data, once all values are known.
    pub transfers: Map<(u32, u32), Rc<super::transfer::Transfer>>,
    /// Calls of the platform by reflection: place, class, method.
    pub reflected: Vec<((u32, u32), String, String)>,
    pub initialised: Vec<bool>,
    pub overrides: Vec<Overrides>,
    pub known: super::library::Known,
    pub fields: Map<u32, u32>,
    pub own_fields: Map<u32, Rc<Vec<u32>>>,
    /// Whether a value of a node can be an object: what was asked already, once all values are known.
    pub held: std::cell::RefCell<Map<(u32, Value, Abs), bool>>,
    pub world: super::entries::World,
    pub mail: super::intents::Mail,
}

impl<'a> Solver<'a> {
    pub fn new(
        program: &'a Program,
        graph: &'a CallGraph,
        rules: &'a Rules,
        setting: &'a Setting,
        budget: Budget,
    ) -> Solver<'a> {
        Solver {
            program,
            graph,
            rules,
            setting,
            budget,
            heap: Heap::new(),
            names: Names::of(rules),
            nodes: Vec::new(),
            values: Vec::new(),
            queued: Vec::new(),
            queue: VecDeque::new(),
            active: Vec::new(),
            steps: std::cell::Cell::new(0),
            cuts: Cuts::default(),
            builder: Builder::new(program),
            methods: Map::default(),
            contexts: Map::default(),
            shared: Map::default(),
            children: Map::default(),
            links: Map::default(),
            outside: Map::default(),
            transfers: Map::default(),
            reflected: Vec::new(),
            initialised: vec![false; program.defs.classes.len()],
            overrides: crate::code::platform::overrides(program, &[]),
            known: super::library::Known::default(),
            fields: Map::default(),
            own_fields: Map::default(),
            held: std::cell::RefCell::default(),
            world: super::entries::World::default(),
            mail: super::intents::Mail::default(),
        }
    }

    pub fn methods_seen(&self) -> u64 {
        self.contexts.len() as u64
    }

    /// Works until nothing changes, or the budget ends. One body is settled before the next: in the order of its instructions most of
    /// them are looked at once, when all their operands are known.
    pub fn run(&mut self) {
        while let Some(node) = self.queue.pop_front() {
            loop {
                let mut batch = std::mem::take(&mut self.nodes[node as usize].waiting);
                if batch.is_empty() {
                    break;
                }
                batch.sort_unstable();
                for ins in batch {
                    let var = self.nodes[node as usize].base + ins;
                    self.queued[var as usize] = false;
                    self.work(1);
                    if self.steps.get() > self.budget.steps {
                        self.cuts.add("flow-steps");
                        return;
                    }
                    self.evaluate(node, ins);
                }
            }
            self.active[node as usize] = false;
        }
    }

    /// Counts work.
    #[inline]
    pub fn work(&self, count: usize) {
        self.steps.set(self.steps.get() + count as u64);
    }

    pub fn enqueue(&mut self, node: u32, ins: u32) {
        let var = (self.nodes[node as usize].base + ins) as usize;
        if !self.queued[var] {
            self.queued[var] = true;
            self.nodes[node as usize].waiting.push(ins);
            if !std::mem::replace(&mut self.active[node as usize], true) {
                self.queue.push_back(node);
            }
        }
    }

    #[inline]
    pub fn set(&self, node: u32, value: Value) -> &Set {
        &self.values[(self.nodes[node as usize].base + value) as usize]
    }

    pub fn args_of(&self, node: u32, ins: u32) -> Vec<Set> {
        let method = &self.nodes[node as usize].method;
        self.work(method.body.args(ins).len());
        method
            .body
            .args(ins)
            .iter()
            .map(|&arg| {
                if arg == NONE {
                    Set::new()
                } else {
                    self.set(node, arg).clone()
                }
            })
            .collect()
    }

    /// Adds to what a value can be; users look again if it grew.
    pub fn join(&mut self, node: u32, value: Value, more: &[Abs]) {
        let var = (self.nodes[node as usize].base + value) as usize;
        let mut set = std::mem::take(&mut self.values[var]);
        let joined = self.heap.join(&mut set, more);
        self.values[var] = set;
        if matches!(joined, Joined::Cut | Joined::GrownCut) {
            self.cuts.add("flow-objects");
        }
        if matches!(joined, Joined::Grown | Joined::GrownCut) {
            let method = self.nodes[node as usize].method.clone();
            for &user in method.users.of(value) {
                self.enqueue(node, user);
            }
        }
    }

    /// Adds what one value can be to what another one can be.
    pub fn hand(&mut self, node: u32, value: Value, to: u32, parameter: Value) {
        let var = (self.nodes[node as usize].base + value) as usize;
        let set = std::mem::take(&mut self.values[var]);
        if var != (self.nodes[to as usize].base + parameter) as usize {
            self.join(to, parameter, &set);
        }
        self.values[var] = set;
    }

    /// Adds to what a cell can hold; readers look again if it grew.
    pub fn store(&mut self, cell: u32, more: &[Abs]) {
        let mut set = std::mem::take(&mut self.heap.cells[cell as usize].set);
        let joined = self.heap.join(&mut set, more);
        self.heap.cells[cell as usize].set = set;
        if matches!(joined, Joined::Grown | Joined::GrownCut) {
            self.wake(cell);
        }
    }

    fn wake(&mut self, cell: u32) {
        let readers = self.heap.cells[cell as usize].readers.clone();
        self.work(readers.len());
        for (node, ins) in readers {
            self.enqueue(node, ins);
        }
        let object = self.heap.cells[cell as usize].object;
        for (node, ins) in self
            .heap
            .all_readers
            .get(&object)
            .cloned()
            .unwrap_or_default()
        {
            self.enqueue(node, ins);
        }
    }

    /// The cell of an object; whoever reads all of the object's cells looks again if it is new.
    pub fn cell(&mut self, object: Abs, key: Key) -> u32 {
        let (cell, new) = self.heap.cell(object, key);
        if new {
            for (node, ins) in self
                .heap
                .all_readers
                .get(&object)
                .cloned()
                .unwrap_or_default()
            {
                self.enqueue(node, ins);
            }
        }
        cell
    }

    pub fn read_cell(&mut self, cell: u32, reader: (u32, u32)) -> Set {
        self.heap.add_reader(cell, reader);
        self.heap.cells[cell as usize].set.clone()
    }

    pub fn read_all(&mut self, object: Abs, reader: (u32, u32)) {
        self.heap.add_all_reader(object, reader);
    }

    pub fn write_cell(&mut self, cell: u32, writer: (u32, u32), only: bool, values: &[Abs]) {
        let writers = &mut self.heap.cells[cell as usize].writers;
        match writers.iter_mut().find(|own| (own.0, own.1) == writer) {
            Some(own) => own.2 &= only,
            None => writers.push((writer.0, writer.1, only)),
        }
        self.store(cell, values);
    }

    /// The body of a method definition, read once.
    pub fn method(&mut self, def: u32) -> Option<Rc<Method>> {
        if let Some(known) = self.methods.get(&def) {
            return known.clone();
        }
        let read = match self.builder.body(def) {
            Ok(body) => Some(Rc::new(Method {
                users: body.users(),
                quiet: super::throwing::quiet(&body),
                body,
            })),
            Err(crate::ir::Absence::NoCode) => None,
            Err(_) => {
                self.cuts.add("flow-code-unread");
                None
            }
        };
        self.methods.insert(def, read.clone());
        read
    }

    /// Runs a method of an object for a call, `later` or beside it: the node, if there is one, which has the object and is linked to the call.
    pub fn enter(
        &mut self,
        here: (u32, u32),
        def: u32,
        object: Abs,
        handing: Handing,
        later: bool,
    ) -> Option<u32> {
        let caller = Caller {
            node: here.0,
            ins: here.1,
            later,
            plain: false,
        };
        let callee = self.node_for(def, caller)?;
        self.link(here, callee, handing);
        self.join(callee, 0, &[object]);
        Some(callee)
    }

    /// The node that a call runs a method in: one of its own, or the shared one.
    pub fn node_for(&mut self, def: u32, caller: Caller) -> Option<u32> {
        if let Some(&known) = self.children.get(&(caller.node, caller.ins, def)) {
            return Some(known);
        }
        let method = self.method(def)?;
        // Recursion comes back to the node of the outer call.
        let mut at = caller.node;
        let mut found = None;
        for _ in 0..64 {
            let node = &self.nodes[at as usize];
            if node.def == def {
                found = Some(at);
                break;
            }
            match node.callers.first() {
                Some(caller) => at = caller.node,
                None => break,
            }
        }
        let depth = self.nodes[caller.node as usize].depth + 1;
        if found.is_none() {
            let count = *self.contexts.entry(def).or_default();
            let allowed = self.contexts_allowed();
            if count >= allowed || depth > 60 {
                self.cuts.add("flow-contexts");
                found = self.shared.get(&def).copied();
            }
            if found.is_none() {
                *self.contexts.entry(def).or_default() += 1;
                let full = count >= allowed || depth > 60;
                let node = self.add_node(def, method, Start::Called, depth);
                if full {
                    self.shared.insert(def, node);
                }
                found = Some(node);
            }
        }
        let node = found?;
        self.children.insert((caller.node, caller.ins, def), node);
        // `children` has seen each call once.
        self.nodes[node as usize].callers.push(caller);
        if self.nodes[node as usize].callers.len() > 1 {
            self.nodes[node as usize].shared = true;
            self.nodes[node as usize].merged |= self.shared.get(&def) == Some(&node);
        }
        Some(node)
    }

    /// Contexts that one method may have by now: the more there are of all methods, the fewer.
    fn contexts_allowed(&self) -> u32 {
        let (most, share) = (
            self.budget.contexts as u32,
            self.nodes.len() * 8 / self.budget.nodes.max(1),
        );
        match share {
            0..2 => most,
            2..4 => most / 3,
            4..8 => most / 8,
            _ => 0,
        }
    }

    pub fn add_node(&mut self, def: u32, method: Rc<Method>, start: Start, depth: u32) -> u32 {
        let id = self.nodes.len() as u32;
        if id as usize == self.budget.nodes / 2 {
            self.heap.narrow();
        }
        let base = self.values.len() as u32;
        let count = method.body.ins.len();
        self.values.resize(self.values.len() + count, Set::new());
        self.queued.resize(self.queued.len() + count, false);
        let blocks = method.body.block_count() as usize;
        self.nodes.push(Node {
            def,
            method,
            base,
            runs: vec![false; blocks],
            callers: Vec::new(),
            returned: Set::new(),
            thrown: Set::new(),
            waiting: Vec::new(),
            start,
            shared: false,
            merged: false,
            depth,
        });
        self.active.push(false);
        self.run_block(id, 0);
        id
    }

    /// A block runs: its instructions are looked at, and so are the blocks that follow without a condition.
    pub fn run_block(&mut self, node: u32, block: u32) {
        let mut stack = vec![block];
        let method = self.nodes[node as usize].method.clone();
        let body = &method.body;
        while let Some(block) = stack.pop() {
            if !body.live[block as usize] {
                continue;
            }
            if std::mem::replace(&mut self.nodes[node as usize].runs[block as usize], true) {
                for &phi in body.phis(block) {
                    self.enqueue(node, phi);
                }
                continue;
            }
            for &phi in body.phis(block) {
                self.enqueue(node, phi);
            }
            for ins in body.in_block(block) {
                self.enqueue(node, ins);
            }
            let last = body
                .in_block(block)
                .next_back()
                .map(|ins| body.ins[ins as usize].op);
            let decides = matches!(last, Some(Op::If(_) | Op::Switch));
            for edge in body.succs(block) {
                let open = match edge.kind {
                    EdgeKind::Normal => !decides,
                    EdgeKind::Caught(_) => !method.quiet[block as usize],
                };
                if open {
                    stack.push(edge.block);
                }
            }
        }
    }
}
