//! Views of layouts: which view a call finds, what it says, and what stands around it.
//!
//! An id may stand in many layouts, and a layout may be put on many screens: a view is known by the object that its layout was put
//! on, the layout, and its number there.

use super::controls::{Control, resource_of, shown};
use super::heap::{Key, Origin};
use super::lexicon::{Around, Group, Kind, Reading, Says};
use super::texts::{GAP, PARTIAL};
use super::value::{ANY, Atom, Value};
use super::world::{Phase, World};
use crate::code::link::NONE;
use crate::env::screens::View;
use crate::hash::{Map, Set};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Objects looked at to find what stands around a control.
const AROUND: usize = 200;
/// Places that a view may come from; more are as good as not known.
const HOMES: usize = 48;
/// Layouts below one object; of more it is not known where a view stands.
const BELOW: usize = 512;

/// The object that a layout was put on, and the layout.
type Home = (u32, u32);

/// What was put on the screen, and what was found out about it.
#[derive(Default)]
pub(super) struct Views {
    /// Layouts in the order in which they were put on something.
    homes: Vec<Home>,
    /// Layouts of an object.
    layouts: Map<u32, BTreeSet<u32>>,
    /// Where an id stands.
    by_id: Map<u32, BTreeSet<Home>>,
    children: Map<u32, BTreeSet<u32>>,
    parents: Map<u32, Vec<u32>>,
    /// What was put on an object and on all that it holds: what holds an object has all that the object has.
    below: Map<u32, BTreeSet<Home>>,
    /// Views with a class of the program that were found by code.
    adopted: Set<u32>,
    /// Methods that layouts name, with the view; how many of them, and of the objects, were matched with each other.
    handlers: Vec<(u32, u32)>,
    read: usize,
    matched: (usize, usize),
    /// Grows with all that may change what a control says.
    changes: u64,
    said: Map<(u32, Option<Value>, bool), (u64, Says)>,
    readings: Map<u32, Rc<Vec<Rc<Reading>>>>,
    by_layout: Map<u32, Rc<Vec<Rc<Reading>>>>,
    /// Objects whose contents are the text of a control.
    styled: Set<u32>,
    /// Views that code gives a text that is not known.
    unsaid: Set<u32>,
    /// Objects that a layout was put on that is not known, and views looked for there.
    obscure: Set<u32>,
    /// Buttons that dialogs gave.
    pub buttons: Map<u32, BTreeSet<u32>>,
    /// Views that code presses by itself.
    pub pressed: Set<u32>,
    /// Whether code enables a view that is not known.
    pub any_enabled: bool,
}

impl Views {
    /// A cell changed.
    pub fn note(&mut self, key: Key) {
        let counts = match key {
            Key::Label(_) | Key::Holder(_) => true,
            Key::Contents(object) => self.styled.contains(&object),
            _ => false,
        };
        self.changes += u64::from(counts);
    }
}

