//! Which methods can run: rapid type analysis from the entry points of the manifest.
//!
//! A call on a type runs the definitions of those subtypes that reached code instantiates (Bacon and Sweeney, OOPSLA 1996). What the
//! platform calls is not in the app: an instantiated class makes its overrides of platform methods run (see [`super::platform`]).
//! Class names in constants that reach code make the named class run, since reflection, intents and layouts use them so.
//! Work is counted in steps; the order is first in, first out, so the path that is kept for each method is a short one.

use super::Program;
use super::defs::Class;
use super::link::NONE;
use super::platform::{self, Overrides};
use super::xref::{Ref, Target};
use crate::dex::class_data::access;
use crate::dex::opcode::op;

/// Where execution may start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A class that the platform instantiates: component, application, view of a layout, service of a loader. Dotted name.
    Class(String),
    /// A method named by `android:onClick`.
    OnClick(String),
}

/// Why a method can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Edge {
    /// It cannot, as far as seen.
    Unreached,
    /// The platform instantiates its class.
    Entry,
    /// A call that names it.
    Call,
    /// A virtual call on one of its supertypes.
    Dispatch,
    /// The platform may call it on an object that reached code makes.
    Callback,
    /// A class initialiser that runs at first use.
    Initializer,
    /// A constant names its class.
    Reflection,
}

impl Edge {
    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            Edge::Unreached => "unreached",
            Edge::Entry => "entry",
            Edge::Call => "call",
            Edge::Dispatch => "dispatch",
            Edge::Callback => "callback",
            Edge::Initializer => "initializer",
            Edge::Reflection => "reflection",
        }
    }
}

/// What can run, and why.
#[derive(Debug, Clone, Default)]
pub struct CallGraph {
    /// By method definition.
    pub edges: Vec<Edge>,
    /// By method definition: the one that it was first reached from, or [`NONE`].
    pub from: Vec<u32>,
    /// By class position: whether reached code, or the platform, makes objects of it.
    pub instantiated: Vec<bool>,
    /// False if the limit of steps ended the search.
    pub complete: bool,
    /// Steps taken.
    pub steps: u64,
}

impl CallGraph {
    /// Searches from the entry points.
    pub fn new(program: &Program, entries: &[Entry], limit: u64) -> CallGraph {
        let mut search = Search::new(program, entries, limit);
        for entry in entries {
            if let Entry::Class(name) = entry {
                search.start(name);
            }
        }
        search.run();
        search.graph.complete = search.graph.steps < limit;
        search.graph
    }

    /// Whether a method can run.
    #[inline]
    pub fn reached(&self, def: u32) -> bool {
        self.edges[def as usize] != Edge::Unreached
    }

    /// The way from an entry point to a method, that method last. Empty if it cannot run.
    pub fn path_to(&self, def: u32) -> Vec<(u32, Edge)> {
        let mut path = Vec::new();
        let mut at = def;
        while at != NONE && path.len() <= self.edges.len() {
            let edge = self.edges[at as usize];
            if edge == Edge::Unreached {
                return Vec::new();
            }
            path.push((at, edge));
            at = self.from[at as usize];
        }
        path.reverse();
        path
    }

    /// The definitions that a reference may run, ascending. Empty for what the program does not define.
    pub fn callees(&self, program: &Program, caller: u32, reference: Ref) -> Vec<u32> {
        let Target::Method(method) = program.xref.targets.get(reference.target) else {
            return Vec::new();
        };
        let key = program.link.methods[method as usize];
        let (defs, hierarchy) = (&program.defs, &program.hierarchy);
        let signature = hierarchy.signatures[method as usize];
        match Call::of(program, reference.op(), method) {
            None => Vec::new(),
            Some(Call::Exact) => exact(program, method).into_iter().collect(),
            Some(Call::Super) => superclass_method(program, defs.class(caller), method)
                .into_iter()
                .collect(),
            Some(Call::Virtual) => {
                let mut out = Vec::new();
                for kind in [key.class]
                    .into_iter()
                    .chain(hierarchy.all_subtypes(defs, key.class))
                {
                    let position = defs.class_of[kind as usize];
                    if position != NONE && self.instantiated[position as usize] {
                        out.extend(hierarchy.lookup(defs, kind, signature));
                    }
                }
                out.sort_unstable();
                out.dedup();
                out
            }
        }
    }
}

/// How a call finds its target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// By the class of the object.
    Virtual,
    /// In the superclass of the caller.
    Super,
    /// Named in full: static methods, constructors, private methods.
    Exact,
}

