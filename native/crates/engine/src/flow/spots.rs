//! Which values and cells a place of a rule means at one call: an argument, an entry under a constant, everything in an object.

use super::heap::{Abs, Key, STATICS, Set, UNKNOWN, What};
use super::library::Spot;
use super::rules::{Place, Root, Selector};
use super::solve::{Handing, Solver};
use crate::code::link::NONE;
use crate::ir::{Invoke, Op, Value};

/// Objects within objects that a sink or a rule sees.
const DEPTH: usize = 3;
/// Streams around a stream that are gone through.
const STREAMS: usize = 4;

/// What of an object counts.
pub(super) enum Content {
    /// Nothing of it.
    Nothing,
    /// One cell that stands for it.
    One(u32),
    /// What it keeps as an object of the platform: all but the fields of the program's classes.
    Kept,
    /// All its cells.
    All,
}

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
                let kinds = match self.copied(here, args) {
                    kinds if kinds.is_empty() => vec![self.return_kind(here)],
                    kinds => kinds,
                };
                let (node, ins) = here;
                let made = kinds.into_iter().enumerate().map(|(number, kind)| {
                    let part = if number == 0 { 3 } else { 31 + number as u8 };
                    Spot::Object(self.heap.number(What::Made { node, ins, part }, kind))
                });
                return made.collect();
            }
            Root::Nothing => return Vec::new(),
            // A number is never absent.
            Root::Null => {
                let kind = self.return_kind(here);
                let reference = kind != NONE
                    && matches!(self.program.descriptor(kind).first(), Some(b'L' | b'['));
                let null = Spot::Object(self.heap.integer(0));
                return reference.then_some(null).into_iter().collect();
            }
            Root::Provider(number) => {
                let at = position(number).map(|at| args[at].clone());
                return self.providers(&at.unwrap_or_default());
            }
            Root::Global(name, key) => {
                let key = key.map(|(number, part)| {
                    let set = position(number).map(|at| args[at].clone());
                    (set.unwrap_or_default(), part)
                });
                let key = key.map(|(set, part)| match part {
                    Some(part) => self.in_cells(&set, part, here),
                    None => set,
                });
                let objects = self.globals(here, name, key);
                match place.selector {
                    Selector::Whole => return objects.into_iter().map(Spot::Object).collect(),
                    _ => objects.into(),
                }
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
            Selector::Whole | Selector::Pairs => Vec::new(),
            Selector::Named(name) => self.cells_of(&root, Key::Named(name)),
            Selector::Through(first, second) => {
                // Streams lie in streams.
                let levels = if first == self.names.target {
                    STREAMS
                } else {
                    1
                };
                let mut inner = Set::new();
                let mut level = root;
                for _ in 0..levels {
                    let mut next = Set::new();
                    for spot in self.cells_of(&level, Key::Named(first)) {
                        if let Spot::Cell(cell) = spot {
                            let set = self.read_cell(cell, here);
                            self.heap.join(&mut next, &set);
                        }
                    }
                    next.retain(|object| self.heap.is_object(*object) && !inner.contains(object));
                    if next.is_empty() {
                        break;
                    }
                    self.heap.join(&mut inner, &next);
                    level = next;
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
            Selector::Same => self.entry_spots(&root, &[UNKNOWN], here, true),
            Selector::Alike => {
                let mut out = Vec::new();
                for object in root {
                    if self.heap.is_object(object) && object != STATICS {
                        self.read_all(object, here);
                        let cells = self.heap.cells_of(object).into_iter();
                        out.extend(cells.map(Spot::Cell));
                    }
                }
                out
            }
            Selector::All => {
                let mut out = self.deep(&root, here);
                if let Root::Operand(number) = place.root {
                    out.extend(position(number).map(|at| Spot::Value(operands[at])));
                }
                out
            }
            Selector::Text => {
                let mut root = root;
                if self.takes_any(here, place.root) {
                    // An array under a wider type says its address, not what is in it.
                    root.retain(|object| !self.is_array(*object));
                }
                let mut out = self.text(&root, here);
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

    /// Types of what a call copies: of the receiver, if the call is `clone`.
    fn copied(&self, here: (u32, u32), args: &[Set]) -> Vec<u32> {
        const CLONES: usize = 4;
        let is_clone = matches!(self.called(here), Some(("clone", 1)));
        let receiver = args.first().filter(|_| is_clone).into_iter().flatten();
        let mut kinds: Vec<u32> = receiver
            .filter(|&&object| self.heap.is_object(object))
            .map(|&object| self.heap.kinds[object as usize])
            .filter(|&kind| kind != NONE)
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.truncate(CLONES);
        kinds
    }

    /// Whether an operand's declared type is no array.
    fn takes_any(&self, here: (u32, u32), root: Root) -> bool {
        let Root::Operand(number @ 1..) = root else {
            return false;
        };
        let body = &self.nodes[here.0 as usize].method.body;
        let Op::Invoke(_, method) = body.ins[here.1 as usize].op else {
            return false;
        };
        let link = &self.program.link;
        let proto = link.proto(link.methods[method as usize].proto);
        let kind = proto.get(usize::from(number));
        kind.is_some_and(|&kind| !self.program.descriptor(kind).starts_with(b"["))
    }

    fn is_array(&self, object: Abs) -> bool {
        let kind = self.heap.kinds[object as usize];
        kind != NONE && self.program.descriptor(kind).starts_with(b"[")
    }

    /// The objects of a kind under keys; without keys, the one of that kind. What code names in a way that nobody knows here, code of other
    /// makers does not share: each has one object under unknown keys.
    pub fn globals(&mut self, here: (u32, u32), name: u32, keys: Option<Set>) -> Vec<Abs> {
        let text = self
            .rules
            .names
            .get(name as usize)
            .cloned()
            .unwrap_or_default();
        if let ("application", Some(application)) = (&text[..], self.world.application) {
            return vec![application];
        }
        if text == "package" {
            let package = self.setting.package.clone();
            return vec![self.heap.text(&package)];
        }
        let Some(keys) = keys else {
            return vec![self.heap.number(What::Global(name, UNKNOWN), NONE)];
        };
        let mut out = Vec::new();
        for key in keys {
            // A name that a field holds before one is written is none.
            if matches!(self.heap.what[key as usize], What::Integer(0)) {
                continue;
            }
            let key = if self.heap.is_constant(key) {
                key
            } else {
                self.unknown_name(here.0)
            };
            let object = self.heap.number(What::Global(name, key), NONE);
            if !out.contains(&object) {
                out.push(object);
            }
        }
        out
    }

    /// The key of what code names in a way that nobody knows here.
    fn unknown_name(&mut self, node: u32) -> Abs {
        match self.maker_of(node) {
            // No name of a file or a store has such a character.
            Some(maker) => self.heap.text(&format!("\0{maker}")),
            None => UNKNOWN,
        }
    }

    /// What objects hold in a named cell.
    fn in_cells(&mut self, objects: &[Abs], name: u32, here: (u32, u32)) -> Set {
        let mut out = Set::new();
        for spot in self.cells_of(objects, Key::Named(name)) {
            if let Spot::Cell(cell) = spot {
                let set = self.read_cell(cell, here);
                self.heap.join(&mut out, &set);
            }
        }
        out
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

    /// What the texts of objects say. The platform's objects tell what is in them; an object of the program tells what its `toString` gives,
    /// and without one nothing but what a class of the platform above it keeps.
    pub fn text(&mut self, objects: &[Abs], here: (u32, u32)) -> Vec<Spot> {
        self.contents(objects, 64, here, |solver, object| {
            let own = !solver.is_foreign(object);
            if own && solver.speak(object, here) {
                let cell = solver.cell(object, Key::Named(solver.names.said));
                solver.read_cell(cell, here);
                return Content::One(cell);
            }
            if own { Content::Kept } else { Content::All }
        })
    }

    /// Whether a spot is a cell in one of some operands.
    pub fn deep_cells(&mut self, args: &[Set], here: (u32, u32), spot: Spot) -> bool {
        args.iter().any(|set| self.deep(set, here).contains(&spot))
    }

    /// Runs `toString` of an object of the program for a call that makes text of it; false if its class has none.
    fn speak(&mut self, object: Abs, here: (u32, u32)) -> bool {
        let defs = self.named(object, "toString");
        if self.heap.settled {
            return !defs.is_empty();
        }
        for &def in defs.iter() {
            let Some(callee) = self.enter(here, def, object, Handing::Text, false) else {
                continue;
            };
            let cell = self.cell(object, Key::Named(self.names.said));
            let returned = self.nodes[callee as usize].returned.clone();
            self.write_cell(cell, here, false, &returned);
        }
        !defs.is_empty()
    }

    /// The app's content providers whose authority an address names.
    fn providers(&mut self, addresses: &[Abs]) -> Vec<Spot> {
        let setting = self.setting;
        let mut out = Vec::new();
        for &address in addresses {
            let text = self.heap.as_text(address);
            let rest = text.and_then(|text| text.strip_prefix("content://"));
            let Some(authority) = rest.and_then(|rest| rest.split(['/', '?']).next()) else {
                continue;
            };
            let authority = authority.to_owned();
            for component in &setting.components {
                let kind = self.program.find_class(&component.class);
                if component.authorities.contains(&authority) {
                    if let Some(kind) = kind {
                        let object = self.heap.number(What::Component(kind), kind);
                        out.push(Spot::Object(object));
                    }
                }
            }
        }
        out
    }

    /// All cells of objects and of the objects in them; components of the app are not looked into.
    pub fn deep(&mut self, objects: &[Abs], here: (u32, u32)) -> Vec<Spot> {
        self.contents(objects, 64, here, Self::but_components)
    }

    fn but_components(&mut self, object: Abs) -> Content {
        match self.heap.what[object as usize] {
            What::Component(_) => Content::Nothing,
            _ => Content::All,
        }
    }

    /// The cells of objects, at most about `most`, and of the objects in those cells, as far as `content` tells.
    pub(super) fn contents(
        &mut self,
        objects: &[Abs],
        most: usize,
        here: (u32, u32),
        mut content: impl FnMut(&mut Self, Abs) -> Content,
    ) -> Vec<Spot> {
        let mut out = Vec::new();
        let mut seen: Vec<Abs> = Vec::new();
        let mut level: Vec<Abs> = objects.to_vec();
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for object in level {
                if !self.heap.is_object(object)
                    || object == STATICS
                    || seen.contains(&object)
                    || seen.len() > most
                {
                    continue;
                }
                let all = match content(self, object) {
                    Content::Nothing => continue,
                    Content::One(cell) => {
                        seen.push(object);
                        out.push(Spot::Cell(cell));
                        continue;
                    }
                    Content::All => true,
                    Content::Kept => false,
                };
                seen.push(object);
                self.read_all(object, here);
                let cells = self.heap.cells_of(object);
                self.work(cells.len() + 1);
                for cell in cells {
                    let one = &self.heap.cells[cell as usize];
                    if all || !matches!(one.key, Key::Field(_)) {
                        out.push(Spot::Cell(cell));
                        next.extend(one.set.iter().copied());
                    }
                }
            }
            level = next;
        }
        out
    }
}
