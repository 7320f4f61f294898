//! Calls of code outside the program: what the rules say, or the default.

use super::heap::{Abs, Key, Map, STATICS, Set, UNKNOWN, What};
use super::rules::{CallArgument, Flow, Place, Root, Selector, matches};
use super::solve::{Caller, Handing, Solver};
use crate::code::dotted;
use crate::code::link::NONE;
use crate::code::platform;
use crate::dex::strings;
use crate::ir::{Invoke, Op, Value};
use std::rc::Rc;

/// What was looked up already.
#[derive(Default)]
pub(super) struct Known {
    names: Map<u32, Rc<Vec<String>>>,
    outside: Map<u32, bool>,
    methods: Map<u32, Rc<Library>>,
    fields: Map<u32, Rc<Vec<u32>>>,
}

/// A method outside.
pub(super) struct Library {
    pub flows: Vec<Flow>,
    /// All rules that name it, nearest class first.
    pub rules: Vec<u32>,
    /// Whether one of them says which call-backs it makes.
    pub calls: bool,
    /// Whether a rule says what it does; else the default holds.
    pub known: bool,
}

/// Where a place of a rule lies at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// An operand.
    Value(Value),
    Cell(u32),
    Object(Abs),
    Return,
}

/// Objects within objects that a sink or a rule sees.
const DEPTH: usize = 3;

