//! One method run with abstract values: block by block, both ways where a condition is open, one way where it is not.

use super::body::{Body, Insn};
use super::facts::Initial;
use super::heap::{Key, Origin, Store, part};
use super::progress::{Run, WHOLE};
use super::value::{ANY, Atom, NOTHING, Value};
use super::world::{Gap, World};
use crate::code::link::NONE;
use crate::dex::opcode::op;
use crate::ir::{Arith, Width, arithmetic, binary, literal_arithmetic, unary};
use smallvec::SmallVec;

/// Registers of one method: those of the code, then what `move-result` takes.
pub(super) type Frame = [Value];

/// A register with an object that was asked: its value if the answer is zero, and if it is not.
pub(super) type Split = (usize, Value, Value);

/// Objects that are told apart by what they answer.
const SPLIT: usize = 8;

/// Registers that are copied or joined in one step.
pub(super) const STRIDE: usize = 64;

impl World<'_> {
    /// Takes the registers to the blocks that follow.
    pub(super) fn leave(
        &mut self,
        body: &Body,
        (at, tail): (u32, &Insn),
        frame: &mut Frame,
        split: Option<Split>,
        run: &mut Run,
    ) {
        let block = &body.blocks[at as usize];
        match tail.op {
            0x32..=0x3d => {
                let (x, y) = (usize::from(tail.a), usize::from(tail.b));
                let zero = self.values.integer(0);
                let two = tail.op < 0x38;
                let before = (frame[x], if two { frame[y] } else { zero });
                let kind = if two { tail.op - 0x32 } else { tail.op - 0x38 };
                for (taken, target) in [
                    (true, block.jumps.first().map(|jump| jump.0)),
                    (false, block.fall),
                ] {
                    // The opposite of a test is the next one: eq ne, lt ge, gt le.
                    let test = if taken { kind } else { kind ^ 1 };
                    let Some(target) = target else { continue };
                    let Some((mine, theirs)) = self.narrow(test, before.0, before.1) else {
                        continue;
                    };
                    frame[x] = mine;
                    if two {
                        frame[y] = theirs;
                    }
                    if let Some((object, zero, other)) = split {
                        frame[object] = if test == 0 { zero } else { other };
                        if frame[object] == NOTHING {
                            continue;
                        }
                    }
                    run.merge(&mut self.values, target, frame);
                }
            }
            op::PACKED_SWITCH | op::SPARSE_SWITCH => {
                let register = usize::from(tail.a);
                let before = frame[register];
                let known = self.values.integers(before);
                let mut rest = known.clone().unwrap_or_default();
                for &(target, key) in &block.jumps {
                    if known.as_ref().is_none_or(|known| known.contains(&key)) {
                        frame[register] = self.values.integer(key);
                        run.merge(&mut self.values, target, frame);
                    }
                    rest.retain(|value| *value != key);
                }
                frame[register] = before;
                if let Some(target) = block.fall.filter(|_| known.is_none() || !rest.is_empty()) {
                    run.merge(&mut self.values, target, frame);
                }
            }
            _ => {
                for &(target, _) in &block.jumps {
                    run.merge(&mut self.values, target, frame);
                }
                if let Some(target) = block.fall {
                    run.merge(&mut self.values, target, frame);
                }
            }
        }
    }

    /// Where a block ends with a test for zero of what an object was asked, by field, call or type: the register of the object, the
    /// objects for which it may be zero, and those for which it may be something else.
    pub(super) fn split_receiver(
        &mut self,
        node: u32,
        body: &Body,
        at: u32,
        frame: &Frame,
    ) -> Option<Split> {
        let range = body.blocks[at as usize].range;
        let insns = &body.insns[range.0 as usize..range.1 as usize];
        let (tail, before) = insns.split_last()?;
        if !matches!(tail.op, 0x38 | 0x39) {
            return None;
        }
        let (mut asked, before) = before.split_last()?;
        if asked.op == 0x0a && asked.a == tail.a {
            asked = before.last()?;
        } else if asked.a != tail.a {
            return None;
        }
        let (register, mut args) = match asked.op {
            0x20 | op::IGET..op::IPUT => (asked.b, Vec::new()),
            0x6e | 0x72 | 0x74 | 0x78 => {
                let passed = body.passed(asked);
                if passed.contains(&tail.a) {
                    // The answer took the place of what was passed.
                    return None;
                }
                let args = passed.iter().map(|&one| frame[usize::from(one)]).collect();
                (*passed.first()?, args)
            }
            _ => return None,
        };
        let objects = frame[usize::from(register)];
        let several = 2..=SPLIT;
        if register == tail.a
            || objects == ANY
            || !several.contains(&self.values.atoms(objects).len())
        {
            return None;
        }
        let (mut zero, mut other) = (Vec::new(), Vec::new());
        // What is read for this concerns the instruction that asked.
        self.nodes[node as usize].asks = asked.asks;
        for atom in self.values.atoms(objects).to_vec() {
            let one = self.values.one(atom);
            let answer = match asked.op {
                0x20 => self.instance_of(one, asked.index),
                op::IGET..op::IPUT => self.get_field(node, one, asked.index),
                _ => {
                    args[0] = one;
                    self.dispatch(node, asked.unit, asked.index, &args).0
                }
            };
            let truth = self.values.truth(answer);
            zero.extend(truth.0.then_some(atom));
            other.extend(truth.1.then_some(atom));
        }
        self.nodes[node as usize].asks = WHOLE;
        let (zero, other) = (self.values.wide(zero), self.values.wide(other));
        Some((usize::from(register), zero, other))
    }

    /// What is left of two values if a test (eq, ne, lt, ge, gt, le) holds between them; `None` if it cannot hold.
    fn narrow(&mut self, test: u8, x: Value, y: Value) -> Option<(Value, Value)> {
        if x == NOTHING || y == NOTHING {
            return None;
        }
        match test {
            0 => {
                let (x, y) = match (x, y) {
                    (ANY, y) => (y, y),
                    (x, ANY) => (x, x),
                    (x, y) => {
                        let theirs = self.values.atoms(y).to_vec();
                        let mine = self.values.filter(x, |atom| theirs.contains(&atom));
                        (mine, mine)
                    }
                };
                (x != NOTHING).then_some((x, y))
            }
            1 => {
                let without = |world: &mut Self, from: Value, other: Value| {
                    let single = world.values.single(other);
                    let single = single.filter(|&atom| world.is_one(atom));
                    match single {
                        Some(atom) => world.values.filter(from, |own| own != atom),
                        None => from,
                    }
                };
                let (mine, theirs) = (without(self, x, y), without(self, y, x));
                (mine != NOTHING && theirs != NOTHING).then_some((mine, theirs))
            }
            _ => {
                let (Some(mine), Some(theirs)) = (self.values.integers(x), self.values.integers(y))
                else {
                    return Some((x, y));
                };
                let holds = |a: i64, b: i64| match test {
                    2 => a < b,
                    3 => a >= b,
                    4 => a > b,
                    _ => a <= b,
                };
                let x = self.values.filter(
                    x,
                    |atom| matches!(atom, Atom::Integer(a) if theirs.iter().any(|&b| holds(a, b))),
                );
                let y = self.values.filter(
                    y,
                    |atom| matches!(atom, Atom::Integer(b) if mine.iter().any(|&a| holds(a, b))),
                );
                (x != NOTHING && y != NOTHING).then_some((x, y))
            }
        }
    }

    /// Whether an atom stands for one thing only, in every run.
    pub(super) fn is_one(&self, atom: Atom) -> bool {
        let Atom::Object(object) = atom else {
            return true;
        };
        match self.heap.objects[object as usize].origin {
            Origin::Site(_, def, _) => {
                let method = self.program.defs.methods.get(def as usize);
                method.is_some_and(|method| {
                    use crate::dex::class_data::access::{CONSTRUCTOR, STATIC};
                    method.access & (CONSTRUCTOR | STATIC) == CONSTRUCTOR | STATIC
                })
            }
            Origin::Built(..) | Origin::Entry(_) => false,
            _ => true,
        }
    }

    /// Runs one instruction that is no return; false if nothing follows it.
    pub(super) fn step(&mut self, node: u32, body: &Body, insn: &Insn, frame: &mut Frame) -> bool {
        let (a, b) = (usize::from(insn.a), usize::from(insn.b));
        let last = frame.len() - 1;
        let get = |frame: &Frame, register: usize| frame.get(register).copied().unwrap_or(ANY);
        let mut put = None;
        match insn.op {
            0x01..=0x09 => put = Some(get(frame, b)),
            0x0a..=0x0c => put = Some(frame[last]),
            0x0d => put = Some(ANY),
            0x12..=0x19 => put = Some(self.values.integer(insn.literal)),
            0x1a | 0x1b => put = Some(self.string(body.dex, insn.index)),
            op::CONST_CLASS => put = Some(self.values.one(Atom::Class(insn.index))),
            0x1f => {
                let value = self.cast(get(frame, a), insn.index);
                put = Some(match value {
                    ANY if self.is_resumed(node, body, insn.index) => {
                        // What a call that suspended gave came through a library that nobody could follow.
                        let no = self.values.one(Atom::Boxed(0));
                        self.unclear(node, no)
                    }
                    value => value,
                });
            }
            0x20 => put = Some(self.instance_of(get(frame, b), insn.index)),
            op::NEW_INSTANCE => {
                self.initialise(insn.index, node, insn.unit);
                let object = self.object_at(node, insn.unit, insn.index);
                put = Some(self.values.one(Atom::Object(object)));
            }
            0x23 => {
                let object = self.object_at(node, insn.unit, insn.index);
                self.write(Key::Element(object, part::LENGTH), get(frame, b));
                put = Some(self.values.one(Atom::Object(object)));
            }
            0x24 | 0x25 => {
                let object = self.object_at(node, insn.unit, insn.index);
                for (index, &register) in body.passed(insn).iter().enumerate() {
                    let value = get(frame, usize::from(register));
                    self.store_element(object, Some(index as i64), value);
                }
                let length = self.values.integer(body.passed(insn).len() as i64);
                self.write(Key::Element(object, part::LENGTH), length);
                frame[last] = self.values.one(Atom::Object(object));
            }
            op::FILL_ARRAY_DATA => {
                for object in self.values.objects(get(frame, a)) {
                    self.store_element(object, None, ANY);
                }
            }
            op::THROW => return false,
            0x21 => put = Some(self.length(node, get(frame, b))),
            0x2d..=0x30 => put = Some(ANY),
            0x31 => put = Some(self.compare(get(frame, b), get(frame, usize::from(insn.c)))),
            0x44..=0x4a => {
                put = Some(self.load_element(node, get(frame, b), get(frame, usize::from(insn.c))));
            }
            0x4b..=0x51 => {
                let index = self.values.single(get(frame, usize::from(insn.c)));
                let index = match index {
                    Some(Atom::Integer(index)) => Some(index),
                    _ => None,
                };
                for object in self.values.objects(get(frame, b)) {
                    self.store_element(object, index, get(frame, a));
                }
            }
            op::IGET..op::IPUT => {
                let base = get(frame, b);
                if base == NOTHING {
                    return false;
                }
                put = Some(self.get_field(node, base, insn.index));
            }
            op::IPUT..op::SGET => self.put_field(get(frame, b), insn.index, get(frame, a)),
            op::SGET..op::SPUT => put = Some(self.get_static(node, insn)),
            op::SPUT..=op::SPUT_SHORT => self.put_static(node, insn, get(frame, a)),
            0xfa..=0xfd => {
                self.leave_out(Gap::Dynamic, node, insn.unit);
                frame[last] = ANY;
            }
            0xfe | 0xff => put = Some(ANY),
            0x7b..=0xe2 => put = Some(self.arithmetic(insn, frame)),
            _ => {}
        }
        if let Some(value) = put {
            if value == NOTHING && !matches!(insn.op, 0x01..=0x0d) {
                return false;
            }
            if a < last {
                frame[a] = value;
            }
        }
        true
    }

    /// A string constant.
    pub(super) fn string(&mut self, dex: u32, index: u32) -> Value {
        let number = match self.text_numbers.get(&(dex, index)) {
            Some(&number) => number,
            None => {
                let text = self.program.dexes[dex as usize].text(index).into_owned();
                self.steps += (text.len() / STRIDE) as u64;
                let number = self.heap.text(&text);
                self.text_numbers.insert((dex, index), number);
                number
            }
        };
        self.values.one(Atom::Text(number))
    }

    /// The value as far as it can be of a type.
    pub(super) fn cast(&mut self, value: Value, kind: u32) -> Value {
        if value == ANY || kind == NONE {
            return value;
        }
        let kept: Vec<Atom> = self
            .values
            .atoms(value)
            .to_vec()
            .into_iter()
            .filter(|&atom| self.fits(atom, kind) != Some(false))
            .collect();
        if kept.is_empty() && self.has_view(value) {
            // The view is another one than those found.
            return ANY;
        }
        self.values.wide(kept)
    }

    fn fits(&mut self, atom: Atom, kind: u32) -> Option<bool> {
        let descriptor = self.program.descriptor(kind);
        match atom {
            Atom::Integer(0) => Some(true),
            Atom::Integer(_) => None,
            Atom::Text(_) => Some(matches!(
                descriptor,
                b"Ljava/lang/String;"
                    | b"Ljava/lang/Object;"
                    | b"Ljava/lang/CharSequence;"
                    | b"Ljava/lang/Comparable;"
                    | b"Ljava/io/Serializable;"
            )),
            Atom::Boxed(_) => {
                Some(descriptor.starts_with(b"Ljava/lang/") && descriptor != b"Ljava/lang/String;")
            }
            Atom::Class(_) => Some(matches!(
                descriptor,
                b"Ljava/lang/Class;" | b"Ljava/lang/Object;" | b"Ljava/lang/reflect/Type;"
            )),
            Atom::Member(..) => Some(descriptor.starts_with(b"Ljava/lang/")),
            Atom::Object(object) => {
                const FINAL: [&[u8]; 5] = [
                    b"Ljava/lang/String;",
                    b"Ljava/lang/Class;",
                    b"Ljava/lang/Boolean;",
                    b"Ljava/lang/Integer;",
                    b"Ljava/lang/Long;",
                ];
                let class = self.heap.objects[object as usize].class;
                if class == NONE {
                    return None;
                }
                let known = self.program.defs.class_of[class as usize] != NONE;
                if FINAL.contains(&descriptor) {
                    // A document stands for its text.
                    let text = descriptor == FINAL[0] && self.is_document(class);
                    return (!text).then_some(class == kind);
                }
                if self.program.descriptor(class).starts_with(b"[") {
                    return None;
                }
                // What the platform makes may be of a class below the one that is named.
                match self.facts.is_a(class, kind) {
                    Some(false) if !known => None,
                    fits => fits,
                }
            }
        }
    }

    fn instance_of(&mut self, value: Value, kind: u32) -> Value {
        if value == ANY || kind == NONE {
            return ANY;
        }
        let mut out = NOTHING;
        for atom in self.values.atoms(value).to_vec() {
            let next = match atom {
                Atom::Integer(0) => self.values.integer(0),
                _ => match self.fits(atom, kind) {
                    Some(fits) => self.values.integer(i64::from(fits)),
                    None => ANY,
                },
            };
            out = self.values.join(out, next);
        }
        out
    }

    pub(super) fn store_element(&mut self, array: u32, index: Option<i64>, value: Value) {
        let value = self.loosened(value);
        self.write(Key::Elements(array), value);
        self.write(Key::Element(array, index.unwrap_or(-1)), value);
    }

    /// How long an array is.
    fn length(&mut self, node: u32, arrays: Value) -> Value {
        let mut out = if arrays == ANY { ANY } else { NOTHING };
        for array in self.values.objects(arrays) {
            let own = match self.read(Key::Element(array, part::LENGTH), node) {
                NOTHING => ANY,
                own => own,
            };
            out = self.values.join(out, own);
        }
        out
    }

    fn load_element(&mut self, node: u32, arrays: Value, index: Value) -> Value {
        if arrays == ANY {
            return ANY;
        }
        let index = self.values.integers(index).filter(|all| all.len() <= 4);
        let mut out = NOTHING;
        for array in self.values.objects(arrays) {
            let mut found = NOTHING;
            let length = self.read(Key::Element(array, part::LENGTH), node);
            if length == NOTHING && self.read(Key::Elements(array), node) == NOTHING {
                // Something that the platform made an array of.
                return ANY;
            }
            match &index {
                Some(all) => {
                    for &index in all {
                        let one = self.read(Key::Element(array, index), node);
                        let one = if one == NOTHING {
                            self.values.integer(0)
                        } else {
                            one
                        };
                        found = self.values.join(found, one);
                    }
                    let loose = self.read(Key::Element(array, -1), node);
                    found = self.values.join(found, loose);
                }
                None => {
                    let zero = self.values.integer(0);
                    let all = self.read(Key::Elements(array), node);
                    found = self.values.join(zero, all);
                }
            }
            out = self.values.join(out, found);
        }
        out
    }

    pub(super) fn get_field(&mut self, node: u32, base: Value, id: u32) -> Value {
        let Some(field) = self.facts.field(id) else {
            return self.foreign_field(node, base, id);
        };
        let zero = self.values.integer(0);
        let loose = self.read(Key::LooseField(field), node);
        let start = if self.facts.stored(field) {
            NOTHING
        } else {
            zero
        };
        if base == ANY {
            let every = self.read(Key::EveryField(field), node);
            let every = self.values.join(every, loose);
            return if every == NOTHING {
                ANY
            } else {
                self.values.join(every, zero)
            };
        }
        let mut out = loose;
        for object in self.values.objects(base) {
            let own = self.read(Key::Field(object, field), node);
            let own = self.values.join(own, start);
            out = self.values.join(out, own);
        }
        out
    }

    /// A field of the platform: what a message carries, the meta-data of the manifest.
    fn foreign_field(&mut self, node: u32, base: Value, id: u32) -> Value {
        if id == NONE {
            return ANY;
        }
        let key = self.program.link.fields[id as usize];
        if self.program.descriptor(key.class) == b"Landroid/content/pm/PackageInfo;" {
            // What is asked about the app itself, as a rule; another app's version is taken for it.
            let version = self.manifest.version.clone();
            return match (&*self.program.name(key.name), version) {
                ("versionName", (Some(name), _)) => {
                    let name = self.heap.text(&name);
                    self.values.one(Atom::Text(name))
                }
                ("versionCode", (_, Some(code))) => self.values.integer(code),
                _ => ANY,
            };
        }
        if &*self.program.name(key.name) == "metaData" {
            let (object, _) = self
                .heap
                .object(Origin::Store(Store::MetaData, NONE), NONE, 0);
            return self.values.one(Atom::Object(object));
        }
        if self.program.descriptor(key.class) != b"Landroid/os/Message;" || base == ANY {
            return ANY;
        }
        let mut out = NOTHING;
        for object in self.values.objects(base) {
            let own = self.read(Key::Field(object, id), node);
            let own = if own == NOTHING {
                self.values.integer(0)
            } else {
                own
            };
            out = self.values.join(out, own);
        }
        out
    }

    pub(super) fn put_field(&mut self, base: Value, id: u32, value: Value) {
        let value = self.loosened(value);
        let field = self.facts.field(id).unwrap_or(id);
        if field == NONE {
            return;
        }
        if base == ANY {
            self.write(Key::LooseField(field), value);
            return;
        }
        for object in self.values.objects(base) {
            self.write(Key::Field(object, field), value);
            self.write(Key::EveryField(field), value);
        }
    }

    fn get_static(&mut self, node: u32, insn: &Insn) -> Value {
        if insn.index == NONE {
            return ANY;
        }
        let Some(field) = self.facts.field(insn.index) else {
            let key = self.program.link.fields[insn.index as usize];
            if self.program.descriptor(key.class) == b"Ljava/lang/Boolean;" {
                let name = self.program.name(key.name);
                let truth = i64::from(name == "TRUE");
                if name == "TRUE" || name == "FALSE" {
                    return self.values.one(Atom::Boxed(truth));
                }
            }
            return ANY;
        };
        let class = self.program.link.fields[field as usize].class;
        self.initialise(class, node, insn.unit);
        self.static_value(node, field)
    }

    /// What a static field of the program may hold.
    pub(super) fn static_value(&mut self, node: u32, field: u32) -> Value {
        let stored = self.read(Key::Static(field), node);
        let start = match self.facts.initial(field) {
            Initial::Integer(value) => self.values.integer(value),
            Initial::Text(dex, index) => self.string(dex, index),
            Initial::Class(kind) => self.values.one(Atom::Class(kind)),
            Initial::Stored if stored == NOTHING => self.values.integer(0),
            Initial::Stored => NOTHING,
            Initial::Unknown => ANY,
        };
        self.values.join(stored, start)
    }

    fn put_static(&mut self, node: u32, insn: &Insn, value: Value) {
        let value = self.loosened(value);
        if let Some(field) = self.facts.field(insn.index) {
            let class = self.program.link.fields[field as usize].class;
            self.initialise(class, node, insn.unit);
            self.write(Key::Static(field), value);
        }
    }

    fn compare(&mut self, x: Value, y: Value) -> Value {
        self.fold(x, y, |x, y| Some(x.cmp(&y) as i64))
    }

    /// A number made of two others, for each pair.
    pub(super) fn fold(
        &mut self,
        x: Value,
        y: Value,
        make: impl Fn(i64, i64) -> Option<i64>,
    ) -> Value {
        if x == NOTHING || y == NOTHING {
            return NOTHING;
        }
        if x == ANY || y == ANY {
            return ANY;
        }
        let (Some(x), Some(y)) = (self.values.integers(x), self.values.integers(y)) else {
            return ANY;
        };
        let mut out: SmallVec<[Atom; 8]> = SmallVec::new();
        for &x in &x {
            for &y in &y {
                match make(x, y) {
                    Some(value) => out.push(Atom::Integer(value)),
                    None => return ANY,
                }
            }
        }
        self.values.of(out)
    }

    fn arithmetic(&mut self, insn: &Insn, frame: &Frame) -> Value {
        let get = |register: u16| frame.get(usize::from(register)).copied().unwrap_or(ANY);
        let (arith, x, y, width) = match insn.op {
            // A number of another width; floats are not followed.
            0x81 => return get(insn.b),
            0x7b..=0x7e | 0x84 | 0x8d..=0x8f => {
                let zero = self.values.integer(0);
                return self.fold(get(insn.b), zero, |x, _| unary(insn.op, x));
            }
            0x90..=0xa5 => {
                let (arith, width) = arithmetic(insn.op - 0x90);
                (arith, get(insn.b), get(insn.c), width)
            }
            0xb0..=0xc5 => {
                let (arith, width) = arithmetic(insn.op - 0xb0);
                (arith, get(insn.a), get(insn.b), width)
            }
            0xd0..=0xe2 => {
                let literal = self.values.integer(insn.literal);
                let (arith, reversed) = literal_arithmetic(insn.op);
                let (x, y) = if reversed {
                    (literal, get(insn.b))
                } else {
                    (get(insn.b), literal)
                };
                (arith, x, y, Width::Int)
            }
            _ => return ANY,
        };
        let zero = self.values.integer(0);
        if arith == Arith::And && (x == zero || y == zero) {
            return zero;
        }
        self.fold(x, y, |x, y| binary(arith, width, x, y))
    }
}
