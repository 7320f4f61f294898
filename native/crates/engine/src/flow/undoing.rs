//! Listeners that are taken away before anything could call them.
//!
//! What a method registers and removes again is never called back if nothing in between can wait or give control away, and if no
//! other thread was named that could call it meanwhile. A method that waits for an answer (a latch, a sleep, a loop of messages, code of
//! which nobody knows) is called back while it waits.

use super::solve::Solver;
use crate::code::link::NONE;
use crate::ir::{EdgeKind, Op, Value};

/// Classes whose methods neither wait nor run code of others.
const AT_ONCE: [&str; 18] = [
    "android.util.Log",
    "java.lang.Boolean",
    "java.lang.Character",
    "java.lang.Double",
    "java.lang.Float",
    "java.lang.Integer",
    "java.lang.Long",
    "java.lang.Math",
    "java.lang.String",
    "java.lang.StringBuffer",
    "java.lang.StringBuilder",
    "java.util.ArrayList",
    "java.util.Collection",
    "java.util.HashMap",
    "java.util.HashSet",
    "java.util.Iterator",
    "java.util.List",
    "java.util.Map",
];

/// How methods are called that register, remove and ask: of the object that a listener is registered at, these wait for nothing either.
const KEEPING: [&str; 9] = [
    "add",
    "get",
    "has",
    "is",
    "register",
    "remove",
    "request",
    "set",
    "unregister",
];

/// What says on which thread a listener is called.
const THREADS: [&str; 3] = [
    "android.os.Handler",
    "android.os.Looper",
    "java.util.concurrent.Executor",
];

impl Solver<'_> {
    /// Whether an operand that a call registers is surely taken away again before it can be called.
    pub fn taken_back(&self, here: (u32, u32), method: u32, position: usize) -> bool {
        let body = &self.nodes[here.0 as usize].method.body;
        let operands = body.args(here.1);
        let (Some(&registry), Some(&given)) = (operands.first(), operands.get(position)) else {
            return false;
        };
        if position == 0 || given == NONE {
            return false;
        }
        let mut undoing = self.removals(here, registry, given);
        undoing.extend(self.replacements(here, method));
        !undoing.is_empty()
            && !self.names_thread(here, method)
            && self.at_once(here, registry, &undoing)
    }

    /// Whether a method removes what another one registers, by its name.
    pub fn takes_back(&self, method: u32) -> bool {
        let name = self.name_of(method);
        name.starts_with("remove") || name.starts_with("unregister")
    }

    fn name_of(&self, method: u32) -> &str {
        let name = self.program.link.methods[method as usize].name;
        let bytes = self.program.bytes(self.program.link.names[name as usize]);
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether a call names the thread or the executor that calls what it registers.
    fn names_thread(&self, here: (u32, u32), method: u32) -> bool {
        let program = self.program;
        let kinds = program
            .link
            .proto(program.link.methods[method as usize].proto);
        let body = &self.nodes[here.0 as usize].method.body;
        // The receiver stands before the parameters.
        let given = body.args(here.1).iter().skip(1);
        kinds[1..].iter().zip(given).any(|(&kind, &value)| {
            THREADS.contains(&&program.type_name(kind)[..]) && body.constant(value) != Some(0)
        })
    }

    /// Calls that remove the one listener from the object that it is registered at.
    fn removals(&self, here: (u32, u32), registry: Value, given: Value) -> Vec<Value> {
        if !self.one_object(here.0, given) {
            return Vec::new();
        }
        let owner = &self.nodes[here.0 as usize];
        let body = &owner.method.body;
        let removes = |user: Value| {
            let args = body.args(user);
            matches!(body.ins[user as usize].op, Op::Invoke(_, method)
                if method != NONE && user != here.1 && self.takes_back(method))
                && args.first() == Some(&registry)
                && args[1..].contains(&given)
        };
        let users = owner.method.users.of(given).iter().copied();
        users.filter(|&user| removes(user)).collect()
    }

    /// Calls of the same method on the same object that put null in the place of the one listener.
    fn replacements(&self, here: (u32, u32), method: u32) -> Vec<Value> {
        let owner = &self.nodes[here.0 as usize];
        let body = &owner.method.body;
        let is_null = |value: Value| body.constant(value) == Some(0);
        let &[registry, given] = body.args(here.1) else {
            return Vec::new();
        };
        if is_null(given) {
            return Vec::new();
        }
        let replaces = |user: Value| {
            let args = body.args(user);
            matches!(body.ins[user as usize].op, Op::Invoke(_, other) if other == method)
                && args.len() == 2
                && args[0] == registry
                && is_null(args[1])
        };
        let users = owner.method.users.of(registry).iter().copied();
        users.filter(|&user| replaces(user)).collect()
    }

    /// Whether each way on from a call comes to one of these instructions, and over nothing that can wait. Asked before all of the method was
    /// run, so ways count whether or not they were seen to be taken.
    fn at_once(&self, here: (u32, u32), registry: Value, undoing: &[Value]) -> bool {
        let body = &self.nodes[here.0 as usize].method.body;
        let mut seen = vec![false; body.block_count() as usize];
        let mut stack = vec![(body.ins[here.1 as usize].block, here.1 + 1)];
        while let Some((block, first)) = stack.pop() {
            self.work(1);
            let range = body.in_block(block);
            let begins = first <= range.start;
            let mut open = true;
            for ins in first.max(range.start)..range.end {
                if undoing.contains(&ins) {
                    open = false;
                    break;
                }
                if body.ins[ins as usize].op == Op::Return || self.may_wait(here.0, ins, registry) {
                    return false;
                }
            }
            for edge in body.succs(block) {
                // What throws stands first in its block. A call that throws has registered nothing, one that removes has removed.
                let taken = match edge.kind {
                    EdgeKind::Normal => open,
                    EdgeKind::Caught(_) => begins && !undoing.contains(&range.start),
                };
                let lives = body.live[edge.block as usize];
                if taken && lives && !std::mem::replace(&mut seen[edge.block as usize], true) {
                    stack.push((edge.block, 0));
                }
            }
        }
        true
    }

    /// Whether an instruction can wait, or run code that nobody knows here.
    fn may_wait(&self, node: u32, ins: Value, registry: Value) -> bool {
        let body = &self.nodes[node as usize].method.body;
        match body.ins[ins as usize].op {
            // A lock is one of these.
            Op::Other | Op::InvokeCustom(_) => true,
            Op::Invoke(_, NONE) => true,
            Op::Invoke(_, method) => {
                let class = self.program.link.methods[method as usize].class;
                let name = self.name_of(method);
                let of_registry = body.args(ins).first() == Some(&registry)
                    && KEEPING.iter().any(|start| name.starts_with(start));
                !of_registry && !AT_ONCE.contains(&&self.program.type_name(class)[..])
            }
            _ => false,
        }
    }
}
