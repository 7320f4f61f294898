//! What is known of methods and fields outside the program: the rules that name them, looked up once each.

use super::heap::{Abs, Set, UNKNOWN, What};
use super::rules::{Flow, Message, Place, Root, Selector, matches};
use super::solve::Solver;
use crate::code::dotted;
use crate::code::link::NONE;
use crate::code::platform;
use crate::dex::strings;
use crate::hash::Map;
use crate::ir::{Invoke, Op, Value};
use std::rc::Rc;

/// What was looked up already.
#[derive(Default)]
pub(super) struct Known {
    names: Map<u32, Rc<Vec<String>>>,
    outside: Map<u32, bool>,
    methods: Map<(u32, u32), Rc<Library>>,
    fields: Map<u32, Rc<Vec<u32>>>,
    defaults: Map<(u32, bool), Rc<Vec<Flow>>>,
    parameters: Map<u32, Rc<Vec<Given>>>,
    /// By type: the SDK that it belongs to, or [`NONE`].
    pub vendors: Map<u32, u32>,
    /// By type and name: its methods of that name.
    pub named: Map<(u32, u32), Rc<Vec<u32>>>,
    /// By field: the cell that rules name like it, if no class of the program has it.
    pub outer_cells: Map<u32, Option<u32>>,
    /// By type and annotation: its methods that carry it.
    pub marked: Map<(u32, u32), Rc<Vec<u32>>>,
    /// By type: the components that something of it may be.
    pub hosts: Map<u32, Rc<Set>>,
    /// By type: its methods that the platform may call.
    pub overriding: Map<u32, Rc<Vec<u32>>>,
}

