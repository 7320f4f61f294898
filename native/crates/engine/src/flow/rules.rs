//! What is known about code outside the program, as rows of text. The language, by example:
//!
//! ```text
//! arg1 -> return               what the first argument is, the result is
//! this[arg1] -> return         the entry under the first argument, if that is a constant; else all entries
//! arg2 -> this[arg1]           puts it there
//! arg1[] -> this[]             all entries
//! this.content -> return       a cell with a name; `this.target.content` one of what is in a cell
//! this.* -> return : hash      everything in the receiver, and what was done to it (hash, encrypt, length, coarse)
//! new -> return                the result is a new object (otherwise it is one when nothing else flows there)
//! global prefs[arg1] -> return the one object of this kind under this constant
//! ```
//!
//! Calls back: `this.run()`, `arg1.run()`, `this.target.run()`, `this.onPostExecute(@1)`: `@1` is the result of the first one; an argument that
//! is not named is something unknown.

use super::mark;
use std::collections::HashMap;

/// The flow of a row that takes nothing on.
pub(crate) const NOTHING: &str = "nothing -> nothing";

/// One row. A class has its name dotted, `$` before an inner one; the row counts for its subclasses too.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The class; `*` for any.
    pub class: String,
    /// The method, or the field of a source; `*` for all methods that have no row of their own.
    pub method: String,
    /// How the descriptor starts; empty: any.
    pub descriptor: String,
    /// Flows, in the language of this module. A row without flows leaves what the platform does by default.
    pub flows: Vec<String>,
    /// Call-backs.
    pub calls: Vec<String>,
    /// The data category that it reads.
    pub source: Option<String>,
    /// For a source: the parameter (from 1) of a method of the program that the platform gives the data to. 0: the result.
    pub parameter: u8,
    /// For a source: constants of which one must be an argument; `*` at the end: starts with.
    pub arguments: Vec<String>,
    /// Whether an argument that is not known counts as one of them.
    pub argument_required: bool,
    /// True for a static field.
    pub is_field: bool,
    /// For a field: a text that stands for it.
    pub value: String,
    /// The kind of sink.
    pub sink: Option<String>,
    /// The arguments that leave, 0 for the receiver; empty: all but the receiver.
    pub sink_arguments: Vec<u8>,
}

/// Where a flow starts or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// Receiver (0) or argument, by position in the operands of an instance call; for a static one from 1 as well.
    Operand(u8),
    Return,
    New,
    /// The one object of a kind, under the constant in `key`.
    Global(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selector {
    /// The value itself.
    Whole,
    /// A named cell.
    Named(u32),
    /// The entry under an argument.
    Entry(u8),
    /// All entries.
    Entries,
    /// A named cell of what is in a named cell.
    Through(u32, u32),
    /// Everything in it.
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub root: Root,
    pub selector: Selector,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub from: Place,
    pub to: Place,
    pub marks: u8,
    /// Whether the value itself arrives, not only something made from it.
    pub copies: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct CallBack {
    /// On what it is called.
    pub on: Place,
    pub method: String,
    /// Operands after the receiver: a place, the result of an earlier call back, or nothing.
    pub arguments: Vec<CallArgument>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum CallArgument {
    Unknown,
    Place(Place),
    Result(u8),
}

/// A row that was read.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub row: Row,
    pub flows: Vec<Flow>,
    pub calls: Vec<CallBack>,
}

/// Methods that the platform calls on objects of a type, and in which order.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// The type, dotted.
    pub base: String,
    /// Whether it begins when code makes an object; else the manifest names the class.
    pub made: bool,
    /// `a > b > c`: each may be followed by the next. Names are methods, or states in capitals.
    pub order: Vec<String>,
}

/// Methods of an interface that the platform calls on an object it was given.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    /// The type, dotted.
    pub base: String,
    /// Names of the methods.
    pub methods: Vec<String>,
}

/// All rows.
#[derive(Debug, Default)]
pub struct Rules {
    pub(crate) rules: Vec<Rule>,
    pub(crate) lifecycles: Vec<Lifecycle>,
    pub(crate) listeners: HashMap<String, Vec<String>>,
    /// Packages whose code is known by rules, so that it is not entered: dotted prefixes.
    pub(crate) outside: Vec<String>,
    pub(crate) names: Vec<String>,
    by_name: HashMap<(String, String), Vec<u32>>,
    name_ids: HashMap<String, u32>,
}

