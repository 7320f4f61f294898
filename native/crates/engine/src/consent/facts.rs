//! What is known of fields, types and methods before any run: looked up once, kept.

use super::value::{NOTHING, Value};
use crate::code::Program;
use crate::code::link::NONE;
use crate::code::platform;
use crate::code::xref::writes_field;
use crate::dex::Problems;
use crate::dex::class_data::{ClassData, access};
use crate::dex::strings;
use crate::dex::value::Value as Encoded;
use crate::env::rules::{self, Action, Rules};
use crate::hash::Map;
use std::rc::Rc;

/// What a static field starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initial {
    /// A number or truth value.
    Integer(i64),
    /// A string: DEX, index.
    Text(u32, u32),
    /// A class.
    Class(u32),
    /// What its class stores in it.
    Stored,
    /// Something else.
    Unknown,
}

/// A method that the program does not define.
#[derive(Debug)]
pub struct Foreign {
    /// Descriptors of the class that has it and of those above, nearest first.
    pub classes: Vec<String>,
    /// Its name.
    pub name: String,
    /// What it makes run.
    pub action: Option<Action>,
    /// Descriptors of its parameters.
    pub parameters: Vec<String>,
    /// Descriptor of its result.
    pub result: String,
}

impl Foreign {
    /// Whether it belongs to a class or to one below it.
    pub fn of(&self, class: &str) -> bool {
        self.classes.iter().any(|own| own == class)
    }

    /// What a setter gives back: the object it was called on, or nothing.
    pub fn fluent(&self, receiver: Value) -> Value {
        match self.result.as_str() {
            "V" => NOTHING,
            _ => receiver,
        }
    }

    /// Arguments with one value for each parameter: `long` and `double` have two registers.
    pub fn narrowed(&self, args: &[Value], is_static: bool) -> Vec<Value> {
        let mut rest = args.iter().copied();
        let mut out: Vec<Value> = rest.by_ref().take(usize::from(!is_static)).collect();
        for parameter in &self.parameters {
            out.extend(rest.next());
            if matches!(parameter.as_str(), "J" | "D") {
                rest.next();
            }
        }
        out
    }

    /// The class that has it.
    pub fn class(&self) -> &str {
        self.classes.first().map_or("", String::as_str)
    }
}

/// A method that the platform may call on an object.
#[derive(Debug, Clone)]
pub struct Callback {
    /// Definition.
    pub def: u32,
    /// Name.
    pub name: String,
    /// Name and number of parameters, as in the lists of the platform.
    signature: String,
    /// Whether the user triggers it.
    pub by_user: bool,
    /// Whether it listens to a control that is told when it is set, so that being kept somewhere does not make it run.
    pub by_control: bool,
}

/// The facts of one program.
pub struct Facts<'a> {
    program: &'a Program,
    rules: Rules,
    /// By field id: bits `DEFINED`, `STORED`.
    fields: Vec<u8>,
    initials: Map<u32, Initial>,
    canonical: Map<u32, u32>,
    foreign: Map<u32, Rc<Foreign>>,
    callbacks: Map<u32, Rc<Vec<Callback>>>,
    supertypes: Map<u32, Rc<Vec<u32>>>,
    relations: Map<(u32, u32), Option<bool>>,
}

/// Methods that the platform calls and that its list does not have, for they are not made to be overridden.
const MORE: [(&str, &str); 1] = [("Landroid/content/ContentProvider;", "attachInfo/2")];

const DEFINED: u8 = 1;
const STORED: u8 = 2;

