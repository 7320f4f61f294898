//! What is known about code outside the program, as rows of text. The language, by example:
//!
//! ```text
//! arg1 -> return               what the first argument is, the result is
//! this[arg1] -> return         the entry under the first argument, if that is a constant; else all entries
//! arg2 -> this[arg1]           puts it there
//! arg1[] -> this[]             all entries
//! arg1[=] -> this[=]           each entry under the key that it has
//! arg1[:] -> return[]          of the pairs in it, the second part of each under the first
//! this.= -> return.=           all that is in it, fields too, each in its place
//! none -> this[]               the entries are taken away
//! this.content -> return       a cell with a name; `this.target.content` one of what is in a cell
//! this.* -> return : hash      everything in the receiver, and what was done to it (hash, encrypt, length, coarse)
//! arg1.text -> return          what the text of it says: of an object of the program what its `toString` gives, of others what is in them
//! null -> return               there may be no result
//! new -> return                the result is a new object (otherwise it is one when nothing else flows there)
//! global prefs[arg1] -> return the one object of this kind under this constant; `global p[arg1].content` a cell of it; `global p[arg1.name]`
//!                              under the constant in a cell
//! provider[arg1]               the app's content providers whose authority is in an address
//! ```
//!
//! Calls back: `this.run()`, `arg1.run()`, `this.target.run()`, `this.onPostExecute(@1)`: `@1` is the result of the first one; an argument that
//! is not named is something unknown. `arg1.call() -> return.content`: where the result goes. `this.seen.@a/b/Mark(arg1)`: all methods with an
//! annotation, whose parameters can take what they are given.
//!
//! Intents: `send activity arg1` (or `service`, `receiver`), `ask activity arg1` for a result, `answer arg2`, `register arg1 arg2` a receiver under a
//! filter; `receive intent arg1` names the parameter of a method of the program that what was sent comes to. `send worker arg1`: a request of work.
//! `send activity arg1[]`: all intents of an array. `expose arg1`: its public methods are called by a web page. `keep`: what it is given is called
//! only where other rows say so.

use super::mark;
use crate::hash::Map;
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
    /// For a source: the argument that it fills. 0: the result is the data.
    pub fills: u8,
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
    /// The one object of a kind, under the constant in this operand, or in a cell of it.
    Global(u32, Option<(u8, Option<u32>)>),
    /// The content providers of the app that an address in an operand names.
    Provider(u8),
    /// What was there is taken away.
    Nothing,
    /// No object.
    Null,
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
    /// All entries, each under its key.
    Same,
    /// All cells, each under its name.
    Alike,
    /// The pairs in it.
    Pairs,
    /// A named cell of what is in a named cell.
    Through(u32, u32),
    /// Everything in it.
    All,
    /// What its text says.
    Text,
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
    /// Where its result goes.
    pub to: Option<Place>,
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
    pub messages: Vec<Message>,
}

/// What an intent is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipient {
    Activity,
    Service,
    Receiver,
    Worker,
}

/// What a call does with an intent, or a method gets. The number is that of the operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    Send(Recipient, u8),
    /// Sends all intents of an array.
    SendAll(Recipient, u8),
    /// Sends, and waits for a result.
    Ask(Recipient, u8),
    Answer(u8),
    /// A receiver, and its filter.
    Register(u8, u8),
    /// Name of the cell of the object, in which what was sent to it is.
    Receive(u32, u8),
    /// Public methods are called from outside, and what they give leaves.
    Expose(u8),
    /// The platform keeps what it is given: other rows say when it is called.
    Keep,
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

/// An SDK that data can be handed to.
#[derive(Debug, Clone, Default)]
pub struct Vendor {
    /// How the names of its classes start, dotted; behind `*` at the end no package below counts.
    pub prefix: String,
    /// The SDK.
    pub sdk: String,
    /// Who makes it: what its SDKs hand to each other has reached it already.
    pub maker: String,
}

/// All rows.
#[derive(Debug, Default)]
pub struct Rules {
    pub(crate) rules: Vec<Rule>,
    pub(crate) lifecycles: Vec<Lifecycle>,
    pub(crate) listeners: HashMap<String, Vec<String>>,
    /// Packages whose code is known by rules, so that it is not entered: dotted prefixes.
    pub(crate) outside: Vec<String>,
    /// SDKs by package, longer ones first.
    pub(crate) vendors: Vec<Vendor>,
    pub(crate) names: Vec<String>,
    sources: Map<String, Vec<u32>>,
    /// By class, then by method.
    by_name: Map<String, Map<String, Vec<u32>>>,
    name_ids: Map<String, u32>,
}

