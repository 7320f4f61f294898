//! A call that leaves the program: its rules are applied, or the default, and what it calls back is run.

use super::heap::{Abs, Key, Set, UNKNOWN, What};
use super::library::{Given, Library, Spot};
use super::marked::MARK;
use super::rules::{CallArgument, Flow, Place, Root, Selector};
use super::solve::{Handing, Solver};
use crate::code::link::NONE;
use crate::code::platform;
use crate::ir::Invoke;
use smallvec::smallvec;
use std::rc::Rc;

impl Solver<'_> {
    /// A call that leaves the program.
    pub fn library(&mut self, node: u32, ins: u32, kind: Invoke, method: u32) {
        let here = (node, ins);
        self.outside.insert(here, method);
        let args = self.args_of(node, ins);
        let library = self.library_at(here, method);
        let mut arrived = self.reflect(here, method, &args);
        arrived |= self.put_together(here, method, &args);
        for flow in library.flows.iter().filter(|_| library.known) {
            if flow.from.root == Root::Nothing {
                self.take_away(here, flow.to, &args, kind);
                continue;
            }
            if matches!(flow.from.selector, Selector::Same | Selector::Alike) {
                self.copy_entries(here, flow, &args, kind);
                continue;
            }
            if flow.from.selector == Selector::Pairs {
                for (from, to) in self.unpacked(here, flow, &args, kind) {
                    let set = self.heap.cells[from as usize].set.clone();
                    for cell in to {
                        self.write_cell(cell, here, false, &set);
                    }
                }
                continue;
            }
            let from = self.locate(here, flow.from, &args, kind, true);
            if from.is_empty() {
                continue;
            }
            let to = self.locate(here, flow.to, &args, kind, false);
            let mut set = Set::new();
            for spot in from {
                let more = match spot {
                    Spot::Value(value) => self.set(node, value).clone(),
                    Spot::Cell(cell) => self.read_cell(cell, here),
                    Spot::Object(object) => smallvec![object],
                    Spot::Return => Set::new(),
                };
                self.heap.join(&mut set, &more);
            }
            if !flow.copies {
                set.clear();
            } else if self.hides(flow.from, &args, kind) {
                self.heap.join(&mut set, &[UNKNOWN]);
            }
            let only = to.len() == 1;
            for spot in to {
                match spot {
                    Spot::Return => {
                        let known = flow.copies && flow.from.root != Root::Null;
                        arrived |= known && set.iter().any(|&value| value != UNKNOWN);
                        self.join(node, ins, &set);
                    }
                    Spot::Cell(cell) => {
                        // Entries under keys that nobody knows share a cell.
                        let only = only && self.heap.cells[cell as usize].key != Key::Anywhere;
                        self.write_cell(cell, here, only, &set);
                    }
                    Spot::Value(_) | Spot::Object(_) => {}
                }
            }
        }
        if !library.known {
            // Cells that the default flows read: it must be known who reads them.
            for flow in self.default_flows(method, kind).iter() {
                for spot in self.locate(here, flow.from, &args, kind, true) {
                    if let Spot::Cell(cell) = spot {
                        self.read_cell(cell, here);
                    }
                }
            }
        }
        self.sink_reads(here, kind, &library, &args);
        arrived |= self.answer_for(here, &args);
        if !arrived {
            let key = self.program.link.methods[method as usize];
            let returned = self.program.link.proto(key.proto)[0];
            let value = self.unknown_of(returned, here, 1);
            self.join(node, ins, &[value]);
        }
        self.call_back(here, kind, &library, &args);
        if !library.calls && !self.takes_back(method) {
            self.escape(here, kind, method, &args);
        }
        self.messages(here, kind, &library, &args);
    }

    /// Whether a place is an entry of something that the platform made: more may be there than the program put in.
    fn hides(&self, place: Place, args: &[Set], kind: Invoke) -> bool {
        let (Root::Operand(number), Selector::Entry(_) | Selector::Entries) =
            (place.root, place.selector)
        else {
            return false;
        };
        let at = usize::from(number).checked_sub(usize::from(kind == Invoke::Static));
        let foreign = |&object: &Abs| {
            matches!(
                self.heap.what[object as usize],
                What::Unknown | What::Within(..) | What::Made { part: 1, .. }
            )
        };
        at.and_then(|at| args.get(at))
            .is_some_and(|set| set.iter().any(foreign))
    }

    /// What cells held is taken away.
    fn take_away(&mut self, here: (u32, u32), place: Place, args: &[Set], kind: Invoke) {
        let sure = match place.root {
            Root::Operand(number) => {
                let operands = self.nodes[here.0 as usize].method.body.args(here.1);
                let at = usize::from(number).checked_sub(usize::from(kind == Invoke::Static));
                at.and_then(|at| operands.get(at))
                    .is_some_and(|&value| self.one_object(here.0, value))
            }
            _ => false,
        };
        // Of entries, those that are there: under a key only that one.
        let keyed = matches!(place.selector, Selector::Entry(_));
        let spots = self.locate(here, place, args, kind, !keyed);
        if !sure || keyed && spots.len() != 1 {
            return;
        }
        for spot in spots {
            let Spot::Cell(cell) = spot else { continue };
            let one = &mut self.heap.cells[cell as usize];
            let whole = !keyed || one.key != Key::Anywhere;
            if whole && !one.erasers.contains(&here) {
                one.erasers.push(here);
            }
        }
    }

    /// Entries go to the same keys of another object.
    fn copy_entries(&mut self, here: (u32, u32), flow: &Flow, args: &[Set], kind: Invoke) {
        for spot in self.locate(here, flow.from, args, kind, true) {
            let Spot::Cell(cell) = spot else { continue };
            let set = self.read_cell(cell, here);
            let key = self.heap.cells[cell as usize].key;
            for to in self.under(here, flow.to, args, kind, key) {
                self.write_cell(to, here, false, &set);
            }
        }
    }

    /// The cells under a key of the objects that a place of a rule is in.
    pub fn under(
        &mut self,
        here: (u32, u32),
        place: Place,
        args: &[Set],
        kind: Invoke,
        key: Key,
    ) -> Vec<u32> {
        let objects = match place.root {
            Root::Return => self.set(here.0, here.1).clone(),
            Root::Operand(number) => {
                let at = usize::from(number).checked_sub(usize::from(kind == Invoke::Static));
                at.and_then(|at| args.get(at)).cloned().unwrap_or_default()
            }
            _ => Set::new(),
        };
        let spots = self.cells_of(&objects, key).into_iter();
        spots
            .filter_map(|spot| match spot {
                Spot::Cell(cell) => Some(cell),
                _ => None,
            })
            .collect()
    }

    /// A sink sees everything in what it is given, or what its text says.
    pub fn sink_reads(&mut self, here: (u32, u32), kind: Invoke, library: &Library, args: &[Set]) {
        let rules = self.rules;
        for &rule in &library.rules {
            if rules.rules[rule as usize].row.sink.is_some() {
                for number in self.sink_operands(rule, kind, args.len()) {
                    for spot in self.in_sink(here, rule, &args[number]) {
                        if let Spot::Cell(cell) = spot {
                            self.read_cell(cell, here);
                        }
                    }
                }
            }
        }
    }

    /// What a sink sees of objects: of a log and a file of texts only what the objects say.
    pub fn in_sink(&mut self, here: (u32, u32), rule: u32, objects: &[Abs]) -> Vec<Spot> {
        match self.rules.rules[rule as usize].row.sink.as_deref() {
            Some("log" | "file") => self.text(objects, here),
            _ => self.deep(objects, here),
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

    pub fn call_back(&mut self, here: (u32, u32), kind: Invoke, library: &Library, args: &[Set]) {
        let rules = self.rules;
        for &rule in &library.rules {
            self.call_unknown(here, rule, args, kind);
            let mut results: Vec<Set> = Vec::new();
            for (number, call) in rules.rules[rule as usize].calls.iter().enumerate() {
                let mut result = Set::new();
                let mut objects = Set::new();
                for spot in self.locate(here, call.on, args, kind, true) {
                    let more = match spot {
                        Spot::Value(value) => self.set(here.0, value).clone(),
                        Spot::Cell(cell) => self.read_cell(cell, here),
                        Spot::Object(object) => smallvec![object],
                        Spot::Return => self.set(here.0, here.1).clone(),
                    };
                    self.heap.join(&mut objects, &more);
                }
                if let Root::Operand(number) = call.on.root {
                    let at = usize::from(number).checked_sub(usize::from(kind == Invoke::Static));
                    let method = self.outside[&here];
                    if at.is_some_and(|at| self.taken_back(here, method, at)) {
                        objects.clear();
                    }
                }
                for object in objects {
                    for &def in self.answering(object, &call.method).iter() {
                        if call.method.starts_with(MARK)
                            && !self.can_take(here, call, def, args, kind)
                        {
                            continue;
                        }
                        let handing = Handing::CallBack(rule, number as u32);
                        let Some(callee) = self.enter(here, def, object, handing, true) else {
                            continue;
                        };
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
                                            Spot::Object(object) => smallvec![object],
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
    pub fn named(&mut self, object: Abs, name: &str) -> Rc<Vec<u32>> {
        let kind = self.heap.kinds[object as usize];
        if !self.heap.is_object(object)
            || kind == NONE
            || self.program.defs.class_of[kind as usize] == NONE
        {
            return Rc::default();
        }
        let program = self.program;
        let Some(id) = program.find_name(name) else {
            return Rc::default();
        };
        if let Some(known) = self.known.named.get(&(kind, id)) {
            return known.clone();
        }
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
        let out = Rc::new(out);
        self.known.named.insert((kind, id), out.clone());
        out
    }

    /// Objects of the program that are given away: the platform may call what the type of the parameter lets it call.
    pub fn escape(&mut self, here: (u32, u32), kind: Invoke, method: u32, args: &[Set]) {
        let program = self.program;
        let parameters = self.parameters(method);
        let shift = usize::from(kind != Invoke::Static);
        for (position, given) in parameters.iter().enumerate() {
            let Some(set) = args.get(position + shift) else {
                break;
            };
            if matches!(given, Given::Kept) || self.taken_back(here, method, position + shift) {
                continue;
            }
            for &object in set {
                let own = self.heap.kinds[object as usize];
                if !self.heap.is_object(object)
                    || own == NONE
                    || program.defs.class_of[own as usize] == NONE
                {
                    continue;
                }
                let component = matches!(self.heap.what[object as usize], What::Component(_));
                let defs: Vec<u32> = match given {
                    Given::Calls(names) => names
                        .iter()
                        .flat_map(|name| self.named(object, name).to_vec())
                        .collect(),
                    _ if component || self.rules.lifecycles.is_empty() => Vec::new(),
                    _ => self.overriding(own).to_vec(),
                };
                for def in defs {
                    let handing = Handing::Listener((position + shift) as u8);
                    let Some(callee) = self.enter(here, def, object, handing, true) else {
                        continue;
                    };
                    self.give(callee, 1);
                    self.listen(object, callee);
                }
            }
        }
    }

    /// Methods of a class that override one of the platform.
    pub fn overriding(&mut self, kind: u32) -> Rc<Vec<u32>> {
        if let Some(known) = self.known.overriding.get(&kind) {
            return known.clone();
        }
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
        let out = Rc::new(out);
        self.known.overriding.insert(kind, out.clone());
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