impl<'a> Facts<'a> {
    /// Reads the fields of all classes.
    pub fn new(program: &'a Program) -> Facts<'a> {
        let mut facts = Facts {
            program,
            rules: Rules::default(),
            fields: vec![0; program.link.fields.len()],
            initials: Map::default(),
            canonical: Map::default(),
            foreign: Map::default(),
            callbacks: Map::default(),
            supertypes: Map::default(),
            relations: Map::default(),
        };
        facts.read_fields();
        facts.find_stored();
        facts
    }

    fn read_fields(&mut self) {
        let program = self.program;
        let mut data = ClassData::default();
        let mut budgets: Vec<usize> = program.dexes.iter().map(|dex| dex.bytes().len()).collect();
        for class in program.defs.classes.iter().filter(|class| !class.shadowed) {
            let dex = &program.dexes[class.dex as usize];
            let budget = &mut budgets[class.dex as usize];
            let Some(row) = dex.class(class.index) else {
                continue;
            };
            dex.class_data(&row, &mut data, budget, &mut Problems::default());
            let ids = &program.link.ids[class.dex as usize];
            let values = if row.static_values == 0 || *budget == 0 {
                Vec::new()
            } else {
                dex.static_values(row.static_values)
            };
            *budget = budget.saturating_sub(values.len());
            for (at, field) in data.fields.iter().enumerate() {
                let id = ids.fields[field.field as usize];
                if id == NONE {
                    continue;
                }
                self.fields[id as usize] |= DEFINED;
                if at >= data.static_fields {
                    continue;
                }
                let initial = match values.get(at) {
                    None | Some(Encoded::Null) => continue,
                    Some(Encoded::Integer(value)) => Initial::Integer(*value),
                    Some(Encoded::Boolean(value)) => Initial::Integer(i64::from(*value)),
                    Some(Encoded::String(index)) => Initial::Text(class.dex, *index),
                    Some(Encoded::Type(index)) => match ids.types.get(*index as usize) {
                        Some(&kind) if kind != NONE => Initial::Class(kind),
                        _ => Initial::Unknown,
                    },
                    Some(_) => Initial::Unknown,
                };
                self.initials.insert(id, initial);
            }
        }
    }

    /// Fields that a class initialiser, or each constructor of a class, stores to: they are not seen with their default value.
    fn find_stored(&mut self) {
        let program = self.program;
        let mut stores: Vec<u32> = Vec::new();
        for class in program.defs.classes.iter().filter(|class| !class.shadowed) {
            let mut constructors = 0;
            stores.clear();
            for def in class.methods.start..class.virtuals {
                let method = program.defs.methods[def as usize];
                if method.access & access::CONSTRUCTOR == 0 || method.code == 0 {
                    continue;
                }
                let refs = &program.xref.refs[program.xref.of(def)];
                let is_static = method.access & access::STATIC != 0;
                let delegates = !is_static
                    && refs.iter().any(|one| {
                        matches!(one.op(), 0x70 | 0x76)
                            && matches!(
                                program.xref.targets.get(one.target),
                                crate::code::xref::Target::Method(id)
                                    if program.defs.def_of[id as usize] != NONE
                                        && program.defs.def_of[id as usize] != def
                                        && program.defs.methods[program.defs.def_of[id as usize] as usize].class == method.class
                                        && program.defs.methods[program.defs.def_of[id as usize] as usize].access & access::CONSTRUCTOR != 0
                            )
                    });
                if delegates {
                    continue;
                }
                constructors += u32::from(!is_static);
                let mut own: Vec<u32> = refs
                    .iter()
                    .filter(|one| writes_field(one.op()))
                    .filter_map(|one| match program.xref.targets.get(one.target) {
                        crate::code::xref::Target::Field(id)
                            if program.link.fields[id as usize].class == class.kind =>
                        {
                            Some(id)
                        }
                        _ => None,
                    })
                    .collect();
                own.sort_unstable();
                own.dedup();
                if is_static {
                    for id in own {
                        self.fields[id as usize] |= STORED;
                    }
                } else {
                    stores.extend(own);
                }
            }
            stores.sort_unstable();
            for run in stores.chunk_by(|a, b| a == b) {
                if run.len() as u32 == constructors {
                    self.fields[run[0] as usize] |= STORED;
                }
            }
        }
    }

    /// The field that a reference means: the one of the nearest class above that defines it. `None` for a field outside the program.
    pub fn field(&mut self, id: u32) -> Option<u32> {
        if id == NONE {
            return None;
        }
        if self.fields[id as usize] & DEFINED != 0 {
            return Some(id);
        }
        if let Some(&found) = self.canonical.get(&id) {
            return (found != NONE).then_some(found);
        }
        let program = self.program;
        let key = program.link.fields[id as usize];
        let interfaces = program
            .hierarchy
            .program_interfaces(&program.defs, key.class);
        let chain = program.hierarchy.chain(&program.defs, key.class);
        let found = chain.chain(interfaces).find_map(|position| {
            let kind = program.defs.classes[position as usize].kind;
            let mut own = program.link.fields_of(kind);
            own.find(|&at| {
                let other = program.link.fields[at];
                other.name == key.name && other.kind == key.kind && self.fields[at] & DEFINED != 0
            })
        });
        let found = found.map_or(NONE, |at| at as u32);
        self.canonical.insert(id, found);
        (found != NONE).then_some(found)
    }

    /// What a static field of the program starts with; zero if nothing is stated.
    pub fn initial(&self, field: u32) -> Initial {
        match self.initials.get(&field) {
            Some(&initial) => initial,
            None if self.fields[field as usize] & STORED != 0 => Initial::Stored,
            None => Initial::Integer(0),
        }
    }

    /// Whether every object of its class stores to an instance field when it is made.
    pub fn stored(&self, field: u32) -> bool {
        self.fields[field as usize] & STORED != 0
    }

    /// Facts of a method that is not defined in the program.
    pub fn foreign(&mut self, method: u32) -> Rc<Foreign> {
        if let Some(found) = self.foreign.get(&method) {
            return found.clone();
        }
        let program = self.program;
        let key = program.link.methods[method as usize];
        let mut classes = Vec::new();
        for kind in self.supertypes(key.class).iter().copied() {
            if program.defs.class_of[kind as usize] == NONE {
                add_platform(&strings::decode(program.descriptor(kind)), &mut classes);
            }
        }
        let name = program.name(key.name).into_owned();
        let known: Vec<&str> = classes.iter().map(String::as_str).collect();
        let types: Vec<String> = program
            .link
            .proto(key.proto)
            .iter()
            .map(|&kind| strings::decode(program.descriptor(kind)).into_owned())
            .collect();
        let found = Rc::new(Foreign {
            action: self.rules.action(&known, &name),
            classes,
            name,
            parameters: types[1..].to_vec(),
            result: types[0].clone(),
        });
        self.foreign.insert(method, found.clone());
        found
    }

    /// A type and those above it, as far as the program tells.
    pub fn supertypes(&mut self, kind: u32) -> Rc<Vec<u32>> {
        if let Some(found) = self.supertypes.get(&kind) {
            return found.clone();
        }
        let found = Rc::new(self.program.hierarchy.supertypes(&self.program.defs, kind));
        self.supertypes.insert(kind, found.clone());
        found
    }

    /// Whether objects of a class are of a type; `None` if it cannot be told.
    pub fn is_a(&mut self, class: u32, kind: u32) -> Option<bool> {
        if class == NONE || kind == NONE {
            return None;
        }
        if let Some(&found) = self.relations.get(&(class, kind)) {
            return found;
        }
        let found = self.find_is_a(class, kind);
        self.relations.insert((class, kind), found);
        found
    }

    fn find_is_a(&mut self, class: u32, kind: u32) -> Option<bool> {
        let program = self.program;
        let above = self.supertypes(class);
        if above.contains(&kind) {
            return Some(true);
        }
        if program.defs.class_of[class as usize] == NONE {
            let mut names = Vec::new();
            add_platform(&strings::decode(program.descriptor(class)), &mut names);
            let wanted = strings::decode(program.descriptor(kind));
            if names.len() <= 1 && program.defs.class_of[kind as usize] == NONE {
                return None;
            }
            return Some(names.iter().any(|name| *name == wanted));
        }
        if program.defs.class_of[kind as usize] != NONE {
            return Some(false);
        }
        // A type of the platform may lie above one of the platform that is named here.
        let wanted = strings::decode(program.descriptor(kind)).into_owned();
        let mut names = Vec::new();
        for &one in above.iter() {
            if program.defs.class_of[one as usize] == NONE {
                add_platform(&strings::decode(program.descriptor(one)), &mut names);
            }
        }
        Some(wanted == "Ljava/lang/Object;" || names.contains(&wanted))
    }

    /// The methods that the platform may call on objects of a class: those that override one of a platform type above it. Below a type
    /// that is missing from the package, `onSomething` too.
    pub fn callbacks(&mut self, position: u32) -> Rc<Vec<Callback>> {
        if let Some(found) = self.callbacks.get(&position) {
            return found.clone();
        }
        let program = self.program;
        let (defs, hierarchy) = (&program.defs, &program.hierarchy);
        let kind = defs.classes[position as usize].kind;
        let mut names = Vec::new();
        for &above in self.supertypes(kind).iter() {
            if defs.class_of[above as usize] == NONE {
                add_platform(&strings::decode(program.descriptor(above)), &mut names);
            }
        }
        // A part of a text that can be pressed is its own listener.
        let is_span = names
            .iter()
            .any(|name| name == "Landroid/text/style/ClickableSpan;");
        let mut known: Vec<&str> = Vec::new();
        for name in &names {
            known.extend(callbacks_of(name));
        }
        let missing = hierarchy.external[position as usize].missing;
        let mut seen: Vec<u32> = Vec::new();
        let mut out = Vec::new();
        for ancestor in hierarchy.chain(defs, kind) {
            for &(signature, def) in hierarchy.virtuals(ancestor) {
                if seen.contains(&signature) {
                    continue;
                }
                seen.push(signature);
                let id = defs.methods[def as usize].id;
                let key = program.link.methods[id as usize];
                let name = program.name(key.name);
                let arity = program.link.proto(key.proto).len() - 1;
                let signature = format!("{name}/{arity}");
                let overrides =
                    known.contains(&signature.as_str()) || missing && is_callback_name(&name);
                if overrides && program.has_code(def) {
                    out.push(Callback {
                        def,
                        by_user: rules::by_user(&name),
                        by_control: name == "onClick" && !is_span,
                        name: name.into_owned(),
                        signature,
                    });
                }
            }
        }
        let out = Rc::new(out);
        self.callbacks.insert(position, out.clone());
        out
    }
}

impl Facts<'_> {
    /// The nearest class of the platform above a class of the program.
    pub fn platform_class(&self, kind: u32) -> Option<String> {
        let program = self.program;
        let mut chain = program.hierarchy.chain(&program.defs, kind);
        chain.find_map(|position| {
            let above = program.defs.classes[position as usize].superclass;
            let outside = above != NONE && program.defs.class_of[above as usize] == NONE;
            outside.then(|| strings::decode(program.descriptor(above)).into_owned())
        })
    }
}

