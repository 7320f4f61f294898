//! Intents between components of the app: which component a sent one reaches, and what comes back.
//!
//! An intent is an object; what rules put into its cells `target`, `action`, `category`, `data` and `type` says where it goes, as the platform
//! resolves it (https://developer.android.com/guide/components/intents-filters). Each target has a cell with all intents that were sent to it.

use super::heap::{Abs, Key, Set, UNKNOWN, What};
use super::library::{Library, Spot};
use super::rules::{Message, Recipient, Root, Selector};
use super::solve::{Handing, Solver};
use super::{Component, Filter};
use crate::code::link::NONE;
use crate::dex::class_data::access;
use crate::hash::Map;
use crate::ir::{Invoke, Op};
use smallvec::smallvec;
use std::collections::{BTreeMap, BTreeSet};

/// Where a call delivers what it is given.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// Operand that is delivered.
    pub operand: usize,
    /// Objects that get it, and the name of the cell.
    pub to: Vec<(Abs, u32)>,
    /// Whether all of them are components of the app that were named by their class, or that started this one.
    pub stays: bool,
}

/// Who waits for what, and who sent what.
#[derive(Default)]
pub(super) struct Mail {
    /// Objects of declared components, and their position in the setting.
    declared: BTreeMap<Abs, u32>,
    /// By object and name of the cell: parameters that get what is in the cell.
    listeners: Map<(Abs, u32), Vec<(u32, u32)>>,
    listening: BTreeSet<(Abs, u32)>,
    /// Receivers that code registers: object, and its filter.
    registered: BTreeSet<(Abs, Abs)>,
    /// Calls that send a broadcast: a new receiver may get it.
    broadcasts: BTreeSet<(u32, u32)>,
    /// By activity: who started it for a result, and the calls that set one.
    starters: BTreeMap<Abs, BTreeSet<Abs>>,
    answers: BTreeMap<Abs, BTreeSet<(u32, u32)>>,
    /// By body of `onBind`: the calls that bind to its service.
    pub binds: Map<u32, Vec<(u32, u32)>>,
    pub deliveries: Map<(u32, u32), Delivery>,
    /// Calls that sent an intent to some of the classes that its cell names.
    narrowed: BTreeSet<(u32, u32)>,
    /// Bodies that a web page may call, and the call that let it.
    pub exposed: BTreeMap<u32, (u32, u32)>,
}

