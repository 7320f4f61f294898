//! Continuations by their structure: how suspended functions of Kotlin go on, where R8 has taken all names away.
//!
//! The Kotlin compiler makes a class of every function and block that can be suspended. The base of those classes runs their step with
//! a result, and hands what the step gives to the continuation that waits for it (`BaseContinuationImpl.resumeWith`); the base is known by
//! that code, and from it the methods of the library that matter. What they do is then done as under their own names: each one
//! that waits gets what its own callee gave, and dispatchers are left out. Source: the convention of the Kotlin compiler for
//! suspend functions (<https://github.com/Kotlin/KEEP/blob/master/proposals/coroutines.md>).

use super::body::{Body, Insn};
use super::heap::Key;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::Program;
use crate::code::callgraph::exact;
use crate::code::link::NONE;
use crate::dex::class_data::access;
use crate::dex::opcode::op;
use crate::hash::Map;
use std::collections::{BTreeMap, BTreeSet};

/// Continuations that one result is handed along.
const WAITING: usize = 256;
/// Instructions of methods that are looked at.
const LONG: usize = 160;
/// Reading, writing a field with an object; reading a static one.
const GET: u8 = op::IGET + 2;
const PUT: u8 = op::IPUT + 2;
const GET_STATIC: u8 = op::SGET + 2;
const UPDATER: &[u8] = b"Ljava/util/concurrent/atomic/AtomicReferenceFieldUpdater;";

/// What a method of the library of coroutines does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A step of the compiler's own class goes on: see [`World::go_on`].
    Resume,
    /// Gives a continuation as its dispatcher runs it.
    Intercept,
    /// A coroutine ends with a result; the method that tells those who watch it.
    End(u32),
    /// Tells what a coroutine ended with to those who watch it, and gives it back.
    Tell,
    /// Waits for the result of a coroutine.
    Await,
    /// Hands a result on to the continuation that an object holds.
    HandOn,
    /// Runs a block in the place of the caller: registers of the block and of the continuation, and the method to call.
    Run(u16, u16, u32),
}

/// What stands for the runtime of Kotlin in one program.
#[derive(Debug)]
pub(super) struct Convention {
    /// The interface of all continuations.
    continuation: u32,
    /// Method of it that goes on with a result.
    call: u32,
    /// The method that does so in the base of the compiler's classes, and the type of that base.
    resume: (u32, u32),
    /// Method that each class of the compiler has: its next step.
    step: u32,
    /// Field with the continuation that waits for this one.
    waiting: u32,
    /// Static field with what a function gives back that has suspended.
    suspended: u32,
    /// The classes that the compiler makes.
    compiled: BTreeSet<u32>,
    /// The types of coroutines of the library, and fields that hold the continuation to hand on to.
    coroutines: BTreeSet<u32>,
    holding: Map<u32, Vec<u32>>,
    /// The first class with a method that ends a coroutine.
    ending: Option<u32>,
    /// Types of continuations that await a coroutine: they hold one.
    awaiting: BTreeSet<u32>,
    roles: Map<u32, Role>,
}

impl Convention {
    /// Finds the base of the classes that the Kotlin compiler makes, and what belongs to it. `sites`: whether a method has a sensitive place.
    pub fn find(program: &Program, sites: impl Fn(u32) -> bool) -> Option<Convention> {
        let mut methods = program.defs.methods.iter().zip(0..);
        let mut found = methods.find_map(|(method, def)| {
            let key = program.link.methods[method.id as usize];
            let proto = program.link.proto(key.proto);
            let goes_on = proto.len() == 2
                && proto[1] == program.hierarchy.object
                && program.descriptor(proto[0]) == b"V"
                && method.access & access::STATIC == 0;
            goes_on.then(|| Convention::of(program, def)).flatten()
        })?;
        found.find_roles(program, sites);
        Some(found)
    }

    /// The convention, if a method is the one that goes on with a result.
    fn of(program: &Program, def: u32) -> Option<Convention> {
        let object = program.hierarchy.object;
        let own = program.link.methods[program.defs.methods[def as usize].id as usize];
        let body = short(program, def)?;
        let step = calls(&body, 0x6e).find(|&method| {
            let key = program.link.methods[method as usize];
            key.class == own.class && program.link.proto(key.proto) == [object, object]
        })?;
        let call = calls(&body, 0x72).find(|&method| {
            let key = program.link.methods[method as usize];
            (key.name, key.proto) == (own.name, own.proto)
        })?;
        let continuation = program.link.methods[call as usize].class;
        let waiting = names(&body, GET).find(|&field| {
            let key = program.link.fields[field as usize];
            (key.class, key.kind) == (own.class, continuation)
        })?;
        let suspended = names(&body, GET_STATIC).find(|&field| {
            let key = program.link.fields[field as usize];
            let class = program.defs.loaded(key.kind);
            let above = class.map_or(NONE, |class| class.superclass);
            key.class == key.kind && program.descriptor(above) == b"Ljava/lang/Enum;"
        })?;
        let mut blocks = body.blocks.iter().zip(0..);
        let again = blocks.any(|(block, at)| block.jumps.iter().any(|jump| jump.0 <= at));
        again.then(|| Convention {
            continuation,
            call,
            resume: (def, own.class),
            step,
            waiting,
            suspended,
            compiled: BTreeSet::new(),
            coroutines: BTreeSet::new(),
            holding: Map::default(),
            ending: None,
            awaiting: BTreeSet::new(),
            roles: Map::from_iter([(def, Role::Resume)]),
        })
    }

