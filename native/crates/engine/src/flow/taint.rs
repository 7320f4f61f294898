//! Which source reaches which sink, and how.

use super::ends::End;
use super::heap::{Abs, Set, What};
use super::library::Spot;
use super::rules::CallArgument;
use super::solve::{Handing, Solver};
use super::sources::{Source, collect};
use super::{Leak, Outcome, Site, mark};
use crate::code::link::NONE;
use crate::hash::Map;
use crate::ir::{Op, Value};
use smallvec::smallvec;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Something that holds data of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Held {
    /// A value: node, instruction.
    Value(u32, Value),
    /// A cell, as this instruction wrote it.
    Cell(u32, u32, u32),
    /// Whether a node runs at all.
    Run(u32),
}

struct Fact {
    held: Held,
    marks: u8,
    from: u32,
    /// Where it came to be.
    site: (u32, u32),
    /// In a body that many calls share: the fact as which data entered it, or [`NONE`] if it did not come by a parameter.
    entry: u32,
}

/// A call by which data entered a body that many calls share: the call, and the fact that it had there.
type Incoming = ((u32, u32), u32);

/// Data that such a body gives back: marks, fact, place, and whether it is thrown.
type Outgoing = (u8, u32, (u32, u32), bool);

/// A place that reads or sends: rule, and method and unit.
pub(super) type Key = (u32, Site);

/// One source may take this part of what all of them may: what one of them spreads over a whole app tells little, and the others have their turn.
const SHARE: usize = 8;

/// Looks from each source for all sinks.
pub(super) fn search(solver: &mut Solver<'_>) -> Outcome {
    solver.heap.settled = true;
    let mut sources: BTreeMap<Key, Source> = BTreeMap::new();
    collect(solver, &mut sources);
    let mut outcome = Outcome::default();
    let mut left = solver.budget.facts;
    let stop = solver.steps.get() + solver.budget.search;
    for ((rule, site), source) in sources {
        let mut run = Run {
            facts: Vec::new(),
            seen: Map::default(),
            entered: Map::default(),
            leaks: BTreeMap::new(),
            left: left.min(solver.budget.facts / SHARE),
            stop: stop.min(solver.steps.get() + solver.budget.search / SHARE as u64),
            branches: Map::default(),
            solver,
        };
        for (held, place) in source.starts {
            run.add(held, 0, NONE, place);
        }
        run.work();
        left = left.saturating_sub(run.facts.len());
        let leaks = std::mem::take(&mut run.leaks);
        for ((sink_rule, sink), (marks, last, end)) in leaks {
            let (path, merged) = run.path(last, sink);
            outcome.leaks.push(Leak {
                source_rule: rule,
                data: source.data.clone(),
                source_api: source.api.clone(),
                source: site,
                sink_rule,
                sink_kind: end.kind,
                sink_api: end.api,
                sink,
                marks,
                confirmed: !merged,
                address: end.address,
                recipient: end.recipient,
                path,
            });
        }
    }
    outcome
        .leaks
        .sort_by_key(|leak| (leak.sink, leak.sink_rule, leak.source, leak.source_rule));
    outcome
}

impl Solver<'_> {
    pub fn site(&self, here: (u32, u32)) -> Site {
        let node = &self.nodes[here.0 as usize];
        Site {
            def: node.def,
            unit: node.method.body.ins[here.1 as usize].unit,
        }
    }
}

/// Stands for the entry of a fact that is one itself.
const ENTRY: u32 = NONE - 1;

/// Calls that get back what came of one entry.
const CALLS: usize = 256;

/// By sink: marks, last fact, and what it is.
type Leaks = BTreeMap<Key, (u8, u32, End)>;

