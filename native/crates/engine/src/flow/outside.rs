//! A call that leaves the program: its rules are applied, or the default, and what it calls back is run.

use super::heap::{Abs, Set, UNKNOWN, What};
use super::library::{Library, Spot};
use super::rules::CallArgument;
use super::solve::{Caller, Handing, Solver};
use crate::code::link::NONE;
use crate::code::platform;
use crate::ir::{Invoke, Op, Value};

impl Solver<'_> {
    /// A call that leaves the program.
    pub fn library(&mut self, node: u32, ins: u32, kind: Invoke, method: u32) {
        let here = (node, ins);
        self.outside.insert(here, method);
        let args = self.args_of(node, ins);
        let library = self.library_at(here, method);
        let mut arrived = self.reflect(here, method, &args);
        let flows = if library.known {
            library.flows.clone()
        } else {
            Vec::new()
        };
        for flow in &flows {
            let from = self.locate(here, flow.from, &args, kind, true);
            let to = self.locate(here, flow.to, &args, kind, false);
            let mut set = Set::new();
            for spot in from {
                let more = match spot {
                    Spot::Value(value) => self.set(node, value).clone(),
                    Spot::Cell(cell) => self.read_cell(cell, here),
                    Spot::Object(object) => vec![object],
                    Spot::Return => Vec::new(),
                };
                self.heap.join(&mut set, &more);
            }
            if !flow.copies {
                set.clear();
            }
            let only = to.len() == 1;
            for spot in to {
                match spot {
                    Spot::Return => {
                        arrived |= set.iter().any(|&value| value != UNKNOWN) && flow.copies;
                        self.join(node, ins, &set);
                    }
                    Spot::Cell(cell) => self.write_cell(cell, here, only, &set),
                    Spot::Value(_) | Spot::Object(_) => {}
                }
            }
        }
        if !library.known {
            // Cells that the default flows read: it must be known who reads them.
            for flow in self.default_flows(method, kind) {
                for spot in self.locate(here, flow.from, &args, kind, true) {
                    if let Spot::Cell(cell) = spot {
                        self.read_cell(cell, here);
                    }
                }
            }
        }
        self.sink_reads(here, kind, &library, &args);
        if !arrived {
            let key = self.program.link.methods[method as usize];
            let returned = self.program.link.proto(key.proto)[0];
            let value = self.unknown_of(returned, here, 1);
            self.join(node, ins, &[value]);
        }
        self.call_back(here, kind, &library, &args);
        if !library.calls {
            self.escape(here, kind, method, &args);
        }
        self.messages(here, kind, &library, &args);
    }

    /// A sink sees everything in what it is given.
    pub fn sink_reads(&mut self, here: (u32, u32), kind: Invoke, library: &Library, args: &[Set]) {
        let rules = self.rules;
        for &rule in &library.rules {
            if rules.rules[rule as usize].row.sink.is_some() {
                for number in self.sink_operands(rule, kind, args.len()) {
                    let root = args[number].clone();
                    for spot in self.deep(&root, here) {
                        if let Spot::Cell(cell) = spot {
                            self.read_cell(cell, here);
                        }
                    }
                }
            }
        }
    }

    /// Positions in the operands that leave through a sink.
    pub fn sink_operands(&self, rule: u32, kind: Invoke, count: usize) -> Vec<usize> {
        let row = &self.rules.rules[rule as usize].row;
        let shift = usize::from(kind == Invoke::Static);
        if row.sink_arguments.is_empty() {
            return (1 - shift..count).collect();
        }
        let own = row
            .sink_arguments
            .iter()
            .filter_map(|&number| usize::from(number).checked_sub(shift));
        own.filter(|&at| at < count).collect()
    }

    /// What a sink's rule sees of a call: whether a cell is part of it.
    pub fn sink_sees(
        &mut self,
        here: (u32, u32),
        rule: u32,
        kind: Invoke,
        args: &[Set],
        cell: u32,
    ) -> bool {
        self.sink_operands(rule, kind, args.len())
            .into_iter()
            .any(|at| {
                self.deep(&args[at].clone(), here)
                    .contains(&Spot::Cell(cell))
            })
    }

    pub fn call_back(&mut self, here: (u32, u32), kind: Invoke, library: &Library, args: &[Set]) {
        let rules = self.rules;
        for &rule in &library.rules {
            let mut results: Vec<Set> = Vec::new();
            for (number, call) in rules.rules[rule as usize].calls.iter().enumerate() {
                let mut result = Set::new();
                let mut objects = Set::new();
                for spot in self.locate(here, call.on, args, kind, true) {
                    let more = match spot {
                        Spot::Value(value) => self.set(here.0, value).clone(),
                        Spot::Cell(cell) => self.read_cell(cell, here),
                        Spot::Object(object) => vec![object],
                        Spot::Return => self.set(here.0, here.1).clone(),
                    };
                    self.heap.join(&mut objects, &more);
                }
                for object in objects {
                    for def in self.named(object, &call.method) {
                        let caller = Caller {
                            node: here.0,
                            ins: here.1,
                            later: true,
                        };
                        let Some(callee) = self.node_for(def, caller) else {
                            continue;
                        };
                        self.link(here, callee, Handing::CallBack(rule, number as u32));
                        self.join(callee, 0, &[object]);
                        for (position, argument) in call.arguments.iter().enumerate() {
                            let set = match argument {
                                CallArgument::Unknown => continue,
                                CallArgument::Result(number) => results
                                    .get(usize::from(*number).wrapping_sub(1))
                                    .cloned()
                                    .unwrap_or_default(),
                                CallArgument::Place(place) => {
                                    let mut set = Set::new();
                                    for spot in self.locate(here, *place, args, kind, true) {
                                        let more = match spot {
                                            Spot::Value(value) => self.set(here.0, value).clone(),
                                            Spot::Cell(cell) => self.read_cell(cell, here),
                                            Spot::Object(object) => vec![object],
                                            Spot::Return => self.set(here.0, here.1).clone(),
                                        };
                                        self.heap.join(&mut set, &more);
                                    }
                                    set
                                }
                            };
                            let value = position as u32 + 1;
                            if value < self.nodes[callee as usize].method.body.params().end {
                                self.join(callee, value, &set);
                            }
                        }
                        // Parameters that the rule does not fill, or could not.
                        let empty = (1..self.nodes[callee as usize].method.body.params().end)
                            .find(|&value| self.set(callee, value).is_empty());
                        if empty.is_some() || call.arguments.is_empty() {
                            self.give_empty(callee);
                        }
                        self.listen(object, callee);
                        let returned = self.nodes[callee as usize].returned.clone();
                        self.heap.join(&mut result, &returned);
                    }
                }
                if let Some(to) = call.to {
                    for spot in self.locate(here, to, args, kind, false) {
                        match spot {
                            Spot::Cell(cell) => self.write_cell(cell, here, false, &result),
                            Spot::Return => self.join(here.0, here.1, &result),
                            Spot::Value(_) | Spot::Object(_) => {}
                        }
                    }
                }
                results.push(result);
            }
        }
    }

    /// Fills parameters that nothing is known of.
    pub fn give_empty(&mut self, node: u32) {
        for value in 1..self.nodes[node as usize].method.body.params().end {
            if self.set(node, value).is_empty() {
                self.give(node, value);
                break;
            }
        }
    }

    pub fn link(&mut self, here: (u32, u32), callee: u32, handing: Handing) {
        let links = self.links.entry(here).or_default();
        if !links.contains(&(callee, handing)) {
            links.push((callee, handing));
        }
    }

    /// The methods of an object's class that have a name, with code of the program.
    pub fn named(&mut self, object: Abs, name: &str) -> Vec<u32> {
        let kind = self.heap.kinds[object as usize];
        if !self.heap.is_object(object)
            || kind == NONE
            || self.program.defs.class_of[kind as usize] == NONE
        {
            return Vec::new();
        }
        let program = self.program;
        let Some(id) = program.find_name(name) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut signatures = Vec::new();
        let chain: Vec<u32> = program
            .hierarchy
            .chain(&program.defs, kind)
            .chain(program.hierarchy.program_interfaces(&program.defs, kind))
            .collect();
        for position in chain {
            if self.is_outside(position) {
                continue;
            }
            for &(signature, def) in program.hierarchy.virtuals(position) {
                let method = program.defs.methods[def as usize];
                let same = program.link.methods[method.id as usize].name == id;
                if same && method.code != 0 && !signatures.contains(&signature) {
                    signatures.push(signature);
                    out.push(def);
                }
            }
        }
        // Of a method and the bridge that calls it with narrower types, the bridge is enough: it checks the types, as the platform's call does.
        const BRIDGE: u32 = 0x40;
        if out
            .iter()
            .any(|&def| program.defs.methods[def as usize].access & BRIDGE != 0)
        {
            out.retain(|&def| program.defs.methods[def as usize].access & BRIDGE != 0);
        }
        out
    }

    /// Objects of the program that are given away: the platform may call what the type of the parameter lets it call.
    pub fn escape(&mut self, here: (u32, u32), kind: Invoke, method: u32, args: &[Set]) {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let parameters: Vec<u32> = program.link.proto(key.proto)[1..].to_vec();
        let shift = usize::from(kind != Invoke::Static);
        for (position, parameter) in parameters.into_iter().enumerate() {
            let Some(set) = args.get(position + shift) else {
                break;
            };
            let type_name = program.type_name(parameter);
            let listed = self.rules.listeners.get(&type_name).cloned();
            if listed.is_none() && NOT_CALLED.contains(&&type_name[..]) {
                continue;
            }
            if self.taken_back(here, method, position + shift) {
                continue;
            }
            for object in set.clone() {
                let own = self.heap.kinds[object as usize];
                if !self.heap.is_object(object)
                    || own == NONE
                    || program.defs.class_of[own as usize] == NONE
                {
                    continue;
                }
                let component = matches!(self.heap.what[object as usize], What::Component(_));
                let defs = match &listed {
                    Some(names) => names
                        .iter()
                        .flat_map(|name| self.named(object, name))
                        .collect(),
                    None if component || self.rules.lifecycles.is_empty() => Vec::new(),
                    None => self.overriding(own),
                };
                for def in defs {
                    let caller = Caller {
                        node: here.0,
                        ins: here.1,
                        later: true,
                    };
                    let Some(callee) = self.node_for(def, caller) else {
                        continue;
                    };
                    self.link(here, callee, Handing::Listener((position + shift) as u8));
                    self.join(callee, 0, &[object]);
                    self.give(callee, 1);
                    self.listen(object, callee);
                }
            }
        }
    }

    /// Whether a listener is surely replaced by null, in the same method and on the same object, before the method ends.
    pub fn taken_back(&self, here: (u32, u32), method: u32, position: usize) -> bool {
        let body = &self.nodes[here.0 as usize].method.body;
        let operands = body.args(here.1);
        let is_null = |value: Value| body.constant(value) == Some(0);
        if position != 1 || operands.len() != 2 || is_null(operands[1]) {
            return false;
        }
        let users = &self.nodes[here.0 as usize].method.users;
        let undoing = users.of(operands[0]).iter().copied().filter(|&user| {
            let args = body.args(user);
            matches!(body.ins[user as usize].op, Op::Invoke(_, other) if other == method)
                && args.len() == 2
                && args[0] == operands[0]
                && is_null(args[1])
        });
        let undoing: Vec<Value> = undoing.collect();
        !undoing.is_empty() && !self.path(here.0, Some(here.1), None, &undoing)
    }

    /// Methods of a class that override one of the platform.
    pub fn overriding(&mut self, kind: u32) -> Vec<u32> {
        let program = self.program;
        let position = program.defs.class_of[kind as usize];
        let external = program.hierarchy.external[position as usize];
        let mut out = Vec::new();
        let chain: Vec<u32> = program.hierarchy.chain(&program.defs, kind).collect();
        for position in chain {
            if self.is_outside(position) {
                continue;
            }
            for &(signature, def) in program.hierarchy.virtuals(position) {
                let overrides = self.overrides[signature as usize];
                let own = program.hierarchy.lookup(&program.defs, kind, signature) == Some(def);
                let called = overrides.runs(external) || self.overrides_outside(kind, signature);
                if own && overrides != platform::Overrides::OfObject && called {
                    out.push(def);
                }
            }
        }
        out
    }

    /// Whether a class or interface above a class, whose code is left to the rules, has a method of this signature: its own code calls it.
    pub fn overrides_outside(&mut self, kind: u32, signature: u32) -> bool {
        let program = self.program;
        let above: Vec<u32> = program
            .hierarchy
            .chain(&program.defs, kind)
            .chain(program.hierarchy.program_interfaces(&program.defs, kind))
            .collect();
        above.into_iter().any(|position| {
            program.hierarchy.own_virtual(position, signature).is_some()
                && self.is_outside(position)
        })
    }
}

/// Parameters of these types are not called back, or only as rules say.
const NOT_CALLED: [&str; 22] = [
    "java.lang.Object",
    "java.lang.Object[]",
    "java.lang.String",
    "java.lang.CharSequence",
    "java.lang.Class",
    "java.lang.Throwable",
    "java.lang.Iterable",
    "java.util.Collection",
    "java.util.List",
    "java.util.Map",
    "java.util.Set",
    "java.io.Serializable",
    "android.os.Parcelable",
    "android.os.Bundle",
    "android.content.Context",
    "android.content.ContextWrapper",
    "android.content.Intent",
    "android.app.Activity",
    "android.app.Application",
    "android.app.Fragment",
    "android.view.View",
    "android.os.Message",
];