    /// Finds what the methods do that take or give a continuation.
    fn find_roles(&mut self, program: &Program, sites: impl Fn(u32) -> bool) {
        let below = |kind: u32| {
            let mut all: BTreeSet<u32> = program
                .hierarchy
                .all_subtypes(&program.defs, kind)
                .into_iter()
                .collect();
            all.insert(kind);
            all
        };
        let (continuations, compiled) = (below(self.continuation), below(self.resume.1));
        for &kind in continuations.difference(&compiled) {
            let position = program.defs.class_of[kind as usize];
            let signature = program.hierarchy.signatures[self.call as usize];
            let own = (position != NONE)
                .then(|| program.hierarchy.own_virtual(position, signature))
                .flatten();
            let Some((def, body)) = own.and_then(|def| Some((def, short(program, def)?))) else {
                continue;
            };
            if let Some(tell) = self.tells(program, &body, kind) {
                self.ending.get_or_insert(program.defs.class(def).kind);
                self.roles.insert(def, Role::End(tell));
                self.roles.insert(tell, Role::Tell);
                self.coroutines = below(kind);
                self.coroutines
                    .extend(program.hierarchy.supertypes(&program.defs, kind));
            } else if program
                .link
                .fields_of(kind)
                .any(|field| program.descriptor(program.link.fields[field].kind) == UPDATER)
            {
                self.roles.insert(def, Role::HandOn);
            }
        }
        for &kind in &continuations {
            let above = program.hierarchy.supertypes(&program.defs, kind);
            let fields = above.iter().flat_map(|&kind| program.link.fields_of(kind));
            let kinds: Vec<(usize, u32)> = fields
                .map(|field| (field, program.link.fields[field].kind))
                .collect();
            let held = kinds.iter().filter(|&&(_, kind)| kind == self.continuation);
            self.holding
                .insert(kind, held.map(|&(field, _)| field as u32).collect());
            if !self.coroutines.contains(&kind)
                && kinds.iter().any(|(_, kind)| self.coroutines.contains(kind))
            {
                self.awaiting.insert(kind);
            }
        }
        for (method, def) in program.defs.methods.iter().zip(0..) {
            let key = program.link.methods[method.id as usize];
            let [result, parameters @ ..] = program.link.proto(key.proto) else {
                continue;
            };
            let last = parameters.last() == Some(&self.continuation);
            let role = match (method.access & access::STATIC != 0, parameters.len()) {
                (true, 1) if last && *result == self.continuation => {
                    self.intercepts(program, def, &compiled)
                }
                (false, 0) if *result == self.continuation && compiled.contains(&key.class) => {
                    self.intercepts(program, def, &compiled)
                }
                _ if !last || *result != program.hierarchy.object => None,
                (false, 1) => self.awaits(program, key.class),
                (true, 2..) => {
                    self.runs_block(program, def, parameters, &compiled, &continuations, &sites)
                }
                _ => None,
            };
            if let Some(role) = role {
                self.roles.insert(def, role);
            }
        }
        self.compiled = compiled;
    }

    /// The method that tells what a coroutine ended with, if a method ends one: what that gives goes to another method.
    fn tells(&self, program: &Program, body: &Body, kind: u32) -> Option<u32> {
        let object = program.hierarchy.object;
        let above = program.hierarchy.supertypes(&program.defs, kind);
        let own = |method: u32| {
            let key = program.link.methods[method as usize];
            let own = key.class == kind || above.contains(&key.class);
            own.then(|| program.link.proto(key.proto))
        };
        let tell = calls(body, 0x6e).find(|&method| own(method) == Some(&[object, object][..]))?;
        let then = |method: u32| {
            own(method)
                .is_some_and(|proto| proto.len() == 2 && proto[1] == object && proto[0] != object)
        };
        calls(body, 0x6e)
            .any(then)
            .then(|| exact_in(program, kind, tell))
            .flatten()
    }

