//! Whether a value can be a certain object where it is used: cells are not flow-sensitive while values are found, so an object that a field held
//! earlier or later stands among what it may hold. Asked when data is about to be read out of that object.

use super::heap::{Abs, Key, STATICS, Set, What};
use super::solve::{Solver, Start};
use crate::code::link::NONE;
use crate::ir::{Op, Value};
use smallvec::smallvec;

/// Definitions that are gone back over.
const BACK: usize = 6;

impl Solver<'_> {
    /// Whether a value of a node can be an object, by who could have put it where the value was read from. What cannot be told counts as yes.
    pub fn holds(&self, node: u32, value: Value, object: Abs, back: usize) -> bool {
        self.work(1);
        if back >= BACK || value == NONE {
            return true;
        }
        if !self.set(node, value).contains(&object) {
            return false;
        }
        let key = (node, value, object);
        if let Some(&known) = self.held.borrow().get(&key) {
            return known;
        }
        // Whoever comes back here on the way is not told yet.
        self.held.borrow_mut().insert(key, true);
        let found = self.comes_to_hold(node, value, object, back);
        self.held.borrow_mut().insert(key, found);
        found
    }

    fn comes_to_hold(&self, node: u32, value: Value, object: Abs, back: usize) -> bool {
        let owner = &self.nodes[node as usize];
        let body = &owner.method.body;
        let args = body.args(value);
        match body.ins[value as usize].op {
            // The platform's object may have been taken for one of the program's.
            Op::Cast(_) => {
                !self.set(node, args[0]).contains(&object)
                    || self.holds(node, args[0], object, back + 1)
            }
            Op::Phi => {
                let block = body.ins[value as usize].block;
                let mut edges = body.preds(block).iter().zip(args);
                edges.any(|(edge, &arg)| {
                    arg != NONE
                        && self.comes_by(node, edge)
                        && self.holds(node, arg, object, back + 1)
                })
            }
            Op::Param(_) if !owner.shared && owner.start == Start::Called => {
                let Some(caller) = owner.callers.first().filter(|caller| caller.plain) else {
                    return true;
                };
                let body = &self.nodes[caller.node as usize].method.body;
                let arg = body.args(caller.ins).get(value as usize);
                arg.is_none_or(|&arg| self.holds(caller.node, arg, object, back + 1))
            }
            Op::Get(field) => {
                let bases = self.set(node, args[0]);
                self.put_there(
                    (node, value),
                    field,
                    bases,
                    object,
                    Some((node, args[0])),
                    back,
                )
            }
            Op::StaticGet(field) => self.put_there(
                (node, value),
                field,
                &smallvec![STATICS],
                object,
                None,
                back,
            ),
            _ => true,
        }
    }

    /// Whether a write of an object to a field can reach a read of it.
    fn put_there(
        &self,
        here: (u32, u32),
        field: u32,
        bases: &Set,
        object: Abs,
        base: Option<(u32, Value)>,
        back: usize,
    ) -> bool {
        let Some(&field) = self.fields.get(&field) else {
            return true;
        };
        bases.iter().any(|&holder| {
            if !self.heap.is_object(holder) {
                return false;
            }
            if self.is_foreign(holder)
                || matches!(self.heap.what[holder as usize], What::Given { .. })
            {
                return true;
            }
            let Some(cell) = self.heap.find_cell(holder, Key::Field(field)) else {
                return false;
            };
            if base.is_some_and(|(node, value)| !self.holds(node, value, holder, back + 1)) {
                return false;
            }
            let writers = &self.heap.cells[cell as usize].writers;
            writers.iter().any(|&(node, ins, _)| {
                let body = &self.nodes[node as usize].method.body;
                let put = match body.ins[ins as usize].op {
                    Op::Put(_) | Op::StaticPut(_) => body.args(ins).last().copied(),
                    _ => None,
                };
                let own = put.is_none_or(|put| self.holds(node, put, object, back + 1));
                own && self.reaches(cell, (node, ins), here)
            })
        })
    }
}