impl World<'_> {
    /// Puts layouts on an object: their handlers, and objects of their classes.
    pub(super) fn inflate(&mut self, node: u32, unit: u32, holder: Value, layout: Value) {
        let Some(ids) = self.values.integers(layout) else {
            for root in self.values.objects(holder) {
                if self.views.obscure.insert(root) {
                    self.tell_readers(Key::Layout(root), self.cause);
                }
            }
            return;
        };
        for id in ids {
            let shown = self.screens.layout(id as u32);
            self.steps += shown.views.len() as u64;
            for root in self.values.objects(holder) {
                self.show(root, id as u32);
            }
            for view in &shown.views {
                let Some(class) = view.class.clone() else {
                    continue;
                };
                if let Some(object) = self.start_class(node, unit, &class) {
                    // A fragment that the layout names brings views of its own.
                    self.hold_all(holder, object);
                }
            }
        }
    }

    fn show(&mut self, root: u32, layout: u32) {
        if !self.views.layouts.entry(root).or_default().insert(layout) {
            return;
        }
        self.views.changes += 1;
        self.views.homes.push((root, layout));
        self.put_below(root, &BTreeSet::from([(root, layout)]));
        let shown = self.screens.layout(layout);
        for view in shown.views.iter().filter(|view| view.id != 0) {
            let homes = self.views.by_id.entry(view.id).or_default();
            if homes.insert((root, layout)) {
                self.tell_readers(Key::Shown(view.id), self.cause);
            }
        }
    }

    /// These stand on an object, or below it, and so below all that holds it.
    fn put_below(&mut self, object: u32, homes: &BTreeSet<Home>) {
        let mut waiting = vec![object];
        while let Some(one) = waiting.pop() {
            self.steps += homes.len() as u64;
            let known = self.views.below.entry(one).or_default();
            let before = known.len();
            for &home in homes {
                if known.len() < BELOW {
                    known.insert(home);
                }
            }
            if known.len() > before {
                self.tell_readers(Key::Layout(one), self.cause);
                waiting.extend(self.views.parents.get(&one).into_iter().flatten());
            }
        }
    }

    /// The view of a layout with a number.
    pub(super) fn view(&mut self, (root, layout): Home, number: u32) -> u32 {
        let shown = self.screens.layout(layout);
        // Of one id in the layouts of several configurations, the class is known if they agree.
        let mut classes = shown.of(number).map(|view| view.class.as_deref());
        let class = classes.next().flatten();
        let class = class.filter(|_| classes.all(|other| other == class));
        let class = class.and_then(|name| self.program.find_class(name));
        let class = class.filter(|&kind| self.program.defs.class_of[kind as usize] != NONE);
        let before = self.heap.objects.len();
        let object = self.object(Origin::View(root, layout, number), class.unwrap_or(NONE), 0);
        if object as usize == before {
            self.hold(root, object);
            if shown.of(number).any(|view| !view.enabled) {
                let zero = self.values.integer(0);
                self.write(Key::Enabled(object), zero);
            }
            if shown.of(number).any(|view| view.ticks) {
                self.tickable(object);
            }
        }
        object
    }

    /// The views with an id in what is shown on these objects. What is not known yet is looked for everywhere once all that starts by
    /// itself has run.
    pub(super) fn find_view(&mut self, node: u32, unit: u32, receiver: Value, id: u32) -> Value {
        let mut homes = BTreeSet::new();
        let mut unknown = receiver == ANY;
        let mut obscure = false;
        for holder in self.values.objects(receiver) {
            match self.homes_of(holder, id, node) {
                Some(own) => {
                    unknown |= own.is_empty();
                    homes.extend(own);
                }
                None => obscure = true,
            }
        }
        if obscure {
            // What stands there, and what it says, is not known.
            let object = self.object(Origin::View(NONE, NONE, id), NONE, 0);
            self.views.obscure.insert(object);
            self.hold_all(receiver, object);
            return self.values.one(Atom::Object(object));
        }
        if unknown {
            self.read(Key::Shown(id), node);
            if self.phase == Phase::Start {
                self.depends_on_phase(node);
            } else if let Some(all) = self.views.by_id.get(&id) {
                self.steps += all.len() as u64;
                if all.len() > HOMES {
                    return ANY;
                }
                homes.extend(all);
            }
        }
        if homes.is_empty() {
            let object = self.object(Origin::View(NONE, NONE, id), NONE, 0);
            self.hold_all(receiver, object);
            return self.values.one(Atom::Object(object));
        }
        if homes.len() > HOMES {
            return ANY;
        }
        let mut atoms = Vec::new();
        for home in homes {
            let object = self.view(home, id);
            self.adopt(node, unit, object);
            atoms.push(Atom::Object(object));
        }
        self.values.of(atoms)
    }

    /// Where a view that an object holds may stand: below the object, or else below what holds it; `None` if that has a layout that is
    /// not known.
    fn homes_of(&mut self, holder: u32, id: u32, node: u32) -> Option<BTreeSet<Home>> {
        if let Origin::View(root, layout, _) = self.heap.objects[holder as usize].origin
            && layout != NONE
            && self.screens.layout(layout).of(id).next().is_some()
        {
            return Some(BTreeSet::from([(root, layout)]));
        }
        let mut up = vec![holder];
        let mut seen = BTreeSet::from([holder]);
        let mut next = 0;
        while next < up.len() && up.len() < AROUND {
            let top = up[next];
            next += 1;
            self.steps += 1;
            self.read(Key::Layout(top), node);
            if self.views.obscure.contains(&top) {
                return None;
            }
            if let Some(below) = self.views.below.get(&top) {
                if below.len() >= BELOW {
                    break;
                }
                self.steps += below.len() as u64;
                let shown = self.views.by_id.get(&id);
                let found = below
                    .iter()
                    .filter(|&home| shown.is_some_and(|shown| shown.contains(home)));
                let found: BTreeSet<Home> = found.copied().collect();
                if !found.is_empty() {
                    return Some(found);
                }
            }
            let holders = self.read(Key::Holder(top), node);
            let holders = self.values.objects(holders).into_iter();
            up.extend(holders.filter(|&one| seen.insert(one)));
        }
        Some(BTreeSet::new())
    }

    /// Code gives views a text that is not known.
    pub(super) fn says_anything(&mut self, views: Value) {
        for view in self.values.objects(views) {
            if self.views.unsaid.insert(view) {
                self.views.changes += 1;
            }
        }
    }

    /// A view of a class of the program runs when code takes hold of it.
    fn adopt(&mut self, node: u32, unit: u32, object: u32) {
        let kind = self.heap.objects[object as usize].class;
        if kind == NONE || !self.views.adopted.insert(object) {
            return;
        }
        self.construct(node, unit, object, kind);
        self.run_callbacks(node, unit, object, kind, false);
    }

    /// Notes that one object holds another.
    pub(super) fn hold(&mut self, holder: u32, child: u32) {
        if holder == child || holder == NONE {
            return;
        }
        let value = self.values.one(Atom::Object(holder));
        self.write(Key::Holder(child), value);
        let children = self.views.children.entry(holder).or_default();
        if children.insert(child) {
            self.views.parents.entry(child).or_default().push(holder);
            self.views.changes += 1;
            if let Some(homes) = self.views.below.get(&child).cloned() {
                self.put_below(holder, &homes);
            }
        }
    }

    /// These objects and all that they hold; views of the same holder that stand in another layout are left out.
    fn below(&mut self, from: Vec<u32>, home: Option<Home>) -> Vec<u32> {
        let mut seen: BTreeSet<u32> = from.iter().copied().collect();
        let mut all = from;
        let mut next = 0;
        while next < all.len() && all.len() < AROUND {
            let children = self.views.children.get(&all[next]);
            next += 1;
            for &child in children.into_iter().flatten() {
                let elsewhere = match self.heap.objects[child as usize].origin {
                    Origin::View(root, layout, _) => {
                        home.is_some_and(|home| home.0 == root && home.1 != layout)
                    }
                    _ => false,
                };
                if !elsewhere && seen.insert(child) {
                    all.push(child);
                }
            }
        }
        self.steps += all.len() as u64;
        all
    }

    /// What a control says.
    pub(super) fn judged(&mut self, control: Control) -> Says {
        let key = (control.object, control.label, control.ticks);
        if let Some(&(at, says)) = self.views.said.get(&key)
            && at == self.views.changes
        {
            return says;
        }
        let groups = self.groups(control);
        let own: Vec<Rc<Reading>> = match control.label {
            // The text of a button stands beside what the dialog says.
            Some(_) => Vec::new(),
            None => groups.iter().flat_map(|one| one.texts.clone()).collect(),
        };
        let around = self.around(control.object, &own, control.label.is_some());
        let mut says = self.lexicon.judge(&groups, self.kind(control), &around);
        let own = control.label.is_none();
        if own && says == Says::Agree && self.views.unsaid.contains(&control.object)
            || own && groups.is_empty() && self.views.obscure.contains(&control.object)
        {
            says = Says::Unclear;
        }
        self.views.said.insert(key, (self.views.changes, says));
        says
    }

    fn kind(&mut self, control: Control) -> Kind {
        if control.ticks {
            return Kind::Box;
        }
        let object = self.heap.objects[control.object as usize];
        let by_layout = match object.origin {
            Origin::View(_, layout, number) if layout != NONE => {
                let shown = self.screens.layout(layout);
                shown.of(number).any(|view| view.button)
            }
            _ => false,
        };
        let button = by_layout
            || object.class != NONE && {
                let above = self.facts.supertypes(object.class);
                let mut above = above.iter();
                above.any(|&kind| self.program.descriptor(kind).ends_with(b"Button;"))
            };
        if button || control.label.is_some() {
            Kind::Button
        } else {
            Kind::Text
        }
    }

    /// The texts of a control: each group is one that it may say, in all languages.
    fn groups(&mut self, control: Control) -> Vec<Group> {
        let label = match control.label {
            Some(label) => label,
            None => self.heap.peek(Key::Label(control.object)),
        };
        let mut groups = self.groups_of(label);
        if control.label.is_some() {
            return groups;
        }
        if let Origin::View(_, layout, number) = self.heap.objects[control.object as usize].origin
            && layout != NONE
        {
            let shown = self.screens.layout(layout);
            let set = !groups.is_empty();
            for view in shown.of(number).filter(|view| !view.texts.is_empty()) {
                groups.push(self.group(&view.texts, set));
            }
            if groups.is_empty() && control.ticks {
                let mut texts = shown.positions(number).into_iter();
                let texts = texts.find_map(|at| beside(&shown.views, at));
                groups.extend(texts.map(|texts| self.group(&texts, false)));
            }
        }
        groups
    }

    fn group(&self, texts: &[String], replaced: bool) -> Group {
        let texts = texts.iter().map(|text| Rc::new(self.lexicon.read(text)));
        Group {
            texts: texts.collect(),
            replaced,
        }
    }

    fn groups_of(&mut self, value: Value) -> Vec<Group> {
        let mut groups = Vec::new();
        let mut add = |texts: Vec<Rc<Reading>>| {
            if !texts.is_empty() {
                groups.push(Group {
                    texts,
                    replaced: false,
                });
            }
        };
        for atom in self.values.atoms(value).to_vec() {
            let mut texts = Vec::new();
            match atom {
                Atom::Object(object) => {
                    // Styled text was made of plain text.
                    self.views.styled.insert(object);
                    let made_of = self.heap.peek(Key::Contents(object));
                    for atom in self.values.atoms(made_of).to_vec() {
                        texts.extend(self.readings(atom).iter().cloned());
                    }
                }
                atom => texts.extend(self.readings(atom).iter().cloned()),
            }
            add(texts);
        }
        groups
    }

    /// What a text, or the texts of a resource, say.
    fn readings(&mut self, atom: Atom) -> Rc<Vec<Rc<Reading>>> {
        let key = match atom {
            Atom::Integer(id) if id > 0xffff => {
                self.heap.text(&super::controls::resource_text(id as u32))
            }
            Atom::Text(number) => number,
            _ => return Rc::default(),
        };
        if let Some(found) = self.views.readings.get(&key) {
            return found.clone();
        }
        let text = self.heap.text_of(key).to_owned();
        let texts = match resource_of(&text) {
            Some(id) => self.screens.texts(id).to_vec(),
            None => vec![shown(&text)],
        };
        let starts_open = text
            .strip_prefix(PARTIAL)
            .is_some_and(|known| known.starts_with(GAP));
        let found = match starts_open {
            true => vec![Rc::new(self.lexicon.read_end(&shown(&text)))],
            false => self.group(&texts, false).texts,
        };
        let found = Rc::new(found);
        self.views.readings.insert(key, found.clone());
        found
    }

    /// The texts of a control, as a reader sees them.
    pub(super) fn texts_of_control(&mut self, control: Control) -> Vec<String> {
        let groups = self.groups(control).into_iter();
        let texts = groups
            .filter(|group| !group.replaced)
            .flat_map(|group| group.texts);
        texts.map(|text| text.text.clone()).collect()
    }

    /// The files of the layout that a view stands in.
    pub(super) fn files_of_layout(&mut self, view: u32) -> Vec<String> {
        match self.heap.objects[view as usize].origin {
            Origin::View(_, layout, _) if layout != NONE => self.screens.texts(layout).to_vec(),
            _ => Vec::new(),
        }
    }

    /// What stands around an object: on what holds it, and on all that these hold.
    /// `whole`: what the object itself says stands around too, for it is a dialog with a button.
    fn around(&mut self, object: u32, own: &[Rc<Reading>], whole: bool) -> Around {
        let home = match self.heap.objects[object as usize].origin {
            Origin::View(root, layout, _) => Some((root, layout)),
            _ => None,
        };
        let mut up = vec![object];
        let mut seen = BTreeSet::from([object]);
        let mut next = 0;
        while next < up.len() && up.len() < AROUND {
            let holders = self.heap.peek(Key::Holder(up[next]));
            next += 1;
            let holders = self.values.objects(holders).into_iter();
            up.extend(holders.filter(|&holder| seen.insert(holder)));
        }
        let mut out = Around::default();
        for one in self.below(up, home) {
            if one != object || whole {
                let label = self.heap.peek(Key::Label(one));
                for group in self.groups_of(label) {
                    out.add(&group.texts, own);
                }
            }
            let layouts = self.views.layouts.get(&one).cloned().unwrap_or_default();
            for layout in layouts {
                if home.is_none_or(|home| home.0 != one || home.1 == layout) {
                    let texts = self.texts_of_layout(layout);
                    self.steps += 1 + texts.len() as u64 / 8;
                    out.add(&texts, own);
                }
            }
        }
        out
    }

    /// What counts of the texts of a layout, and one more of them if there are others.
    fn texts_of_layout(&mut self, layout: u32) -> Rc<Vec<Rc<Reading>>> {
        if let Some(found) = self.views.by_layout.get(&layout) {
            return found.clone();
        }
        let shown = self.screens.layout(layout);
        let texts: BTreeSet<&String> = shown.views.iter().flat_map(|view| &view.texts).collect();
        let found = Rc::new(
            self.group(&texts.into_iter().cloned().collect::<Vec<_>>(), false)
                .texts,
        );
        self.views.by_layout.insert(layout, found.clone());
        found
    }

    /// The box of a view can be ticked: what it shows at first.
    pub(super) fn tickable(&mut self, view: u32) {
        let ticked = match self.heap.objects[view as usize].origin {
            Origin::View(_, layout, number) if layout != NONE => self
                .screens
                .layout(layout)
                .of(number)
                .any(|view| view.checked),
            _ => false,
        };
        let value = self.values.integer(ticked.into());
        self.write(Key::Ticked(view), value);
    }

    /// Code ticks a radio button of groups.
    pub(super) fn check_radio(&mut self, groups: Value, ids: Value) {
        let one = self.values.integer(1);
        for group in self.values.objects(groups) {
            let Origin::View(root, layout, _) = self.heap.objects[group as usize].origin else {
                continue;
            };
            if layout == NONE {
                continue;
            }
            let shown = self.screens.layout(layout);
            for view in shown.views.iter().filter(|view| view.ticks && view.id != 0) {
                let ids = self.values.integers(ids);
                if ids.is_none_or(|ids| ids.contains(&view.id.into())) {
                    let object = self.view((root, layout), view.id);
                    self.write(Key::Ticked(object), one);
                }
            }
        }
    }

    /// The ids of the radio buttons that may be ticked: those in the layouts of their groups.
    pub(super) fn checked_radio(&mut self, node: u32, groups: Value) -> Value {
        let mut atoms = vec![Atom::Integer(-1)];
        for group in self.values.objects(groups) {
            let (root, layout) = match self.heap.objects[group as usize].origin {
                Origin::View(root, layout, _) if layout != NONE => (root, layout),
                _ => return ANY,
            };
            let shown = self.screens.layout(layout);
            for view in shown.views.iter().filter(|view| view.ticks && view.id != 0) {
                let object = self.view((root, layout), view.id);
                let ticked = self.read(Key::Ticked(object), node);
                if self.values.truth(ticked).1 {
                    atoms.push(Atom::Integer(view.id.into()));
                }
            }
        }
        self.values.of(atoms)
    }

    /// Handlers that layouts name: methods of what they were put on, or of the components that are there.
    pub(super) fn xml_handlers(&mut self) {
        while let Some(&(root, layout)) = self.views.homes.get(self.views.read) {
            self.views.read += 1;
            let shown = self.screens.layout(layout);
            for (position, view) in shown.views.iter().enumerate() {
                let name = view
                    .on_click
                    .as_deref()
                    .and_then(|name| self.program.find_name(name));
                if let Some(name) = name {
                    let object = self.view((root, layout), shown.number(position));
                    self.views.handlers.push((name, object));
                }
            }
        }
        let (handlers, objects) = self.views.matched;
        self.views.matched = (self.views.handlers.len(), self.heap.objects.len());
        for at in 0..self.views.matched.0 {
            let from = if at < handlers { objects } else { 0 };
            self.steps += (self.views.matched.1 - from) as u64;
            let (name, view) = self.views.handlers[at];
            for component in from..self.views.matched.1 {
                if matches!(self.heap.objects[component].origin, Origin::Made(_)) {
                    self.add_handler(name, component as u32, view);
                }
            }
        }
    }

    fn add_handler(&mut self, name: u32, component: u32, view: u32) {
        let Some(kind) = self.program.find_type(b"Landroid/view/View;") else {
            return;
        };
        let Origin::View(root, ..) = self.heap.objects[view as usize].origin else {
            return;
        };
        let own = root != component && self.handler(name, kind, root).is_some();
        let Some(def) = self.handler(name, kind, component).filter(|_| !own) else {
            return;
        };
        let args = vec![
            self.values.one(Atom::Object(component)),
            self.values.one(Atom::Object(view)),
        ];
        self.add_event(NONE, 0, def, args, Some(Control::on(view, false)));
    }

    /// The method of an object with a name and a view as parameter.
    fn handler(&self, name: u32, view: u32, object: u32) -> Option<u32> {
        let program = self.program;
        let class = self.heap.objects[object as usize].class;
        if class == NONE {
            return None;
        }
        program
            .hierarchy
            .chain(&program.defs, class)
            .find_map(|position| {
                let class = program.defs.classes[position as usize].kind;
                program.link.methods_of(class).find_map(|id| {
                    let key = program.link.methods[id];
                    let types = program.link.proto(key.proto);
                    let def = program.defs.def_of[id];
                    (key.name == name && types[1..] == [view] && def != NONE).then_some(def)
                })
            })
    }

    /// Whether a view that a layout names is among these.
    pub(super) fn has_view(&self, value: Value) -> bool {
        self.values.objects(value).into_iter().any(|object| {
            let origin = self.heap.objects[object as usize].origin;
            matches!(origin, Origin::View(..))
        })
    }

    /// Whether a view stands for one of which more is known by now.
    pub(super) fn is_stale(&self, view: u32) -> bool {
        match self.heap.objects[view as usize].origin {
            Origin::View(NONE, _, id) => {
                self.views.by_id.contains_key(&id) && !self.views.obscure.contains(&view)
            }
            _ => false,
        }
    }
}

/// What stands beside a box that says nothing itself: the first text behind it in its layout, or the last one before it.
fn beside(views: &[View], at: usize) -> Option<Vec<String>> {
    let (before, behind) = views.split_at(at);
    let says = |view: &&View| !view.texts.is_empty();
    // Another box in between has the text behind it.
    let mut behind = behind[1..].iter().take_while(|view| !view.ticks);
    let mut before = before.iter().rev().take_while(|view| !view.ticks);
    let found = behind.find(says).or_else(|| before.find(says));
    found.map(|view| view.texts.clone())
}