    /// Whether a method keeps, in a field of a continuation, what the dispatcher made of it.
    fn intercepts(&self, program: &Program, def: u32, compiled: &BTreeSet<u32>) -> Option<Role> {
        let body = short(program, def)?;
        let kept = names(&body, GET).any(|field| {
            let key = program.link.fields[field as usize];
            key.kind == self.continuation
                && field != self.waiting
                && compiled.contains(&key.class)
                && names(&body, PUT).any(|kept| kept == field)
        });
        kept.then_some(Role::Intercept)
    }

    /// Whether the methods of a class that wait for something wait for a coroutine itself: it has nothing else to wait for.
    fn awaits(&self, program: &Program, kind: u32) -> Option<Role> {
        let base = self.ending?;
        let above = program.hierarchy.supertypes(&program.defs, base);
        let of_base = kind == base || above.contains(&kind);
        let mut fields = program
            .link
            .fields_of(kind)
            .map(|field| program.link.fields[field].kind);
        let plain = |kind: u32| {
            kind == self.continuation
                || program.descriptor(kind).len() == 1
                || program.descriptor(kind).ends_with(b"FieldUpdater;")
        };
        let waits = self.coroutines.contains(&kind) && (of_base || fields.all(plain));
        waits.then_some(Role::Await)
    }

    /// Whether a function does no more than run a block as a coroutine of its own, for which its caller waits.
    fn runs_block(
        &self,
        program: &Program,
        def: u32,
        parameters: &[u32],
        compiled: &BTreeSet<u32>,
        continuations: &BTreeSet<u32>,
        sites: &impl Fn(u32) -> bool,
    ) -> Option<Role> {
        let object = program.hierarchy.object;
        let mut register = 0;
        let mut block = None;
        for &kind in parameters {
            let methods = program.link.methods_of(kind).filter(|&method| {
                let key = program.link.methods[method];
                program.link.proto(key.proto) == [object, object, object]
            });
            let is_block = program.hierarchy.external.get(kind as usize).is_some()
                && compiled.iter().any(|&one| {
                    program
                        .hierarchy
                        .supertypes(&program.defs, one)
                        .contains(&kind)
                });
            if let Some(method) = methods
                .map(|method| method as u32)
                .next()
                .filter(|_| is_block && kind != self.continuation)
            {
                block = block.or(Some((register, method)));
            }
            let wide = matches!(program.descriptor(kind), b"J" | b"D");
            register += 1 + u16::from(wide);
        }
        let (block, method) = block?;
        let body = short(program, def)?;
        let makes: Vec<u32> = body
            .insns
            .iter()
            .filter(|insn| insn.op == op::NEW_INSTANCE)
            .map(|insn| insn.index)
            .collect();
        let own = makes.iter().any(|kind| self.coroutines.contains(kind));
        let steps = makes.iter().any(|kind| compiled.contains(kind));
        let other = makes
            .iter()
            .any(|kind| continuations.contains(kind) && !self.coroutines.contains(kind));
        let does_more = does_more(program, &body, sites, 2);
        (own && !steps && !other && !does_more).then_some(Role::Run(block, register - 1, method))
    }
}

/// A method that is not long.
fn short(program: &Program, def: u32) -> Option<Body> {
    Body::of(program, def).filter(|body| body.insns.len() < LONG)
}

/// What the instructions with an opcode name.
fn names(body: &Body, opcode: u8) -> impl Iterator<Item = u32> {
    let named = body
        .insns
        .iter()
        .filter(move |insn| insn.op == opcode && insn.index != NONE);
    named.map(|insn| insn.index)
}

/// The methods that a kind of call names.
fn calls(body: &Body, opcode: u8) -> impl Iterator<Item = u32> {
    let call = |insn: &&Insn| matches!(insn.op, 0x6e..=0x72 | 0x74..=0x78) && insn.index != NONE;
    let named = body
        .insns
        .iter()
        .filter(call)
        .filter(move |insn| insn.call_opcode() == opcode);
    named.map(|insn| insn.index)
}

/// The definition of a method that an object of a class has.
fn exact_in(program: &Program, kind: u32, method: u32) -> Option<u32> {
    let signature = program.hierarchy.signatures[method as usize];
    program.hierarchy.lookup(&program.defs, kind, signature)
}

/// Whether a method, or those it calls by name, has a sensitive place or calls the platform for more than values.
fn does_more(program: &Program, body: &Body, sites: &impl Fn(u32) -> bool, depth: u8) -> bool {
    [0x6e, 0x6f, 0x70, 0x71]
        .into_iter()
        .flat_map(|opcode| calls(body, opcode))
        .any(|method| {
            let class = program.link.methods[method as usize].class;
            let Some(def) = exact(program, method) else {
                return program.descriptor(class).starts_with(b"Landroid/");
            };
            let below = (depth > 0).then(|| Body::of(program, def)).flatten();
            sites(def) || below.is_some_and(|body| does_more(program, &body, sites, depth - 1))
        })
}

