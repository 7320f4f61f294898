//! Controls: what they say, and when their listeners run.

use super::heap::Key;
use super::lexicon::Says;
use super::texts::{GAP, MARK, PARTIAL};
use super::value::{Atom, NOTHING, Value};
use super::world::{Cause, Phase, World};
use crate::code::link::NONE;

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
    /// What was known of the box when it ran.
    ticked: Value,
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

impl Control {
    /// A view that says itself what it is for.
    pub fn on(view: u32, ticks: bool) -> Control {
        Control {
            object: view,
            label: None,
            ticks,
        }
    }
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
                    Atom::Object(number) => sum.wrapping_mul(37).wrapping_add(*number),
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
            ticked: NOTHING,
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
            && self.acted_on_in(control) > self.phase
            && self.is_told_a_truth(event.def)
        {
            // The box of the policy: the user takes a tick away, if one is there, and sets none.
            let ticked = self.heap.peek(Key::Ticked(control.object));
            let zero = self.values.integer(0);
            args[2] = self.values.join(zero, ticked);
        }
        self.by_user = event.control.is_some();
        self.call(event.from.0, event.from.1, event.def, &args);
        self.cause = cause;
    }

    /// Whether the second parameter of a listener is a truth value, as for boxes; groups of them tell an id.
    fn is_told_a_truth(&self, def: u32) -> bool {
        let id = self.program.defs.methods[def as usize].id;
        let key = self.program.link.methods[id as usize];
        let types = self.program.link.proto(key.proto);
        types
            .get(2)
            .is_some_and(|&kind| self.program.descriptor(kind) == b"Z")
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
                let Event {
                    fired: last,
                    control,
                    ticked: told,
                    ..
                } = self.events[number as usize];
                let ticked = match control {
                    Some(control) if control.ticks => self.heap.peek(Key::Ticked(control.object)),
                    _ => NOTHING,
                };
                // A box tells its listener again what code made of it since.
                let again = last.is_some() && ticked != told;
                if last.is_some() && !again || self.required(number) > self.phase {
                    continue;
                }
                self.events[number as usize].fired = Some(self.phase);
                self.events[number as usize].ticked = ticked;
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
        if self.is_stale(control.object) {
            return Phase::Never;
        }
        if self.views.pressed.contains(&control.object) && !control.ticks {
            return Phase::Start;
        }
        let needed = match control.ticks {
            true => Phase::Used,
            false => self.acted_on_in(control),
        };
        let enabled = self.heap.peek(Key::Enabled(control.object));
        let zero = self.values.integer(0);
        if enabled != zero || control.label.is_some() {
            return needed;
        }
        // Nothing that is known enables it so far.
        if self.views.any_enabled {
            needed.max(Phase::Unclear)
        } else {
            Phase::Late
        }
    }

    /// The first phase in which the user may press or tick a control.
    fn acted_on_in(&mut self, control: Control) -> Phase {
        match self.judged(control) {
            Says::Agree => Phase::Agreed,
            Says::Unclear => Phase::Unclear,
            Says::Other => Phase::Used,
        }
    }

    /// What the control of an event says.
    pub fn says(&mut self, number: u32) -> Says {
        match self.events[number as usize].control {
            Some(control) => self.judged(control),
            None => Says::Other,
        }
    }

    /// The label of the control of an event, as a reader sees it.
    pub fn label(&mut self, number: u32) -> Vec<String> {
        match self.events[number as usize].control {
            Some(control) => self.texts_of_control(control),
            None => Vec::new(),
        }
    }

    /// Boxes that the user may tick in this phase. Gives whether one was ticked.
    fn tick_boxes(&mut self) -> bool {
        let mut changed = false;
        for number in 0..self.heap.cells.len() {
            let Key::Ticked(object) = self.heap.cells[number].key else {
                continue;
            };
            let needed = self.acted_on_in(Control::on(object, true));
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

    /// Whether a library of dialogs calls a listener that waits for the user to agree, or for any user: its own listener does so when
    /// the user presses something. What else calls a listener needs no user.
    /// `guessed`: these may be the objects that it calls.
    pub(super) fn is_withheld(
        &mut self,
        node: u32,
        def: u32,
        objects: &[u32],
        guessed: bool,
    ) -> bool {
        if self.bound.is_empty() || !guessed && !self.is_by_user(node) {
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
}

/// The text that stands for the text of a resource.
pub(super) fn resource_text(id: u32) -> String {
    format!("{MARK}{id:08x}")
}

/// A text as far as it is known.
pub(super) fn shown(text: &str) -> String {
    match text.strip_prefix(PARTIAL) {
        Some(known) => known.replace(GAP, ""),
        None => text.to_owned(),
    }
}

/// The resource that a text stands for.
pub(super) fn resource_of(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix(MARK)?, 16).ok()
}
