//! What opened the way to a call that runs after consent alone.
//!
//! The last method on the way that ran before the user agreed holds the branch that agreeing opened. The cells that its condition
//! reads, and that grew since, are the gate. What opens otherwise (a listener of the control itself, an object that was stored) is
//! named by what happened.

use super::controls;
use super::heap::{Key, Origin};
use super::lexicon::Says;
use super::world::{Cause, Phase, World};
use crate::code::link::NONE;

use crate::ir::{self, Builder, Op, dominance};
use std::collections::BTreeSet;

/// Methods called for a condition that are looked through for what they read.
const CALLED: usize = 200;
/// Methods on the way that are looked at.
const WAY: usize = 64;

/// Gates of the calls of one program.
pub struct Gates<'a> {
    bodies: Builder<'a>,
}

impl<'a> Gates<'a> {
    /// Nothing is known yet.
    pub fn new(world: &World<'a>) -> Gates<'a> {
        Gates {
            bodies: Builder::new(world.program),
        }
    }

    /// The gate of a place in a node, for people: what was stored and what the control says that stored it.
    pub fn of(
        &mut self,
        world: &mut World<'a>,
        node: u32,
        unit: u32,
        cause: u32,
    ) -> Option<String> {
        let cell = self.opened(world, node, unit);
        cell.and_then(|cell| {
            let grown = world.grown[&cell];
            named(world, cell, grown)
        })
        .or_else(|| match world.causes[cause as usize] {
            Cause::Start => None,
            Cause::Event(event) => said(world, event),
            Cause::Cell(cell, _) => named(world, cell, cause),
        })
    }

    /// The cell that opened the way to a place: read by the condition of a branch in the last method that ran before.
    fn opened(&mut self, world: &mut World<'a>, node: u32, unit: u32) -> Option<u32> {
        let (mut node, mut unit) = (node, unit);
        for _ in 0..WAY {
            let slot = world.nodes.get(node as usize)?;
            if slot.phase < Phase::Agreed {
                break;
            }
            if let Cause::Event(event) = world.causes[slot.cause as usize]
                && world.events[event as usize].def == slot.def
            {
                return None;
            }
            (node, unit) = slot.from;
        }
        let body = self.bodies.body(world.nodes.get(node as usize)?.def).ok()?;
        let units = conditions(&body, unit);
        let asked = world.body(body.def)?;
        let mut other = None;
        for unit in units {
            let at = asked.insns.partition_point(|insn| insn.unit < unit);
            let asks = asked.insns.get(at).map_or(NONE, |insn| insn.asks);
            if asks == NONE {
                continue;
            }
            let cells = cells_read(world, node, asks).into_iter();
            let mut known: Vec<u32> = cells
                .filter(|cell| world.grown.contains_key(cell))
                .collect();
            known.sort_by_key(|&cell| (rank(world.heap.cells[cell as usize].key), cell));
            for cell in known {
                // What another control stores is no consent, though it may stand nearer.
                if agrees(world, world.grown[&cell]) {
                    return Some(cell);
                }
                other = other.or(Some(cell));
            }
        }
        other
    }
}

/// A control by which the user agrees, or may agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    /// What it says, first text first; more than one if the app has more languages.
    pub texts: Vec<String>,
    /// Whether it can be ticked.
    pub ticks: bool,
    /// Whether it is known to agree.
    pub certain: bool,
    /// The definition of the method that runs, if one does.
    pub runs: Option<u32>,
    /// Where that method was registered, or a layout that names it was shown: method definition, code unit.
    pub registered: Option<(u32, u32)>,
    /// Files of the layout that it stands in.
    pub layouts: Vec<String>,
}

/// The controls that agree, or may, ascending.
pub fn controls(world: &mut World<'_>) -> Vec<Control> {
    let events = (0..world.events.len() as u32).filter_map(|number| {
        let event = &world.events[number as usize];
        Some((event.control?, Some(event.def), Some(event.from)))
    });
    let boxes = world.heap.cells.iter().filter_map(|cell| match cell.key {
        Key::Ticked(object) => Some((controls::Control::on(object, true), None, None)),
        _ => None,
    });
    let all: Vec<_> = events.chain(boxes).collect();
    let mut heard = BTreeSet::new();
    let mut out = BTreeSet::new();
    for (control, runs, from) in all {
        // A box that is heard was met with its listener.
        if runs.is_some() && control.ticks {
            heard.insert(control.object);
        } else if runs.is_none() && heard.contains(&control.object) {
            continue;
        }
        let texts = world.texts_of_control(control);
        let says = world.judged(control);
        if says == Says::Other || says == Says::Unclear && texts.is_empty() {
            continue;
        }
        let registered = from.and_then(|(node, unit)| {
            let slot = world.nodes.get(node as usize)?;
            Some((slot.def, unit))
        });
        out.insert(Control {
            texts,
            ticks: control.ticks,
            certain: says == Says::Agree,
            runs,
            registered,
            layouts: world.files_of_layout(control.object),
        });
    }
    out.into_iter().collect()
}

