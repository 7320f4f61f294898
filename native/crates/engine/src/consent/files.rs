//! Files of the app: whether anything that runs made them. They are told apart by the last part of their names.

use super::facts::Foreign;
use super::heap::{Key, Store};
use super::texts::is_marked;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::{Phase, World};
use crate::code::link::NONE;

impl World<'_> {
    /// `File`: its name; whether the app made it.
    pub(super) fn file(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let receiver = *args.first()?;
        match facts.name.as_str() {
            "<init>" => {
                if let Some(&name) = args.last() {
                    let parent = (args.len() > 2).then(|| args[1]);
                    let name = self.path_names(node, name);
                    for object in self.values.objects(receiver) {
                        self.write(Key::Label(object), name);
                        if let Some(parent) = parent {
                            self.write(Key::Holder(object), parent);
                        }
                    }
                }
                Some((NOTHING, true))
            }
            "createNewFile" => {
                self.make_files(node, receiver);
                Some((ANY, true))
            }
            "mkdir" | "mkdirs" => {
                // One that nothing is known of is a folder of the platform, as a rule.
                if receiver != ANY {
                    self.make_files(node, receiver);
                }
                Some((ANY, true))
            }
            "renameTo" => {
                self.make_files(node, *args.get(1)?);
                Some((ANY, true))
            }
            "getPath" | "getAbsolutePath" | "getCanonicalPath" | "toString" => {
                // A text that nothing is known of, but which file it names.
                let path = self.object_at(node, unit, NONE);
                let name = self.path_names(node, receiver);
                self.write(Key::Label(path), name);
                Some((self.values.one(Atom::Object(path)), true))
            }
            "getAbsoluteFile" | "getCanonicalFile" => Some((receiver, true)),
            "exists" | "isFile" | "isDirectory" | "canRead" | "length" | "lastModified" => {
                Some((self.file_there(node, receiver), true))
            }
            _ => None,
        }
    }

    /// What files, and objects that stand for their paths, are called; a text is a name already.
    fn path_names(&mut self, node: u32, value: Value) -> Value {
        let mut out = self
            .values
            .filter(value, |atom| !matches!(atom, Atom::Object(_)));
        for object in self.values.objects(value) {
            let name = match self.read(Key::Label(object), node) {
                NOTHING => ANY,
                name => name,
            };
            out = self.values.join(out, name);
        }
        out
    }

    /// The last parts of names of files, and whether all lie in the app's own folders; `None` if one is not known.
    fn file_names(&mut self, node: u32, value: Value) -> Option<(Vec<u32>, bool)> {
        let names = self.path_names(node, value);
        let names = self.heap.known_texts(names, &self.values)?;
        let (mut last, mut own) = (Vec::new(), true);
        for name in names {
            let name = self.heap.text_of(name);
            if is_marked(name) {
                return None;
            }
            own &= !name.starts_with('/');
            let part = name.trim_end_matches('/').rsplit('/').next();
            let part = part.unwrap_or_default().to_owned();
            last.push(self.heap.text(&part));
        }
        (!last.is_empty()).then_some((last, own))
    }

    /// Files are made; one whose name is not known may be any.
    pub(super) fn make_files(&mut self, node: u32, files: Value) {
        let names = self.file_names(node, files).map(|names| names.0);
        let one = self.values.integer(1);
        for name in names.unwrap_or(vec![NONE]) {
            let store = self.store(Store::File, name);
            self.write(Key::Contents(store), one);
        }
    }

    /// Whether a file is there: 0 as long as nothing that runs makes it.
    fn file_there(&mut self, node: u32, files: Value) -> Value {
        let Some((names, true)) = self.file_names(node, files) else {
            return ANY;
        };
        for name in names {
            if self.is_filled(node, Store::File, name) {
                return ANY;
            }
        }
        self.values.integer(0)
    }

    /// Whether something was stored under a name, or, from phase `Unclear` on, under one that is not known.
    pub(super) fn is_filled(&mut self, node: u32, kind: Store, name: u32) -> bool {
        let (own, some) = (self.store(kind, name), self.store(kind, NONE));
        if self.read(Key::Contents(own), node) != NOTHING {
            return true;
        }
        if self.read(Key::Contents(some), node) == NOTHING {
            return false;
        }
        self.depends_on_phase(node);
        self.phase >= Phase::Unclear
    }

    /// Streams on files: writing makes the file, reading one that is not there throws.
    pub(super) fn opened(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let first = args.get(1).copied();
        let context = facts.of("Landroid/content/Context;");
        let named = facts
            .parameters
            .first()
            .is_some_and(|kind| matches!(&**kind, "Ljava/lang/String;" | "Ljava/io/File;"));
        match (facts.class(), facts.name.as_str(), first) {
            (
                "Ljava/io/FileOutputStream;"
                | "Ljava/io/FileWriter;"
                | "Ljava/io/RandomAccessFile;"
                | "Ljava/io/PrintStream;"
                | "Ljava/io/PrintWriter;",
                "<init>",
                Some(file),
            ) if named => {
                self.make_files(node, file);
                Some((NOTHING, true))
            }
            ("Landroid/os/ParcelFileDescriptor;", "open", _) => {
                self.make_files(node, *args.first()?);
                Some((ANY, true))
            }
            ("Ljava/nio/file/Files;", name, _) => {
                let makes = [
                    "write",
                    "create",
                    "copy",
                    "move",
                    "newOutput",
                    "newBufferedW",
                ];
                if makes.iter().any(|start| name.starts_with(start)) {
                    self.make_files(node, ANY);
                }
                None
            }
            (_, "openFileOutput", Some(file)) if context => {
                self.make_files(node, file);
                Some((ANY, true))
            }
            ("Ljava/io/FileInputStream;" | "Ljava/io/FileReader;", "<init>", Some(file))
                if named =>
            {
                let zero = self.values.integer(0);
                let there = self.file_there(node, file);
                Some((NOTHING, there != zero))
            }
            (_, "openFileInput", Some(file)) if context => {
                let zero = self.values.integer(0);
                let there = self.file_there(node, file);
                Some((ANY, there != zero))
            }
            (_, "getFileStreamPath", Some(name)) if context => {
                let kind = self.program.find_type(b"Ljava/io/File;").unwrap_or(NONE);
                let object = self.object_at(node, unit, kind);
                self.write(Key::Label(object), name);
                Some((self.values.one(Atom::Object(object)), true))
            }
            _ => None,
        }
    }
}
