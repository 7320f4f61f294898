//! What lies outside registers: objects by the place that makes them, and cells for fields, stores and containers.

use super::texts::{FOLLOWED, PARTIAL};
use super::value::{ANY, Atom, NOTHING, Value, Values};
use crate::code::link::NONE;
use crate::hash::Map;

/// Where an object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A place in the code: the node that runs it (or, with [`SUMMARY`], the places that its receiver comes from; [`NONE`] for all
    /// nodes of the method), method, code unit.
    Site(u32, u32, u32),
    /// The platform makes it: class.
    Made(u32),
    /// A view of a layout: the object that the layout was put on, the layout, the number of the view there; [`NONE`] where that is
    /// not known.
    View(u32, u32, u32),
    /// A builder of text with a text in it: the builder, number of the text.
    Built(u32, u32),
    /// The entries of a map: the map.
    Entry(u32),
    /// A named store: kind, number of the name or [`NONE`].
    Store(Store, u32),
}

/// Marks the first number of [`Origin::Site`] as that of a row of places, and not of a node.
pub const SUMMARY: u32 = 1 << 31;

/// Kinds of stores that outlive an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Store {
    /// `SharedPreferences`, MMKV, DataStore: keys and values.
    Preferences,
    /// Extras of intents, arguments of fragments, saved state: by key alone.
    Extras,
    /// `meta-data` of the manifest.
    MetaData,
    /// A file, by its name.
    File,
    /// A table of a database.
    Table,
    /// Settings of the system.
    Settings,
}

/// An object, or all objects made in one place.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    /// Type id, or [`NONE`] if it is not known.
    pub class: u32,
    /// Where it comes from.
    pub origin: Origin,
    /// How many objects deep the context of its place is.
    pub depth: u8,
    /// The place that makes it, and the one that made the receiver there: numbers of places, or [`NONE`].
    pub places: (u32, u32),
}

/// Numbers of elements that no array has: what is kept of other objects, or beside the elements, in [`Key::Element`]. Buttons of dialogs
/// have theirs, -1 to -3, from the platform.
pub mod part {
    /// The name of an enumeration constant.
    pub const ENUM_NAME: i64 = -2;
    /// Its position.
    pub const ENUM_ORDINAL: i64 = -3;
    /// The field that an updater changes.
    pub const UPDATED: i64 = -4;
    /// The length of an array.
    pub const LENGTH: i64 = -5;
    /// What a cursor has beside the rows of its table: a row, or anything.
    pub const COMPUTED: i64 = -6;
    /// Whether the class that an intent names is not known.
    pub const TARGET: i64 = -7;
    /// Whether something that is waited for was opened.
    pub const OPENED: i64 = -8;
}

/// What a cell stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A field of an object.
    Field(u32, u32),
    /// A field of all objects: what reads through an unknown object see.
    EveryField(u32),
    /// A field written through an unknown object.
    LooseField(u32),
    /// A static field.
    Static(u32),
    /// What an object of the platform was given: elements, listeners, texts.
    Contents(u32),
    /// The value under a key (number of a string) of a store, map or bundle.
    At(u32, u32),
    /// Values under keys that are not known.
    AtUnknown(u32),
    /// An element of an array.
    Element(u32, i64),
    /// Elements under an index that is not known.
    Elements(u32),
    /// Objects of a type made so far: only who asks for them is kept here.
    Instances(u32),
    /// Listeners on a control: only code that presses it is kept here.
    Listeners(u32),
    /// Texts on a control: strings and resource ids.
    Label(u32),
    /// Whether a control is enabled, as far as code says.
    Enabled(u32),
    /// Whether a box is ticked.
    Ticked(u32),
    /// Objects that hold an object: a layout its views; for a map or document those that it was made of.
    Holder(u32),
    /// Result codes that an activity sets.
    Result(u32),
    /// Intents that a component was started with.
    Given(u32),
    /// Layouts put on an object or on what it holds, and views with an id that are shown: only who asks for them is kept here.
    Layout(u32),
    /// See [`Key::Layout`].
    Shown(u32),
}

