//! Nodes: methods in a context, how they are called, and what running one changes.

use super::{Phase, World};
use crate::consent::progress::{ARGUMENTS, Kept, WHOLE};
use crate::consent::value::{ANY, NOTHING, Value};

/// Methods inside methods that are run at once; deeper ones wait in the queue.
const DEPTH: u32 = 48;

/// A method with a context.
pub struct Node {
    /// Method definition.
    pub def: u32,
    pub(in crate::consent) args: Vec<Value>,
    pub(in crate::consent) result: Value,
    pub(in crate::consent) returns: bool,
    pub(super) callers: Vec<(u32, u32)>,
    /// The node and code unit that it was first called from, or [`NONE`].
    pub from: (u32, u32),
    /// Why it was first reached.
    pub cause: u32,
    /// When it was first reached.
    pub phase: Phase,
    /// Why it waits in the queue.
    pub(super) pending: u32,
    pub(super) depth: u8,
    /// The places that the first object of the context comes from: see [`crate::consent::heap::Object::places`].
    pub(super) places: (u32, u32),
    pub(super) queued: bool,
    pub(super) running: bool,
    pub(super) ran: bool,
    /// Whether something else than the user, acting on a control, leads to it.
    pub(super) free: bool,
    /// Steps taken in it.
    pub(in crate::consent) spent: u32,
    /// The instruction that asks now, or [`WHOLE`].
    pub(in crate::consent) asks: u32,
    /// Instructions that are to ask again, or [`WHOLE`].
    pub(in crate::consent) waiting: Vec<u32>,
    pub(in crate::consent) kept: Option<Box<Kept>>,
    /// Cells that it reads, each with the instruction that does, ascending; see [`World::read`].
    pub(super) reads: Vec<(u32, u32)>,
    /// Instructions that call, each with the node called, ascending.
    pub(super) calls: Vec<(u32, u32)>,
}

impl Node {
    /// The cells that an instruction, or all of them, read, as far as they stand here.
    pub(in crate::consent) fn reads_of(&self, asks: Option<u32>) -> impl Iterator<Item = u32> + '_ {
        let all = self
            .reads
            .iter()
            .filter(move |read| asks.is_none_or(|asks| read.1 == asks));
        all.map(|read| read.0)
    }

    /// The nodes that an instruction, or all of them, call.
    pub(in crate::consent) fn calls_of(&self, asks: Option<u32>) -> impl Iterator<Item = u32> + '_ {
        let all = self
            .calls
            .iter()
            .filter(move |call| asks.is_none_or(|asks| call.0 == asks));
        all.map(|call| call.1)
    }
}

impl World<'_> {
    /// Calls a method definition; gives its result, and whether it may return.
    pub(in crate::consent) fn call(
        &mut self,
        from: u32,
        unit: u32,
        def: u32,
        args: &[Value],
    ) -> (Value, bool) {
        if let Some(outcome) = self.follow_convention(from, unit, def, args) {
            return outcome;
        }
        self.call_code(from, unit, def, args)
    }

    /// The same, where the code of the definition runs whatever is known of it.
    pub(in crate::consent) fn call_code(
        &mut self,
        from: u32,
        unit: u32,
        def: u32,
        args: &[Value],
    ) -> (Value, bool) {
        let by_user = std::mem::take(&mut self.by_user);
        let free = !by_user && !self.is_by_user(from);
        let mut key = std::mem::take(&mut self.call_key);
        key.clear();
        key.push(def);
        key.extend(args.iter().map(|arg| arg.number()));
        let known = self.calls.get(&key[..]).copied();
        let number = match known {
            Some(number) => Some(number),
            None => self.enter_node(from, unit, def, args, free),
        };
        if let Some(number) = number.filter(|_| known.is_none()) {
            self.calls.insert(key[..].into(), number);
        }
        self.call_key = key;
        let Some(number) = number else {
            return (ANY, true);
        };
        if free && known.is_some() {
            self.set_free(number);
        }
        let asks = self.asking_in(from);
        if asks != WHOLE {
            let calls = &mut self.nodes[from as usize].calls;
            if let Err(place) = calls.binary_search(&(asks, number)) {
                calls.insert(place, (asks, number));
                self.nodes[number as usize].callers.push((from, asks));
            }
        }
        let node = &self.nodes[number as usize];
        (node.result, node.returns)
    }

    /// The node that a call with these arguments runs, run if it is new or they are more than it had; `None` without code.
    fn enter_node(
        &mut self,
        from: u32,
        unit: u32,
        def: u32,
        args: &[Value],
        free: bool,
    ) -> Option<u32> {
        let body = self.body(def)?;
        let context = self.context(def, &body, args);
        let next = self.nodes.len() as u32;
        let (number, new) = match self.by_context.get(&(def, context.clone())) {
            Some(&number) => (number, false),
            None => {
                let (depth, places) = self.depth_of(&context);
                self.by_context.insert((def, context), next);
                self.nodes.push(Node {
                    def,
                    args: vec![NOTHING; usize::from(body.ins)],
                    result: NOTHING,
                    returns: false,
                    callers: Vec::new(),
                    from: (from, unit),
                    cause: self.cause,
                    phase: self.phase,
                    pending: self.cause,
                    depth,
                    places,
                    queued: false,
                    running: false,
                    ran: false,
                    free,
                    spent: 0,
                    asks: WHOLE,
                    waiting: Vec::new(),
                    kept: None,
                    reads: Vec::new(),
                    calls: Vec::new(),
                });
                (next, true)
            }
        };
        if free {
            self.set_free(number);
        }
        let mut changed = new;
        for (at, &arg) in args.iter().enumerate().take(usize::from(body.ins)) {
            let old = self.nodes[number as usize].args[at];
            let joined = self.values.join(old, arg);
            if joined != old {
                self.nodes[number as usize].args[at] = joined;
                changed = true;
            }
        }
        if changed {
            if !self.nodes[number as usize].ran {
                self.nodes[number as usize].cause = self.cause;
            }
            if self.depth < DEPTH && !self.nodes[number as usize].running {
                self.run(number);
            } else {
                self.enqueue((number, ARGUMENTS), self.cause);
            }
        }
        Some(number)
    }

    /// Whether a method runs only because the user acts on a control.
    pub(in crate::consent) fn is_by_user(&self, node: u32) -> bool {
        self.nodes.get(node as usize).is_some_and(|node| !node.free)
    }

    fn set_free(&mut self, node: u32) {
        if !std::mem::replace(&mut self.nodes[node as usize].free, true) {
            self.enqueue((node, WHOLE), self.cause);
        }
    }

    pub(super) fn run(&mut self, node: u32) {
        let (def, cause) = {
            let slot = &mut self.nodes[node as usize];
            slot.running = true;
            slot.ran = true;
            (slot.def, self.cause)
        };
        if let Some(body) = self.body(def) {
            self.depth += 1;
            let (result, returns) = self.execute(node, &body);
            self.depth -= 1;
            self.cause = cause;
            let old = self.nodes[node as usize].result;
            let joined = self.values.join(old, result);
            let slot = &mut self.nodes[node as usize];
            slot.running = false;
            let changed = joined != old || returns && !slot.returns;
            slot.result = joined;
            slot.returns |= returns;
            if changed {
                for at in 0..self.nodes[node as usize].callers.len() {
                    let caller = self.nodes[node as usize].callers[at];
                    self.enqueue(caller, cause);
                }
            }
        }
    }
}