impl Solver<'_> {
    /// Names of a type and all its supertypes, nearest first.
    pub fn names_of(&mut self, kind: u32) -> Rc<Vec<String>> {
        if let Some(known) = self.known.names.get(&kind) {
            return known.clone();
        }
        let program = self.program;
        let mut descriptors: Vec<String> = vec![strings::decode(program.descriptor(kind)).into_owned()];
        let mut next = 0;
        while next < descriptors.len() && descriptors.len() < 200 {
            let own = descriptors[next].clone();
            next += 1;
            let mut above: Vec<String> = Vec::new();
            let position = program
                .find_type(&strings::encode(&own))
                .map_or(NONE, |kind| program.defs.class_of[kind as usize]);
            if position == NONE {
                above.extend(platform::direct_supertypes(&own).map(str::to_owned));
            } else {
                let superclass = program.defs.classes[position as usize].superclass;
                let kinds = [superclass].into_iter().chain(program.hierarchy.interfaces(position).iter().copied());
                above.extend(kinds.filter(|&kind| kind != NONE).map(|kind| strings::decode(program.descriptor(kind)).into_owned()));
            }
            for name in above {
                if !descriptors.contains(&name) {
                    descriptors.push(name);
                }
            }
        }
        let names = Rc::new(descriptors.iter().map(|name| dotted(name)).collect::<Vec<String>>());
        self.known.names.insert(kind, names.clone());
        names
    }

    /// Whether the code of a class is left to the rules.
    pub fn is_outside(&mut self, position: u32) -> bool {
        if let Some(&known) = self.known.outside.get(&position) {
            return known;
        }
        let name = self.program.type_name(self.program.defs.classes[position as usize].kind);
        let outside = self.rules.outside.iter().any(|prefix| name.starts_with(&prefix[..]));
        self.known.outside.insert(position, outside);
        outside
    }

    /// What is known of a method outside the program.
    pub fn library_of(&mut self, method: u32) -> Rc<Library> {
        if let Some(known) = self.known.methods.get(&method) {
            return known.clone();
        }
        let program = self.program;
        let key = program.link.methods[method as usize];
        let name = program.name(key.name).into_owned();
        let descriptor = program.proto_descriptor(key.proto);
        let mut names = self.names_of(key.class).to_vec();
        names.push("java.lang.Object".to_owned());
        names.push("*".to_owned());
        let rules = self.rules;
        let mut library = Library { flows: Vec::new(), rules: Vec::new(), calls: false, known: false };
        let mut sink = false;
        for class in &names {
            let (mut known, mut calls, mut sinks) = (false, false, false);
            let exact = rules.find(class, &name);
            let found = if exact.is_empty() && class != "*" && name != "<init>" { rules.find(class, "*") } else { exact };
            for &rule in found {
                let one = &rules.rules[rule as usize];
                if !descriptor.starts_with(&one.row.descriptor[..]) || one.row.is_field || one.row.parameter > 0 {
                    continue;
                }
                // A constructor is not inherited.
                if name == "<init>" && *class != names[0] && class != "*" && program.defs.class_of[key.class as usize] == NONE {
                    continue;
                }
                if !one.row.flows.is_empty() && !library.known {
                    library.flows.extend(&one.flows);
                    known = true;
                }
                // What a subclass says of leaving and of call-backs replaces what stands above it.
                if one.row.sink.is_some() {
                    if sink {
                        continue;
                    }
                    sinks = true;
                    if one.row.sink.as_deref() == Some("none") {
                        continue;
                    }
                }
                if !one.calls.is_empty() && library.calls {
                    continue;
                }
                calls |= !one.calls.is_empty();
                library.rules.push(rule);
            }
            library.known |= known;
            library.calls |= calls;
            sink |= sinks;
        }
        let library = Rc::new(library);
        self.known.methods.insert(method, library.clone());
        library
    }

    /// Rules of a static field that is a source, or stands for a text.
    pub fn field_rules(&mut self, field: u32) -> Rc<Vec<u32>> {
        if let Some(known) = self.known.fields.get(&field) {
            return known.clone();
        }
        let key = self.program.link.fields[field as usize];
        let class = self.program.type_name(key.class);
        let name = self.program.name(key.name).into_owned();
        let rules = self.rules;
        let own = rules.find(&class, &name).iter().copied().filter(|&rule| rules.rules[rule as usize].row.is_field);
        let found = Rc::new(own.collect::<Vec<u32>>());
        self.known.fields.insert(field, found.clone());
        found
    }

    pub fn field_text(&mut self, field: u32) -> Option<String> {
        let rules = self.rules;
        let found = self.field_rules(field);
        found.iter().map(|&rule| rules.rules[rule as usize].row.value.clone()).find(|value| !value.is_empty())
    }

    /// The default: what goes in may come out, and stay in the receiver if nothing comes out.
    pub fn default_flows(&self, method: u32, kind: Invoke) -> Vec<Flow> {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let proto = program.link.proto(key.proto);
        let name = program.bytes(program.link.names[key.name as usize]);
        let content = Selector::Named(self.names.content);
        let flow = |from, to| Flow { from, to, marks: 0, copies: false };
        let place = |root, selector| Place { root, selector };
        let mut out = Vec::new();
        let returns = program.descriptor(proto[0]) != b"V";
        let keeps = kind != Invoke::Static && (name == b"<init>" || !returns || proto[0] == key.class);
        if kind != Invoke::Static && returns {
            out.push(flow(place(Root::Operand(0), Selector::Whole), place(Root::Return, Selector::Whole)));
            out.push(flow(place(Root::Operand(0), content), place(Root::Return, Selector::Whole)));
            out.push(flow(place(Root::Operand(0), Selector::Entries), place(Root::Return, Selector::Whole)));
        }
        for argument in 1..proto.len() as u8 {
            for selector in [Selector::Whole, content, Selector::Entries] {
                let from = place(Root::Operand(argument), selector);
                if returns {
                    out.push(flow(from, place(Root::Return, Selector::Whole)));
                }
                if keeps {
                    out.push(flow(from, place(Root::Operand(0), content)));
                }
            }
        }
        out
    }

    /// Where a place lies at a call; reading and writing differ in entries.
    pub fn locate(&mut self, here: (u32, u32), place: Place, args: &[Set], kind: Invoke, reads: bool) -> Vec<Spot> {
        let position = |number: u8| {
            let shift = u8::from(kind == Invoke::Static);
            number.checked_sub(shift).map(usize::from).filter(|&at| at < args.len())
        };
        let operands: Vec<Value> = self.nodes[here.0 as usize].method.body.args(here.1).to_vec();
        let root = match place.root {
            Root::Return if place.selector == Selector::Whole => return vec![Spot::Return],
            Root::Return => self.set(here.0, here.1).clone(),
            Root::New => {
                let kind = self.return_kind(here);
                return vec![Spot::Object(self.heap.number(What::Made { node: here.0, ins: here.1, part: 3 }, kind))];
            }
            Root::Global(name) => {
                return self.globals(name, place.selector, args, kind).into_iter().map(Spot::Object).collect();
            }
            Root::Operand(number) => {
                let Some(at) = position(number) else { return Vec::new() };
                if place.selector == Selector::Whole {
                    if reads {
                        return vec![Spot::Value(operands[at])];
                    }
                    // Something given to an argument: it is in there.
                    let content = Key::Named(self.names.content);
                    return self.cells_of(&args[at].clone(), content);
                }
                args[at].clone()
            }
        };
        match place.selector {
            Selector::Whole => Vec::new(),
            Selector::Named(name) => self.cells_of(&root, Key::Named(name)),
            Selector::Through(first, second) => {
                let mut inner = Set::new();
                for spot in self.cells_of(&root, Key::Named(first)) {
                    if let Spot::Cell(cell) = spot {
                        let set = self.read_cell(cell, here);
                        self.heap.join(&mut inner, &set);
                    }
                }
                self.cells_of(&inner, Key::Named(second))
            }
            Selector::Entry(number) => {
                let index = position(number).map(|at| args[at].clone()).unwrap_or_default();
                self.entry_spots(&root, &index, here, reads)
            }
            Selector::Entries => self.entry_spots(&root, &[UNKNOWN], here, reads),
            Selector::All => {
                let mut out = self.deep(&root, here);
                if let Root::Operand(number) = place.root {
                    out.extend(position(number).map(|at| Spot::Value(operands[at])));
                }
                out
            }
        }
    }

    fn return_kind(&self, here: (u32, u32)) -> u32 {
        match self.nodes[here.0 as usize].method.body.ins[here.1 as usize].op {
            Op::Invoke(_, method) if method != NONE => {
                let key = self.program.link.methods[method as usize];
                let name = self.program.bytes(self.program.link.names[key.name as usize]);
                if name == b"<init>" { key.class } else { self.program.link.proto(key.proto)[0] }
            }
            _ => NONE,
        }
    }

    fn globals(&mut self, name: u32, selector: Selector, args: &[Set], kind: Invoke) -> Vec<Abs> {
        let text = self.rules.names.get(name as usize).cloned().unwrap_or_default();
        if let ("application", Some(application)) = (&text[..], self.world.application) {
            return vec![application];
        }
        let keys = match selector {
            Selector::Entry(number) => {
                let at = usize::from(number).checked_sub(usize::from(kind == Invoke::Static));
                at.and_then(|at| args.get(at)).cloned().unwrap_or_default()
            }
            _ => vec![UNKNOWN],
        };
        let keys: Set = keys.into_iter().map(|key| if self.heap.is_constant(key) { key } else { UNKNOWN }).collect();
        keys.into_iter().map(|key| self.heap.number(What::Global(name, key), NONE)).collect()
    }

    fn cells_of(&mut self, objects: &[Abs], key: Key) -> Vec<Spot> {
        let mut out = Vec::new();
        for &object in objects {
            if self.heap.is_object(object) && object != STATICS {
                out.push(Spot::Cell(self.cell(object, key)));
            }
        }
        out
    }

    fn entry_spots(&mut self, objects: &[Abs], index: &[Abs], here: (u32, u32), reads: bool) -> Vec<Spot> {
        let mut out = Vec::new();
        for &object in objects {
            if !self.heap.is_object(object) || object == STATICS {
                continue;
            }
            if reads {
                out.extend(self.entries(object, index, here).into_iter().map(Spot::Cell));
            } else {
                for key in self.keys(index) {
                    out.push(Spot::Cell(self.cell(object, key)));
                }
            }
        }
        out
    }

    /// All cells of objects and of the objects in them; components of the app are not looked into.
    fn deep(&mut self, objects: &[Abs], here: (u32, u32)) -> Vec<Spot> {
        let mut out = Vec::new();
        let mut seen: Vec<Abs> = Vec::new();
        let mut level: Vec<Abs> = objects.to_vec();
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for object in level {
                let component = matches!(self.heap.what[object as usize], What::Component(_));
                if !self.heap.is_object(object) || component || object == STATICS || seen.contains(&object) || seen.len() > 200 {
                    continue;
                }
                seen.push(object);
                self.read_all(object, here);
                for cell in self.heap.of_object.get(&object).cloned().unwrap_or_default() {
                    out.push(Spot::Cell(cell));
                    next.extend(self.heap.cells[cell as usize].set.iter().copied());
                }
            }
            level = next;
        }
        out
    }

    /// A call that leaves the program.
    pub fn library(&mut self, node: u32, ins: u32, kind: Invoke, method: u32) {
        let here = (node, ins);
        self.outside.insert(here, method);
        let args = self.args_of(node, ins);
        let library = self.library_of(method);
        let mut arrived = self.reflect(here, method, &args);
        let flows = if library.known { library.flows.clone() } else { Vec::new() };
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
    }

    /// A sink sees everything in what it is given.
    fn sink_reads(&mut self, here: (u32, u32), kind: Invoke, library: &Library, args: &[Set]) {
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
        let own = row.sink_arguments.iter().filter_map(|&number| usize::from(number).checked_sub(shift));
        own.filter(|&at| at < count).collect()
    }

    /// What a sink's rule sees of a call: whether a cell is part of it.
    pub fn sink_sees(&mut self, here: (u32, u32), rule: u32, kind: Invoke, args: &[Set], cell: u32) -> bool {
        self.sink_operands(rule, kind, args.len())
            .into_iter()
            .any(|at| self.deep(&args[at].clone(), here).contains(&Spot::Cell(cell)))
    }

    fn call_back(&mut self, here: (u32, u32), kind: Invoke, library: &Library, args: &[Set]) {
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
                        let caller = Caller { node: here.0, ins: here.1, later: true };
                        let Some(callee) = self.node_for(def, caller) else { continue };
                        self.link(here, callee, Handing::CallBack(rule, number as u32));
                        self.join(callee, 0, &[object]);
                        for (position, argument) in call.arguments.iter().enumerate() {
                            let set = match argument {
                                CallArgument::Unknown => continue,
                                CallArgument::Result(number) => {
                                    results.get(usize::from(*number).wrapping_sub(1)).cloned().unwrap_or_default()
                                }
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
                        let returned = self.nodes[callee as usize].returned.clone();
                        self.heap.join(&mut result, &returned);
                    }
                }
                results.push(result);
            }
        }
    }

    /// Fills parameters that nothing is known of.
    fn give_empty(&mut self, node: u32) {
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
        if !self.heap.is_object(object) || kind == NONE || self.program.defs.class_of[kind as usize] == NONE {
            return Vec::new();
        }
        let program = self.program;
        let Some(id) = program.find_name(name) else { return Vec::new() };
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
        if out.iter().any(|&def| program.defs.methods[def as usize].access & BRIDGE != 0) {
            out.retain(|&def| program.defs.methods[def as usize].access & BRIDGE != 0);
        }
        out
    }

    /// Objects of the program that are given away: the platform may call what the type of the parameter lets it call.
    fn escape(&mut self, here: (u32, u32), kind: Invoke, method: u32, args: &[Set]) {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let parameters: Vec<u32> = program.link.proto(key.proto)[1..].to_vec();
        let shift = usize::from(kind != Invoke::Static);
        for (position, parameter) in parameters.into_iter().enumerate() {
            let Some(set) = args.get(position + shift) else { break };
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
                if !self.heap.is_object(object) || own == NONE || program.defs.class_of[own as usize] == NONE {
                    continue;
                }
                let component = matches!(self.heap.what[object as usize], What::Component(_));
                let defs = match &listed {
                    Some(names) => names.iter().flat_map(|name| self.named(object, name)).collect(),
                    None if component || self.rules.lifecycles.is_empty() => Vec::new(),
                    None => self.overriding(own),
                };
                for def in defs {
                    let caller = Caller { node: here.0, ins: here.1, later: true };
                    let Some(callee) = self.node_for(def, caller) else { continue };
                    self.link(here, callee, Handing::Listener((position + shift) as u8));
                    self.join(callee, 0, &[object]);
                    self.give(callee, 1);
                }
            }
        }
    }

    /// Whether a listener is surely replaced by null, in the same method and on the same object, before the method ends.
    fn taken_back(&self, here: (u32, u32), method: u32, position: usize) -> bool {
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
    fn overriding(&mut self, kind: u32) -> Vec<u32> {
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
                if own && overrides != platform::Overrides::OfObject && overrides.runs(external) {
                    out.push(def);
                }
            }
        }
        out
    }

    /// The sources among the rules of a call whose arguments fit.
    pub fn sources_at(&self, library: &Library, args: &[Set]) -> Vec<u32> {
        let mut out = Vec::new();
        for &rule in &library.rules {
            let row = &self.rules.rules[rule as usize].row;
            if row.source.is_none() || row.parameter > 0 {
                continue;
            }
            let fits = |value: &Abs| {
                let text = match self.heap.what[*value as usize] {
                    What::Integer(number) => number.to_string(),
                    _ => self.heap.as_text(*value).unwrap_or_default().to_owned(),
                };
                row.arguments.iter().any(|pattern| matches(pattern, &text))
            };
            let unknown = args.iter().skip(1).any(|set| set.contains(&UNKNOWN));
            if row.arguments.is_empty()
                || args.iter().flatten().any(|value| self.heap.is_constant(*value) && fits(value))
                || unknown && !row.argument_required
            {
                out.push(rule);
            }
        }
        out
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
