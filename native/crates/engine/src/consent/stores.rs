//! What outlives a call: preferences, files, databases, extras, containers with keys.

use super::facts::Foreign;
use super::heap::{Key, Origin, Store};
use super::texts::{PARTIAL, is_marked};
use super::value::{ANY, Atom, NOTHING, Objects, Outcome, Value};
use super::world::{Phase, World};
use crate::code::link::NONE;

/// The name of a package that a context was asked for.
const UNSAID: &str = "\u{fffc}";
/// Bundles inside an intent that are asked.
const WITHIN: usize = 16;

impl World<'_> {
    /// The store of a kind with a name, or with [`NONE`] for one that is not known.
    pub(super) fn store(&mut self, kind: Store, name: u32) -> u32 {
        self.heap.object(Origin::Store(kind, name), NONE, 0).0
    }

    /// Stores of a kind for each known name; one without a name if none is known.
    fn stores_named(&mut self, kind: Store, name: Value) -> Value {
        let mut texts = self.values.texts(name);
        if name == ANY || texts.is_empty() {
            texts = vec![NONE];
        }
        let mut atoms = Vec::new();
        for text in texts {
            let known = match text {
                NONE => None,
                text => Some(self.heap.text_of(text)),
            };
            let name = match known {
                Some(known) if is_default(known) => self.heap.text("default"),
                Some(known) if !is_marked(known) => text,
                _ => NONE,
            };
            atoms.push(Atom::Object(self.store(kind, name)));
        }
        self.values.of(atoms)
    }

    /// `SharedPreferences` and its editor.
    pub(super) fn preferences(
        &mut self,
        node: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let name = facts.name.as_str();
        let receiver = *args.first()?;
        let loose = self.store(Store::Preferences, NONE);
        let stores = match self.values.objects(receiver) {
            stores if stores.is_empty() => Objects::from_slice(&[loose]),
            stores => stores,
        };
        let receiver = {
            let atoms = stores.iter().map(|&store| Atom::Object(store));
            self.values.of(atoms)
        };
        match name {
            "edit" | "remove" | "clear" => Some((receiver, true)),
            "apply" | "commit" => Some((ANY, true)),
            "registerOnSharedPreferenceChangeListener" => {
                self.watch(node, &stores, args);
                Some((NOTHING, true))
            }
            "getAll" => Some((self.unclear(node, NOTHING), true)),
            "contains" => {
                let zero = self.values.integer(0);
                Some((self.load(node, &stores, args[1], zero, true), true))
            }
            _ if name.starts_with("put") && args.len() >= 3 => {
                self.save(&stores, args[1], args[2]);
                Some((receiver, true))
            }
            _ if name.starts_with("get") && args.len() >= 3 => {
                Some((self.load(node, &stores, args[1], args[2], false), true))
            }
            _ => None,
        }
    }

    /// A listener for changes of preferences runs for each key that is stored.
    fn watch(&mut self, node: u32, stores: &[u32], args: &[Value]) {
        for &store in stores {
            let keys = self.read(Key::Contents(store), node);
            let listeners = args.get(1).map(|&arg| self.values.objects(arg));
            for listener in listeners.into_iter().flatten().filter(|_| keys != NOTHING) {
                for callback in self.callbacks_of(listener).iter() {
                    let mut args = self.callback_args(listener, callback.def);
                    if callback.name == "onSharedPreferenceChanged" && args.len() == 3 {
                        args[1] = self.values.one(Atom::Object(store));
                        args[2] = keys;
                        self.call(node, 0, callback.def, &args);
                    }
                }
            }
        }
    }

    /// Stores a value under a key.
    pub(super) fn save(&mut self, stores: &[u32], key: Value, value: Value) {
        let keys = self.heap.known_texts(key, &self.values);
        for &store in stores {
            if let Origin::Store(Store::Preferences, _) = self.heap.objects[store as usize].origin {
                self.write(Key::Contents(store), key);
            }
            match &keys {
                Some(keys) => {
                    for &key in keys {
                        self.write(Key::At(store, key), value);
                        // What is stored in a store that is not known may be read from any.
                        let of = self.heap.objects[store as usize].origin;
                        let every = self.text_key(key);
                        if let Origin::Store(Store::Preferences, NONE) = of {
                            self.write(Key::AtUnknown(every), value);
                        }
                        if let Origin::Store(Store::Preferences, _) = of {
                            self.write(Key::Contents(every), value);
                        }
                    }
                }
                None => self.write(Key::AtUnknown(store), value),
            }
        }
    }

    /// The object that stands for a key in whatever store.
    fn text_key(&mut self, key: u32) -> u32 {
        self.heap
            .object(Origin::Store(Store::Settings, key), NONE, 0)
            .0
    }

    /// What may lie under a key: what was stored there, or the default.
    pub(super) fn load(
        &mut self,
        node: u32,
        stores: &[u32],
        key: Value,
        default: Value,
        only_presence: bool,
    ) -> Value {
        let Some(keys) = self
            .heap
            .known_texts(key, &self.values)
            .filter(|keys| !keys.is_empty())
        else {
            return self.unclear(node, default);
        };
        // What the manifest states is there.
        let stated = |world: &Self, store: u32, key: u32| {
            let origin = world.heap.objects[store as usize].origin;
            origin == Origin::Store(Store::MetaData, NONE)
                && world.heap.peek(Key::At(store, key)) != NOTHING
        };
        let all_stated = !stores.is_empty()
            && stores
                .iter()
                .all(|&store| keys.iter().all(|&key| stated(self, store, key)));
        let mut out = if all_stated || only_presence {
            NOTHING
        } else {
            default
        };
        let mut more = NOTHING;
        for &store in stores {
            for &key in &keys {
                let own = self.read(Key::At(store, key), node);
                out = self.values.join(out, own);
                let every = self.text_key(key);
                let loose = self.read(Key::AtUnknown(every), node);
                out = self.values.join(out, loose);
                if let Origin::Store(Store::Preferences, NONE) =
                    self.heap.objects[store as usize].origin
                {
                    let any = self.read(Key::Contents(every), node);
                    out = self.values.join(out, any);
                }
            }
            let unknown = self.read(Key::AtUnknown(store), node);
            more = self.values.join(more, unknown);
        }
        // Something was stored under a key that is not known: it may be this one.
        if more != NOTHING {
            self.depends_on_phase(node);
            if self.phase >= Phase::Unclear {
                out = self.values.join(out, more);
            }
        }
        match (only_presence, out) {
            (true, NOTHING) => default,
            (true, _) => ANY,
            (false, _) => out,
        }
    }

    /// A value that cannot be told: the default until unclear things happen.
    pub(super) fn unclear(&mut self, node: u32, default: Value) -> Value {
        self.depends_on_phase(node);
        if self.phase >= Phase::Unclear {
            ANY
        } else if default == NOTHING {
            self.values.integer(0)
        } else {
            default
        }
    }

    /// MMKV, whose code is native: the number by which native code knows a store is the store here.
    pub(super) fn mmkv(&mut self, node: u32, name: &str, args: &[Value]) -> Outcome {
        let own = self.heap.text("mmkv");
        let store = self.store(Store::Preferences, own);
        if name.starts_with("getDefaultMMKV") {
            return (self.values.one(Atom::Object(store)), true);
        }
        if name.starts_with("getMMKV") {
            let names = self.heap.known_texts(args[0], &self.values);
            let mut atoms = Vec::new();
            for name in names.unwrap_or_default() {
                let name = format!("mmkv/{}", self.heap.text_of(name));
                let name = self.heap.text(&name);
                atoms.push(Atom::Object(self.store(Store::Preferences, name)));
            }
            if atoms.is_empty() {
                atoms.push(Atom::Object(self.store(Store::Preferences, NONE)));
            }
            return (self.values.of(atoms), true);
        }
        let mut stores: Vec<u32> = Vec::new();
        for &arg in args {
            let objects = self.values.objects(arg).into_iter();
            stores.extend(objects.filter(|&object| {
                matches!(self.heap.objects[object as usize].origin, Origin::Store(..))
            }));
        }
        if stores.is_empty() {
            stores.push(store);
        }
        // The first text is the key, the register behind it the value or the default.
        let at = (0..args.len()).find(|&at| !self.values.texts(args[at]).is_empty());
        let Some(at) = at else {
            return (ANY, true);
        };
        let other = args.get(at + 1).copied().unwrap_or(ANY);
        if name.starts_with("encode") {
            self.save(&stores, args[at], other);
            return (ANY, true);
        }
        if name.starts_with("decode") {
            return (self.load(node, &stores, args[at], other, false), true);
        }
        if name.starts_with("contains") {
            let zero = self.values.integer(0);
            return (self.load(node, &stores, args[at], zero, true), true);
        }
        (ANY, true)
    }

    /// `Preferences` of DataStore: the key is an object that was made with its name.
    pub(super) fn data_store(&mut self, node: u32, name: &[u8], args: &[Value]) -> Outcome {
        let own = self.heap.text("datastore");
        let store = self.store(Store::Preferences, own);
        let mut key = NOTHING;
        for object in self.values.objects(args[1]) {
            let class = self.heap.objects[object as usize].class;
            let fields = if class == NONE {
                0..0
            } else {
                self.program.link.fields_of(class)
            };
            for field in fields {
                let value = self.read(Key::Field(object, field as u32), node);
                let texts = self
                    .values
                    .filter(value, |atom| matches!(atom, Atom::Text(_)));
                key = self.values.join(key, texts);
            }
        }
        let zero = self.values.integer(0);
        match name {
            b"set" => {
                let value = args.get(2).copied().unwrap_or(ANY);
                self.save(&[store], key, value);
                (NOTHING, true)
            }
            b"contains" => (self.load(node, &[store], key, zero, true), true),
            _ => (self.load(node, &[store], key, zero, false), true),
        }
    }

    /// Calls that open, ask or change a store.
    pub(super) fn stores(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
        is_static: bool,
    ) -> Option<Outcome> {
        let context = facts.of("Landroid/content/Context;");
        let first = args.get(1).copied();
        match (facts.name.as_str(), first) {
            ("getSharedPreferences", Some(name)) if context => {
                return Some((self.stores_named(Store::Preferences, name), true));
            }
            ("<init>", _) if facts.class() == "Landroid/content/ComponentName;" => {
                self.name_unknown(args[0], *args.last()?);
                return None;
            }
            ("getPreferences", _) if facts.of("Landroid/app/Activity;") => {
                let name = self.heap.text("activity");
                let name = self.values.one(Atom::Text(name));
                return Some((self.stores_named(Store::Preferences, name), true));
            }
            (
                "addPreferencesFromResource" | "setPreferencesFromResource" | "setDefaultValues",
                _,
            ) => {
                // A screen of settings: its keys are not read, and what the user or the file sets may be under any.
                let name = self.heap.text("default");
                let store = self.store(Store::Preferences, name);
                self.write(Key::AtUnknown(store), ANY);
                return None;
            }
            ("getDefaultSharedPreferences", _) if is_static => {
                let name = self.heap.text("default");
                let name = self.values.one(Atom::Text(name));
                return Some((self.stores_named(Store::Preferences, name), true));
            }
            ("getIntent", None) if facts.of("Landroid/app/Activity;") => {
                return Some((self.intent_of(args[0]), true));
            }
            ("getArguments", None) if facts.of("Landroid/app/Fragment;") => {
                return Some((self.extras(), true));
            }
            _ => {}
        }
        if facts.of("Ljava/io/File;") {
            return self.file(node, unit, facts, args);
        }
        if let Some(outcome) = self.opened(node, unit, facts, args) {
            return Some(outcome);
        }
        if facts.class() == "Landroid/database/DatabaseUtils;" && facts.name == "queryNumEntries" {
            return self.count_rows(node, args);
        }
        if facts.of("Landroid/database/sqlite/SQLiteDatabase;") {
            return self.database(node, unit, facts, args);
        }
        if facts.of("Landroid/database/Cursor;") {
            return self.cursor(node, facts, args);
        }
        let extras = facts.of("Landroid/content/Intent;")
            || facts.of("Landroid/os/BaseBundle;")
            || facts.of("Landroid/os/Bundle;")
            || facts.of("Landroid/os/PersistableBundle;");
        if extras {
            return self.bundle(node, unit, facts, args);
        }
        if facts.of("Landroid/content/IntentFilter;") {
            return self.filter(node, facts, args);
        }
        None
    }

    /// The intent that an activity was started with. Anybody starts one that is open, with what they like.
    fn intent_of(&mut self, activities: Value) -> Value {
        let program = self.program;
        for activity in self.values.objects(activities) {
            let class = self.heap.objects[activity as usize].class;
            if class == NONE {
                return ANY;
            }
            if self.is_open(&program.type_name(class)) != Some(false) {
                return ANY;
            }
        }
        if activities == ANY {
            ANY
        } else {
            self.extras()
        }
    }

    /// The actions of a filter of intents.
    fn filter(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let filters = self.values.objects(*args.first()?);
        let mut actions = NOTHING;
        for &filter in &filters {
            let own = self.read(Key::Contents(filter), node);
            actions = self.values.join(actions, own);
        }
        if filters.is_empty() || actions == NOTHING {
            return None;
        }
        match facts.name.as_str() {
            "getAction" => {
                let texts = |atom| matches!(atom, Atom::Text(_));
                Some((self.values.filter(actions, texts), true))
            }
            "hasAction" | "matchAction" => {
                let zero = self.values.integer(0);
                let same = self.equal(actions, args[1]);
                Some((self.values.join(zero, same), true))
            }
            _ => None,
        }
    }

    /// The action of an intent.
    fn action(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let receiver = args[0];
        let intents = self.values.objects(receiver);
        let first = facts.parameters.first().map(String::as_str);
        match (facts.name.as_str(), args.get(1)) {
            ("<init>", Some(&given)) if first == Some("Landroid/content/Intent;") => {
                for other in self.values.objects(given) {
                    let action = self.read(Key::Label(other), node);
                    for &intent in &intents {
                        self.write(Key::Label(intent), action);
                    }
                }
                None
            }
            ("<init>" | "setAction", Some(&action)) if first == Some("Ljava/lang/String;") => {
                for &intent in &intents {
                    self.write(Key::Label(intent), action);
                }
                None
            }
            ("getAction", None) => {
                let made = |&intent: &u32| {
                    matches!(self.heap.objects[intent as usize].origin, Origin::Site(..))
                };
                if receiver == ANY || !intents.iter().all(made) {
                    return Some((ANY, true));
                }
                let mut out = NOTHING;
                for intent in intents {
                    let own = match self.read(Key::Label(intent), node) {
                        NOTHING => self.values.integer(0),
                        own => own,
                    };
                    out = self.values.join(out, own);
                }
                Some((out, out != NOTHING))
            }
            _ => None,
        }
    }

    fn bundle(&mut self, node: u32, unit: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let receiver = *args.first()?;
        let name = facts.name.as_str();
        if facts.of("Landroid/content/Intent;")
            && let Some(outcome) = self.action(node, facts, args)
        {
            return Some(outcome);
        }
        if name == "keySet" {
            // A set of texts that are known only for what the manifest states.
            let mut keys = NOTHING;
            for object in self.values.objects(receiver) {
                let own = self.read(Key::Contents(object), node);
                let texts = self
                    .values
                    .filter(own, |atom| matches!(atom, Atom::Text(_)));
                keys = self.values.join(keys, texts);
            }
            let kind = self.program.find_type(b"Ljava/util/Set;").unwrap_or(NONE);
            let set = self.object_at(node, unit, kind);
            self.write(Key::Contents(set), keys);
            return Some((self.values.one(Atom::Object(set)), true));
        }
        let first = facts.parameters.first().map(String::as_str);
        if name == "getExtras" && !self.values.objects(receiver).is_empty() {
            let zero = self.values.integer(0);
            return Some((self.values.join(receiver, zero), true));
        }
        if matches!(name, "setClassName" | "setClass" | "setComponent")
            || name == "<init>" && first == Some("Landroid/content/Context;")
        {
            self.name_unknown(receiver, *args.last()?);
        }
        let key = args.get(1).copied()?;
        let whole = matches!(
            first,
            Some(
                "Landroid/os/Bundle;"
                    | "Landroid/os/PersistableBundle;"
                    | "Landroid/content/Intent;"
            )
        );
        if whole && key == ANY {
            // What comes from another that is not known may be under any key.
            let mut all = self.values.objects(receiver);
            let extras = self.extras();
            all.extend(self.values.objects(extras));
            for object in all {
                self.write(Key::AtUnknown(object), ANY);
            }
        }
        let keyed = facts
            .parameters
            .first()
            .is_some_and(|kind| kind == "Ljava/lang/String;");
        if !keyed {
            return None;
        }
        let mut objects = self.values.objects(receiver);
        if name.starts_with("put") && args.len() == 3 {
            let extras = self.extras();
            let mut all = objects;
            all.extend(self.values.objects(extras));
            self.save(&all, key, args[2]);
            self.keep(receiver, &args[2..]);
            return Some((facts.fluent(receiver), true));
        }
        let asks = name.starts_with("get") || name == "containsKey" || name == "hasExtra";
        if !asks {
            return None;
        }
        if receiver == ANY || objects.is_empty() {
            return Some((ANY, true));
        }
        // What was put in as a whole is asked too.
        let mut next = 0;
        while next < objects.len() {
            if objects.len() > WITHIN {
                return Some((ANY, true));
            }
            let contents = self.read(Key::Contents(objects[next]), node);
            next += 1;
            for inner in self.values.objects(contents) {
                let class = self.heap.objects[inner as usize].class;
                let bundle = class != NONE
                    && matches!(
                        self.program.descriptor(class),
                        b"Landroid/os/Bundle;"
                            | b"Landroid/content/Intent;"
                            | b"Landroid/os/PersistableBundle;"
                    );
                if bundle && !objects.contains(&inner) {
                    objects.push(inner);
                }
            }
        }
        let zero = self.values.integer(0);
        let default = args.get(2).copied().unwrap_or(zero);
        let presence = !name.starts_with("get");
        Some((self.load(node, &objects, key, default, presence), true))
    }
}

/// Whether preferences of a name are those that a context gives without one: its package's name with an ending.
fn is_default(name: &str) -> bool {
    let stem = name.strip_suffix("_preferences");
    stem.is_some_and(|stem| stem.contains('.') || stem.strip_prefix(PARTIAL) == Some(UNSAID))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_preferences() {
        assert!(is_default("com.example.app_preferences"));
        assert!(is_default(&format!("{PARTIAL}{UNSAID}_preferences")));
        assert!(!is_default("user_preferences"));
    }
}
