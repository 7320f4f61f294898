//! One instruction: what its result can be, by what its operands can be.

use super::heap::{Abs, Joined, Key, STATICS, Set, UNKNOWN, What};
use super::solve::Solver;
use crate::code::link::NONE;
use crate::ir::{EdgeKind, Op, Value};

/// Components that something of a common type of theirs is taken for.
const HOSTS: usize = 4;

impl Solver<'_> {
    pub fn evaluate(&mut self, node: u32, ins: u32) {
        let method = self.nodes[node as usize].method.clone();
        let body = &method.body;
        let it = body.ins[ins as usize];
        if !self.nodes[node as usize].runs[it.block as usize] {
            return;
        }
        let args = body.args(ins);
        let here = (node, ins);
        match it.op {
            Op::Param(_) | Op::Other | Op::FillData => {}
            // Besides what the program throws, the platform may.
            Op::Caught => {
                let value = self.heap.number(What::Made { node, ins, part: 1 }, NONE);
                self.join(node, ins, &[value]);
            }
            Op::Undefined | Op::Handle(_) => self.join(node, ins, &[UNKNOWN]),
            Op::Phi => {
                for (edge, &arg) in body.preds(it.block).iter().zip(args) {
                    if arg != NONE && self.comes_by(node, edge) {
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
                let text = self.program.dexes[body.dex as usize]
                    .text(index)
                    .into_owned();
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
                let own = self.own_objects(&set, kind);
                let kept: Set = set
                    .into_iter()
                    .filter(|&value| self.fits(value, kind))
                    .collect();
                self.join(node, ins, &kept);
                self.join(node, ins, &own);
            }
            Op::InstanceOf(_) | Op::Length | Op::Compare(_) | Op::Unary(_) => {
                self.number_of(node, ins, it.op, args)
            }
            Op::Binary(arith, width) => {
                let (left, right) = (
                    self.set(node, args[0]).clone(),
                    self.set(node, args[1]).clone(),
                );
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
                        // What a rule puts into a field of the platform's object, or that a class of the program inherits.
                        if let Some(name) = self.outer_cell(field) {
                            let cell = self.cell(object, Key::Named(name));
                            let more = self.read_cell(cell, here);
                            self.join(node, ins, &more);
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
                let (arrays, index) = (
                    self.set(node, args[0]).clone(),
                    self.set(node, args[1]).clone(),
                );
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
                let (arrays, index) = (
                    self.set(node, args[0]).clone(),
                    self.set(node, args[1]).clone(),
                );
                if index.is_empty() {
                    return;
                }
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
                if left.is_empty() || right.as_ref().is_some_and(Set::is_empty) {
                    return;
                }
                let number = |solver: &Self, set: &Set| solver.integer(set);
                let right = match &right {
                    Some(set) => number(self, set),
                    None => Some(0),
                };
                let mut normal = body
                    .succs(it.block)
                    .iter()
                    .filter(|edge| edge.kind == EdgeKind::Normal);
                let no = normal.next().map(|edge| edge.block);
                let yes = normal.next().map(|edge| edge.block).or(no);
                let decided = number(self, &left)
                    .zip(right)
                    .map(|(a, b)| crate::ir::holds(cond, a, b));
                let never_null = args.len() == 1
                    && left.iter().all(|&value| {
                        let what = &self.heap.what[value as usize];
                        matches!(
                            what,
                            What::Made { part: 0, .. }
                                | What::Component(_)
                                | What::Text(_)
                                | What::Class(_)
                        )
                    });
                let decided = decided.or(match cond {
                    crate::ir::Cond::Eq if never_null => Some(false),
                    crate::ir::Cond::Ne if never_null => Some(true),
                    _ => None,
                });
                if decided != Some(true) {
                    no.into_iter().for_each(|block| self.run_block(node, block));
                }
                if decided != Some(false) {
                    yes.into_iter()
                        .for_each(|block| self.run_block(node, block));
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
                        for edge in body
                            .succs(it.block)
                            .iter()
                            .filter(|edge| edge.kind == EdgeKind::Normal)
                        {
                            self.run_block(node, edge.block);
                        }
                    }
                }
            }
            Op::Return => {
                let set = args
                    .first()
                    .map(|&arg| self.set(node, arg).clone())
                    .unwrap_or_default();
                let mut returned = std::mem::take(&mut self.nodes[node as usize].returned);
                let joined = self.heap.join(&mut returned, &set);
                self.nodes[node as usize].returned = returned;
                if matches!(joined, Joined::Grown | Joined::GrownCut) {
                    self.work(self.nodes[node as usize].callers.len());
                    for caller in self.nodes[node as usize].callers.clone() {
                        if caller.plain {
                            self.join(caller.node, caller.ins, &set);
                        } else {
                            self.enqueue(caller.node, caller.ins);
                        }
                    }
                    for (node, ins) in self.mail.binds.get(&node).cloned().unwrap_or_default() {
                        self.enqueue(node, ins);
                    }
                }
            }
            Op::Throw => {
                let set = self.set(node, args[0]).clone();
                self.throw(node, it.block, &set);
            }
        }
    }

    /// What the platform hands out under a wider type (the activity of a fragment, the application of a context) and the program takes for one
    /// of its own components, is the object of that component.
    fn own_objects(&mut self, set: &[Abs], kind: u32) -> Set {
        let handed = |&value: &Abs| {
            matches!(
                self.heap.what[value as usize],
                What::Unknown | What::Given { .. } | What::Made { part: 1, .. }
            )
        };
        if !set.iter().any(handed) || self.program.defs.class_of[kind as usize] == NONE {
            return Set::new();
        }
        if let Some(known) = self.known.hosts.get(&kind) {
            return Set::clone(known);
        }
        let mut out = Set::new();
        for object in self.components() {
            let own = self.heap.kinds[object as usize];
            let (defs, hierarchy) = (&self.program.defs, &self.program.hierarchy);
            if own == kind || hierarchy.supertypes(defs, own).contains(&kind) {
                out.push(object);
            }
        }
        out.sort_unstable();
        // Of many, none is more likely than another.
        out.truncate(if out.len() > HOSTS { 0 } else { HOSTS });
        self.known.hosts.insert(kind, std::rc::Rc::new(out.clone()));
        out
    }

    /// The cell that rules name like a field which no class of the program has.
    fn outer_cell(&mut self, field: u32) -> Option<u32> {
        if let Some(&known) = self.known.outer_cells.get(&field) {
            return known;
        }
        let key = self.program.link.fields[field as usize];
        let id = self.rules.known_name(&self.program.name(key.name));
        let named = (id as usize) < self.rules.names.len();
        let found = (named && self.is_inherited(field)).then_some(id);
        self.known.outer_cells.insert(field, found);
        found
    }

    /// Which objects are given which values. Two phis of one block take their operands from the same edge.
    pub fn pairs(&self, node: u32, object: Value, value: Value) -> Vec<(Abs, Set)> {
        let owner = &self.nodes[node as usize];
        let body = &owner.method.body;
        let (first, second) = (body.ins[object as usize], body.ins[value as usize]);
        let mut out = Vec::new();
        let mut add = |objects: &Set, values: &Set| {
            let objects = objects
                .iter()
                .filter(|&&object| self.heap.is_object(object));
            out.extend(objects.map(|&object| (object, values.clone())));
        };
        if first.op == Op::Phi && second.op == Op::Phi && first.block == second.block {
            let operands = body.args(object).iter().zip(body.args(value));
            for (edge, (&one, &two)) in body.preds(first.block).iter().zip(operands) {
                if one != NONE && two != NONE && self.comes_by(node, edge) {
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
            count += if matches!(self.heap.what[one as usize], What::Integer(0)) {
                0
            } else {
                1
            };
        }
        count == 1
    }

    /// Whether an object's class is not the program's.
    pub fn is_foreign(&self, object: Abs) -> bool {
        let kind = self.heap.kinds[object as usize];
        let ours = kind != NONE && self.program.defs.class_of[kind as usize] != NONE;
        !ours && object != STATICS && self.heap.is_object(object)
    }

    pub fn number_of(&mut self, node: u32, ins: u32, op: Op, args: &[Value]) {
        let sets: Vec<Set> = args
            .iter()
            .map(|&arg| self.set(node, arg).clone())
            .collect();
        if sets.iter().any(Set::is_empty) {
            return;
        }
        let body = &self.nodes[node as usize].method.body;
        let folded = body.constant(ins);
        let value = match (op, folded) {
            (_, Some(number)) => self.heap.integer(number),
            (Op::InstanceOf(kind), None) => match self.is_instance(&sets[0], kind) {
                Some(yes) => self.heap.integer(i64::from(yes)),
                None => UNKNOWN,
            },
            (Op::Unary(0x81 | 0x84), None) => match self.integer(&sets[0]) {
                Some(number) => self.heap.integer(i64::from(number as i32)),
                None => UNKNOWN,
            },
            _ => UNKNOWN,
        };
        self.join(node, ins, &[value]);
    }

    /// Whether all values of a set are of a type, or none is; nothing if that is not known of one of them.
    fn is_instance(&mut self, set: &[Abs], kind: u32) -> Option<bool> {
        let mut answer = None;
        for &value in set {
            let own = match self.heap.what[value as usize] {
                What::Integer(0) => NONE,
                What::Text(_) => self.program.find_type(b"Ljava/lang/String;")?,
                What::Class(_) => self.program.find_type(b"Ljava/lang/Class;")?,
                What::Made { part: 0, .. } | What::Component(_) => {
                    Some(self.heap.kinds[value as usize]).filter(|&own| own != NONE)?
                }
                _ => return None,
            };
            let name = self.program.type_name(kind);
            let array = name.ends_with(']');
            let one = own != NONE
                && (own == kind
                    || name == "java.lang.Object"
                    || !array && self.names_of(own).contains(&name));
            if array && own != kind && own != NONE || answer.is_some_and(|other| other != one) {
                return None;
            }
            answer = Some(one);
        }
        answer
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
    pub fn fits(&mut self, value: Abs, kind: u32) -> bool {
        let own = self.heap.kinds[value as usize];
        if own == NONE || kind == NONE || own == kind {
            return true;
        }
        let (defs, hierarchy) = (&self.program.defs, &self.program.hierarchy);
        // Both are classes of the program: one must be above the other. Objects of libraries are made by rules, which do not say of which class.
        let (one, other) = (defs.class_of[own as usize], defs.class_of[kind as usize]);
        if one == NONE || other == NONE || self.is_outside(one) || self.is_outside(other) {
            return true;
        }
        let made = matches!(
            self.heap.what[value as usize],
            What::Made { part: 0, .. } | What::Component(_)
        );
        let up = hierarchy.supertypes(defs, own).contains(&kind);
        up || !made && hierarchy.supertypes(defs, kind).contains(&own)
    }
}