/// Code units of the reads and calls that the branches before a unit depend on, those of the nearest branch first.
fn conditions(body: &ir::Body, unit: u32) -> Vec<u32> {
    let after = dominance::post_dominators(body);
    let pairs = dominance::control_dependence(body, &after);
    let deciding = |block: u32| {
        let from = pairs.partition_point(|pair| pair.0 < block);
        let pairs = pairs[from..].iter().take_while(move |pair| pair.0 == block);
        pairs.map(|pair| pair.1)
    };
    let here = body
        .ins
        .iter()
        .find(|one| one.unit == unit && one.op != Op::Phi);
    let Some(here) = here.map(|one| one.block) else {
        return Vec::new();
    };
    let mut units = Vec::new();
    let mut blocks = vec![here];
    let mut seen = BTreeSet::new();
    let mut next = 0;
    while next < blocks.len() {
        // The branch that stands nearest before the place comes first.
        let mut branches: Vec<u32> = deciding(blocks[next]).collect();
        branches.sort_unstable_by_key(|&branch| std::cmp::Reverse(branch));
        next += 1;
        for branch in branches {
            if !seen.insert(branch) {
                continue;
            }
            blocks.push(branch);
            let mut values: Vec<u32> = body.in_block(branch).last().into_iter().collect();
            let mut known = BTreeSet::new();
            let mut at = 0;
            while at < values.len() {
                let value = values[at];
                at += 1;
                let ins = body.ins[value as usize];
                match ins.op {
                    Op::Invoke(..) | Op::Get(_) | Op::StaticGet(_) | Op::ArrayGet => {
                        units.push(ins.unit);
                    }
                    // A truth that was put together: what decided which one it is.
                    Op::Phi => {
                        let edges = body.preds(ins.block).iter();
                        let decided = edges.flat_map(|edge| {
                            let own = body.in_block(edge.block).last();
                            let own =
                                own.filter(|&last| matches!(body.ins[last as usize].op, Op::If(_)));
                            let above =
                                deciding(edge.block).filter_map(|at| body.in_block(at).last());
                            own.into_iter().chain(above)
                        });
                        values.extend(decided.filter(|&one| known.insert(one)));
                    }
                    _ => {}
                }
                let args = body.args(value).iter().copied();
                values.extend(args.filter(|&arg| arg != NONE && known.insert(arg)));
            }
        }
    }
    units
}

/// The cells that an instruction of a node reads, by itself or in what it calls.
fn cells_read(world: &World<'_>, node: u32, asks: u32) -> BTreeSet<u32> {
    let mut cells = BTreeSet::new();
    let slot = &world.nodes[node as usize];
    cells.extend(slot.reads_of(Some(asks)));
    let mut nodes: Vec<u32> = slot.calls_of(Some(asks)).collect();
    let mut seen: BTreeSet<u32> = nodes.iter().copied().collect();
    let mut next = 0;
    while next < nodes.len() && nodes.len() < CALLED {
        let slot = &world.nodes[nodes[next] as usize];
        next += 1;
        cells.extend(slot.reads_of(None));
        nodes.extend(slot.calls_of(None).filter(|&one| seen.insert(one)));
    }
    cells
}

/// A store tells more than a field, and a field more than the rest.
fn rank(key: Key) -> u32 {
    match key {
        Key::At(..) | Key::AtUnknown(_) => 0,
        Key::Field(..) | Key::EveryField(_) | Key::LooseField(_) | Key::Static(_) => 1,
        Key::Ticked(_) => 2,
        _ => 3,
    }
}

/// A cell, and the control that stored it, for people.
fn named(world: &mut World<'_>, cell: u32, cause: u32) -> Option<String> {
    let key = world.heap.cells[cell as usize].key;
    let stored = stored(world, key);
    let by = match world.causes[cause as usize] {
        Cause::Event(event) | Cause::Cell(_, event) if event != NONE => said(world, event),
        Cause::Cell(by, _) => match world.heap.cells[by as usize].key {
            Key::Ticked(object) => {
                quoted(world.texts_of_control(controls::Control::on(object, true)))
            }
            _ => None,
        },
        _ => None,
    };
    match (stored, by) {
        (Some(stored), Some(by)) => Some(format!("{stored} ← {by}")),
        (stored, by) => stored.or(by),
    }
}

/// Whether a control that agrees is behind a cause.
fn agrees(world: &mut World<'_>, cause: u32) -> bool {
    match world.causes[cause as usize] {
        Cause::Event(event) | Cause::Cell(_, event) if event != NONE => {
            world.says(event) == Says::Agree
        }
        Cause::Cell(by, _) => matches!(world.heap.cells[by as usize].key, Key::Ticked(_)),
        _ => false,
    }
}

/// What the control of an event says.
fn said(world: &mut World<'_>, event: u32) -> Option<String> {
    let texts = world.label(event);
    quoted(texts)
}

fn quoted(texts: Vec<String>) -> Option<String> {
    texts.into_iter().next().map(|text| format!("“{text}”"))
}

/// A cell for people, if it is one of the app's: a field of the platform only carries what the app gave it.
fn stored(world: &World<'_>, key: Key) -> Option<String> {
    let program = world.program;
    match key {
        Key::Field(_, id) | Key::EveryField(id) | Key::LooseField(id) | Key::Static(id) => {
            let key = program.link.fields.get(id as usize)?;
            (program.defs.class_of[key.class as usize] != NONE).then(|| {
                let (class, name) = (program.type_name(key.class), program.name(key.name));
                format!("{class}.{name}")
            })
        }
        Key::At(store, key) => {
            let key = world.heap.text_of(key);
            match world.heap.objects[store as usize].origin {
                Origin::Store(_, name) if name != NONE => {
                    Some(format!("{}/{key}", world.heap.text_of(name)))
                }
                _ => Some(key.to_owned()),
            }
        }
        Key::Contents(store) => match world.heap.objects[store as usize].origin {
            Origin::Store(_, name) if name != NONE => Some(world.heap.text_of(name).to_owned()),
            _ => None,
        },
        _ => None,
    }
}