impl Call {
    fn of(program: &Program, opcode: u8, method: u32) -> Option<Call> {
        Some(match opcode {
            0x6e | 0x72 | 0x74 | 0x78 => Call::Virtual,
            0x6f | 0x75 => Call::Super,
            0x70 | 0x71 | 0x76 | 0x77 => Call::Exact,
            // Behind a method handle: what the definition is decides.
            op::INVOKE_CUSTOM.. => {
                let def = program.defs.def_of[method as usize];
                const DIRECT: u32 = access::STATIC | access::PRIVATE | access::CONSTRUCTOR;
                let direct = def != NONE && program.defs.methods[def as usize].access & DIRECT != 0;
                if direct { Call::Exact } else { Call::Virtual }
            }
            _ => return None,
        })
    }
}

/// The definition of a method that is named in full, in its class or inherited.
pub(crate) fn exact(program: &Program, method: u32) -> Option<u32> {
    let def = program.defs.def_of[method as usize];
    if def != NONE {
        return Some(def);
    }
    let key = program.link.methods[method as usize];
    let mut chain = program.hierarchy.chain(&program.defs, key.class);
    chain.find_map(|position| {
        let class = program.defs.classes[position as usize].kind;
        program.defined_in(class, key.name, key.proto)
    })
}

pub(crate) fn superclass_method(program: &Program, caller: &Class, method: u32) -> Option<u32> {
    let (defs, hierarchy) = (&program.defs, &program.hierarchy);
    let class = defs.loaded(program.link.methods[method as usize].class);
    if class.is_some_and(|class| class.access & access::INTERFACE != 0) {
        return exact(program, method);
    }
    if caller.superclass == NONE {
        return None;
    }
    hierarchy.lookup(
        defs,
        caller.superclass,
        hierarchy.signatures[method as usize],
    )
}

/// Singly linked lists over one array, one list for each signature.
struct Lists {
    heads: Vec<u32>,
    items: Vec<(u32, u32, u32)>,
}

impl Lists {
    fn new(count: u32) -> Lists {
        Lists {
            heads: vec![NONE; count as usize],
            items: Vec::new(),
        }
    }

    fn push(&mut self, list: u32, item: u32, by: u32) {
        let head = &mut self.heads[list as usize];
        self.items.push((item, by, *head));
        *head = self.items.len() as u32 - 1;
    }
}

struct Search<'a> {
    program: &'a Program,
    graph: CallGraph,
    queue: Vec<u32>,
    limit: u64,
    initialised: Vec<bool>,
    /// By target number: what of it was done; the bits are `SEEN_…`.
    seen: Vec<u8>,
    /// By signature: the method that calls it on a type outside the program.
    called_outside: Vec<u32>,
    /// By signature: types of the program that it is called on, and by which method.
    called_on: Lists,
    /// By signature: definitions that run once it is called on a type outside, and the method that made the object.
    waiting: Lists,
    /// By method definition: whether it is in `waiting`.
    waits: Vec<bool>,
    /// By signature: what the platform does with overrides.
    overrides: Vec<Overrides>,
    signature_stamp: Vec<u32>,
    class_stamp: Vec<u32>,
    stamp: u32,
}

const SEEN_VIRTUAL: u8 = 1;
const SEEN_EXACT: u8 = 2;
const SEEN_USE: u8 = 1;
const SEEN_NEW: u8 = 2;