/// A cell.
#[derive(Debug, Clone)]
pub struct Cell {
    /// What it stands for.
    pub key: Key,
    /// What it may hold.
    pub value: Value,
    /// Nodes that read it, and the instructions in them that do.
    pub readers: Vec<(u32, u32)>,
}

/// All objects, cells and strings.
#[derive(Default)]
pub struct Heap {
    /// Objects.
    pub objects: Vec<Object>,
    by_origin: Map<Origin, u32>,
    /// Cells.
    pub cells: Vec<Cell>,
    by_key: Map<Key, u32>,
    places: Map<(u32, u32), u32>,
    texts: Vec<String>,
    by_text: Map<String, u32>,
}

impl Heap {
    /// The object of a place, and whether it is new.
    pub fn object(&mut self, origin: Origin, class: u32, depth: u8) -> (u32, bool) {
        self.object_of(origin, class, depth, NONE)
    }

    /// The same, made by a receiver that was made at a place.
    pub fn object_of(&mut self, origin: Origin, class: u32, depth: u8, by: u32) -> (u32, bool) {
        if let Some(&object) = self.by_origin.get(&origin) {
            return (object, false);
        }
        let object = self.objects.len() as u32;
        let own = match origin {
            Origin::Site(_, def, unit) => (def, unit),
            _ => (NONE, object),
        };
        let next = self.places.len() as u32;
        let places = (*self.places.entry(own).or_insert(next), by);
        self.objects.push(Object {
            class,
            origin,
            depth,
            places,
        });
        self.by_origin.insert(origin, object);
        (object, true)
    }

    /// The number of a string.
    pub fn text(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.by_text.get(text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.by_text.insert(text.to_owned(), number);
        number
    }

    /// The string with a number.
    pub fn text_of(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }

    /// The cell of a key, made if need be.
    pub fn cell(&mut self, key: Key) -> u32 {
        if let Some(&cell) = self.by_key.get(&key) {
            return cell;
        }
        let cell = self.cells.len() as u32;
        self.cells.push(Cell {
            key,
            value: NOTHING,
            readers: Vec::new(),
        });
        self.by_key.insert(key, cell);
        cell
    }

    /// The cell of a key, if there is one.
    pub fn find(&self, key: Key) -> Option<u32> {
        self.by_key.get(&key).copied()
    }

    /// What a cell holds, without becoming a reader.
    pub fn peek(&self, key: Key) -> Value {
        self.by_key
            .get(&key)
            .map_or(NOTHING, |&cell| self.cells[cell as usize].value)
    }

    /// Adds to a cell; gives its number if that changed it.
    pub fn write(&mut self, key: Key, value: Value, values: &mut Values) -> Option<u32> {
        if value == NOTHING {
            return None;
        }
        let cell = self.cell(key);
        let slot = &mut self.cells[cell as usize].value;
        let joined = values.join(*slot, value);
        let changed = joined != *slot;
        *slot = joined;
        changed.then_some(cell)
    }

    /// The strings of a value; `None` if it may be one that is not known, or too long to be followed.
    pub fn known_texts(&self, value: Value, values: &Values) -> Option<Vec<u32>> {
        if value == ANY {
            return None;
        }
        let atoms = values.atoms(value).iter();
        let text = |atom: &Atom| match atom {
            Atom::Text(text) if self.text_of(*text).starts_with(PARTIAL) => None,
            Atom::Text(text) if self.text_of(*text).len() > FOLLOWED => None,
            Atom::Text(text) => Some(Some(*text)),
            Atom::Integer(0) => Some(None),
            _ => None,
        };
        let texts: Option<Vec<Option<u32>>> = atoms.map(text).collect();
        Some(texts?.into_iter().flatten().collect())
    }
}