pub(super) struct Run<'s, 'a> {
    pub solver: &'s mut Solver<'a>,
    facts: Vec<Fact>,
    seen: Map<(Held, u8, u32), u32>,
    /// By entry: where data came from, and what comes back for it.
    entered: Map<u32, (Vec<Incoming>, Vec<Outgoing>)>,
    pub leaks: Leaks,
    left: usize,
    /// Steps at which the search ends.
    stop: u64,
    /// By method definition: blocks and the branches that decide about them.
    pub branches: Map<u32, Rc<Vec<(u32, u32)>>>,
}

impl Run<'_, '_> {
    pub fn add(&mut self, held: Held, marks: u8, from: u32, site: (u32, u32)) {
        let entry = match held {
            Held::Value(..) if from != NONE => self.facts[from as usize].entry,
            _ => NONE,
        };
        self.add_in(held, marks, from, site, entry);
    }

    fn add_in(&mut self, held: Held, marks: u8, from: u32, site: (u32, u32), entry: u32) {
        if self.left == 0 {
            self.solver.cuts.add("flow-facts");
            return;
        }
        let next = self.facts.len() as u32;
        if *self.seen.entry((held, marks, entry)).or_insert(next) != next {
            return;
        }
        self.left -= 1;
        self.facts.push(Fact {
            held,
            marks,
            from,
            site,
            entry,
        });
    }

    fn work(&mut self) {
        let mut next = 0;
        while next < self.facts.len() {
            self.solver.work(1);
            if self.solver.steps.get() > self.stop {
                self.solver.cuts.add("flow-search");
                return;
            }
            let (held, marks) = (self.facts[next].held, self.facts[next].marks);
            match held {
                Held::Value(node, value) => {
                    let method = self.solver.nodes[node as usize].method.clone();
                    let mut last = NONE;
                    for &user in method.users.of(value) {
                        if user != last {
                            self.used(node, user, value, marks, next as u32);
                        }
                        last = user;
                    }
                }
                Held::Cell(cell, node, ins) => {
                    let one = &self.solver.heap.cells[cell as usize];
                    let mut readers = one.readers.clone();
                    readers.extend(
                        self.solver
                            .heap
                            .all_readers
                            .get(&one.object)
                            .into_iter()
                            .flatten(),
                    );
                    self.solver.work(readers.len());
                    readers.sort_unstable();
                    readers.dedup();
                    for reader in readers {
                        if self.solver.reaches(cell, (node, ins), reader) {
                            self.read(cell, reader, marks, next as u32);
                        }
                    }
                }
                Held::Run(node) => self.decided(node, None, marks, next as u32),
            }
            next += 1;
        }
    }

    pub fn runs(&self, node: u32, ins: Value) -> bool {
        let node = &self.solver.nodes[node as usize];
        node.runs[node.method.body.ins[ins as usize].block as usize]
    }

    /// A value is used by an instruction.
    fn used(&mut self, node: u32, user: Value, value: Value, marks: u8, from: u32) {
        if !self.runs(node, user) {
            return;
        }
        let method = self.solver.nodes[node as usize].method.clone();
        let body = &method.body;
        let args = body.args(user);
        let here = (node, user);
        match body.ins[user as usize].op {
            Op::Phi => {
                let block = body.ins[user as usize].block;
                let mut edges = body.preds(block).iter().zip(args);
                let taken =
                    edges.any(|(edge, &arg)| arg == value && self.solver.comes_by(node, edge));
                if taken {
                    self.add(Held::Value(node, user), marks, from, here);
                }
            }
            Op::Cast(_) | Op::Unary(_) | Op::Binary(..) | Op::Compare(_) => {
                self.add(Held::Value(node, user), marks, from, here)
            }
            Op::InvokeCustom(_) => self.add(Held::Value(node, user), marks, from, here),
            Op::Length => self.add(Held::Value(node, user), marks | mark::LENGTH, from, here),
            Op::ArrayGet if args[0] == value => {
                self.add(Held::Value(node, user), marks, from, here)
            }
            Op::Get(_) => {
                // A field of an object that the platform gave: it is part of the data.
                let solver = &*self.solver;
                if solver
                    .set(node, value)
                    .iter()
                    .any(|&object| solver.is_foreign(object))
                {
                    self.add(Held::Value(node, user), marks, from, here);
                }
            }
            Op::Put(_) | Op::StaticPut(_) | Op::ArrayPut | Op::Filled(_)
                if args.last() == Some(&value)
                    || matches!(body.ins[user as usize].op, Op::Filled(_)) =>
            {
                for cell in self.written(here, value) {
                    self.add(Held::Cell(cell, node, user), marks, from, here);
                }
            }
            Op::Return => self.returned(node, marks, from, here),
            Op::Throw => {
                let objects = self.solver.set(node, value).clone();
                self.thrown(
                    node,
                    body.ins[user as usize].block,
                    &objects,
                    marks,
                    from,
                    here,
                )
            }
            Op::Invoke(kind, target) if target != NONE => {
                self.passed(here, kind, target, Spot::Value(value), marks, from)
            }
            Op::If(_) | Op::Switch if self.solver.budget.implicit => {
                let block = body.ins[user as usize].block;
                self.decided(node, Some(block), marks | mark::IMPLICIT, from);
            }
            _ => {}
        }
    }