impl<'a> Search<'a> {
    fn new(program: &'a Program, entries: &[Entry], limit: u64) -> Search<'a> {
        let signatures = program.hierarchy.signature_count;
        let methods = program.defs.methods.len();
        let classes = program.defs.classes.len();
        Search {
            program,
            graph: CallGraph {
                edges: vec![Edge::Unreached; methods],
                from: vec![NONE; methods],
                instantiated: vec![false; classes],
                complete: true,
                steps: 0,
            },
            queue: Vec::with_capacity(methods),
            limit,
            initialised: vec![false; classes],
            seen: vec![0; program.xref.targets.count()],
            called_outside: vec![NONE; signatures as usize],
            called_on: Lists::new(signatures),
            waiting: Lists::new(signatures),
            waits: vec![false; methods],
            overrides: platform::overrides(program, entries),
            signature_stamp: vec![0; signatures as usize],
            class_stamp: vec![0; classes],
            stamp: 0,
        }
    }

    /// Begins at a class that the platform makes objects of.
    fn start(&mut self, name: &str) {
        let class = self
            .program
            .find_class(name)
            .map(|kind| self.program.defs.class_of[kind as usize]);
        if let Some(position) = class.filter(|&position| position != NONE) {
            self.construct(position, NONE, Edge::Entry);
        }
    }

    fn run(&mut self) {
        let program = self.program;
        let mut next = 0;
        while next < self.queue.len() && self.graph.steps < self.limit {
            let def = self.queue[next];
            next += 1;
            for position in program.xref.of(def) {
                self.graph.steps += 1;
                if self.graph.steps >= self.limit {
                    return;
                }
                self.follow(def, program.xref.refs[position]);
            }
        }
    }

    fn reach(&mut self, def: u32, by: u32, edge: Edge) {
        let slot = &mut self.graph.edges[def as usize];
        if *slot == Edge::Unreached {
            *slot = edge;
            self.graph.from[def as usize] = by;
            self.queue.push(def);
        }
    }

    /// True the first time.
    #[inline]
    fn first(&mut self, target: u32, bit: u8) -> bool {
        let seen = &mut self.seen[target as usize];
        let first = *seen & bit == 0;
        *seen |= bit;
        first
    }

    #[inline]
    fn follow(&mut self, def: u32, reference: Ref) {
        let program = self.program;
        let target = reference.target;
        match reference.op() {
            0x1a | 0x1b => {
                if self.first(target, SEEN_USE) {
                    self.follow_string(def, target);
                }
            }
            op::CONST_CLASS => {
                if self.first(target, SEEN_USE) {
                    self.with_class(target, |search, position| {
                        search.construct(position, def, Edge::Reflection);
                    });
                }
            }
            op::NEW_INSTANCE => {
                if self.first(target, SEEN_NEW) {
                    self.with_class(target, |search, position| search.instantiate(position, def));
                }
            }
            op::SGET..=op::SPUT_SHORT => {
                if self.first(target, SEEN_USE) {
                    if let Target::Field(field) = program.xref.targets.get(target) {
                        self.initialise(program.link.fields[field as usize].class, def);
                    }
                }
            }
            opcode => {
                if let Target::Method(method) = program.xref.targets.get(target) {
                    self.follow_call(def, opcode, method);
                }
            }
        }
    }

    fn with_class(&mut self, target: u32, work: impl FnOnce(&mut Self, u32)) {
        if let Target::Type(kind) = self.program.xref.targets.get(target) {
            let position = self.program.defs.class_of[kind as usize];
            if position != NONE {
                work(self, position);
            }
        }
    }

    fn follow_call(&mut self, def: u32, opcode: u8, method: u32) {
        let program = self.program;
        match Call::of(program, opcode, method) {
            Some(Call::Virtual) if self.first(method, SEEN_VIRTUAL) => {
                self.call_virtual(def, method)
            }
            Some(Call::Exact) if self.first(method, SEEN_EXACT) => {
                self.call_exact(def, opcode, method)
            }
            Some(Call::Super) => {
                if let Some(target) = superclass_method(program, program.defs.class(def), method) {
                    self.reach(target, def, Edge::Call);
                }
            }
            _ => {}
        }
    }

    fn call_exact(&mut self, by: u32, opcode: u8, method: u32) {
        let program = self.program;
        let Some(target) = exact(program, method) else {
            return;
        };
        self.reach(target, by, Edge::Call);
        let found = program.defs.methods[target as usize];
        if found.access & access::STATIC != 0 {
            self.initialise(program.link.methods[method as usize].class, by);
        } else if opcode >= op::INVOKE_CUSTOM && found.access & access::CONSTRUCTOR != 0 {
            // A handle to a constructor makes objects, as `new-instance` does.
            self.instantiate(found.class, by);
        }
    }

    fn call_virtual(&mut self, by: u32, method: u32) {
        let program = self.program;
        let (defs, hierarchy) = (&program.defs, &program.hierarchy);
        let kind = program.link.methods[method as usize].class;
        let signature = hierarchy.signatures[method as usize];
        let position = defs.class_of[kind as usize];
        let mut outside = true;
        if position != NONE {
            outside = hierarchy.lookup(defs, kind, signature).is_none();
            self.called_on.push(signature, position, by);
            self.stamp += 1;
            let mut stack = vec![position];
            while let Some(position) = stack.pop() {
                self.graph.steps += 1;
                if std::mem::replace(&mut self.class_stamp[position as usize], self.stamp)
                    == self.stamp
                {
                    continue;
                }
                let class = &defs.classes[position as usize];
                if self.graph.instantiated[position as usize] {
                    let target = hierarchy.lookup_counted(
                        defs,
                        class.kind,
                        signature,
                        &mut self.graph.steps,
                    );
                    if let Some(target) = target {
                        let named = program.defs.methods[target as usize].id == method;
                        self.reach(target, by, if named { Edge::Call } else { Edge::Dispatch });
                    }
                }
                stack.extend(hierarchy.subtypes(class.kind));
            }
        }
        if outside && self.called_outside[signature as usize] == NONE {
            self.called_outside[signature as usize] = by;
            let mut at = self.waiting.heads[signature as usize];
            while at != NONE {
                let (target, _, next) = self.waiting.items[at as usize];
                self.reach(target, by, Edge::Dispatch);
                at = next;
            }
        }
    }

    /// An object of a class whose constructors are not called by code that was read: all of them may run.
    fn construct(&mut self, position: u32, by: u32, edge: Edge) {
        let class = &self.program.defs.classes[position as usize];
        if class.access & access::INTERFACE != 0 {
            return;
        }
        for def in class.methods.start..class.virtuals {
            let method = self.program.defs.methods[def as usize];
            if method.access & access::CONSTRUCTOR != 0 && method.access & access::STATIC == 0 {
                self.reach(def, by, edge);
            }
        }
        self.instantiate(position, by);
    }

    fn instantiate(&mut self, position: u32, by: u32) {
        if std::mem::replace(&mut self.graph.instantiated[position as usize], true) {
            return;
        }
        let program = self.program;
        let (defs, hierarchy) = (&program.defs, &program.hierarchy);
        let kind = defs.classes[position as usize].kind;
        self.initialise(kind, by);
        self.stamp += 1;
        let stamp = self.stamp;
        let interfaces = hierarchy.program_interfaces(defs, kind);
        self.graph.steps += interfaces.len() as u64;
        for ancestor in hierarchy
            .chain(defs, kind)
            .chain(interfaces.iter().copied())
        {
            self.class_stamp[ancestor as usize] = stamp;
        }
        let external = hierarchy.external[position as usize];
        for ancestor in hierarchy.chain(defs, kind).chain(interfaces) {
            for &(signature, def) in hierarchy.virtuals(ancestor) {
                self.graph.steps += 1;
                let own = &mut self.signature_stamp[signature as usize];
                if defs.methods[def as usize].access & access::ABSTRACT != 0 || *own == stamp {
                    continue;
                }
                *own = stamp;
                if self.graph.edges[def as usize] != Edge::Unreached {
                    continue;
                }
                let overrides = self.overrides[signature as usize];
                if overrides.runs(external) {
                    self.reach(
                        def,
                        by,
                        if by == NONE {
                            Edge::Entry
                        } else {
                            Edge::Callback
                        },
                    );
                } else if let Some(caller) = self.caller_of(signature, stamp) {
                    self.reach(def, caller, Edge::Dispatch);
                } else if external.any() || overrides == Overrides::OfObject {
                    let caller = self.called_outside[signature as usize];
                    if caller != NONE {
                        self.reach(def, caller, Edge::Dispatch);
                    } else if !std::mem::replace(&mut self.waits[def as usize], true) {
                        self.waiting.push(signature, def, by);
                    }
                }
            }
        }
    }

    /// A method that calls a signature on one of the classes with this stamp.
    fn caller_of(&self, signature: u32, stamp: u32) -> Option<u32> {
        let mut at = self.called_on.heads[signature as usize];
        while at != NONE {
            let (position, by, next) = self.called_on.items[at as usize];
            if self.class_stamp[position as usize] == stamp {
                return Some(by);
            }
            at = next;
        }
        None
    }

    /// The first use of a class runs its initialiser, and those of its superclasses.
    fn initialise(&mut self, kind: u32, by: u32) {
        let program = self.program;
        for position in program.hierarchy.chain(&program.defs, kind) {
            if std::mem::replace(&mut self.initialised[position as usize], true) {
                return;
            }
            let class = &program.defs.classes[position as usize];
            for def in class.methods.start..class.virtuals {
                let method = program.defs.methods[def as usize];
                const INITIALIZER: u32 = access::CONSTRUCTOR | access::STATIC;
                if method.access & INITIALIZER == INITIALIZER {
                    self.reach(def, by, Edge::Initializer);
                }
            }
        }
    }

    /// A constant string that is the name of a class of the program.
    fn follow_string(&mut self, def: u32, target: u32) {
        let program = self.program;
        let Target::String(dex, index) = program.xref.targets.get(target) else {
            return;
        };
        let text = program.dexes[dex as usize]
            .string(index)
            .unwrap_or_default();
        let name_like = |&byte: &u8| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b'/' | b'$' | b'_' | b'-' | 0x80..)
        };
        if text.len() > 300
            || !text.contains(&b'.') && !text.contains(&b'/')
            || !text.iter().all(name_like)
        {
            return;
        }
        let mut descriptor = Vec::with_capacity(text.len() + 2);
        descriptor.push(b'L');
        descriptor.extend(
            text.iter()
                .map(|&byte| if byte == b'.' { b'/' } else { byte }),
        );
        descriptor.push(b';');
        if let Some(kind) = program.find_type(&descriptor) {
            let position = program.defs.class_of[kind as usize];
            if position != NONE {
                self.construct(position, def, Edge::Reflection);
            }
        }
    }
}