impl Rules {
    /// Reads rows. Fails with the row and what is wrong with it.
    pub fn new(
        rows: Vec<Row>,
        lifecycles: Vec<Lifecycle>,
        listeners: Vec<Listener>,
        outside: Vec<String>,
        mut vendors: Vec<Vendor>,
    ) -> Result<Rules, String> {
        vendors.sort_by(|a, b| {
            let longer = b.prefix.len().cmp(&a.prefix.len());
            longer.then_with(|| (&a.prefix, &a.sdk).cmp(&(&b.prefix, &b.sdk)))
        });
        let mut rules = Rules {
            lifecycles,
            outside,
            vendors,
            ..Rules::default()
        };
        for name in [
            "content",
            "saved-state",
            "intent",
            "result",
            "target",
            "action",
            "category",
            "data",
            "type",
            "said",
            "network",
            "handler",
            "remote",
            "address",
            "host",
            "package",
            "input",
            "keys",
            "first",
            "second",
        ] {
            rules.name(name);
        }
        for listener in listeners {
            rules
                .listeners
                .entry(listener.base)
                .or_default()
                .extend(listener.methods);
        }
        for (position, row) in rows.into_iter().enumerate() {
            let refused = |what: String| format!("{}.{}: {what}", row.class, row.method);
            let texts = row.flows.iter().filter(|text| *text != NOTHING);
            let mut flows = texts
                .map(|text| rules.flow(text))
                .collect::<Result<Vec<_>, _>>()
                .map_err(refused)?;
            // An object must be there before something is put into it.
            flows.sort_by_key(|flow| flow.from.root != Root::New);
            let mut calls = Vec::new();
            let mut messages = Vec::new();
            for text in &row.calls {
                match rules.message(text).map_err(refused)? {
                    Some(message) => messages.push(message),
                    None => calls.push(rules.call(text).map_err(refused)?),
                }
            }
            if row.source.is_some() && !row.is_field && row.parameter == 0 {
                let called = rules.sources.entry(row.method.clone()).or_default();
                called.push(position as u32);
            }
            let of_class = rules.by_name.entry(row.class.clone()).or_default();
            let of_method = of_class.entry(row.method.clone()).or_default();
            of_method.push(position as u32);
            rules.rules.push(Rule {
                row,
                flows,
                calls,
                messages,
            });
        }
        Ok(rules)
    }

    /// The rules of a class and a method, by exact names.
    pub(crate) fn find(&self, class: &str, method: &str) -> &[u32] {
        let of_class = self.by_name.get(class);
        let found = of_class.and_then(|methods| methods.get(method));
        found.map_or(&[], Vec::as_slice)
    }

    /// The sources that are calls of a method of this name, of any class.
    pub(crate) fn sources_called(&self, method: &str) -> &[u32] {
        self.sources.get(method).map_or(&[], Vec::as_slice)
    }

    /// The number of a cell's name.
    pub(crate) fn name(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.name_ids.get(name) {
            return id;
        }
        self.names.push(name.to_owned());
        self.name_ids
            .insert(name.to_owned(), self.names.len() as u32 - 1);
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
        let (from, to) = body
            .split_once("->")
            .ok_or_else(|| format!("{text:?} has no ->"))?;
        let copies = kind.trim() == "copy";
        Ok(Flow {
            from: self.place(from.trim())?,
            to: self.place(to.trim())?,
            marks,
            copies,
        })
    }

