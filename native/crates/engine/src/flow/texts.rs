//! Texts that code puts together from constants: names of classes, keys, addresses.
//!
//! A call of a method of `String` on constants is done. What a builder holds is read off the calls on it, where the builder does not leave its
//! method and each call surely happens, once. Of a text whose end is not known, the beginning is kept if it says where an address goes.

use super::heap::{Abs, Set, UNKNOWN, What};
use super::solve::Solver;
use crate::ir::{Invoke, Op, Value};

/// Texts that one call gives.
const TEXTS: usize = 8;
/// Bytes of one text.
const LENGTH: usize = 4096;
/// Calls on one builder.
const CALLS: usize = 64;

/// Classes whose methods work on texts.
const CLASSES: [&[u8]; 4] = [
    b"Ljava/lang/String;",
    b"Ljava/lang/StringBuilder;",
    b"Ljava/lang/StringBuffer;",
    b"Ljava/lang/Integer;",
];

/// What is put together: the texts that it can be, or nothing known.
type Part = Option<Vec<String>>;

impl Solver<'_> {
    /// What a call gives that works on constant texts. True if its result is known.
    pub fn put_together(&mut self, here: (u32, u32), method: u32, args: &[Set]) -> bool {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let class = program.descriptor(key.class);
        if !CLASSES.contains(&class) {
            return false;
        }
        let name = program.name(key.name);
        match (class, &name[..]) {
            (b"Ljava/lang/String;", "format") => {
                let parts = self.formatted(here, args);
                self.give_text(here, parts)
            }
            (b"Ljava/lang/String;", name) => self.on_text(here, name, method, args),
            (b"Ljava/lang/StringBuilder;" | b"Ljava/lang/StringBuffer;", "toString") => {
                match self.built(here) {
                    Some(parts) => self.give_text(here, parts),
                    None => false,
                }
            }
            (b"Ljava/lang/Integer;", "parseInt") if args.len() == 1 => {
                let numbers = self.texts_of(&args[0], 'L');
                let number = match numbers.as_deref() {
                    Some([one]) => one.parse::<i32>().ok(),
                    _ => None,
                };
                self.give_number(here, number.map(i64::from))
            }
            _ => false,
        }
    }

    fn give_number(&mut self, here: (u32, u32), number: Option<i64>) -> bool {
        let Some(number) = number else { return false };
        let value = self.heap.integer(number);
        self.join(here.0, here.1, &[value]);
        true
    }

    /// Gives the text of parts, or its beginning; true if all of it is known.
    fn give_text(&mut self, here: (u32, u32), parts: Vec<Part>) -> bool {
        let mut texts = vec![String::new()];
        let mut whole = true;
        for part in parts {
            let Some(part) = part else {
                whole = false;
                break;
            };
            let longer = texts.iter().flat_map(|text| {
                let all = part.iter();
                all.map(move |more| format!("{text}{more}"))
            });
            texts = longer.collect();
            if texts.len() > TEXTS || texts.iter().any(|text| text.len() > LENGTH) {
                return false;
            }
        }
        self.work(texts.len());
        let mut set = Set::new();
        for text in texts {
            if whole {
                set.push(self.heap.text(&text));
            } else if says_where(&text) {
                let id = self.heap.text_id(&text);
                let begins = self.heap.number(What::Begins(id), crate::code::link::NONE);
                set.extend([UNKNOWN, begins]);
            }
        }
        set.sort_unstable();
        set.dedup();
        self.join(here.0, here.1, &set);
        whole && !set.is_empty()
    }

    /// The texts of constants, as a parameter of a type (the first letter of its descriptor) says them.
    fn texts_of(&self, set: &[Abs], kind: char) -> Part {
        let text = |&value: &Abs| match (&self.heap.what[value as usize], kind) {
            (What::Text(_), _) => self.heap.as_text(value).map(str::to_owned),
            (What::Integer(number), 'C') => {
                let unit = u32::try_from(*number).ok()?;
                char::from_u32(unit).map(String::from)
            }
            (What::Integer(number), 'Z') => Some((*number != 0).to_string()),
            (What::Integer(number), 'I' | 'J' | 'B' | 'S') => Some(number.to_string()),
            _ => None,
        };
        let texts: Option<Vec<String>> = set.iter().map(text).collect();
        texts.filter(|texts| !texts.is_empty() && texts.len() <= TEXTS)
    }

    /// The first letter of the descriptor of a parameter, from 1.
    fn letter(&self, method: u32, parameter: usize) -> char {
        let link = &self.program.link;
        let proto = link.proto(link.methods[method as usize].proto);
        let kind = proto.get(parameter);
        kind.map_or('L', |&kind| char::from(self.program.descriptor(kind)[0]))
    }

    /// A method of `String`.
    fn on_text(&mut self, here: (u32, u32), name: &str, method: u32, args: &[Set]) -> bool {
        if name == "valueOf" && args.len() == 1 {
            let texts = self.texts_of(&args[0], self.letter(method, 1));
            return self.give_text(here, vec![texts]);
        }
        let one = |solver: &Self, at: usize, kind: char| {
            let texts = solver.texts_of(args.get(at)?, kind)?;
            match &texts[..] {
                [one] => Some(one.clone()),
                _ => None,
            }
        };
        if matches!(name, "concat") {
            let parts = args.iter().map(|set| self.texts_of(set, 'L')).collect();
            return self.give_text(here, parts);
        }
        let number = |solver: &Self, at: usize| {
            let number = solver.integer(args.get(at)?)?;
            usize::try_from(number).ok()
        };
        let Some(own) = one(self, 0, 'L') else {
            return false;
        };
        let units = own.is_ascii();
        let text = match (name, args.len()) {
            ("toString" | "intern", 1) => Some(own.clone()),
            ("trim", 1) => Some(own.trim().to_owned()),
            ("toLowerCase", _) if units => Some(own.to_ascii_lowercase()),
            ("toUpperCase", _) if units => Some(own.to_ascii_uppercase()),
            ("substring", 2) if units => number(self, 1)
                .and_then(|from| own.get(from..))
                .map(str::to_owned),
            ("substring", 3) if units => {
                let range = number(self, 1).zip(number(self, 2));
                range
                    .and_then(|(from, to)| own.get(from..to))
                    .map(str::to_owned)
            }
            ("replace", 3) => {
                let kinds = (self.letter(method, 1), self.letter(method, 2));
                let (from, to) = (one(self, 1, kinds.0), one(self, 2, kinds.1));
                from.zip(to)
                    .filter(|(from, _)| !from.is_empty())
                    .map(|(from, to)| own.replace(&from, &to))
            }
            _ => None,
        };
        if text.is_some() {
            return self.give_text(here, vec![text.map(|text| vec![text])]);
        }
        let other = one(self, 1, 'L');
        let told = match (name, args.len(), other) {
            ("length", 1, _) if units => i64::try_from(own.len()).ok(),
            ("isEmpty", 1, _) => Some(i64::from(own.is_empty())),
            ("equals", 2, Some(other)) => Some(i64::from(own == other)),
            ("equalsIgnoreCase", 2, Some(other)) if units => {
                Some(i64::from(own.eq_ignore_ascii_case(&other)))
            }
            ("startsWith", 2, Some(other)) => Some(i64::from(own.starts_with(&other))),
            ("endsWith", 2, Some(other)) => Some(i64::from(own.ends_with(&other))),
            ("contains", 2, Some(other)) => Some(i64::from(own.contains(&other))),
            ("charAt", 2, _) if units => {
                let unit = number(self, 1).and_then(|at| own.as_bytes().get(at).copied());
                unit.map(i64::from)
            }
            _ => None,
        };
        self.give_number(here, told)
    }

    /// The parts of `String.format(text, values)`: with a locale before it, nothing is known.
    fn formatted(&mut self, here: (u32, u32), args: &[Set]) -> Vec<Part> {
        let open = vec![None];
        let [text, values] = args else { return open };
        let (Some(texts), &[array]) = (self.texts_of(text, 'L'), &values[..]) else {
            return open;
        };
        let [text] = &texts[..] else { return open };
        let mut parts = Vec::new();
        for (number, piece) in text.split('%').enumerate() {
            if number == 0 {
                parts.push(Some(vec![piece.to_owned()]));
                continue;
            }
            let Some(rest) = piece.strip_prefix(['s', 'd']) else {
                parts.push(None);
                return parts;
            };
            let index = self.heap.integer(number as i64 - 1);
            let set = match self.heap.is_object(array) {
                true => self.read_entries(array, &[index], here),
                false => Set::new(),
            };
            parts.push(self.texts_of(&set, 'I'));
            parts.push(Some(vec![rest.to_owned()]));
        }
        parts
    }

    /// What a builder holds at a call of its `toString`; nothing if that is not known, not even in part.
    fn built(&self, here: (u32, u32)) -> Option<Vec<Part>> {
        let owner = &self.nodes[here.0 as usize];
        let body = &owner.method.body;
        let receiver = body.args(here.1)[0];
        let &[builder] = &self.set(here.0, receiver)[..] else {
            return None;
        };
        let What::Made { node, ins, part: 0 } = self.heap.what[builder as usize] else {
            return None;
        };
        if node != here.0 {
            return None;
        }
        let calls = self.calls_on(here, ins)?;
        let mut parts = Vec::new();
        for call in calls {
            let Op::Invoke(_, method) = body.ins[call as usize].op else {
                return None;
            };
            let (name, operands) = self.called((here.0, call))?;
            let operand = || {
                let set = self.set(here.0, body.args(call)[1]);
                self.texts_of(set, self.letter(method, 1))
            };
            match (name, operands) {
                ("<init>", 1) => {}
                ("<init>", 2) if self.letter(method, 1) == 'I' => {}
                ("<init>" | "append", 2) => parts.push(operand()),
                ("reverse", 1) => {
                    let whole: Option<Vec<Vec<String>>> = parts.drain(..).collect();
                    let mut texts = vec![String::new()];
                    for part in whole? {
                        let longer = texts
                            .iter()
                            .flat_map(|text| part.iter().map(move |more| format!("{text}{more}")));
                        texts = longer.take(TEXTS).collect();
                    }
                    let back = texts.iter().map(|text| text.chars().rev().collect());
                    parts.push(Some(back.collect()));
                }
                ("toString" | "length" | "charAt", _) => {}
                _ => return None,
            }
            // Nothing is known from the start.
            if parts.first() == Some(&None) {
                return None;
            }
        }
        Some(parts)
    }

    /// The calls on a builder before another one, in their order; nothing if it goes elsewhere, or one of them may happen or not.
    fn calls_on(&self, here: (u32, u32), made: Value) -> Option<Vec<Value>> {
        let owner = &self.nodes[here.0 as usize];
        let body = &owner.method.body;
        let mut calls: Vec<Value> = Vec::new();
        let mut names = vec![made];
        let mut next = 0;
        while next < names.len() {
            let value = names[next];
            next += 1;
            for &user in owner.method.users.of(value) {
                let Op::Invoke(Invoke::Virtual | Invoke::Direct, _) = body.ins[user as usize].op
                else {
                    return None;
                };
                let args = body.args(user);
                if args[0] != value || args[1..].contains(&value) || calls.len() > CALLS {
                    return None;
                }
                if !calls.contains(&user) {
                    calls.push(user);
                    let gives = self.called((here.0, user))?.0;
                    if matches!(gives, "append" | "reverse" | "insert" | "delete") {
                        names.push(user);
                    }
                }
            }
        }
        calls.retain(|&call| call != here.1);
        self.work(calls.len());
        calls.sort_unstable();
        // Most builders begin with something that nobody knows, or hold nothing else.
        let begins = calls.iter().find(|&&call| {
            let operands = self.called((here.0, call));
            operands.is_some_and(|(_, operands)| operands == 2)
        });
        if let Some(&first) = begins {
            let known = |&value: &Abs| self.heap.is_constant(value);
            if !self.set(here.0, body.args(first)[1]).iter().all(known) {
                return None;
            }
        }
        let block = body.ins[here.1 as usize].block;
        let mut before = Vec::new();
        for call in calls {
            let straight = body.ins[call as usize].block == block;
            let first = match straight {
                true => call < here.1,
                false => self.path(here.0, Some(call), Some(here.1), &[]),
            };
            if !first {
                continue;
            }
            let certain = straight || !self.path(here.0, None, Some(here.1), &[call]);
            // Where the builder is made, each turn of a loop makes another one.
            let once = body.ins[call as usize].block == body.ins[made as usize].block;
            if !certain || !once && self.path(here.0, Some(call), Some(call), &[made]) {
                return None;
            }
            before.push(call);
        }
        Some(before)
    }
}

/// Whether the beginning of an address names the whole host.
fn says_where(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        !scheme.is_empty() && rest.find(['/', '?', '#', ':']).is_some_and(|end| end > 0)
    })
}
