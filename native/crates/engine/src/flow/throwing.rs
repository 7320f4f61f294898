//! Exceptions: which instructions can throw, which handlers take what was thrown.

use super::heap::{Abs, Joined, Set, What};
use super::solve::Solver;
use crate::code::dotted;
use crate::code::link::NONE;
use crate::dex::strings;
use crate::ir::{Body, Edge, EdgeKind, Op, Value};

/// What a handler does with a thrown object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    No,
    Perhaps,
    Surely,
}

/// By block: whether its first instruction, the one that its handlers guard, never goes there by itself: an element of an array of known
/// length, a new array, a text. What a `throw` throws goes to the handlers that fit it.
pub(super) fn quiet(body: &Body) -> Vec<bool> {
    let length = |array: Value| match body.ins[array as usize].op {
        Op::NewArray(_) => body.constant(body.args(array)[0]),
        Op::Filled(_) => Some(body.args(array).len() as i64),
        _ => None,
    };
    let first = |block: u32| body.in_block(block).next();
    let quiet = |block: u32| {
        let Some(ins) = first(block) else {
            return false;
        };
        let args = body.args(ins);
        match body.ins[ins as usize].op {
            Op::ArrayGet | Op::ArrayPut => {
                let inside = length(args[0]).zip(body.constant(args[1]));
                inside.is_some_and(|(length, index)| (0..length).contains(&index))
            }
            Op::NewArray(_) => body.constant(args[0]).is_some_and(|length| length >= 0),
            Op::Length => length(args[0]).is_some(),
            Op::Str(_) | Op::Throw => true,
            _ => false,
        }
    };
    (0..body.block_count()).map(quiet).collect()
}

impl Solver<'_> {
    /// Whether control comes into a block by an edge.
    pub fn comes_by(&self, node: u32, edge: &Edge) -> bool {
        let owner = &self.nodes[node as usize];
        let quiet = edge.kind != EdgeKind::Normal && owner.method.quiet[edge.block as usize];
        let throws = || {
            let first = owner.method.body.in_block(edge.block).next();
            first.is_some_and(|ins| owner.method.body.ins[ins as usize].op == Op::Throw)
        };
        owner.runs[edge.block as usize] && (!quiet || throws())
    }

    /// Objects thrown in a block go to its handlers that fit, and what no handler surely takes to the callers.
    pub fn throw(&mut self, node: u32, block: u32, objects: &[Abs]) {
        let mut rest: Set = objects.into();
        for (handler, kind, value) in self.handlers(node, block) {
            let mut left = Set::new();
            let mut taken = Set::new();
            for object in rest {
                let takes = self.takes(kind, object);
                if takes != Takes::No {
                    taken.push(object);
                }
                if takes != Takes::Surely {
                    left.push(object);
                }
            }
            rest = left;
            if !taken.is_empty() {
                self.run_block(node, handler);
                if let Some(value) = value {
                    self.join(node, value, &taken);
                }
            }
        }
        let mut thrown = std::mem::take(&mut self.nodes[node as usize].thrown);
        let joined = self.heap.join(&mut thrown, &rest);
        self.nodes[node as usize].thrown = thrown;
        if matches!(joined, Joined::Grown | Joined::GrownCut) {
            for caller in self.nodes[node as usize].callers.clone() {
                self.enqueue(caller.node, caller.ins);
            }
        }
    }

    /// The handlers of a block: where they are, the type that they take, the value that they catch.
    fn handlers(&self, node: u32, block: u32) -> Vec<(u32, u32, Option<Value>)> {
        let body = &self.nodes[node as usize].method.body;
        let edges = body.succs(block).iter().filter_map(|edge| match edge.kind {
            EdgeKind::Caught(kind) => Some((edge.block, kind)),
            EdgeKind::Normal => None,
        });
        let caught = |block| {
            body.in_block(block)
                .find(|&ins| body.ins[ins as usize].op == Op::Caught)
        };
        edges
            .map(|(block, kind)| (block, kind, caught(block)))
            .collect()
    }

    /// The values that handlers of a block catch, if one of some objects can come to them; without objects, all.
    pub fn catches(&mut self, node: u32, block: u32, objects: &[Abs]) -> Vec<Value> {
        let mut out = Vec::new();
        for (_, kind, value) in self.handlers(node, block) {
            let mut fits = objects.is_empty();
            for &object in objects {
                fits |= self.takes(kind, object) != Takes::No;
            }
            out.extend(value.filter(|_| fits));
        }
        out
    }

    fn takes(&mut self, kind: u32, object: Abs) -> Takes {
        let own = self.heap.kinds[object as usize];
        if kind == NONE {
            return Takes::Surely;
        }
        let known = matches!(self.heap.what[object as usize], What::Made { part: 0, .. });
        if !known || own == NONE {
            return Takes::Perhaps;
        }
        let name = dotted(&strings::decode(self.program.descriptor(kind)));
        match self.names_of(own).contains(&name) {
            true => Takes::Surely,
            false => Takes::No,
        }
    }
}
