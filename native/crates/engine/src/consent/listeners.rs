//! Listeners that code sets on controls: which call-backs they are, on which control, and what it says.

use super::controls::Control;
use super::facts::Foreign;
use super::heap::Key;
use super::value::{ANY, Atom, Value};
use super::world::World;

impl World<'_> {
    /// A listener of a view.
    pub(super) fn listen(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
    ) {
        let of_view = facts.of("Landroid/view/View;");
        let of_group = facts.of("Landroid/widget/RadioGroup;");
        let click = facts.name == "setOnClickListener" || facts.name == "setOnLongClickListener";
        let ticks = facts.name == "setOnCheckedChangeListener";
        for listener in self.all_objects(passed) {
            for callback in self.callbacks_of(listener).iter() {
                if !callback.by_user || !names_callback(&facts.name, &callback.name) {
                    continue;
                }
                let mut args = self.callback_args(listener, callback.def);
                let views = self.values.objects(receiver);
                if of_group && ticks && args.len() == 3 {
                    args[1] = receiver;
                    args[2] = self.checked_radio(node, receiver);
                    self.add_event(node, unit, callback.def, args, None);
                    continue;
                }
                if !of_view || !(click || ticks) || views.is_empty() {
                    self.add_event(node, unit, callback.def, args, None);
                    continue;
                }
                for view in views {
                    if args.len() > 1 {
                        args[1] = self.values.one(Atom::Object(view));
                    }
                    let control = Control::on(view, ticks);
                    if ticks {
                        self.tickable(view);
                    }
                    self.add_event(node, unit, callback.def, args.clone(), Some(control));
                }
            }
        }
    }

    /// A button of a dialog of the platform: the text and the listener are among the arguments.
    pub(super) fn buttons(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        receiver: Value,
        passed: &[Value],
    ) {
        let which = match facts.name.as_str() {
            "setPositiveButton" => self.values.integer(-1),
            "setNegativeButton" => self.values.integer(-2),
            "setNeutralButton" => self.values.integer(-3),
            "setButton2" => self.values.integer(-2),
            "setButton3" => self.values.integer(-3),
            "setButton" if facts.parameters.first().is_some_and(|first| first == "I") => {
                passed.first().copied().unwrap_or(ANY)
            }
            _ => self.values.integer(-1),
        };
        let text = facts.parameters.iter().position(|kind| {
            kind == "Ljava/lang/CharSequence;" || kind == "I" && facts.name != "setButton"
        });
        let label = text.and_then(|at| passed.get(at)).copied().unwrap_or(ANY);
        for dialog in self.values.objects(receiver) {
            for number in self.values.integers(which).unwrap_or_default() {
                self.write(Key::Element(dialog, number), label);
            }
        }
        if let Some(&listener) = passed.last() {
            self.button(node, unit, receiver, label, listener, which);
        }
    }

    pub(super) fn button(
        &mut self,
        node: u32,
        unit: u32,
        dialogs: Value,
        label: Value,
        listeners: Value,
        which: Value,
    ) {
        for listener in self.values.objects(listeners) {
            for callback in self.callbacks_of(listener).iter() {
                let mut args = self.callback_args(listener, callback.def);
                if callback.name != "onClick" || args.len() != 3 {
                    continue;
                }
                args[2] = which;
                for dialog in self.values.objects(dialogs) {
                    args[1] = self.values.one(Atom::Object(dialog));
                    let control = Control {
                        object: dialog,
                        label: Some(label),
                        ticks: false,
                    };
                    self.add_event(node, unit, callback.def, args.clone(), Some(control));
                }
            }
        }
    }

    /// A builder of the app is told one text: it will stand on what is built.
    pub(super) fn tell_builder(&mut self, kind: u32, args: &[Value]) {
        let texts = match self.program.descriptor(kind) {
            b"Ljava/lang/CharSequence;" | b"Ljava/lang/String;" => self
                .values
                .filter(args[1], |atom| matches!(atom, Atom::Text(_))),
            b"I" => self.values.filter(
                args[1],
                |atom| matches!(atom, Atom::Integer(id) if id > 0x7eff_ffff),
            ),
            _ => return,
        };
        if texts == ANY {
            return;
        }
        for builder in self.values.objects(args[0]) {
            self.write(Key::Label(builder), texts);
        }
    }
}

/// Whether a method that sets a listener is about a call-back: `setOnClickListener` about `onClick`.
fn names_callback(setter: &str, callback: &str) -> bool {
    let wanted = setter
        .strip_prefix("setOn")
        .and_then(|rest| rest.strip_suffix("Listener"));
    match wanted {
        Some("CheckedChange") => callback == "onCheckedChanged",
        Some(wanted) => callback
            .strip_prefix("on")
            .is_some_and(|own| own.starts_with(wanted)),
        None => true,
    }
}