impl Solver<'_> {
    /// A component of the manifest has its object.
    pub fn declare(&mut self, object: Abs, position: usize) {
        let Some(exported) = self.setting.components[position].exported else {
            return;
        };
        self.mail.declared.insert(object, position as u32);
        // What comes from other apps.
        let intent = self.rules.known_name("intent");
        let kind = self
            .program
            .find_type(b"Landroid/content/Intent;")
            .unwrap_or(NONE);
        let from_outside = self.heap.number(What::Global(intent, object), kind);
        let cell = self.cell(object, Key::Named(intent));
        self.store(cell, &[from_outside]);
        if exported {
            self.open(from_outside);
        }
    }

    /// Everything may be in an intent that another app made.
    fn open(&mut self, intent: Abs) {
        let cell = self.cell(intent, Key::Anywhere);
        self.store(cell, &[UNKNOWN]);
    }

    /// A node runs on an object: its parameters get what was and will be sent to the object.
    pub fn listen(&mut self, object: Abs, node: u32) {
        if !self.mail.listening.insert((object, node)) {
            return;
        }
        let program = self.program;
        let def = self.nodes[node as usize].def;
        let key = program.link.methods[program.defs.methods[def as usize].id as usize];
        let name = program.name(key.name).into_owned();
        let class = program.defs.class(def).kind;
        let rules = self.rules;
        for above in self.names_of(class).iter() {
            for &rule in rules.find(above, &name) {
                for message in &rules.rules[rule as usize].messages {
                    let &Message::Receive(channel, operand) = message else {
                        continue;
                    };
                    let value = u32::from(operand);
                    if value >= self.nodes[node as usize].method.body.params().end {
                        continue;
                    }
                    self.mail
                        .listeners
                        .entry((object, channel))
                        .or_default()
                        .push((node, value));
                    for given in self.set(node, value).clone() {
                        let own = matches!(self.heap.what[given as usize], What::Given { .. });
                        if own
                            && self
                                .declared(object)
                                .is_none_or(|one| one.exported == Some(true))
                        {
                            self.open(given);
                        }
                    }
                    let cell = self.cell(object, Key::Named(channel));
                    let waiting = self.heap.cells[cell as usize].set.clone();
                    self.join(node, value, &waiting);
                }
            }
        }
    }

    /// The parameters that get what is delivered to an object.
    pub fn listeners(&self, object: Abs, channel: u32) -> &[(u32, u32)] {
        self.mail
            .listeners
            .get(&(object, channel))
            .map_or(&[], Vec::as_slice)
    }

    /// The objects of declared components.
    pub fn components(&self) -> Vec<Abs> {
        let declared = self.mail.declared.keys().copied();
        declared.chain(self.world.application).collect()
    }

    fn declared(&self, object: Abs) -> Option<&Component> {
        let position = self.mail.declared.get(&object)?;
        self.setting.components.get(*position as usize)
    }

    /// Does what the rules of a call say of intents.
    pub fn messages(&mut self, here: (u32, u32), kind: Invoke, library: &Library, args: &[Set]) {
        let rules = self.rules;
        let at =
            |operand: u8| usize::from(operand).checked_sub(usize::from(kind == Invoke::Static));
        let get = |operand: u8| at(operand).and_then(|at| args.get(at)).cloned();
        for &rule in &library.rules {
            for &message in &rules.rules[rule as usize].messages {
                match message {
                    Message::Send(recipient, operand) | Message::Ask(recipient, operand) => {
                        let Some(intents) = get(operand) else {
                            continue;
                        };
                        let targets =
                            self.send(here, recipient, at(operand).unwrap_or(0), &intents);
                        if matches!(message, Message::Ask(..)) {
                            self.ask(&targets, &args[0].clone());
                        }
                        if recipient == Recipient::Service {
                            self.bind(here, &targets);
                        }
                    }
                    Message::SendAll(recipient, operand) => {
                        let mut intents = Set::new();
                        for array in get(operand).unwrap_or_default() {
                            if self.heap.is_object(array) {
                                let more = self.read_entries(array, &[UNKNOWN], here);
                                self.heap.join(&mut intents, &more);
                            }
                        }
                        self.send(here, recipient, at(operand).unwrap_or(0), &intents);
                    }
                    Message::Expose(operand) => {
                        for object in get(operand).unwrap_or_default() {
                            self.expose(here, object, at(operand).unwrap_or(0));
                        }
                    }
                    Message::Answer(operand) => {
                        if let (Some(intents), Some(own)) = (get(operand), args.first()) {
                            self.answer(here, usize::from(operand), &own.clone(), &intents);
                        }
                    }
                    Message::Register(receiver, filter) => {
                        if let (Some(receivers), Some(filters)) = (get(receiver), get(filter)) {
                            self.register(&receivers, &filters);
                        }
                    }
                    Message::Receive(..) | Message::Keep => {}
                }
            }
        }
    }

    fn send(
        &mut self,
        here: (u32, u32),
        recipient: Recipient,
        operand: usize,
        intents: &[Abs],
    ) -> Vec<Abs> {
        let work = recipient == Recipient::Worker;
        let channel = self.rules.known_name(if work { "input" } else { "intent" });
        if recipient == Recipient::Receiver {
            self.mail.broadcasts.insert(here);
        }
        let mut all = Vec::new();
        let mut stays = !intents.is_empty();
        for &intent in intents {
            let (targets, explicit) = self.targets(here, recipient, intent);
            stays &= explicit;
            for target in targets {
                let sent = match recipient {
                    Recipient::Worker => self.part(here, intent, "input"),
                    _ => smallvec![intent],
                };
                self.deliver(here, target, channel, &sent);
                if !all.contains(&target) {
                    all.push(target);
                }
            }
        }
        self.mail.deliveries.insert(
            here,
            Delivery {
                operand,
                to: all.iter().map(|&target| (target, channel)).collect(),
                stays,
            },
        );
        all
    }

    fn deliver(&mut self, here: (u32, u32), target: Abs, channel: u32, what: &[Abs]) {
        let cell = self.cell(target, Key::Named(channel));
        self.write_cell(cell, here, false, what);
        for (node, value) in self.listeners(target, channel).to_vec() {
            self.work(1);
            self.join(node, value, what);
        }
    }

    /// The objects that an intent reaches, and whether it names classes of the app and nothing else.
    fn targets(&mut self, here: (u32, u32), recipient: Recipient, intent: Abs) -> (Vec<Abs>, bool) {
        if !self.heap.is_object(intent) {
            return (Vec::new(), false);
        }
        let named = self.named_at(here, intent);
        let mut targets = Vec::new();
        if !named.is_empty() {
            let setting = self.setting;
            let package = self.part(here, intent, "package");
            let mut own = true;
            for value in named {
                let kind = match self.heap.what[value as usize] {
                    What::Class(kind) => Some(kind),
                    _ => self
                        .heap
                        .as_text(value)
                        .and_then(|name| self.program.find_class(name)),
                };
                let kind = kind.filter(|&kind| {
                    kind != NONE && self.program.defs.class_of[kind as usize] != NONE
                });
                let text = self.heap.as_text(value);
                let alias = |one: &&Component| {
                    text.is_some_and(|name| one.aliases.iter().any(|own| own == name))
                };
                let kind = kind.or_else(|| {
                    let behind = setting.components.iter().find(alias)?;
                    self.program.find_class(&behind.class)
                });
                let Some(kind) = kind else {
                    // What is not in this package cannot be started under its name.
                    own &= text.is_some() && self.is_own_package(&package);
                    continue;
                };
                let object = self.heap.number(What::Component(kind), kind);
                if recipient == Recipient::Worker && self.is_a(object, recipient) {
                    self.begin_life(object, kind);
                    targets.push(object);
                } else if self.mail.declared.contains_key(&object) && !targets.contains(&object) {
                    targets.push(object);
                }
            }
            targets.retain(|&target| self.is_a(target, recipient));
            return (targets, own);
        }
        let actions = self.part(here, intent, "action");
        let [categories, data, types] =
            ["category", "data", "type"].map(|name| self.part(here, intent, name));
        // An intent with no action passes each filter that has one; with nothing at all it is no address.
        if [&actions, &categories, &data, &types]
            .iter()
            .all(|part| part.is_empty())
        {
            return (Vec::new(), false);
        }
        for (object, position) in self.mail.declared.clone() {
            let setting = self.setting;
            let filters = &setting.components[position as usize].filters;
            self.work(filters.len() + 1);
            let fits = |filter: &Filter| {
                (actions.is_empty() && !filter.actions.is_empty()
                    || self.any_text(&actions, |text| {
                        filter.actions.iter().any(|own| own == text)
                    }))
                    && self.all_texts(&categories, |text| {
                        filter.categories.iter().any(|own| own == text)
                    })
                    && self.fits_data(filter, &data, &types)
            };
            if filters.iter().any(fits) && self.is_a(object, recipient) {
                targets.push(object);
            }
        }
        if recipient == Recipient::Receiver {
            for (object, filter) in self.mail.registered.clone() {
                self.work(1);
                let heard = self.part(here, filter, "action");
                let fits = heard.contains(&UNKNOWN)
                    || actions.is_empty()
                    || actions.contains(&UNKNOWN)
                    || actions.iter().any(|action| heard.contains(action));
                if fits && !targets.contains(&object) {
                    targets.push(object);
                }
            }
        }
        let package = self.part(here, intent, "package");
        (targets, self.is_own_package(&package))
    }

    /// The classes that an intent names where it is sent: not those that others have taken the place of.
    fn named_at(&mut self, here: (u32, u32), intent: Abs) -> Set {
        let named = self.part(here, intent, "target");
        let name = Key::Named(self.rules.known_name("target"));
        let Some(cell) = self
            .heap
            .find_cell(intent, name)
            .filter(|_| named.len() > 1)
        else {
            return named;
        };
        let mut out = Set::new();
        for (node, ins, _) in self.heap.cells[cell as usize].writers.clone() {
            if self.reaches(cell, (node, ins), here) {
                let put = self.put_into(cell, (node, ins));
                self.heap.join(&mut out, &put);
            }
        }
        // More ways may come to run, and more writes be found.
        self.mail.narrowed.insert(here);
        out.retain(|value| named.contains(value));
        out
    }

    /// What a call puts into a cell, by its rules.
    fn put_into(&mut self, cell: u32, writer: (u32, u32)) -> Set {
        let Op::Invoke(kind, _) =
            self.nodes[writer.0 as usize].method.body.ins[writer.1 as usize].op
        else {
            return self.heap.cells[cell as usize].set.clone();
        };
        let Some(&method) = self.outside.get(&writer) else {
            return self.heap.cells[cell as usize].set.clone();
        };
        let args = self.args_of(writer.0, writer.1);
        let library = self.library_at(writer, method);
        let mut out = Set::new();
        for flow in library.flows.iter() {
            if flow.from.root == Root::Nothing {
                continue;
            }
            let copied = match flow.from.selector {
                Selector::Same | Selector::Alike | Selector::Pairs => true,
                _ => {
                    let to = self.locate(writer, flow.to, &args, kind, false);
                    to.contains(&Spot::Cell(cell))
                }
            };
            if !copied {
                continue;
            }
            for spot in self.locate(writer, flow.from, &args, kind, true) {
                let more = match spot {
                    Spot::Value(value) => self.set(writer.0, value).clone(),
                    Spot::Cell(from) => self.heap.cells[from as usize].set.clone(),
                    Spot::Object(object) => smallvec![object],
                    Spot::Return => Set::new(),
                };
                self.heap.join(&mut out, &more);
            }
        }
        out
    }

    /// Looks once more at what was sent when less was known.
    pub fn send_again(&mut self) -> bool {
        let again = std::mem::take(&mut self.mail.narrowed);
        for &(node, ins) in &again {
            self.enqueue(node, ins);
        }
        !again.is_empty()
    }

    /// Whether a name of a package is that of the app.
    fn is_own_package(&self, names: &[Abs]) -> bool {
        let own = |&name: &Abs| self.heap.as_text(name) == Some(&self.setting.package[..]);
        !names.is_empty() && names.iter().all(own)
    }

    /// What a named cell of an object holds.
    fn part(&mut self, here: (u32, u32), object: Abs, name: &str) -> Set {
        if !self.heap.is_object(object) {
            return smallvec![UNKNOWN];
        }
        let cell = self.cell(object, Key::Named(self.rules.known_name(name)));
        self.read_cell(cell, here)
    }

    /// Whether one of the values is such a text, or not known.
    fn any_text(&self, values: &[Abs], fits: impl Fn(&str) -> bool) -> bool {
        let mut values = values.iter();
        values.any(|&value| self.heap.as_text(value).is_none_or(&fits))
    }

    fn all_texts(&self, values: &[Abs], fits: impl Fn(&str) -> bool) -> bool {
        let mut values = values.iter();
        values.all(|&value| self.heap.as_text(value).is_none_or(&fits))
    }

    /// The platform's test of address and media type: what a filter does not name, the intent must not have.
    fn fits_data(&self, filter: &Filter, data: &[Abs], types: &[Abs]) -> bool {
        let media = if types.is_empty() {
            filter.types.is_empty()
        } else {
            self.any_text(types, |text| {
                filter.types.iter().any(|own| match own.strip_suffix('*') {
                    Some(start) => text.starts_with(start),
                    None => own == text,
                })
            })
        };
        let address = if data.is_empty() {
            filter.links.is_empty()
        } else {
            self.any_text(data, |text| {
                let scheme = text.split(':').next().unwrap_or_default();
                let local = matches!(scheme, "content" | "file");
                filter.links.is_empty() && local && !filter.types.is_empty()
                    || filter.links.iter().any(|link| text.starts_with(&link[..]))
            })
        };
        media && address
    }

    fn is_a(&mut self, object: Abs, recipient: Recipient) -> bool {
        let kind = self.heap.kinds[object as usize];
        let base = match recipient {
            Recipient::Activity => "android.app.Activity",
            Recipient::Service => "android.app.Service",
            Recipient::Receiver => "android.content.BroadcastReceiver",
            Recipient::Worker => "androidx.work.ListenableWorker",
        };
        kind != NONE && self.names_of(kind).iter().any(|name| name == base)
    }

    /// A web page may call the public methods of an object; what they give goes to it.
    fn expose(&mut self, here: (u32, u32), object: Abs, position: usize) {
        let kind = self.heap.kinds[object as usize];
        if !self.heap.is_object(object) || !self.is_ours(kind) {
            return;
        }
        let program = self.program;
        let chain: Vec<u32> = program.hierarchy.chain(&program.defs, kind).collect();
        for class in chain {
            for &(signature, def) in program.hierarchy.virtuals(class) {
                let open = program.defs.methods[def as usize].access & access::PUBLIC != 0;
                let own = program.hierarchy.lookup(&program.defs, kind, signature) == Some(def);
                if !open || !own || self.is_outside(class) || self.is_hidden_from_pages(object, def)
                {
                    continue;
                }
                let handing = Handing::Listener(position as u8);
                let Some(callee) = self.enter(here, def, object, handing, true) else {
                    continue;
                };
                self.give(callee, 1);
                self.mail.exposed.insert(callee, here);
            }
        }
    }

    fn is_ours(&self, kind: u32) -> bool {
        kind != NONE && self.program.defs.class_of[kind as usize] != NONE
    }

    /// Code registers receivers under filters: what is sent from now on, and was, may come to them.
    fn register(&mut self, receivers: &[Abs], filters: &[Abs]) {
        for &receiver in receivers {
            for &filter in filters {
                let real = self.heap.is_object(receiver) && self.heap.is_object(filter);
                if real && self.mail.registered.insert((receiver, filter)) {
                    for (node, ins) in self.mail.broadcasts.clone() {
                        self.enqueue(node, ins);
                    }
                }
            }
        }
    }

    /// Objects start others for a result.
    fn ask(&mut self, targets: &[Abs], own: &[Abs]) {
        for &target in targets {
            for &starter in own {
                if !self.heap.is_object(starter) {
                    continue;
                }
                if self
                    .mail
                    .starters
                    .entry(target)
                    .or_default()
                    .insert(starter)
                {
                    for (node, ins) in self.mail.answers.get(&target).cloned().unwrap_or_default() {
                        self.enqueue(node, ins);
                    }
                }
            }
        }
    }

    /// An activity sets its result: it comes to those that started it.
    fn answer(&mut self, here: (u32, u32), operand: usize, own: &[Abs], intents: &[Abs]) {
        let channel = self.rules.known_name("result");
        let mut to = Vec::new();
        let mut stays = !own.is_empty();
        for &activity in own {
            self.mail.answers.entry(activity).or_default().insert(here);
            let starters = self
                .mail
                .starters
                .get(&activity)
                .cloned()
                .unwrap_or_default();
            let private = self
                .declared(activity)
                .is_some_and(|one| one.exported == Some(false));
            stays &= private && !starters.is_empty();
            for starter in starters {
                self.deliver(here, starter, channel, intents);
                to.push((starter, channel));
            }
        }
        self.mail
            .deliveries
            .insert(here, Delivery { operand, to, stays });
    }

    /// What a service's `onBind` returns comes to the connection that the call was given.
    fn bind(&mut self, here: (u32, u32), services: &[Abs]) {
        let program = self.program;
        let called = |solver: &Self, node: u32| {
            let def = solver.nodes[node as usize].def;
            let key = program.link.methods[program.defs.methods[def as usize].id as usize];
            program.name(key.name).into_owned()
        };
        let channel = self.rules.known_name("intent");
        let links = self.links.get(&here).cloned().unwrap_or_default();
        for &service in services {
            for (node, _) in self.listeners(service, channel).to_vec() {
                if called(self, node) != "onBind" {
                    continue;
                }
                let binds = self.mail.binds.entry(node).or_default();
                if !binds.contains(&here) {
                    binds.push(here);
                }
                let binder = self.nodes[node as usize].returned.clone();
                for &(connection, _) in &links {
                    let params = self.nodes[connection as usize].method.body.params().end;
                    if called(self, connection) == "onServiceConnected" && params > 2 {
                        self.join(connection, 2, &binder);
                    }
                }
            }
        }
    }

    /// Whether what a call sends can only reach components of the app.
    pub fn stays_inside(&self, here: (u32, u32)) -> bool {
        self.mail.deliveries.get(&here).is_some_and(|one| one.stays)
    }
}
