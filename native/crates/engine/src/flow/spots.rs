//! Which values and cells a place of a rule means at one call: an argument, an entry under a constant, everything in an object.

use super::heap::{Abs, Key, STATICS, Set, UNKNOWN, What};
use super::library::Spot;
use super::rules::{Place, Root, Selector};
use super::solve::Solver;
use crate::code::link::NONE;
use crate::ir::{Invoke, Op, Value};

/// Objects within objects that a sink or a rule sees.
const DEPTH: usize = 3;

impl Solver<'_> {
    /// Where a place lies at a call; reading and writing differ in entries.
    pub fn locate(
        &mut self,
        here: (u32, u32),
        place: Place,
        args: &[Set],
        kind: Invoke,
        reads: bool,
    ) -> Vec<Spot> {
        let position = |number: u8| {
            let shift = u8::from(kind == Invoke::Static);
            number
                .checked_sub(shift)
                .map(usize::from)
                .filter(|&at| at < args.len())
        };
        let operands: Vec<Value> = self.nodes[here.0 as usize]
            .method
            .body
            .args(here.1)
            .to_vec();
        self.work(1);
        let root = match place.root {
            Root::Return if place.selector == Selector::Whole => return vec![Spot::Return],
            Root::Return => self.set(here.0, here.1).clone(),
            Root::New => {
                let kind = self.return_kind(here);
                return vec![Spot::Object(self.heap.number(
                    What::Made {
                        node: here.0,
                        ins: here.1,
                        part: 3,
                    },
                    kind,
                ))];
            }
            Root::Global(name) => {
                return self
                    .globals(name, place.selector, args, kind)
                    .into_iter()
                    .map(Spot::Object)
                    .collect();
            }
            Root::Operand(number) => {
                let Some(at) = position(number) else {
                    return Vec::new();
                };
                if place.selector == Selector::Whole {
                    if reads {
                        return vec![Spot::Value(operands[at])];
                    }
                    // Something given to an argument: it is in there.
                    let content = Key::Named(self.names.content);
                    return self.cells_of(&args[at].clone(), content);
                }
                args[at].clone()
            }
        };
        match place.selector {
            Selector::Whole => Vec::new(),
            Selector::Named(name) => self.cells_of(&root, Key::Named(name)),
            Selector::Through(first, second) => {
                let mut inner = Set::new();
                for spot in self.cells_of(&root, Key::Named(first)) {
                    if let Spot::Cell(cell) = spot {
                        let set = self.read_cell(cell, here);
                        self.heap.join(&mut inner, &set);
                    }
                }
                self.cells_of(&inner, Key::Named(second))
            }
            Selector::Entry(number) => {
                let index = position(number)
                    .map(|at| args[at].clone())
                    .unwrap_or_default();
                self.entry_spots(&root, &index, here, reads)
            }
            Selector::Entries => self.entry_spots(&root, &[UNKNOWN], here, reads),
            Selector::All => {
                let mut out = self.deep(&root, here);
                if let Root::Operand(number) = place.root {
                    out.extend(position(number).map(|at| Spot::Value(operands[at])));
                }
                out
            }
        }
    }

    pub fn return_kind(&self, here: (u32, u32)) -> u32 {
        match self.nodes[here.0 as usize].method.body.ins[here.1 as usize].op {
            Op::Invoke(_, method) if method != NONE => {
                let key = self.program.link.methods[method as usize];
                let name = self
                    .program
                    .bytes(self.program.link.names[key.name as usize]);
                if name == b"<init>" {
                    key.class
                } else {
                    self.program.link.proto(key.proto)[0]
                }
            }
            _ => NONE,
        }
    }

    pub fn globals(
        &mut self,
        name: u32,
        selector: Selector,
        args: &[Set],
        kind: Invoke,
    ) -> Vec<Abs> {
        let text = self
            .rules
            .names
            .get(name as usize)
            .cloned()
            .unwrap_or_default();
        if let ("application", Some(application)) = (&text[..], self.world.application) {
            return vec![application];
        }
        let keys = match selector {
            Selector::Entry(number) => {
                let at = usize::from(number).checked_sub(usize::from(kind == Invoke::Static));
                at.and_then(|at| args.get(at)).cloned().unwrap_or_default()
            }
            _ => vec![UNKNOWN],
        };
        let keys: Set = keys
            .into_iter()
            .map(|key| {
                if self.heap.is_constant(key) {
                    key
                } else {
                    UNKNOWN
                }
            })
            .collect();
        keys.into_iter()
            .map(|key| self.heap.number(What::Global(name, key), NONE))
            .collect()
    }

    pub fn cells_of(&mut self, objects: &[Abs], key: Key) -> Vec<Spot> {
        let mut out = Vec::new();
        for &object in objects {
            if self.heap.is_object(object) && object != STATICS {
                out.push(Spot::Cell(self.cell(object, key)));
            }
        }
        out
    }

    pub fn entry_spots(
        &mut self,
        objects: &[Abs],
        index: &[Abs],
        here: (u32, u32),
        reads: bool,
    ) -> Vec<Spot> {
        let mut out = Vec::new();
        self.work(objects.len());
        for &object in objects {
            if !self.heap.is_object(object) || object == STATICS {
                continue;
            }
            if reads {
                out.extend(
                    self.entries(object, index, here)
                        .into_iter()
                        .map(Spot::Cell),
                );
            } else {
                for key in self.keys(index) {
                    out.push(Spot::Cell(self.cell(object, key)));
                }
            }
        }
        out
    }

    /// All cells of objects and of the objects in them; components of the app are not looked into.
    pub fn deep(&mut self, objects: &[Abs], here: (u32, u32)) -> Vec<Spot> {
        let mut out = Vec::new();
        let mut seen: Vec<Abs> = Vec::new();
        let mut level: Vec<Abs> = objects.to_vec();
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for object in level {
                let component = matches!(self.heap.what[object as usize], What::Component(_));
                if !self.heap.is_object(object)
                    || component
                    || object == STATICS
                    || seen.contains(&object)
                    || seen.len() > 64
                {
                    continue;
                }
                seen.push(object);
                self.read_all(object, here);
                let cells = self
                    .heap
                    .of_object
                    .get(&object)
                    .cloned()
                    .unwrap_or_default();
                self.work(cells.len() + 1);
                for cell in cells {
                    out.push(Spot::Cell(cell));
                    next.extend(self.heap.cells[cell as usize].set.iter().copied());
                }
            }
            level = next;
        }
        out
    }
}