    /// The cells that an instruction writes, by the solver's account.
    pub fn written(&self, here: (u32, u32), value: Value) -> Vec<u32> {
        let body = &self.solver.nodes[here.0 as usize].method.body;
        let solver = &*self.solver;
        let cells_of = |object: u32| solver.heap.cells_of(object);
        let wrote = |cell: &u32| {
            solver.heap.cells[*cell as usize]
                .writers
                .iter()
                .any(|own| (own.0, own.1) == here)
        };
        let args = body.args(here.1);
        let objects: Set = match body.ins[here.1 as usize].op {
            Op::StaticPut(_) => smallvec![super::heap::STATICS],
            Op::Filled(_) => solver.set(here.0, here.1).clone(),
            _ => solver.set(here.0, args[0]).clone(),
        };
        let base = match body.ins[here.1 as usize].op {
            Op::Put(_) | Op::ArrayPut => Some(args[0]),
            _ => None,
        };
        let held = |&object: &Abs| base.is_none_or(|base| solver.holds(here.0, base, object, 0));
        let mut out: Vec<u32> = objects
            .into_iter()
            .filter(held)
            .flat_map(cells_of)
            .filter(wrote)
            .collect();
        if let Op::Filled(_) = body.ins[here.1 as usize].op {
            out.retain(|&cell| match solver.heap.cells[cell as usize].key {
                super::heap::Key::Under(index) => match solver.heap.what[index as usize] {
                    What::Integer(at) => args.get(at as usize) == Some(&value),
                    _ => true,
                },
                _ => true,
            });
        }
        out
    }

    /// A node gives a value back.
    pub fn returned(&mut self, node: u32, marks: u8, from: u32, site: (u32, u32)) {
        if self.back(node, (marks, from, site, false)) {
            return;
        }
        for caller in self.solver.nodes[node as usize].callers.clone() {
            let place = (caller.node, caller.ins);
            for (callee, handing) in self.solver.links.get(&place).cloned().unwrap_or_default() {
                if callee != node {
                    continue;
                }
                self.hand_back(node, place, handing, marks, from, site);
            }
        }
        if let Some(&exposed) = self.solver.mail.exposed.get(&node) {
            self.give_to_page(exposed, marks, from, site);
        }
    }

    /// What a body gives goes where the call that ran it puts it.
    fn hand_back(
        &mut self,
        node: u32,
        place: (u32, u32),
        handing: Handing,
        marks: u8,
        from: u32,
        site: (u32, u32),
    ) {
        match handing {
            Handing::Plain | Handing::Reflective(_) | Handing::Proxy(_) => {
                self.add(Held::Value(place.0, place.1), marks, from, site)
            }
            Handing::CallBack(rule, number) => {
                self.result_of(place, rule, number, marks, from, site)
            }
            Handing::Text => {
                let key = super::heap::Key::Named(self.solver.names.said);
                for object in self.solver.set(node, 0).clone() {
                    if let Some(cell) = self.solver.heap.find_cell(object, key) {
                        self.add(Held::Cell(cell, place.0, place.1), marks, from, site);
                    }
                }
            }
            Handing::Listener(_) => {}
        }
    }

