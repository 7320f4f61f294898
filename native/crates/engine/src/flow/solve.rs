//! What values can be, which code runs, and who calls whom.

use super::heap::{Abs, Heap, Joined, Key, Map, Names, STATICS, Set, UNKNOWN, What};
use super::rules::Rules;
use super::{Budget, Cuts, Setting};
use crate::code::Program;
use crate::code::callgraph::CallGraph;
use crate::code::constants::Constant;
use crate::code::link::NONE;
use crate::code::platform::Overrides;
use crate::dex::Problems;
use crate::dex::class_data::ClassData;
use crate::ir::{Body, Builder, EdgeKind, Op, Users, Value};
use std::collections::VecDeque;
use std::rc::Rc;

/// A method that was read.
pub(super) struct Method {
    pub body: Body,
    pub users: Users,
}

/// How a node came to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Another node calls it.
    Called,
    /// The platform does, on a component: number of the component, of its life cycle, and the state in it.
    Platform { component: u32, lifecycle: u32, state: u32 },
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
    queue: VecDeque<(u32, u32)>,
    pub steps: u64,
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
    /// Calls of the platform by reflection: place, class, method.
    pub reflected: Vec<((u32, u32), String, String)>,
    pub initialised: Vec<bool>,
    pub overrides: Vec<Overrides>,
    pub known: super::library::Known,
    fields: Map<u32, u32>,
    own_fields: Map<u32, Rc<Vec<u32>>>,
    pub world: super::entries::World,
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
            steps: 0,
            cuts: Cuts::default(),
            builder: Builder::new(program),
            methods: Map::default(),
            contexts: Map::default(),
            shared: Map::default(),
            children: Map::default(),
            links: Map::default(),
            outside: Map::default(),
            reflected: Vec::new(),
            initialised: vec![false; program.defs.classes.len()],
            overrides: crate::code::platform::overrides(program, &[]),
            known: super::library::Known::default(),
            fields: Map::default(),
            own_fields: Map::default(),
            world: super::entries::World::default(),
        }
    }

    pub fn methods_seen(&self) -> u64 {
        self.contexts.len() as u64
    }

    /// Works until nothing changes, or the budget ends.
    pub fn run(&mut self) {
        while let Some((node, ins)) = self.queue.pop_front() {
            let var = self.nodes[node as usize].base + ins;
            self.queued[var as usize] = false;
            self.steps += 1;
            if self.steps > self.budget.steps {
                self.cuts.add("flow-steps");
                return;
            }
            self.evaluate(node, ins);
        }
    }

    pub fn enqueue(&mut self, node: u32, ins: u32) {
        let var = (self.nodes[node as usize].base + ins) as usize;
        if !self.queued[var] {
            self.queued[var] = true;
            self.queue.push_back((node, ins));
        }
    }

    #[inline]
    pub fn set(&self, node: u32, value: Value) -> &Set {
        &self.values[(self.nodes[node as usize].base + value) as usize]
    }

    pub fn args_of(&self, node: u32, ins: u32) -> Vec<Set> {
        let method = &self.nodes[node as usize].method;
        method.body.args(ins).iter().map(|&arg| if arg == NONE { Set::new() } else { self.set(node, arg).clone() }).collect()
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
        for (node, ins) in readers {
            self.enqueue(node, ins);
        }
        let object = self.heap.cells[cell as usize].object;
        for (node, ins) in self.heap.all_readers.get(&object).cloned().unwrap_or_default() {
            self.enqueue(node, ins);
        }
    }

    /// The cell of an object; whoever reads all of the object's cells looks again if it is new.
    pub fn cell(&mut self, object: Abs, key: Key) -> u32 {
        let (cell, new) = self.heap.cell(object, key);
        if new {
            for (node, ins) in self.heap.all_readers.get(&object).cloned().unwrap_or_default() {
                self.enqueue(node, ins);
            }
        }
        cell
    }

    pub fn read_cell(&mut self, cell: u32, reader: (u32, u32)) -> Set {
        let cell = &mut self.heap.cells[cell as usize];
        if !cell.readers.contains(&reader) {
            cell.readers.push(reader);
        }
        cell.set.clone()
    }

    pub fn read_all(&mut self, object: Abs, reader: (u32, u32)) {
        let readers = self.heap.all_readers.entry(object).or_default();
        if !readers.contains(&reader) {
            readers.push(reader);
        }
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
            Ok(body) => Some(Rc::new(Method { users: body.users(), body })),
            Err(crate::ir::Absence::NoCode) => None,
            Err(_) => {
                self.cuts.add("flow-code-unread");
                None
            }
        };
        self.methods.insert(def, read.clone());
        read
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
            let count = self.contexts.entry(def).or_default();
            let large = self.nodes.len() >= self.budget.nodes;
            if *count >= self.budget.contexts as u32 || large && *count > 0 || depth > 60 {
                self.cuts.add("flow-contexts");
                found = self.shared.get(&def).copied();
            }
            if found.is_none() {
                *self.contexts.entry(def).or_default() += 1;
                let full = self.contexts[&def] > self.budget.contexts as u32 || large || depth > 60;
                let node = self.add_node(def, method, Start::Called, depth);
                self.nodes[node as usize].shared = full;
                self.nodes[node as usize].merged = full;
                if full {
                    self.shared.insert(def, node);
                }
                found = Some(node);
            }
        }
        let node = found?;
        self.children.insert((caller.node, caller.ins, def), node);
        let callers = &mut self.nodes[node as usize].callers;
        if !callers.contains(&caller) {
            callers.push(caller);
        }
        if self.nodes[node as usize].callers.len() > 1 {
            self.nodes[node as usize].shared = true;
        }
        Some(node)
    }

    pub fn add_node(&mut self, def: u32, method: Rc<Method>, start: Start, depth: u32) -> u32 {
        let id = self.nodes.len() as u32;
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
            start,
            shared: false,
            merged: false,
            depth,
        });
        self.run_block(id, 0);
        id
    }

    /// A block runs: its instructions are looked at, and so are the blocks that follow without a condition.
    fn run_block(&mut self, node: u32, block: u32) {
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
            let last = body.in_block(block).next_back().map(|ins| body.ins[ins as usize].op);
            let decides = matches!(last, Some(Op::If(_) | Op::Switch));
            for edge in body.succs(block) {
                if edge.kind != EdgeKind::Normal || !decides {
                    stack.push(edge.block);
                }
            }
        }
    }

    fn evaluate(&mut self, node: u32, ins: u32) {
        let method = self.nodes[node as usize].method.clone();
        let body = &method.body;
        let it = body.ins[ins as usize];
        if !self.nodes[node as usize].runs[it.block as usize] {
            return;
        }
        let args = body.args(ins);
        let here = (node, ins);
        match it.op {
            Op::Param(_) | Op::Caught | Op::Other | Op::FillData => {}
            Op::Undefined | Op::Handle(_) => self.join(node, ins, &[UNKNOWN]),
            Op::Phi => {
                for (edge, &arg) in body.preds(it.block).iter().zip(args) {
                    if arg != NONE && self.nodes[node as usize].runs[edge.block as usize] {
                        let set = self.set(node, arg).clone();
                        self.join(node, ins, &set);
                    }
                }
            }
            Op::Const(number) => {
                let value = self.heap.integer(number);
                self.join(node, ins, &[value]);
            }
            Op::Str(index) => {
                let text = self.program.dexes[body.dex as usize].text(index).into_owned();
                let value = self.heap.text(&text);
                self.join(node, ins, &[value]);
            }
            Op::Class(kind) => {
                let value = self.heap.number(What::Class(kind), NONE);
                self.join(node, ins, &[value]);
            }
            Op::New(kind) => {
                self.initialise(kind);
                let value = self.heap.number(What::Made { node, ins, part: 0 }, kind);
                self.join(node, ins, &[value]);
                self.made(node, ins, value, kind);
            }
            Op::NewArray(kind) | Op::Filled(kind) => {
                let value = self.heap.number(What::Made { node, ins, part: 0 }, kind);
                self.join(node, ins, &[value]);
                if matches!(it.op, Op::Filled(_)) {
                    for (position, &arg) in args.iter().enumerate() {
                        let index = self.heap.integer(position as i64);
                        let cell = self.cell(value, Key::Under(index));
                        let set = self.set(node, arg).clone();
                        self.write_cell(cell, here, true, &set);
                    }
                }
            }
            Op::Cast(kind) => {
                let set = self.set(node, args[0]).clone();
                let kept: Set = set.into_iter().filter(|&value| self.fits(value, kind)).collect();
                self.join(node, ins, &kept);
            }
            Op::InstanceOf(_) | Op::Length | Op::Compare(_) | Op::Unary(_) => self.number_of(node, ins, it.op, args),
            Op::Binary(arith, width) => {
                let (left, right) = (self.set(node, args[0]).clone(), self.set(node, args[1]).clone());
                if let (Some(left), Some(right)) = (self.integer(&left), self.integer(&right)) {
                    let known = crate::ir::binary(arith, width, left, right);
                    let value = known.map_or(UNKNOWN, |number| self.heap.integer(number));
                    self.join(node, ins, &[value]);
                } else if !left.is_empty() && !right.is_empty() {
                    self.join(node, ins, &[UNKNOWN]);
                }
            }
            Op::Get(field) => {
                let key = Key::Field(self.field(field));
                for object in self.set(node, args[0]).clone() {
                    if self.heap.is_object(object) {
                        let cell = self.cell(object, key);
                        let mut set = self.read_cell(cell, here);
                        set.extend(self.initial(object, field, here));
                        if self.is_foreign(object) {
                            let content = self.cell(object, Key::Named(self.names.content));
                            self.read_cell(content, here);
                        }
                        self.join(node, ins, &set);
                    } else if object == UNKNOWN {
                        let set = self.initial(object, field, here);
                        self.join(node, ins, &set);
                    }
                }
            }
            Op::Put(field) => {
                let key = Key::Field(self.field(field));
                let pairs = self.pairs(node, args[0], args[1]);
                let only = self.one_object(node, args[0]);
                for (object, values) in pairs {
                    let cell = self.cell(object, key);
                    self.write_cell(cell, here, only, &values);
                    if self.is_foreign(object) {
                        let content = self.cell(object, Key::Named(self.names.content));
                        self.write_cell(content, here, false, &[]);
                    }
                }
            }
            Op::StaticGet(field) => {
                let id = self.field(field);
                self.initialise(self.class_of_field(id));
                let cell = self.cell(STATICS, Key::Field(id));
                let mut set = self.read_cell(cell, here);
                set.extend(self.initial(STATICS, id, here));
                self.join(node, ins, &set);
            }
            Op::StaticPut(field) => {
                let id = self.field(field);
                self.initialise(self.class_of_field(id));
                let cell = self.cell(STATICS, Key::Field(id));
                let values = self.set(node, args[0]).clone();
                self.write_cell(cell, here, true, &values);
            }
            Op::ArrayGet => {
                let (arrays, index) = (self.set(node, args[0]).clone(), self.set(node, args[1]).clone());
                if index.is_empty() {
                    return;
                }
                for array in arrays {
                    if self.heap.is_object(array) {
                        let set = self.read_entries(array, &index, here);
                        self.join(node, ins, &set);
                    }
                    // Elements that nothing seen has written: zeros, or what the platform put there.
                    let element = self.element_of(array, here);
                    self.join(node, ins, &[element]);
                }
            }
            Op::ArrayPut => {
                let (arrays, index) = (self.set(node, args[0]).clone(), self.set(node, args[1]).clone());
                let values = self.set(node, args[2]).clone();
                let only = self.one_object(node, args[0]);
                for array in arrays.into_iter().filter(|&array| array != UNKNOWN) {
                    if self.heap.is_object(array) {
                        self.write_entries(array, &index, here, only, &values);
                    }
                }
            }
            Op::Invoke(kind, target) => self.invoke(node, ins, kind, target),
            Op::InvokeCustom(_) => {
                self.cuts.add("flow-invoke-custom");
                self.join(node, ins, &[UNKNOWN]);
            }
            Op::If(cond) => {
                let left = self.set(node, args[0]).clone();
                let right = args.get(1).map(|&arg| self.set(node, arg).clone());
                if left.is_empty() || right.as_ref().is_some_and(Vec::is_empty) {
                    return;
                }
                let number = |solver: &Self, set: &Set| solver.integer(set);
                let right = match &right {
                    Some(set) => number(self, set),
                    None => Some(0),
                };
                let mut normal = body.succs(it.block).iter().filter(|edge| edge.kind == EdgeKind::Normal);
                let no = normal.next().map(|edge| edge.block);
                let yes = normal.next().map(|edge| edge.block).or(no);
                let decided = number(self, &left).zip(right).map(|(a, b)| crate::ir::holds(cond, a, b));
                let never_null = args.len() == 1 && !left.iter().any(|&value| matches!(self.heap.what[value as usize], What::Integer(_) | What::Unknown));
                let decided = decided.or_else(|| match cond {
                    crate::ir::Cond::Eq if never_null => Some(false),
                    crate::ir::Cond::Ne if never_null => Some(true),
                    _ => None,
                });
                if decided != Some(true) {
                    no.into_iter().for_each(|block| self.run_block(node, block));
                }
                if decided != Some(false) {
                    yes.into_iter().for_each(|block| self.run_block(node, block));
                }
            }
            Op::Switch => {
                let set = self.set(node, args[0]).clone();
                if set.is_empty() {
                    return;
                }
                let default = body.succs(it.block)[0].block;
                match self.integer(&set) {
                    Some(number) => {
                        let case = body.cases(ins).find(|case| i64::from(case.0) == number);
                        self.run_block(node, case.map_or(default, |case| case.1));
                    }
                    None => {
                        for edge in body.succs(it.block).iter().filter(|edge| edge.kind == EdgeKind::Normal) {
                            self.run_block(node, edge.block);
                        }
                    }
                }
            }
            Op::Return => {
                let set = args.first().map(|&arg| self.set(node, arg).clone()).unwrap_or_default();
                let mut returned = std::mem::take(&mut self.nodes[node as usize].returned);
                let joined = self.heap.join(&mut returned, &set);
                self.nodes[node as usize].returned = returned;
                if matches!(joined, Joined::Grown | Joined::GrownCut) {
                    for caller in self.nodes[node as usize].callers.clone() {
                        self.enqueue(caller.node, caller.ins);
                    }
                }
            }
            Op::Throw => {
                let set = self.set(node, args[0]).clone();
                self.throw(node, it.block, &set);
            }
        }
    }

    /// Which objects are given which values. Two phis of one block take their operands from the same edge.
    fn pairs(&self, node: u32, object: Value, value: Value) -> Vec<(Abs, Set)> {
        let owner = &self.nodes[node as usize];
        let body = &owner.method.body;
        let (first, second) = (body.ins[object as usize], body.ins[value as usize]);
        let mut out = Vec::new();
        let mut add = |objects: &Set, values: &Set| {
            let objects = objects.iter().filter(|&&object| self.heap.is_object(object));
            out.extend(objects.map(|&object| (object, values.clone())));
        };
        if first.op == Op::Phi && second.op == Op::Phi && first.block == second.block {
            let operands = body.args(object).iter().zip(body.args(value));
            for (edge, (&one, &two)) in body.preds(first.block).iter().zip(operands) {
                if one != NONE && two != NONE && owner.runs[edge.block as usize] {
                    add(self.set(node, one), self.set(node, two));
                }
            }
        } else {
            add(self.set(node, object), self.set(node, value));
        }
        out
    }

    /// Whether a value is one object, or null.
    pub fn one_object(&self, node: u32, value: Value) -> bool {
        let mut count = 0;
        for &one in self.set(node, value) {
            count += if matches!(self.heap.what[one as usize], What::Integer(0)) { 0 } else { 1 };
        }
        count == 1
    }

    /// Whether an object's class is not the program's.
    pub fn is_foreign(&self, object: Abs) -> bool {
        let kind = self.heap.kinds[object as usize];
        let ours = kind != NONE && self.program.defs.class_of[kind as usize] != NONE;
        !ours && object != STATICS && self.heap.is_object(object)
    }

    /// Objects thrown in a block go to its handlers that fit, and to the callers.
    pub fn throw(&mut self, node: u32, block: u32, objects: &[Abs]) {
        for handler in self.handlers(node, block) {
            self.join(node, handler, objects);
        }
        let mut thrown = std::mem::take(&mut self.nodes[node as usize].thrown);
        let joined = self.heap.join(&mut thrown, objects);
        self.nodes[node as usize].thrown = thrown;
        if matches!(joined, Joined::Grown | Joined::GrownCut) {
            for caller in self.nodes[node as usize].callers.clone() {
                self.enqueue(caller.node, caller.ins);
            }
        }
    }

    /// The values that handlers of a block catch.
    pub fn handlers(&self, node: u32, block: u32) -> Vec<Value> {
        let body = &self.nodes[node as usize].method.body;
        let edges = body.succs(block).iter().filter(|edge| edge.kind != EdgeKind::Normal);
        edges
            .filter_map(|edge| body.in_block(edge.block).find(|&ins| body.ins[ins as usize].op == Op::Caught))
            .collect()
    }

    fn number_of(&mut self, node: u32, ins: u32, op: Op, args: &[Value]) {
        let sets: Vec<Set> = args.iter().map(|&arg| self.set(node, arg).clone()).collect();
        if sets.iter().any(Vec::is_empty) {
            return;
        }
        let body = &self.nodes[node as usize].method.body;
        let folded = body.constant(ins);
        let value = match (op, folded) {
            (_, Some(number)) => self.heap.integer(number),
            (Op::Unary(0x81 | 0x84), None) => match self.integer(&sets[0]) {
                Some(number) => self.heap.integer(i64::from(number as i32)),
                None => UNKNOWN,
            },
            _ => UNKNOWN,
        };
        self.join(node, ins, &[value]);
    }

    /// The number that a set is, if it is one number.
    pub fn integer(&self, set: &[Abs]) -> Option<i64> {
        match set {
            [one] => match self.heap.what[*one as usize] {
                What::Integer(number) => Some(number),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether an object can be of a type, as far as known.
    fn fits(&self, value: Abs, kind: u32) -> bool {
        let own = self.heap.kinds[value as usize];
        if own == NONE || kind == NONE || own == kind {
            return true;
        }
        let (defs, hierarchy) = (&self.program.defs, &self.program.hierarchy);
        // Both are classes of the program: one must be above the other.
        if defs.class_of[own as usize] == NONE || defs.class_of[kind as usize] == NONE {
            return true;
        }
        let made = matches!(self.heap.what[value as usize], What::Made { part: 0, .. } | What::Component(_));
        let up = hierarchy.supertypes(defs, own).contains(&kind);
        up || !made && hierarchy.supertypes(defs, kind).contains(&own)
    }

    /// What a field holds before it is written.
    fn initial(&mut self, object: Abs, field: u32, here: (u32, u32)) -> Set {
        let key = self.program.link.fields[field as usize];
        if object == STATICS {
            let program = self.program;
            if let Some(uri) = self.field_text(field) {
                return vec![self.heap.text(&uri)];
            }
            match program.static_constant(field) {
                Some(Constant::String(dex, index)) => {
                    let text = program.dexes[dex as usize].text(index).into_owned();
                    return vec![self.heap.text(&text)];
                }
                Some(Constant::Integer(number)) => return vec![self.heap.integer(number)],
                _ => {}
            }
        }
        let ours = match self.heap.what[object as usize] {
            What::Statics => self.program.defs.class_of[key.class as usize] != NONE,
            What::Made { part: 0, .. } | What::Component(_) => {
                let kind = self.heap.kinds[object as usize];
                kind != NONE && self.program.defs.class_of[kind as usize] != NONE
            }
            _ => false,
        };
        if ours {
            return vec![self.heap.integer(0)];
        }
        if object == UNKNOWN || object == STATICS {
            return vec![self.unknown_of(key.kind, here, 1)];
        }
        vec![self.within(object, field, key.kind)]
    }

    /// What an object that the platform made holds, where nothing seen has put it there.
    fn within(&mut self, object: Abs, field: u32, kind: u32) -> Abs {
        let descriptor = if kind == NONE { b"L" } else { self.program.descriptor(kind) };
        let nested = |value: Abs| match self.heap.what[value as usize] {
            What::Within(outer, _) => Some(outer),
            _ => None,
        };
        let deep = nested(object).and_then(nested).and_then(nested).is_some();
        match descriptor.first() {
            Some(b'L' | b'[') if descriptor != b"Ljava/lang/String;" && !deep => {
                self.heap.number(What::Within(object, field), kind)
            }
            _ => UNKNOWN,
        }
    }

    /// Something of a type that the platform made at a place.
    pub fn unknown_of(&mut self, kind: u32, here: (u32, u32), part: u8) -> Abs {
        let descriptor = self.program.descriptor(kind);
        match descriptor.first() {
            Some(b'L' | b'[') if descriptor != b"Ljava/lang/String;" => {
                self.heap.number(What::Made { node: here.0, ins: here.1, part }, kind)
            }
            _ => UNKNOWN,
        }
    }

    fn element_of(&mut self, array: Abs, _here: (u32, u32)) -> Abs {
        let kind = self.heap.kinds[array as usize];
        if !self.heap.is_object(array) {
            return UNKNOWN;
        }
        if matches!(self.heap.what[array as usize], What::Made { part: 0, .. }) {
            return self.heap.integer(0);
        }
        let descriptor = if kind == NONE { Vec::new() } else { self.program.descriptor(kind).to_vec() };
        let element = match descriptor.strip_prefix(b"[") {
            Some(element) => self.program.find_type(element).unwrap_or(NONE),
            None => NONE,
        };
        self.within(array, NONE, element)
    }

    /// The keys that an index or key can be: constants, or [`Key::Anywhere`].
    pub fn keys(&self, index: &[Abs]) -> Vec<Key> {
        let constant = !index.is_empty() && index.iter().all(|&value| self.heap.is_constant(value));
        if constant && index.len() <= 8 {
            index.iter().map(|&value| Key::Under(value)).collect()
        } else {
            vec![Key::Anywhere]
        }
    }

    /// The cells that a read under an index can mean.
    pub fn entries(&mut self, object: Abs, index: &[Abs], here: (u32, u32)) -> Vec<u32> {
        let keys = self.keys(index);
        if keys == [Key::Anywhere] {
            self.read_all(object, here);
            let cells = self.heap.of_object.get(&object).cloned().unwrap_or_default();
            return cells.into_iter().filter(|&cell| self.heap.cells[cell as usize].key.is_entry()).collect();
        }
        keys.into_iter().chain([Key::Anywhere]).map(|key| self.cell(object, key)).collect()
    }

    fn read_entries(&mut self, object: Abs, index: &[Abs], here: (u32, u32)) -> Set {
        let mut out = Set::new();
        for cell in self.entries(object, index, here) {
            let set = self.read_cell(cell, here);
            self.heap.join(&mut out, &set);
        }
        out
    }

    fn write_entries(&mut self, object: Abs, index: &[Abs], here: (u32, u32), only: bool, values: &[Abs]) {
        let keys = self.keys(index);
        let only = only && keys.len() == 1 && keys[0] != Key::Anywhere;
        for key in keys {
            let cell = self.cell(object, key);
            self.write_cell(cell, here, only, values);
        }
    }

    pub fn class_of_field(&self, field: u32) -> u32 {
        self.program.link.fields[field as usize].class
    }

    /// The field that a reference means: the nearest definition above the class that it names.
    pub fn field(&mut self, field: u32) -> u32 {
        if field == NONE {
            return 0;
        }
        if let Some(&known) = self.fields.get(&field) {
            return known;
        }
        let program = self.program;
        let key = program.link.fields[field as usize];
        let mut found = field;
        let chain: Vec<u32> = program
            .hierarchy
            .chain(&program.defs, key.class)
            .chain(program.hierarchy.program_interfaces(&program.defs, key.class))
            .collect();
        for position in chain {
            let own = self.fields_of(position);
            let same = |&&id: &&u32| {
                let other = program.link.fields[id as usize];
                other.name == key.name && other.kind == key.kind
            };
            if let Some(&id) = own.iter().find(same) {
                found = id;
                break;
            }
        }
        self.fields.insert(field, found);
        found
    }

    fn fields_of(&mut self, position: u32) -> Rc<Vec<u32>> {
        if let Some(known) = self.own_fields.get(&position) {
            return known.clone();
        }
        let class = &self.program.defs.classes[position as usize];
        let dex = &self.program.dexes[class.dex as usize];
        let mut data = ClassData::default();
        if let Some(row) = dex.class(class.index) {
            dex.class_data(&row, &mut data, &mut 100_000, &mut Problems::default());
        }
        let ids = &self.program.link.ids[class.dex as usize].fields;
        let own = data.fields.iter().filter_map(|field| ids.get(field.field as usize).copied());
        let own = Rc::new(own.filter(|&id| id != NONE).collect::<Vec<u32>>());
        self.own_fields.insert(position, own.clone());
        own
    }
}