    fn place(&mut self, text: &str) -> Result<Place, String> {
        let whole = |root| Place {
            root,
            selector: Selector::Whole,
        };
        match text {
            "new" => return Ok(whole(Root::New)),
            "none" => return Ok(whole(Root::Nothing)),
            "null" => return Ok(whole(Root::Null)),
            _ => {}
        }
        let key = |text: &str| text.strip_suffix(']').map(operand).transpose();
        if let Some(rest) = text.strip_prefix("global ") {
            let end = rest.find(']').map_or(0, |end| end + 1);
            let (kind, cell) = match rest[end..].split_once('.') {
                Some((kind, cell)) => (kind, Some(cell)),
                None => (&rest[end..], None),
            };
            let kind = if end > 0 { &rest[..end] } else { kind };
            let selector = cell.map_or(Selector::Whole, |cell| Selector::Named(self.name(cell)));
            let (kind, argument) = kind.split_once('[').unwrap_or((kind, ""));
            let (argument, part) = match argument.trim_end_matches(']').split_once('.') {
                Some((argument, part)) => (argument, Some(self.name(part))),
                None => (argument.trim_end_matches(']'), None),
            };
            let number = (!argument.is_empty())
                .then(|| operand(argument))
                .transpose()?;
            let root = Root::Global(self.name(kind), number.map(|number| (number, part)));
            return Ok(Place { root, selector });
        }
        if let Some(rest) = text.strip_prefix("provider[") {
            let number = key(rest)?.ok_or_else(|| format!("{text:?} names no address"))?;
            return Ok(Place {
                root: Root::Provider(number),
                selector: Selector::Whole,
            });
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
            ".text" => Selector::Text,
            "[]" => Selector::Entries,
            "[=]" => Selector::Same,
            ".=" => Selector::Alike,
            "[:]" => Selector::Pairs,
            _ if rest.starts_with('.') => match rest[1..].split_once('.') {
                Some((first, second)) => Selector::Through(self.name(first), self.name(second)),
                None => Selector::Named(self.name(&rest[1..])),
            },
            _ => Selector::Entry(operand(rest.trim_matches(['[', ']']))?),
        };
        Ok(Place { root, selector })
    }

    /// A text that starts with a verb says what becomes of an intent.
    fn message(&mut self, text: &str) -> Result<Option<Message>, String> {
        let recipient = |text: &str| match text {
            "activity" => Ok(Recipient::Activity),
            "service" => Ok(Recipient::Service),
            "receiver" => Ok(Recipient::Receiver),
            "worker" => Ok(Recipient::Worker),
            other => Err(format!("{other} is no kind of component")),
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        Ok(Some(match words[..] {
            ["send", to, intent] => match intent.strip_suffix("[]") {
                Some(array) => Message::SendAll(recipient(to)?, operand(array)?),
                None => Message::Send(recipient(to)?, operand(intent)?),
            },
            ["keep"] => Message::Keep,
            ["expose", object] => Message::Expose(operand(object)?),
            ["ask", to, intent] => Message::Ask(recipient(to)?, operand(intent)?),
            ["answer", intent] => Message::Answer(operand(intent)?),
            ["register", receiver, filter] => {
                Message::Register(operand(receiver)?, operand(filter)?)
            }
            ["receive", channel, parameter] => {
                Message::Receive(self.name(channel), operand(parameter)?)
            }
            _ => return Ok(None),
        }))
    }

    fn call(&mut self, text: &str) -> Result<CallBack, String> {
        let bad = || format!("{text:?} is no call");
        let (text, to) = match text.split_once(" -> ") {
            Some((text, to)) => (text, Some(self.place(to)?)),
            None => (text, None),
        };
        let (target, arguments) = text
            .strip_suffix(')')
            .and_then(|text| text.split_once('('))
            .ok_or_else(bad)?;
        let (on, method) = target.rsplit_once('.').ok_or_else(bad)?;
        let on = self.place(on)?;
        let mut parsed = Vec::new();
        for argument in arguments
            .split(',')
            .map(str::trim)
            .filter(|argument| !argument.is_empty())
        {
            parsed.push(match argument.strip_prefix('@') {
                Some(number) => CallArgument::Result(number.parse().map_err(|_| bad())?),
                None if argument == "?" => CallArgument::Unknown,
                None => CallArgument::Place(self.place(argument)?),
            });
        }
        Ok(CallBack {
            on,
            method: method.to_owned(),
            arguments: parsed,
            to,
        })
    }
}

fn operand(text: &str) -> Result<u8, String> {
    if text == "this" {
        return Ok(0);
    }
    let number = text
        .strip_prefix("arg")
        .and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("{text:?} is no argument"))
}

/// Whether a text is a pattern's, or starts with what stands before its final `*`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => pattern == text,
    }
}
