//! What outlives a call: preferences, files, databases, extras, containers with keys.

use super::facts::Foreign;
use super::heap::{Key, Origin, Store};
use super::value::{ANY, Atom, NOTHING, Value};
use super::world::{Phase, World};
use crate::code::link::NONE;

/// Bundles inside an intent that are asked.
const WITHIN: usize = 16;
/// Whether a cursor counts rows, kept like an element of an array.
const COUNTED: i64 = -6;

type Outcome = (Value, bool);

impl World<'_> {
    fn store(&mut self, kind: Store, name: u32) -> u32 {
        self.heap.object(Origin::Store(kind, name), NONE, 0).0
    }

    /// Stores of a kind for each known name; one without a name if none is known.
    fn stores_named(&mut self, kind: Store, name: Value) -> Value {
        let names = self.heap.known_texts(name, &self.values);
        let names = names.filter(|names| !names.is_empty());
        let mut atoms = Vec::new();
        for name in names.unwrap_or(vec![NONE]) {
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
            stores if stores.is_empty() => vec![loose],
            stores => stores,
        };
        let receiver = {
            let atoms = stores.iter().map(|&store| Atom::Object(store)).collect();
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
            ("getPreferences", _) if facts.of("Landroid/app/Activity;") => {
                let name = self.heap.text("activity");
                let name = self.values.one(Atom::Text(name));
                return Some((self.stores_named(Store::Preferences, name), true));
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
            return self.file(node, facts, args);
        }
        if let Some(outcome) = self.opened(node, unit, facts, args) {
            return Some(outcome);
        }
        if facts.class() == "Landroid/database/DatabaseUtils;" && facts.name == "queryNumEntries" {
            let zero = self.values.integer(0);
            let texts = self.heap.known_texts(args[1], &self.values)?;
            let mut out = zero;
            for text in texts {
                let table = self.heap.text_of(text).to_lowercase();
                let table = self.heap.text(&table);
                let store = self.store(Store::Table, table);
                if self.read(Key::Contents(store), node) != NOTHING {
                    out = ANY;
                }
            }
            return Some((out, true));
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
            let name = program.type_name(class);
            let found = self
                .manifest
                .components
                .iter()
                .find(|one| one.class == name);
            if found.is_none_or(|one| one.open) {
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
        let key = args.get(1).copied()?;
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
            let back = if facts.result == "V" {
                NOTHING
            } else {
                receiver
            };
            return Some((back, true));
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
        while next < objects.len() && objects.len() < WITHIN {
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

    /// `File`: the last part of its name; whether the app made it.
    fn file(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let receiver = *args.first()?;
        match facts.name.as_str() {
            "<init>" => {
                if let Some(&name) = args.last() {
                    let parent = (args.len() > 2).then(|| args[1]);
                    for object in self.values.objects(receiver) {
                        self.write(Key::Label(object), name);
                        if let Some(parent) = parent {
                            self.write(Key::Holder(object), parent);
                        }
                    }
                }
                Some((NOTHING, true))
            }
            "createNewFile" | "mkdir" | "mkdirs" => {
                self.make_files(node, receiver);
                Some((ANY, true))
            }
            "exists" | "isFile" | "isDirectory" | "canRead" | "length" | "lastModified" => {
                Some((self.file_there(node, receiver), true))
            }
            _ => None,
        }
    }

    /// Names of files; `None` if one is not known, or lies outside the app.
    fn file_names(&mut self, node: u32, value: Value) -> Option<Vec<u32>> {
        if value == ANY {
            return None;
        }
        let mut names = self.values.texts(value);
        for object in self.values.objects(value) {
            let name = self.read(Key::Label(object), node);
            names.extend(self.heap.known_texts(name, &self.values)?);
        }
        let own = |&name: &u32| {
            let text = self.heap.text_of(name);
            !text.starts_with('/') && !text.starts_with('\u{1}')
        };
        (!names.is_empty() && names.iter().all(own)).then_some(names)
    }

    fn make_files(&mut self, node: u32, files: Value) {
        for name in self.file_names(node, files).unwrap_or_default() {
            let store = self.store(Store::File, name);
            let one = self.values.integer(1);
            self.write(Key::Contents(store), one);
        }
    }

    /// Whether a file is there: 0 as long as nothing that runs makes it.
    fn file_there(&mut self, node: u32, files: Value) -> Value {
        let Some(names) = self.file_names(node, files) else {
            return ANY;
        };
        let mut out = self.values.integer(0);
        for name in names {
            let store = self.store(Store::File, name);
            let own = self.read(Key::Contents(store), node);
            if own != NOTHING {
                out = ANY;
            }
        }
        out
    }

    /// Streams on files: writing makes the file, reading one that is not there throws.
    fn opened(&mut self, node: u32, unit: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let first = args.get(1).copied();
        let context = facts.of("Landroid/content/Context;");
        match (facts.class(), facts.name.as_str(), first) {
            (
                "Ljava/io/FileOutputStream;"
                | "Ljava/io/FileWriter;"
                | "Ljava/io/RandomAccessFile;"
                | "Ljava/io/PrintWriter;",
                "<init>",
                Some(file),
            ) => {
                self.make_files(node, file);
                Some((NOTHING, true))
            }
            (_, "openFileOutput", Some(file)) if context => {
                self.make_files(node, file);
                Some((ANY, true))
            }
            ("Ljava/io/FileInputStream;" | "Ljava/io/FileReader;", "<init>", Some(file)) => {
                let zero = self.values.integer(0);
                let there = self.file_there(node, file);
                Some((NOTHING, there != zero))
            }
            (_, "openFileInput", Some(file)) if context => {
                let zero = self.values.integer(0);
                let there = self.file_there(node, file);
                Some((ANY, there != zero))
            }
            (_, "getFileStreamPath" | "getDatabasePath", Some(name)) if context => {
                let kind = self.program.find_type(b"Ljava/io/File;").unwrap_or(NONE);
                let object = self.object_at(node, unit, kind);
                self.write(Key::Label(object), name);
                Some((self.values.one(Atom::Object(object)), true))
            }
            _ => None,
        }
    }

    fn database(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let name = facts.name.as_str();
        let texts = args
            .get(1)
            .and_then(|&arg| self.heap.known_texts(arg, &self.values));
        let tables: Option<Vec<String>> = texts.map(|texts| {
            let texts = texts.into_iter().map(|text| self.heap.text_of(text));
            texts.map(|text| table_of(text).to_lowercase()).collect()
        });
        let reads = matches!(name, "query" | "rawQuery" | "queryWithFactory");
        let sql = args.get(1).copied().unwrap_or(ANY);
        let writes = matches!(name, "insert" | "insertOrThrow" | "insertWithOnConflict")
            || matches!(name, "replace" | "replaceOrThrow" | "update")
            || name == "execSQL" && self.changes_rows(sql);
        if writes {
            for table in tables.unwrap_or_default() {
                let table = self.heap.text(&table);
                let store = self.store(Store::Table, table);
                self.write(Key::Contents(store), ANY);
            }
            return Some((ANY, true));
        }
        if !reads {
            return None;
        }
        let tables = tables.filter(|tables| !tables.is_empty())?;
        let kind = self
            .program
            .find_type(b"Landroid/database/Cursor;")
            .unwrap_or(NONE);
        let object = self.object_at(node, unit, kind);
        let counts = |text: &str| text.to_lowercase().contains("count(");
        let asked = args
            .get(1)
            .and_then(|&arg| self.heap.known_texts(arg, &self.values));
        if name == "rawQuery"
            && asked.is_some_and(|texts| texts.iter().any(|&text| counts(self.heap.text_of(text))))
        {
            let one = self.values.integer(1);
            self.write(Key::Element(object, COUNTED), one);
        }
        for table in tables {
            let table = self.heap.text(&table);
            let store = self.store(Store::Table, table);
            let value = self.values.one(Atom::Object(store));
            self.write(Key::Holder(object), value);
        }
        Some((self.values.one(Atom::Object(object)), true))
    }

    fn changes_rows(&mut self, sql: Value) -> bool {
        let Some(texts) = self.heap.known_texts(sql, &self.values) else {
            return false;
        };
        texts.into_iter().any(|text| {
            let text = self.heap.text_of(text).trim_start().to_lowercase();
            ["insert", "update", "replace"]
                .iter()
                .any(|word| text.starts_with(word))
        })
    }

    /// A cursor over a table of the app gives nothing as long as nothing was stored there.
    fn cursor(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let receiver = *args.first()?;
        let cursors = self.values.objects(receiver);
        if cursors.is_empty() || receiver == ANY || facts.result.starts_with('L') {
            return None;
        }
        let mut filled = false;
        for cursor in cursors {
            let tables = self.read(Key::Holder(cursor), node);
            for table in self.values.objects(tables) {
                filled |= self.read(Key::Contents(table), node) != NOTHING;
            }
        }
        if filled || facts.result == "V" {
            return Some((ANY, true));
        }
        let mut counted = false;
        for cursor in self.values.objects(receiver) {
            counted |= self.read(Key::Element(cursor, COUNTED), node) != NOTHING;
        }
        // A count has one row, whatever it counts.
        if counted && !facts.name.starts_with("get") {
            return Some((ANY, true));
        }
        let empty = matches!(facts.name.as_str(), "isAfterLast" | "isClosed");
        Some((self.values.integer(i64::from(empty)), true))
    }
}

/// The table that a statement is about; a plain name is one.
fn table_of(sql: &str) -> &str {
    let mut words = sql.split_whitespace();
    let first = sql.split_whitespace().next().unwrap_or(sql);
    if first == sql {
        return sql;
    }
    while let Some(word) = words.next() {
        let word = word.to_lowercase();
        if matches!(word.as_str(), "from" | "into" | "update") {
            let name = words.next().unwrap_or_default();
            return name
                .trim_matches(|c: char| !c.is_alphanumeric() && c != '_')
                .split('(')
                .next()
                .unwrap_or_default();
        }
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::table_of;

    #[test]
    fn tables() {
        assert_eq!(table_of("consent"), "consent");
        assert_eq!(table_of("SELECT ok FROM consent WHERE 1"), "consent");
        assert_eq!(table_of("INSERT INTO consent(ok) VALUES(1)"), "consent");
    }
}