impl Rules {
    /// Reads rows. Fails with the row and what is wrong with it.
    pub fn new(
        rows: Vec<Row>,
        lifecycles: Vec<Lifecycle>,
        listeners: Vec<Listener>,
        outside: Vec<String>,
    ) -> Result<Rules, String> {
        let mut rules = Rules { lifecycles, outside, ..Rules::default() };
        for name in ["content", "saved-state"] {
            rules.name(name);
        }
        for listener in listeners {
            rules.listeners.entry(listener.base).or_default().extend(listener.methods);
        }
        for (position, row) in rows.into_iter().enumerate() {
            let refused = |what: String| format!("{}.{}: {what}", row.class, row.method);
            let texts = row.flows.iter().filter(|text| *text != NOTHING);
            let mut flows = texts.map(|text| rules.flow(text)).collect::<Result<Vec<_>, _>>().map_err(refused)?;
            // An object must be there before something is put into it.
            flows.sort_by_key(|flow| flow.from.root != Root::New);
            let calls = row.calls.iter().map(|text| rules.call(text)).collect::<Result<_, _>>().map_err(refused)?;
            rules.by_name.entry((row.class.clone(), row.method.clone())).or_default().push(position as u32);
            rules.rules.push(Rule { row, flows, calls });
        }
        Ok(rules)
    }

    /// The rules of a class and a method, by exact names.
    pub(crate) fn find(&self, class: &str, method: &str) -> &[u32] {
        self.by_name.get(&(class.to_owned(), method.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The number of a cell's name.
    pub(crate) fn name(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.name_ids.get(name) {
            return id;
        }
        self.names.push(name.to_owned());
        self.name_ids.insert(name.to_owned(), self.names.len() as u32 - 1);
        self.names.len() as u32 - 1
    }

    pub(crate) fn known_name(&self, name: &str) -> u32 {
        self.name_ids.get(name).copied().unwrap_or(u32::MAX - 1)
    }

    fn flow(&mut self, text: &str) -> Result<Flow, String> {
        let (body, kind) = text.split_once(" : ").unwrap_or((text, "copy"));
        let marks = match kind.trim() {
            "copy" | "derived" => 0,
            "hash" => mark::HASHED,
            "encrypt" => mark::ENCRYPTED,
            "length" => mark::LENGTH,
            "coarse" => mark::COARSE,
            other => return Err(format!("{other} is no kind of flow")),
        };
        let (from, to) = body.split_once("->").ok_or_else(|| format!("{text:?} has no ->"))?;
        let copies = kind.trim() == "copy";
        Ok(Flow { from: self.place(from.trim())?, to: self.place(to.trim())?, marks, copies })
    }

    fn place(&mut self, text: &str) -> Result<Place, String> {
        if text == "new" {
            return Ok(Place { root: Root::New, selector: Selector::Whole });
        }
        if let Some(rest) = text.strip_prefix("global ") {
            let (kind, key) = rest.split_once('[').unwrap_or((rest, ""));
            let selector = match key.strip_suffix(']') {
                Some(argument) => Selector::Entry(operand(argument)?),
                None => Selector::Whole,
            };
            return Ok(Place { root: Root::Global(self.name(kind)), selector });
        }
        let end = text.find(['.', '[']).unwrap_or(text.len());
        let root = match &text[..end] {
            "return" => Root::Return,
            other => Root::Operand(operand(other)?),
        };
        let rest = &text[end..];
        let selector = match rest {
            "" => Selector::Whole,
            ".*" => Selector::All,
            "[]" => Selector::Entries,
            _ if rest.starts_with('.') => match rest[1..].split_once('.') {
                Some((first, second)) => Selector::Through(self.name(first), self.name(second)),
                None => Selector::Named(self.name(&rest[1..])),
            },
            _ => Selector::Entry(operand(rest.trim_matches(['[', ']']))?),
        };
        Ok(Place { root, selector })
    }

    fn call(&mut self, text: &str) -> Result<CallBack, String> {
        let bad = || format!("{text:?} is no call");
        let (target, arguments) = text.strip_suffix(')').and_then(|text| text.split_once('(')).ok_or_else(bad)?;
        let (on, method) = target.rsplit_once('.').ok_or_else(bad)?;
        let on = self.place(on)?;
        let mut parsed = Vec::new();
        for argument in arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty()) {
            parsed.push(match argument.strip_prefix('@') {
                Some(number) => CallArgument::Result(number.parse().map_err(|_| bad())?),
                None if argument == "?" => CallArgument::Unknown,
                None => CallArgument::Place(self.place(argument)?),
            });
        }
        Ok(CallBack { on, method: method.to_owned(), arguments: parsed })
    }
}

fn operand(text: &str) -> Result<u8, String> {
    if text == "this" {
        return Ok(0);
    }
    let number = text.strip_prefix("arg").and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("{text:?} is no argument"))
}

/// Whether a text is a pattern's, or starts with what stands before its final `*`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => pattern == text,
    }
}
