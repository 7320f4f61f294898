//! Whether what one instruction writes to a cell can be what another one reads.
//!
//! Both stand at the end of a chain of calls from something that the platform runs. Where the chains part, the write's call must be able to
//! come before the read's; and no write that surely happens in between may replace the value. What cannot be told counts as possible.

use super::entries::EVENT;
use super::heap::{Key, STATICS, What};
use super::solve::{Solver, Start};
use crate::code::link::NONE;
use crate::ir::{EdgeKind, Op, Value};
use smallvec::{SmallVec, smallvec};

/// Methods of a list that leave the positions of its elements as they are.
const ONLY_READ: [&str; 8] = [
    "get",
    "elementAt",
    "iterator",
    "size",
    "isEmpty",
    "contains",
    "toString",
    "indexOf",
];

/// One call of a chain; the last one is the instruction itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    node: u32,
    ins: u32,
    /// Whether what is called runs later than the call.
    later: bool,
}

/// The calls that lead to an instruction, and it. Made anew for each question, so short ones are not put on the heap.
type Chain = SmallVec<[Step; 24]>;

impl Solver<'_> {
    /// Whether a write to a cell can reach a read of it.
    pub fn reaches(&self, cell: u32, writer: (u32, u32), reader: (u32, u32)) -> bool {
        if writer == reader {
            return true;
        }
        if self.elsewhere_in_list(cell, writer, reader) {
            return false;
        }
        let Some(write) = self.chain(writer) else {
            return true;
        };
        let Some(read) = self.chain(reader) else {
            return true;
        };
        if self.is_being_made(cell, &read) && !self.is_being_made(cell, &write) {
            return false;
        }
        let kills = self.kills(cell, writer);
        let parted = write
            .iter()
            .zip(&read)
            .position(|(a, b)| (a.node, a.ins) != (b.node, b.ins));
        let Some(at) = parted else { return true };
        if write[at].node != read[at].node {
            if at > 0 {
                // One call runs several methods: on different objects, or one after the other.
                return true;
            }
            return self.lives_on(cell, &write, &read, &kills)
                && self.leaves(&write, &kills)
                && self.arrives(&read, &kills);
        }
        if read[at..].iter().any(|step| step.later) {
            return true;
        }
        let later = write[at..].iter().any(|step| step.later);
        let node = write[at].node;
        let (from, to) = (write[at].ins, read[at].ins);
        let avoid = if later {
            Vec::new()
        } else {
            self.killed_in(node, &kills)
        };
        let out = later || self.leaves(&write[at + 1..], &kills);
        let into = self.arrives(&read[at + 1..], &kills);
        if out && into && self.path(node, Some(from), Some(to), &avoid) {
            return true;
        }
        out && into
            && self.runs_again(cell, &write[..=at])
            && self.path(node, Some(from), None, &avoid)
            && self.path(node, None, Some(to), &avoid)
    }

    /// Whether a list is only ever filled by one run of `add` calls in the method that makes it, and the read asks for another position than
    /// the write's.
    fn elsewhere_in_list(&self, cell: u32, writer: (u32, u32), reader: (u32, u32)) -> bool {
        let one = &self.heap.cells[cell as usize];
        let What::Made { node, part: 0, .. } = self.heap.what[one.object as usize] else {
            return false;
        };
        if one.key != Key::Anywhere
            || self.nodes[node as usize].shared
            || !matches!(self.called(reader), Some(("get" | "elementAt", 2)))
        {
            return false;
        }
        let index = self.nodes[reader.0 as usize].method.body.args(reader.1)[1];
        let Some(index) = self.integer(self.set(reader.0, index)) else {
            return false;
        };
        let adds = |&(at, ins, _): &(u32, u32, bool)| {
            at == node
                && matches!(
                    self.called((at, ins)),
                    Some(("add" | "addElement" | "addLast", 2))
                )
                && !self.path(node, Some(ins), Some(ins), &[])
        };
        let reads = |&site: &(u32, u32)| matches!(self.called(site), Some((name, _)) if ONLY_READ.contains(&name));
        let all = self.heap.all_readers.get(&one.object).into_iter().flatten();
        // What is done to the list after the read does not matter.
        let later = |&site: &(u32, u32)| {
            site.0 == node
                && reader.0 == node
                && !self.path(node, Some(site.1), Some(reader.1), &[])
        };
        let erased = |&site: &(u32, u32)| !later(&site);
        if one.writers.len() > 16
            || one.erasers.iter().any(erased)
            || !one
                .writers
                .iter()
                .all(|own| adds(own) || later(&(own.0, own.1)))
            || !one
                .readers
                .iter()
                .chain(all)
                .all(|site| reads(site) || later(site))
        {
            return false;
        }
        let mut position = 0;
        let others = one.writers.iter().filter(|own| own.1 != writer.1);
        for &(_, other, _) in others.filter(|own| adds(own)) {
            if self.path(node, Some(other), Some(writer.1), &[]) {
                if self.path(node, None, Some(writer.1), &[other]) {
                    return false;
                }
                position += 1;
            }
        }
        position != index
    }

    /// The name of the method that an instruction calls, and how many operands it has.
    pub fn called(&self, site: (u32, u32)) -> Option<(&str, usize)> {
        let body = &self.nodes[site.0 as usize].method.body;
        let Op::Invoke(_, method) = body.ins[site.1 as usize].op else {
            return None;
        };
        if method == NONE {
            return None;
        }
        let key = self.program.link.methods[method as usize];
        let name = self
            .program
            .bytes(self.program.link.names[key.name as usize]);
        Some((std::str::from_utf8(name).ok()?, body.args(site.1).len()))
    }

    /// The calls that lead to an instruction; `None` if there are several ways.
    fn chain(&self, site: (u32, u32)) -> Option<Chain> {
        let mut out: Chain = smallvec![Step {
            node: site.0,
            ins: site.1,
            later: false,
        }];
        let mut at = site.0;
        loop {
            let node = &self.nodes[at as usize];
            if node.shared || out.len() > 100 {
                return None;
            }
            let Some(caller) = node.callers.first() else {
                break;
            };
            self.work(1);
            out.push(Step {
                node: caller.node,
                ins: caller.ins,
                later: caller.later,
            });
            at = caller.node;
        }
        out.reverse();
        Some(out)
    }

    /// Whether what one run of the platform's calls leaves in a cell is there in a later one.
    fn lives_on(&self, cell: u32, write: &[Step], read: &[Step], kills: &[Chain]) -> bool {
        let object = self.heap.cells[cell as usize].object;
        let kept = !matches!(
            self.heap.what[object as usize],
            What::Component(_) | What::Made { .. }
        );
        if kept && object != STATICS {
            return true;
        }
        let (a, b) = (
            self.nodes[write[0].node as usize].start,
            self.nodes[read[0].node as usize].start,
        );
        let order = self.stage(a).zip(self.stage(b));
        if order.is_some_and(|(a, b)| a > b) && !read.iter().any(|step| step.later) {
            return false;
        }
        if object == STATICS {
            return true;
        }
        match (a, b) {
            (
                Start::Platform {
                    component: one,
                    lifecycle,
                    state: first,
                },
                Start::Platform {
                    component: two,
                    state: second,
                    ..
                },
            ) if one == two => {
                let later = write.iter().chain(read).any(|step| step.later);
                later
                    || self
                        .world
                        .cycles
                        .get(lifecycle as usize)
                        .is_none_or(|cycle| {
                            let emptied = self.states_that_replace(one, lifecycle, kills);
                            cycle.may_follow(first, second)
                                && (emptied.is_empty()
                                    || cycle.may_follow_around(first, second, &emptied))
                        })
            }
            _ => true,
        }
    }

    /// When the platform runs something in the life of a process: the application is made, then the providers, then the application begins,
    /// then all others.
    fn stage(&self, start: Start) -> Option<u8> {
        let Start::Platform {
            component,
            lifecycle,
            state,
        } = start
        else {
            return None;
        };
        let cycle = self.world.cycles.get(lifecycle as usize)?;
        let name = &cycle.names[state as usize][..];
        let made = matches!(name, "<init>" | "attachBaseContext" | "attachInfo");
        let application = self.world.application == Some(component);
        Some(
            match (
                &self.rules.lifecycles[lifecycle as usize].base[..],
                made,
                name,
            ) {
                ("android.app.Application", true, _) if application => 0,
                ("android.content.ContentProvider", true, _) => 1,
                ("android.content.ContentProvider", _, "onCreate") => 1,
                ("android.app.Application", _, "onCreate") if application => 2,
                _ => 3,
            },
        )
    }

    /// States of a component that cannot end without one of these writes, other than the one that goes on with calls.
    fn states_that_replace(&self, component: u32, lifecycle: u32, kills: &[Chain]) -> Vec<u32> {
        let mut out = Vec::new();
        for chain in kills {
            let node = chain[0].node;
            if let Start::Platform {
                component: own,
                lifecycle: cycle,
                state,
            } = self.nodes[node as usize].start
            {
                let surely = || !self.path(node, None, None, &self.killed_in(node, kills));
                let event = self.world.cycles[cycle as usize].names[state as usize] == EVENT;
                if own == component && cycle == lifecycle && !event && surely() {
                    out.push(state);
                }
            }
        }
        out
    }

    /// Whether a chain of calls lies in the constructor of the object of a cell: nobody else has the object yet.
    fn is_being_made(&self, cell: u32, chain: &[Step]) -> bool {
        let object = self.heap.cells[cell as usize].object;
        let What::Made { node, part: 0, .. } = self.heap.what[object as usize] else {
            return false;
        };
        chain.iter().any(|step| {
            step.node == node
                && matches!(self.called((step.node, step.ins)), Some(("<init>", _)))
                && {
                    let body = &self.nodes[node as usize].method.body;
                    let receiver = body.args(step.ins)[0];
                    receiver != NONE && self.set(node, receiver)[..] == [object]
                }
        })
    }

    /// Whether the last step's node may run again with the same object in the cell.
    fn runs_again(&self, cell: u32, chain: &[Step]) -> bool {
        let object = self.heap.cells[cell as usize].object;
        let made_in = match self.heap.what[object as usize] {
            What::Made { node, ins, .. } => match self.chain((node, ins)) {
                Some(chain) => chain.iter().map(|step| step.node).collect(),
                None => return true,
            },
            What::Given { node, .. } => match self.chain((node, 0)) {
                Some(chain) => chain.iter().map(|step| step.node).collect(),
                None => return true,
            },
            _ => Vec::new(),
        };
        let mut level = chain.len() - 1;
        loop {
            // Made anew by each run of this node.
            if made_in.contains(&chain[level].node) {
                return false;
            }
            if level == 0 {
                break;
            }
            level -= 1;
            if chain[level].later
                || self.path(
                    chain[level].node,
                    Some(chain[level].ins),
                    Some(chain[level].ins),
                    &[],
                )
            {
                return true;
            }
        }
        match self.nodes[chain[0].node as usize].start {
            Start::Platform {
                component,
                lifecycle,
                state,
            } => {
                component != object
                    || self
                        .world
                        .cycles
                        .get(lifecycle as usize)
                        .is_none_or(|cycle| cycle.may_follow(state, state))
            }
            Start::Initializer | Start::Called => false,
        }
    }

    /// Other writes that replace the whole content of a cell, with their chains.
    fn kills(&self, cell: u32, writer: (u32, u32)) -> Vec<Chain> {
        let one = &self.heap.cells[cell as usize];
        let single = match self.heap.what[one.object as usize] {
            What::Made { node, ins, .. } => !self.path(node, Some(ins), Some(ins), &[]),
            _ => true,
        };
        if !single || !one.writers.iter().any(|own| (own.0, own.1) == writer) {
            return Vec::new();
        }
        let others = one
            .writers
            .iter()
            .filter(|own| own.2 && (own.0, own.1) != writer && self.replaces(own.0, own.1));
        let erasers = one.erasers.iter().copied().filter(|&own| own != writer);
        others
            .map(|own| (own.0, own.1))
            .chain(erasers)
            .take(16)
            .filter_map(|own| self.chain(own))
            .collect()
    }

    /// Whether an instruction stores, and does not only add to what is there.
    fn replaces(&self, node: u32, ins: u32) -> bool {
        let op = self.nodes[node as usize].method.body.ins[ins as usize].op;
        match op {
            Op::Put(_) | Op::StaticPut(_) | Op::ArrayPut => true,
            Op::Invoke(_, method) => {
                method != NONE
                    && self
                        .called((node, ins))
                        .is_some_and(|(name, _)| name.starts_with("put") || name.starts_with("set"))
            }
            _ => false,
        }
    }

    /// Instructions of a node that surely run one of these writes.
    fn killed_in(&self, node: u32, kills: &[Chain]) -> Vec<Value> {
        let mut out = Vec::new();
        for chain in kills {
            let Some(at) = chain.iter().position(|step| step.node == node) else {
                continue;
            };
            let sure = chain[at..].iter().all(|step| !step.later)
                && chain[at..chain.len() - 1].iter().all(|step| {
                    self.links
                        .get(&(step.node, step.ins))
                        .is_some_and(|links| links.len() == 1)
                        && !self.outside.contains_key(&(step.node, step.ins))
                })
                && chain[at + 1..]
                    .iter()
                    .all(|step| !self.path(step.node, None, None, &[step.ins]));
            if sure {
                out.push(chain[at].ins);
            }
        }
        out
    }

    /// Whether each node of a chain can end after its step without a write in between.
    fn leaves(&self, chain: &[Step], kills: &[Chain]) -> bool {
        kills.is_empty()
            || chain.iter().all(|step| {
                self.path(
                    step.node,
                    Some(step.ins),
                    None,
                    &self.killed_in(step.node, kills),
                )
            })
    }

    /// Whether each node of a chain can come to its step without a write before.
    fn arrives(&self, chain: &[Step], kills: &[Chain]) -> bool {
        kills.is_empty()
            || chain.iter().all(|step| {
                self.path(
                    step.node,
                    None,
                    Some(step.ins),
                    &self.killed_in(step.node, kills),
                )
            })
    }

    /// Whether control can go from behind one instruction (or the entry) to another (or a return) around some.
    pub fn path(&self, node: u32, from: Option<Value>, to: Option<Value>, avoid: &[Value]) -> bool {
        let runs = &self.nodes[node as usize].runs;
        let body = &self.nodes[node as usize].method.body;
        let mut seen = vec![false; body.block_count() as usize];
        let mut stack: Vec<(u32, Value)> = vec![match from {
            Some(from) => (body.ins[from as usize].block, from + 1),
            None => (0, 0),
        }];
        while let Some((block, first)) = stack.pop() {
            self.work(1);
            let range = body.in_block(block);
            let first = first.max(range.start);
            let stop = avoid
                .iter()
                .copied()
                .filter(|&ins| ins >= first && ins < range.end)
                .min()
                .unwrap_or(range.end);
            match to {
                Some(to) => {
                    if body.ins[to as usize].block == block && to >= first && to <= stop {
                        return true;
                    }
                }
                None => {
                    let last = range.end.wrapping_sub(1);
                    if !range.is_empty()
                        && body.ins[last as usize].op == Op::Return
                        && stop == range.end
                    {
                        return true;
                    }
                }
            }
            // An exception leaves before the first instruction has had its effect.
            // What a call did before it threw has happened.
            let throws =
                first == range.start || from == Some(range.start) && first == range.start + 1;
            for edge in body.succs(block) {
                let open = if edge.kind == EdgeKind::Normal {
                    stop == range.end
                } else {
                    throws
                };
                let ran = runs[edge.block as usize];
                if open && ran && !std::mem::replace(&mut seen[edge.block as usize], true) {
                    stack.push((edge.block, 0));
                }
            }
        }
        false
    }
}