    /// The result of one call-back is an argument of others of the same rule.
    fn result_of(
        &mut self,
        place: (u32, u32),
        rule: u32,
        number: u32,
        marks: u8,
        from: u32,
        site: (u32, u32),
    ) {
        let rules = self.solver.rules;
        if let Some(to) = rules.rules[rule as usize].calls[number as usize].to {
            let body = &self.solver.nodes[place.0 as usize].method.body;
            if let Op::Invoke(kind, _) = body.ins[place.1 as usize].op {
                let args = self.solver.args_of(place.0, place.1);
                for spot in self.solver.locate(place, to, &args, kind, false) {
                    match spot {
                        Spot::Cell(cell) => {
                            self.add(Held::Cell(cell, place.0, place.1), marks, from, site)
                        }
                        Spot::Return => self.add(Held::Value(place.0, place.1), marks, from, site),
                        Spot::Value(_) | Spot::Object(_) => {}
                    }
                }
            }
        }
        for (callee, handing) in self.solver.links.get(&place).cloned().unwrap_or_default() {
            let Handing::CallBack(other, at) = handing else {
                continue;
            };
            if other != rule {
                continue;
            }
            for (position, argument) in rules.rules[rule as usize].calls[at as usize]
                .arguments
                .iter()
                .enumerate()
            {
                if matches!(argument, CallArgument::Result(one) if u32::from(*one) == number + 1) {
                    self.parameter(callee, position as u32 + 1, marks, from, site);
                }
            }
        }
    }

    pub fn parameter(&mut self, callee: u32, value: Value, marks: u8, from: u32, site: (u32, u32)) {
        let node = &self.solver.nodes[callee as usize];
        if value >= node.method.body.params().end {
            return;
        }
        if !node.merged {
            self.add(Held::Value(callee, value), marks, from, site);
            return;
        }
        // In a body that many calls share, one fact stands for all of them, and what comes of it goes back to each.
        let held = Held::Value(callee, value);
        let entry = match self.seen.get(&(held, marks, ENTRY)) {
            Some(&known) => known,
            None => {
                let next = self.facts.len() as u32;
                self.add_in(held, marks, from, site, ENTRY);
                if self.facts.len() as u32 == next {
                    return;
                }
                self.facts[next as usize].entry = next;
                next
            }
        };
        let context = match self.facts.get(from as usize) {
            Some(fact) => fact.entry,
            None => NONE,
        };
        let (incoming, outgoing) = self.entered.entry(entry).or_default();
        if incoming.contains(&(site, context)) || incoming.len() >= CALLS {
            return;
        }
        incoming.push((site, context));
        for out in outgoing.clone() {
            self.give_back(callee, (site, context), out);
        }
    }

    /// Data leaves a body that many calls share the way that it came in by. False if the body is another, or the way is not known.
    fn back(&mut self, node: u32, out: Outgoing) -> bool {
        let entry = match self.facts.get(out.1 as usize) {
            Some(fact) => fact.entry,
            None => NONE,
        };
        if !self.solver.nodes[node as usize].merged || entry == NONE {
            return false;
        }
        let (incoming, outgoing) = self.entered.entry(entry).or_default();
        let known = outgoing
            .iter()
            .any(|own| (own.0, own.2, own.3) == (out.0, out.2, out.3));
        if !known {
            outgoing.push(out);
            for call in incoming.clone() {
                self.give_back(node, call, out);
            }
        }
        true
    }