/// Of the call-backs of an object those that a type of the platform has.
pub fn of_type(callbacks: &[Callback], kind: &str) -> Vec<Callback> {
    let mut names = Vec::new();
    add_platform(kind, &mut names);
    let mut known: Vec<&str> = Vec::new();
    for name in &names {
        known.extend(callbacks_of(name));
    }
    let fits = |one: &&Callback| known.contains(&one.signature.as_str());
    callbacks.iter().filter(fits).cloned().collect()
}

/// The methods of a platform type that the platform calls.
fn callbacks_of(name: &str) -> impl Iterator<Item = &'static str> {
    let more = MORE
        .iter()
        .filter(move |row| row.0 == name)
        .map(|row| row.1);
    platform::callbacks(name).chain(more.collect::<Vec<_>>())
}

/// `onSomething`, and `doWork` of a worker.
fn is_callback_name(name: &str) -> bool {
    let rest = name.strip_prefix("on");
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase())) || name == "doWork"
}

/// Adds a type of the platform and those above it.
fn add_platform(name: &str, out: &mut Vec<String>) {
    let mut next = out.len();
    if out.iter().any(|own| own == name) {
        return;
    }
    out.push(name.to_owned());
    while next < out.len() && out.len() < 40 {
        let above: Vec<&str> = platform::direct_supertypes(&out[next]).collect();
        next += 1;
        for one in above {
            if !out.iter().any(|own| own == one) {
                out.push(one.to_owned());
            }
        }
    }
}
