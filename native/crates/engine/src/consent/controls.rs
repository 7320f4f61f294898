//! Controls: what they say, and when their listeners run.

use super::heap::{Key, Origin};
use super::lexicon::Says;
use super::texts::{GAP, MARK, PARTIAL};
use super::value::{Atom, Value};
use super::world::{Cause, Phase, World};
use crate::code::link::NONE;
use crate::env::screens::View;

/// Objects looked at to find what stands around a control.
const AROUND: usize = 200;

/// A listener that waits for the user.
#[derive(Debug, Clone)]
pub struct Event {
    /// Where it was registered: node and code unit.
    pub from: (u32, u32),
    /// Method that runs.
    pub def: u32,
    pub(super) args: Vec<Value>,
    pub(super) control: Option<Control>,
    /// In which phase it ran.
    pub fired: Option<Phase>,
}

/// What the user acts on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Control {
    /// The view, or the dialog of a button.
    pub object: u32,
    /// What the button says, if it is not the view itself that says it.
    pub label: Option<Value>,
    /// Whether it is a box: the listener runs for a tick and for its removal.
    pub ticks: bool,
}

impl World<'_> {
    /// Adds a listener. With a control it waits for what the control says; without, for any action of the user.
    pub(super) fn add_event(
        &mut self,
        node: u32,
        unit: u32,
        def: u32,
        args: Vec<Value>,
        control: Option<Control>,
    ) {
        let receiver = match self.values.atoms(args[0]) {
            [Atom::Object(object)] => *object,
            _ => NONE,
        };
        let at = control.map_or(NONE, |control| control.object);
        let label = control.and_then(|control| control.label);
        // One listener on one control is one event; buttons of one dialog differ in what they say, results in what was asked for.
        let said = label.or(args.get(1).copied().filter(|_| control.is_none()));
        let salt = said.map_or(0, |label| {
            self.values
                .atoms(label)
                .iter()
                .fold(7u32, |sum, atom| match atom {
                    Atom::Text(number) => sum.wrapping_mul(31).wrapping_add(*number),
                    Atom::Integer(number) => sum.wrapping_mul(31).wrapping_add(*number as u32),
                    _ => sum,
                })
        });
        let key = (def, receiver, at ^ salt.rotate_left(16));
        let next = self.events.len() as u32;
        if let Some(&number) = self.event_numbers.get(&key) {
            // The arguments may have grown.
            let mut changed = false;
            for (position, &arg) in args.iter().enumerate() {
                let old = self.events[number as usize].args[position];
                let joined = self.values.join(old, arg);
                changed |= joined != old;
                self.events[number as usize].args[position] = joined;
            }
            if changed && self.events[number as usize].fired.is_some() {
                self.fire_event(number);
            }
            return;
        }
        self.event_numbers.insert(key, next);
        if control.is_some() && receiver != NONE {
            self.bound.entry(receiver).or_default().push(next);
        }
        self.events.push(Event {
            from: (node, unit),
            def,
            args,
            control,
            fired: None,
        });
        if let Some(control) = control {
            self.tell_readers(Key::Listeners(control.object), self.cause);
        }
    }

    fn fire_event(&mut self, number: u32) {
        let event = self.events[number as usize].clone();
        let cause = self.cause;
        if self.phase == Phase::Agreed && self.required(number) == Phase::Agreed {
            self.cause = self.cause_number(Cause::Event(number));
        }
        let mut args = event.args;
        if let Some(control) = event.control.filter(|control| control.ticks)
            && self.phase < Phase::Agreed
            && self.says(number) == Says::Agree
            && args.len() > 2
        {
            // The box of the policy: the user takes a tick away, if one is there, and sets none.
            let ticked = self.heap.peek(Key::Ticked(control.object));
            let zero = self.values.integer(0);
            args[2] = self.values.join(zero, ticked);
        }
        self.call(event.from.0, event.from.1, event.def, &args);
        self.cause = cause;
    }

    /// Runs the listeners that may run in this phase, until there are no more.
    pub(super) fn fire_events(&mut self) {
        loop {
            self.settle();
            self.xml_handlers();
            let mut fired = false;
            for number in 0..self.events.len() as u32 {
                if self.exhausted() {
                    return;
                }
                let last = self.events[number as usize].fired;
                let again = last.is_some_and(|last| last < self.phase)
                    && self.events[number as usize]
                        .control
                        .is_some_and(|control| control.ticks)
                    && self.phase == Phase::Agreed;
                if last.is_some() && !again || self.required(number) > self.phase {
                    continue;
                }
                self.events[number as usize].fired = Some(self.phase);
                self.fire_event(number);
                fired = true;
            }
            fired |= self.tick_boxes();
            if !fired {
                return;
            }
        }
    }

    /// The first phase in which an event happens.
    pub(super) fn required(&mut self, number: u32) -> Phase {
        let Some(control) = self.events[number as usize].control else {
            return Phase::Used;
        };
        let enabled = self.heap.peek(Key::Enabled(control.object));
        let zero = self.values.integer(0);
        if enabled == zero && control.label.is_none() && self.phase < Phase::Agreed {
            return Phase::Agreed;
        }
        if control.ticks {
            return Phase::Used;
        }
        match self.says(number) {
            Says::Agree => Phase::Agreed,
            Says::Unclear => Phase::Unclear,
            Says::Other => Phase::Used,
        }
    }

    /// What the control of an event says.
    pub fn says(&mut self, number: u32) -> Says {
        let Some(control) = self.events[number as usize].control else {
            return Says::Other;
        };
        let (label, around) = self.texts_of_control(control);
        self.lexicon.judge(&label, &around)
    }

    /// The label of the control of an event, as a reader sees it.
    pub fn label(&mut self, number: u32) -> Vec<String> {
        match self.events[number as usize].control {
            Some(control) => self.texts_of_control(control).0,
            None => Vec::new(),
        }
    }

    fn texts_of_control(&mut self, control: Control) -> (Vec<String>, Vec<String>) {
        let mut label = match control.label {
            Some(label) => self.texts_of(label),
            None => self.label_of(control.object),
        };
        if label.is_empty() && control.ticks {
            label = self.beside(control.object);
        }
        let mut around = self.around(control.object, control.label.is_some());
        if control.label.is_none() {
            for own in &label {
                around.retain(|text| text != own);
            }
        }
        (label, around)
    }

    /// What a view says by itself.
    fn label_of(&mut self, object: u32) -> Vec<String> {
        let value = self.heap.peek(Key::Label(object));
        let mut texts = self.texts_of(value);
        if let Origin::View(id) = self.heap.objects[object as usize].origin {
            for layout in self.inflated() {
                let layout = self.screens.layout(layout);
                for view in layout.views.iter().filter(|view| view.id == id) {
                    texts.extend(view.texts.iter().cloned());
                }
            }
        }
        texts
    }

    /// What stands beside a box that says nothing itself: the first text behind it in its layout, or the last one before it.
    fn beside(&mut self, object: u32) -> Vec<String> {
        let Origin::View(id) = self.heap.objects[object as usize].origin else {
            return Vec::new();
        };
        for layout in self.inflated() {
            let layout = self.screens.layout(layout);
            let Some(at) = layout.views.iter().position(|view| view.id == id) else {
                continue;
            };
            let (before, behind) = layout.views.split_at(at);
            let says = |view: &&View| !view.texts.is_empty();
            // Another box in between has the text behind it.
            let mut behind = behind[1..].iter().take_while(|view| !view.ticks);
            let mut before = before.iter().rev().take_while(|view| !view.ticks);
            if let Some(view) = behind.find(says).or_else(|| before.find(says)) {
                return view.texts.clone();
            }
        }
        Vec::new()
    }

    /// Layouts that were put on the screen.
    pub(super) fn inflated(&self) -> Vec<u32> {
        let value = self.heap.peek(Key::Inflated);
        let id = |atom: &Atom| match atom {
            Atom::Integer(id) => Some(*id as u32),
            _ => None,
        };
        self.values.atoms(value).iter().filter_map(id).collect()
    }

    /// The texts of a value: strings, and the texts of resources.
    pub(super) fn texts_of(&mut self, value: Value) -> Vec<String> {
        let mut out = Vec::new();
        let mut atoms = self.values.atoms(value).to_vec();
        for object in self.values.objects(value) {
            // Styled text was made of plain text.
            let made_of = self.heap.peek(Key::Contents(object));
            atoms.extend(self.values.atoms(made_of));
        }
        for atom in atoms {
            match atom {
                Atom::Integer(id) if id > 0xffff => {
                    out.extend(self.screens.texts(id as u32).iter().cloned());
                }
                Atom::Text(number) => {
                    let text = self.heap.text_of(number).to_owned();
                    match resource_of(&text) {
                        Some(id) => out.extend(self.screens.texts(id).iter().cloned()),
                        None => out.push(shown(&text)),
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// All that stands around an object: on what holds it, and on all that these hold.
    /// `whole`: what the object itself says stands around too, for it is a dialog with a button.
    fn around(&mut self, object: u32, whole: bool) -> Vec<String> {
        let mut up = vec![object];
        let mut next = 0;
        while next < up.len() && up.len() < AROUND {
            let holders = self.heap.peek(Key::Holder(up[next]));
            next += 1;
            for holder in self.values.objects(holders) {
                if !up.contains(&holder) {
                    up.push(holder);
                }
            }
        }
        let mut all = up;
        let mut next = 0;
        while next < all.len() && all.len() < AROUND {
            let children = self.children.get(&all[next]).cloned().unwrap_or_default();
            next += 1;
            for child in children {
                if !all.contains(&child) {
                    all.push(child);
                }
            }
        }
        let mut out = Vec::new();
        for &one in &all {
            let label = self.heap.peek(Key::Label(one));
            if one != object || whole {
                out.extend(self.texts_of(label));
            }
            let layouts = self.heap.peek(Key::Layout(one));
            for atom in self.values.atoms(layouts).to_vec() {
                if let Atom::Integer(id) = atom {
                    let layout = self.screens.layout(id as u32);
                    out.extend(layout.texts().map(str::to_owned));
                }
            }
            if let Origin::View(id) = self.heap.objects[one as usize].origin {
                for layout in self.inflated() {
                    let layout = self.screens.layout(layout);
                    if layout.views.iter().any(|view| view.id == id) {
                        out.extend(layout.texts().map(str::to_owned));
                    }
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Notes that one object holds another.
    pub(super) fn hold(&mut self, holder: u32, child: u32) {
        if holder == child {
            return;
        }
        let value = self.values.one(Atom::Object(holder));
        self.write(Key::Holder(child), value);
        let children = self.children.entry(holder).or_default();
        if !children.contains(&child) {
            children.push(child);
        }
    }

    /// Boxes that the user may tick in this phase. Gives whether one was ticked.
    fn tick_boxes(&mut self) -> bool {
        let mut changed = false;
        for number in 0..self.heap.cells.len() {
            let Key::Ticked(object) = self.heap.cells[number].key else {
                continue;
            };
            let control = Control {
                object,
                label: None,
                ticks: true,
            };
            let (label, around) = self.texts_of_control(control);
            let needed = match self.lexicon.judge(&label, &around) {
                Says::Agree => Phase::Agreed,
                Says::Unclear => Phase::Unclear,
                Says::Other => Phase::Used,
            };
            if needed > self.phase {
                continue;
            }
            let both = self.values.of(vec![Atom::Integer(0), Atom::Integer(1)]);
            let before = self.heap.cells[number].value;
            let cause = self.cause;
            if needed == Phase::Agreed {
                self.cause = self.cause_number(Cause::Cell(number as u32, NONE));
            }
            self.write(Key::Ticked(object), both);
            self.cause = cause;
            changed |= self.heap.cells[number].value != before;
        }
        changed
    }

    /// Handlers that layouts name: methods of the components that are there.
    fn xml_handlers(&mut self) {
        for layout in self.inflated() {
            let shown = self.screens.layout(layout);
            for (position, view) in shown.views.iter().enumerate() {
                let Some(name) = &view.on_click else { continue };
                let name = name.clone();
                let origin = match view.id {
                    0 => Origin::Site(NONE, layout, position as u32),
                    id => Origin::View(id),
                };
                let object = self.object(origin, NONE, 0);
                if view.id == 0 {
                    for text in view.texts.clone() {
                        let number = self.heap.text(&text);
                        let value = self.values.one(Atom::Text(number));
                        self.write(Key::Label(object), value);
                    }
                    let id = self.values.integer(i64::from(layout));
                    self.write(Key::Layout(object), id);
                }
                self.add_handlers(&name, object);
            }
        }
    }

    fn add_handlers(&mut self, name: &str, view: u32) {
        let Some(name) = self.program.find_name(name) else {
            return;
        };
        let Some(kind) = self.program.find_type(b"Landroid/view/View;") else {
            return;
        };
        for component in 0..self.heap.objects.len() as u32 {
            let found = self.heap.objects[component as usize];
            if !matches!(found.origin, Origin::Made(_)) {
                continue;
            }
            let program = self.program;
            let chain: Vec<u32> = program
                .hierarchy
                .chain(&program.defs, found.class)
                .collect();
            let def = chain.into_iter().find_map(|position| {
                let class = program.defs.classes[position as usize].kind;
                let mut own = program.link.methods_of(class);
                own.find_map(|id| {
                    let key = program.link.methods[id];
                    let types = program.link.proto(key.proto);
                    let def = program.defs.def_of[id];
                    (key.name == name && types[1..] == [kind] && def != NONE).then_some(def)
                })
            });
            if let Some(def) = def {
                let args = vec![
                    self.values.one(Atom::Object(component)),
                    self.values.one(Atom::Object(view)),
                ];
                let control = Control {
                    object: view,
                    label: None,
                    ticks: false,
                };
                self.add_event(NONE, 0, def, args, Some(control));
            }
        }
    }

    /// Whether code of the app (a library of dialogs, say) calls a listener that waits for the user to agree, or for any user.
    pub(super) fn is_withheld(&mut self, node: u32, def: u32, objects: &[u32]) -> bool {
        if self.bound.is_empty() {
            return false;
        }
        let id = self.program.defs.methods[def as usize].id;
        let name = self.program.link.methods[id as usize].name;
        if &*self.program.name(name) != "onClick" {
            return false;
        }
        let mut needed = Phase::Start;
        for object in objects {
            let Some(events) = self.bound.get(object).cloned() else {
                return false;
            };
            let phases = events.into_iter().map(|event| self.required(event));
            needed = needed.max(phases.min().unwrap_or_default());
        }
        let held = needed > self.phase;
        if held {
            self.depends_on_phase(node);
        }
        held
    }

    /// Whether a control that agrees was found.
    pub fn has_gate(&mut self) -> bool {
        let events = (0..self.events.len() as u32).any(|number| self.says(number) == Says::Agree);
        events
            || (0..self.heap.cells.len()).any(|number| {
                let Key::Ticked(object) = self.heap.cells[number].key else {
                    return false;
                };
                let control = Control {
                    object,
                    label: None,
                    ticks: true,
                };
                let (label, around) = self.texts_of_control(control);
                self.lexicon.judge(&label, &around) == Says::Agree
            })
    }
}

/// The text that stands for the text of a resource.
pub(super) fn resource_text(id: u32) -> String {
    format!("{MARK}{id:08x}")
}

/// A text as far as it is known.
fn shown(text: &str) -> String {
    match text.strip_prefix(PARTIAL) {
        Some(known) => known.replace(GAP, ""),
        None => text.to_owned(),
    }
}

/// The resource that a text stands for.
pub(super) fn resource_of(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix(MARK)?, 16).ok()
}