    fn give_back(&mut self, node: u32, (call, context): Incoming, out: Outgoing) {
        let (marks, from, site, thrown) = out;
        self.solver.work(1);
        let handing = self.solver.links.get(&call).into_iter().flatten();
        let handing: Vec<Handing> = handing
            .filter(|link| link.0 == node)
            .map(|link| link.1)
            .collect();
        if thrown {
            let body = &self.solver.nodes[call.0 as usize].method.body;
            let block = body.ins[call.1 as usize].block;
            let objects = self.solver.nodes[node as usize].thrown.clone();
            for handler in self.solver.catches(call.0, block, &objects) {
                self.add_in(Held::Value(call.0, handler), marks, from, site, context);
            }
            return;
        }
        for one in handing {
            match one {
                Handing::Plain | Handing::Reflective(_) | Handing::Proxy(_) => {
                    self.add_in(Held::Value(call.0, call.1), marks, from, site, context)
                }
                other => self.hand_back(node, call, other, marks, from, site),
            }
        }
    }

    fn thrown(
        &mut self,
        node: u32,
        block: u32,
        objects: &[Abs],
        marks: u8,
        from: u32,
        site: (u32, u32),
    ) {
        for handler in self.solver.catches(node, block, objects) {
            self.add(Held::Value(node, handler), marks, from, site);
        }
        if self.back(node, (marks, from, site, true)) {
            return;
        }
        for caller in self.solver.nodes[node as usize].callers.clone() {
            let body = &self.solver.nodes[caller.node as usize].method.body;
            let block = body.ins[caller.ins as usize].block;
            for handler in self.solver.catches(caller.node, block, objects) {
                self.add(Held::Value(caller.node, handler), marks, from, site);
            }
        }
    }

    /// A cell is read by an instruction.
    fn read(&mut self, cell: u32, reader: (u32, u32), marks: u8, from: u32) {
        if !self.runs(reader.0, reader.1) {
            return;
        }
        let method = self.solver.nodes[reader.0 as usize].method.clone();
        let body_args = method.body.args(reader.1);
        let op = method.body.ins[reader.1 as usize].op;
        match op {
            Op::Get(_) | Op::StaticGet(_) => {
                // What was put into another field of the platform's object is not in this one.
                let (node, ins) = self.facts[from as usize].site;
                let writer = self.solver.nodes[node as usize].method.body.ins[ins as usize].op;
                let named = matches!(
                    self.solver.heap.cells[cell as usize].key,
                    super::heap::Key::Named(_)
                );
                let one = &self.solver.heap.cells[cell as usize];
                let object = one.object;
                let base = match op {
                    Op::Get(_) => body_args.first().copied(),
                    _ => None,
                };
                let there = base.is_none_or(|base| self.solver.holds(reader.0, base, object, 0));
                if there && !(named && matches!(writer, Op::Put(_))) {
                    self.add(Held::Value(reader.0, reader.1), marks, from, reader);
                }
            }
            Op::ArrayGet
                if self.solver.heap.cells[cell as usize].key.is_entry()
                    && self.solver.holds(
                        reader.0,
                        body_args[0],
                        self.solver.heap.cells[cell as usize].object,
                        0,
                    ) =>
            {
                self.add(Held::Value(reader.0, reader.1), marks, from, reader);
            }
            Op::Invoke(kind, target) if target != NONE => {
                self.passed(reader, kind, target, Spot::Cell(cell), marks, from)
            }
            _ => {}
        }
    }

    /// The way from the source, and whether a node that stands for many calls lies on it.
    fn path(&self, last: u32, sink: Site) -> (Vec<Site>, bool) {
        let mut out = vec![sink];
        let mut merged = false;
        let mut at = last;
        while at != NONE {
            let fact = &self.facts[at as usize];
            let site = self.solver.site(fact.site);
            merged |= self.solver.nodes[fact.site.0 as usize].merged;
            if out.last() != Some(&site) {
                out.push(site);
            }
            at = fact.from;
        }
        out.reverse();
        (out, merged)
    }
}