/// What the platform does with an object of the program that it is given as a parameter.
pub(super) enum Given {
    Kept,
    /// It may call these methods.
    Calls(Vec<String>),
    /// It may call whatever overrides a method of its own.
    CallsAny,
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

/// A method outside.
pub(super) struct Library {
    pub flows: Rc<Vec<Flow>>,
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

impl Solver<'_> {
    /// Names of a type and all its supertypes, nearest first.
    pub fn names_of(&mut self, kind: u32) -> Rc<Vec<String>> {
        if let Some(known) = self.known.names.get(&kind) {
            return known.clone();
        }
        let program = self.program;
        let mut descriptors: Vec<String> =
            vec![strings::decode(program.descriptor(kind)).into_owned()];
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
                let kinds = [superclass]
                    .into_iter()
                    .chain(program.hierarchy.interfaces(position).iter().copied());
                above.extend(
                    kinds
                        .filter(|&kind| kind != NONE)
                        .map(|kind| strings::decode(program.descriptor(kind)).into_owned()),
                );
            }
            for name in above {
                if !descriptors.contains(&name) {
                    descriptors.push(name);
                }
            }
        }
        let names = Rc::new(
            descriptors
                .iter()
                .map(|name| dotted(name))
                .collect::<Vec<String>>(),
        );
        self.known.names.insert(kind, names.clone());
        names
    }

    /// Whether the code of a class is left to the rules.
    pub fn is_outside(&mut self, position: u32) -> bool {
        if let Some(&known) = self.known.outside.get(&position) {
            return known;
        }
        let name = self
            .program
            .type_name(self.program.defs.classes[position as usize].kind);
        let outside = self
            .rules
            .outside
            .iter()
            .any(|prefix| name.starts_with(&prefix[..]));
        self.known.outside.insert(position, outside);
        outside
    }

    /// What is known of a method outside the program at a call: as the class of the receiver has it, if that is one below the named one.
    pub fn library_at(&mut self, here: (u32, u32), method: u32) -> Rc<Library> {
        let declared = self.program.link.methods[method as usize].class;
        let body = &self.nodes[here.0 as usize].method.body;
        let mut class = declared;
        if !matches!(body.ins[here.1 as usize].op, Op::Invoke(Invoke::Static, _)) {
            let mut kinds: Vec<u32> = match body.args(here.1).first() {
                Some(&receiver) if receiver != NONE => {
                    let objects = self.set(here.0, receiver).iter();
                    objects
                        .map(|&object| self.heap.kinds[object as usize])
                        .filter(|&kind| kind != NONE)
                        .collect()
                }
                _ => Vec::new(),
            };
            kinds.dedup();
            if let [kind] = kinds[..] {
                let name = self.program.type_name(declared);
                if kind != declared && self.names_of(kind).contains(&name) {
                    class = kind;
                }
            }
        }
        self.library_of(method, class)
    }

    /// What is known of a method outside the program, called on a class.
    fn library_of(&mut self, method: u32, class: u32) -> Rc<Library> {
        if let Some(known) = self.known.methods.get(&(method, class)) {
            return known.clone();
        }
        let program = self.program;
        let key = crate::code::link::MethodKey {
            class,
            ..program.link.methods[method as usize]
        };
        let name = program.name(key.name).into_owned();
        let descriptor = program.proto_descriptor(key.proto);
        let mut names = self.names_of(key.class).to_vec();
        names.push("java.lang.Object".to_owned());
        names.push("*".to_owned());
        let rules = self.rules;
        let mut flows = Vec::new();
        let mut library = Library {
            flows: Rc::default(),
            rules: Vec::new(),
            calls: false,
            known: false,
        };
        let mut sink = false;
        // What a class says of all its methods does not hide what one above it says of this one.
        let inherited = names.iter().take(names.len() - 2).any(|class| {
            let mut own = rules.find(class, &name).iter();
            own.any(|&rule| !rules.rules[rule as usize].row.flows.is_empty())
        });
        for class in &names {
            let (mut known, mut calls, mut sinks) = (false, false, false);
            let exact = rules.find(class, &name);
            let found = if exact.is_empty() && class != "*" && name != "<init>" && !inherited {
                rules.find(class, "*")
            } else {
                exact
            };
            for &rule in found {
                let one = &rules.rules[rule as usize];
                if !descriptor.starts_with(&one.row.descriptor[..])
                    || one.row.is_field
                    || one.row.parameter > 0
                {
                    continue;
                }
                // A constructor is not inherited.
                if name == "<init>"
                    && *class != names[0]
                    && class != "*"
                    && program.defs.class_of[key.class as usize] == NONE
                {
                    continue;
                }
                if !one.row.flows.is_empty() && !library.known {
                    flows.extend(&one.flows);
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
                calls |= !one.calls.is_empty() || one.messages.contains(&Message::Keep);
                library.rules.push(rule);
            }
            library.known |= known;
            library.calls |= calls;
            sink |= sinks;
        }
        library.flows = Rc::new(flows);
        let library = Rc::new(library);
        self.known.methods.insert((method, class), library.clone());
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
        let own = rules
            .find(&class, &name)
            .iter()
            .copied()
            .filter(|&rule| rules.rules[rule as usize].row.is_field);
        let found = Rc::new(own.collect::<Vec<u32>>());
        self.known.fields.insert(field, found.clone());
        found
    }

    pub fn field_text(&mut self, field: u32) -> Option<String> {
        let rules = self.rules;
        let found = self.field_rules(field);
        found
            .iter()
            .map(|&rule| rules.rules[rule as usize].row.value.clone())
            .find(|value| !value.is_empty())
    }

    /// What becomes of objects that a method outside is given, by parameter.
    pub fn parameters(&mut self, method: u32) -> Rc<Vec<Given>> {
        if let Some(known) = self.known.parameters.get(&method) {
            return known.clone();
        }
        let program = self.program;
        let key = program.link.methods[method as usize];
        let kinds = &program.link.proto(key.proto)[1..];
        let given = kinds.iter().map(|&kind| {
            let name = program.type_name(kind);
            match self.rules.listeners.get(&name) {
                Some(methods) => Given::Calls(methods.clone()),
                None if NOT_CALLED.contains(&&name[..]) => Given::Kept,
                None => Given::CallsAny,
            }
        });
        let found = Rc::new(given.collect::<Vec<Given>>());
        self.known.parameters.insert(method, found.clone());
        found
    }

    /// The default: what goes in may come out, and stay in the receiver if nothing comes out.
    pub fn default_flows(&mut self, method: u32, kind: Invoke) -> Rc<Vec<Flow>> {
        let place = (method, kind == Invoke::Static);
        if let Some(known) = self.known.defaults.get(&place) {
            return known.clone();
        }
        let found = Rc::new(self.make_default(method, kind));
        self.known.defaults.insert(place, found.clone());
        found
    }

    fn make_default(&self, method: u32, kind: Invoke) -> Vec<Flow> {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let proto = program.link.proto(key.proto);
        let name = program.bytes(program.link.names[key.name as usize]);
        let content = Selector::Named(self.names.content);
        let flow = |from, to| Flow {
            from,
            to,
            marks: 0,
            copies: false,
        };
        let place = |root, selector| Place { root, selector };
        let mut out = Vec::new();
        let returns = program.descriptor(proto[0]) != b"V";
        let keeps =
            kind != Invoke::Static && (name == b"<init>" || !returns || proto[0] == key.class);
        if kind != Invoke::Static && returns {
            out.push(flow(
                place(Root::Operand(0), Selector::Whole),
                place(Root::Return, Selector::Whole),
            ));
            out.push(flow(
                place(Root::Operand(0), content),
                place(Root::Return, Selector::Whole),
            ));
            out.push(flow(
                place(Root::Operand(0), Selector::Entries),
                place(Root::Return, Selector::Whole),
            ));
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
                || args
                    .iter()
                    .flatten()
                    .any(|value| self.heap.is_constant(*value) && fits(value))
                || unknown && !row.argument_required
            {
                out.push(rule);
            }
        }
        out
    }
}