impl World<'_> {
    /// Whether a method is one that can be suspended: a step, or a function with a continuation behind its parameters.
    pub(super) fn is_suspended(&self, def: u32) -> bool {
        let Some(found) = &self.convention else {
            return false;
        };
        let key = self.program.link.methods[self.program.defs.methods[def as usize].id as usize];
        found.compiled.contains(&key.class)
            || self.program.link.proto(key.proto)[1..].last() == Some(&found.continuation)
    }

    /// A call of the runtime of Kotlin that is known by its structure; `None` if its own code is to run.
    pub(super) fn follow_convention(
        &mut self,
        node: u32,
        unit: u32,
        def: u32,
        args: &[Value],
    ) -> Option<Outcome> {
        let role = *self.convention.as_ref()?.roles.get(&def)?;
        let found = self.convention.clone()?;
        let first = *args.first()?;
        match role {
            Role::Intercept => return Some((first, true)),
            Role::Run(block, continuation, method) => {
                let (block, continuation) =
                    (args[usize::from(block)], args[usize::from(continuation)]);
                let blocks = self.values.objects(block);
                if block == ANY || blocks.is_empty() {
                    return None;
                }
                let args = [block, ANY, continuation];
                return Some(self.dispatch(node, unit, method, &args));
            }
            _ if first == ANY => return None,
            _ => {}
        }
        let result = *args.get(1)?;
        let objects = self.values.objects(first);
        let coroutine = |world: &Self, object: u32| {
            found
                .coroutines
                .contains(&world.heap.objects[object as usize].class)
        };
        match role {
            Role::Tell | Role::Await if !objects.iter().all(|&object| coroutine(self, object)) => {
                return None;
            }
            Role::Tell => {
                self.call_code(node, unit, def, args);
                for object in objects {
                    self.write(Key::Contents(object), result);
                }
                return Some((result, true));
            }
            Role::Await => {
                let (own, returns) = self.call_code(node, unit, def, args);
                if own != ANY {
                    return Some((own, returns));
                }
                let mut out = self.static_value(node, found.suspended);
                for object in objects {
                    let ended = self.read(Key::Contents(object), node);
                    out = self.values.join(out, ended);
                }
                return Some((out, true));
            }
            _ => {}
        }
        let mut given: BTreeMap<u32, Value> = BTreeMap::new();
        let mut next: Vec<(u32, Value)> = Vec::new();
        next.extend(objects.into_iter().map(|one| (one, result)));
        while let Some((object, result)) = next.pop() {
            let before = given.get(&object).copied().unwrap_or(NOTHING);
            let joined = self.values.join(before, result);
            if joined == before || given.len() > WAITING {
                continue;
            }
            given.insert(object, joined);
            next.extend(self.go_on(&found, node, unit, object, joined));
        }
        Some((NOTHING, true))
    }

    /// A continuation is given a result; gives back those that its own result goes to.
    fn go_on(
        &mut self,
        found: &Convention,
        node: u32,
        unit: u32,
        object: u32,
        result: Value,
    ) -> Vec<(u32, Value)> {
        let own = self.values.one(Atom::Object(object));
        let class = self.heap.objects[object as usize].class;
        let signature = self.program.hierarchy.signatures[found.call as usize];
        let role = self
            .lookup(class, signature)
            .and_then(|def| Some((def, *found.roles.get(&def)?)));
        let (fields, given) = match role {
            Some((_, Role::Resume)) => {
                let (given, _) = self.dispatch(node, unit, found.step, &[own, result]);
                let suspended = self.static_value(node, found.suspended);
                let given = match self.values.single(suspended) {
                    Some(suspended) => self.values.filter(given, |atom| atom != suspended),
                    None => given,
                };
                (vec![found.waiting], given)
            }
            Some((_, Role::HandOn)) => {
                let fields = found.holding.get(&class).cloned().unwrap_or_default();
                // Those who await a coroutine are given its result where they ask.
                let known = result != ANY || !found.awaiting.contains(&class);
                (fields, if known { result } else { NOTHING })
            }
            Some((_, Role::End(tell))) => {
                self.call(node, unit, tell, &[own, result]);
                (
                    found.holding.get(&class).cloned().unwrap_or_default(),
                    result,
                )
            }
            _ => {
                self.dispatch(node, unit, found.call, &[own, result]);
                return Vec::new();
            }
        };
        if given == NOTHING {
            return Vec::new();
        }
        let mut out = Vec::new();
        for field in fields {
            let waiting = self.read(Key::Field(object, field), node);
            out.extend(
                self.values
                    .objects(waiting)
                    .into_iter()
                    .map(|next| (next, given)),
            );
        }
        out
    }
}
