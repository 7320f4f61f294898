//! What values can be: constants, objects, and the cells of objects.

use super::rules::Rules;
use crate::code::link::NONE;
use crate::hash::Map;
use smallvec::SmallVec;
use std::collections::HashMap;

/// Number of an abstract value.
pub(super) type Abs = u32;

/// Something that is not known.
pub(super) const UNKNOWN: Abs = 0;
/// The object whose cells are the static fields.
pub(super) const STATICS: Abs = 1;

/// Constants of one value that are told apart; more become [`UNKNOWN`].
const CONSTANTS: usize = 12;
/// Readers of a cell that are looked through; of more a table tells.
const FEW: usize = 16;

/// Objects of one value that are followed.
const OBJECTS: usize = 24;

/// What an abstract value stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum What {
    Unknown,
    Statics,
    Integer(i64),
    /// Text; the number of it.
    Text(u32),
    /// Text of which only the beginning is known (an address up to its path at least); the number of it. Beside it stands [`What::Unknown`].
    Begins(u32),
    /// A class constant.
    Class(u32),
    /// A class outside the program that no instruction names: its name (text number).
    Foreign(u32),
    /// A method found by reflection: class (type id), name, and names of its parameters' types (text numbers; [`NONE`]: not known).
    Method(u32, u32, u32),
    /// A method of a class outside that no instruction names: class, name (text numbers).
    ForeignMethod(u32, u32),
    /// A field found by reflection.
    Field(u32, u32),
    /// An object made by an instruction of a node, or that one of its calls gives.
    Made {
        node: u32,
        ins: u32,
        part: u8,
    },
    /// An object that the platform makes: component, view of a layout.
    Component(u32),
    /// What the platform gives as a parameter.
    Given {
        node: u32,
        parameter: u16,
    },
    /// What an object of the platform holds in a field ([`NONE`]: as an element).
    Within(Abs, u32),
    /// One of a kind, under a constant: (name of the kind, text or number value, or 0).
    Global(u32, Abs),
}

/// The name of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Field(u32),
    Named(u32),
    /// Under a constant: text or number.
    Under(Abs),
    /// Under something that is not known.
    Anywhere,
}

impl Key {
    /// Whether it is an entry: an element, or something under a key.
    pub fn is_entry(self) -> bool {
        matches!(self, Key::Under(_) | Key::Anywhere)
    }
}

/// A set of abstract values, ascending; most have few, and lie where they are used.
pub(super) type Set = SmallVec<[Abs; 4]>;

/// A cell of an object.
#[derive(Debug)]
pub(super) struct Cell {
    pub object: Abs,
    pub key: Key,
    pub set: Set,
    /// Instructions that read it: node, instruction.
    pub readers: Vec<(u32, u32)>,
    /// Instructions that write it: node, instruction, and whether this is the only cell that the write can mean.
    pub writers: Vec<(u32, u32, bool)>,
    /// Calls that surely empty it.
    pub erasers: Vec<(u32, u32)>,
}

/// All abstract values and cells.
#[derive(Default)]
pub(super) struct Heap {
    pub what: Vec<What>,
    /// By abstract value: the type of an object, or [`NONE`].
    pub kinds: Vec<u32>,
    numbers: Map<What, Abs>,
    pub cells: Vec<Cell>,
    cell_of: Map<(Abs, Key), u32>,
    /// By abstract value: its cells.
    pub of_object: Map<Abs, Vec<u32>>,
    /// By abstract value: instructions that read all its cells.
    pub all_readers: Map<Abs, Vec<(u32, u32)>>,
    /// Who reads what, to tell in one look: cell and node, or object and node with the high bit set, and instruction.
    reads: crate::hash::Set<(u64, u32)>,
    /// Whether all values are found: nobody has to be told of a change any more.
    pub settled: bool,
    constants: usize,
    objects: usize,
    pub texts: Vec<String>,
    text_ids: HashMap<String, u32>,
}

impl Heap {
    pub fn new() -> Heap {
        let mut heap = Heap {
            constants: CONSTANTS,
            objects: OBJECTS,
            ..Heap::default()
        };
        heap.number(What::Unknown, NONE);
        heap.number(What::Statics, NONE);
        heap
    }

    /// From now on, values are told apart less: in large programs wide sets cost most and tell least.
    pub fn narrow(&mut self) {
        (self.constants, self.objects) = (CONSTANTS / 3, OBJECTS / 3);
    }

    /// The number of something, made if new.
    pub fn number(&mut self, what: What, kind: u32) -> Abs {
        if let Some(&known) = self.numbers.get(&what) {
            return known;
        }
        let number = self.what.len() as u32;
        self.what.push(what.clone());
        self.kinds.push(kind);
        self.numbers.insert(what, number);
        number
    }

    pub fn integer(&mut self, value: i64) -> Abs {
        self.number(What::Integer(value), NONE)
    }

    pub fn text_id(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.text_ids.get(text) {
            return known;
        }
        self.texts.push(text.to_owned());
        self.text_ids
            .insert(text.to_owned(), self.texts.len() as u32 - 1);
        self.texts.len() as u32 - 1
    }

    pub fn text(&mut self, text: &str) -> Abs {
        let id = self.text_id(text);
        self.number(What::Text(id), NONE)
    }

    /// The text that a value is.
    pub fn as_text(&self, value: Abs) -> Option<&str> {
        match self.what[value as usize] {
            What::Text(id) => Some(&self.texts[id as usize]),
            _ => None,
        }
    }

    /// The text that a value is, or begins with.
    pub fn beginning(&self, value: Abs) -> Option<&str> {
        match self.what[value as usize] {
            What::Text(id) | What::Begins(id) => Some(&self.texts[id as usize]),
            _ => None,
        }
    }

    /// The cells of an object.
    pub fn cells_of(&self, object: Abs) -> Vec<u32> {
        self.of_object.get(&object).cloned().unwrap_or_default()
    }

    pub fn is_object(&self, value: Abs) -> bool {
        matches!(
            self.what[value as usize],
            What::Made { .. }
                | What::Component(_)
                | What::Given { .. }
                | What::Within(..)
                | What::Global(..)
                | What::Statics
        )
    }

    pub fn is_constant(&self, value: Abs) -> bool {
        matches!(
            self.what[value as usize],
            What::Integer(_) | What::Text(_) | What::Class(_)
        )
    }

    /// The cell of an object, made if new. True if it is new.
    pub fn cell(&mut self, object: Abs, key: Key) -> (u32, bool) {
        if let Some(&known) = self.cell_of.get(&(object, key)) {
            return (known, false);
        }
        let id = self.cells.len() as u32;
        self.cells.push(Cell {
            object,
            key,
            set: Set::new(),
            readers: Vec::new(),
            writers: Vec::new(),
            erasers: Vec::new(),
        });
        self.cell_of.insert((object, key), id);
        self.of_object.entry(object).or_default().push(id);
        (id, true)
    }

    /// Notes that an instruction reads a cell.
    pub fn add_reader(&mut self, cell: u32, reader: (u32, u32)) {
        if self.settled {
            return;
        }
        let readers = &mut self.cells[cell as usize].readers;
        if readers.len() < FEW {
            if !readers.contains(&reader) {
                readers.push(reader);
            }
            return;
        }
        let key = |reader: (u32, u32)| (u64::from(cell) << 32 | u64::from(reader.0), reader.1);
        if readers.len() == FEW {
            self.reads.extend(readers.iter().map(|&own| key(own)));
        }
        if self.reads.insert(key(reader)) {
            readers.push(reader);
        }
    }

    /// Notes that an instruction reads all cells of an object.
    pub fn add_all_reader(&mut self, object: Abs, reader: (u32, u32)) {
        if self.settled {
            return;
        }
        if self.reads.insert((
            1 << 63 | u64::from(object) << 32 | u64::from(reader.0),
            reader.1,
        )) {
            self.all_readers.entry(object).or_default().push(reader);
        }
    }

    pub fn find_cell(&self, object: Abs, key: Key) -> Option<u32> {
        self.cell_of.get(&(object, key)).copied()
    }

    /// Adds values to a set; true if it grew. Too many constants become [`UNKNOWN`]; objects beyond the bound are left out.
    pub fn join(&self, set: &mut Set, more: &[Abs]) -> Joined {
        let mut grown = Joined::Same;
        for &value in more {
            let Err(at) = set.binary_search(&value) else {
                continue;
            };
            if set.len() >= self.constants {
                let constant = self.is_constant(value);
                let count = set
                    .iter()
                    .filter(|&&own| self.is_constant(own) == constant)
                    .count();
                if constant && count >= self.constants {
                    if set.first() != Some(&UNKNOWN) {
                        set.insert(0, UNKNOWN);
                        grown = Joined::Grown;
                    }
                    continue;
                }
                if !constant && count >= self.objects {
                    grown = if grown == Joined::Grown {
                        Joined::GrownCut
                    } else {
                        Joined::Cut
                    };
                    continue;
                }
            }
            set.insert(at, value);
            grown = match grown {
                Joined::Cut | Joined::GrownCut => Joined::GrownCut,
                _ => Joined::Grown,
            };
        }
        grown
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    Same,
    Grown,
    /// Nothing new, and something was left out.
    Cut,
    GrownCut,
}

/// Names of cells that the engine itself uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub content: u32,
    /// What a component keeps of itself.
    pub state: u32,
    /// What `toString` of an object of the program gives.
    pub said: u32,
    /// The connection that a stream belongs to.
    pub network: u32,
    /// The keys of a map.
    pub keys: u32,
    /// The parts of a pair.
    pub first: u32,
    pub second: u32,
    /// What a stream or writer writes to.
    pub target: u32,
    /// Who answers calls on an object that was made for an interface.
    pub handler: u32,
    /// The service that answers calls on an object that was made for an interface.
    pub remote: u32,
    /// The address that something goes to.
    pub address: u32,
    /// The host that it goes to, where no address says it.
    pub host: u32,
}

impl Names {
    pub fn of(rules: &Rules) -> Names {
        Names {
            content: rules.known_name("content"),
            state: rules.known_name("saved-state"),
            said: rules.known_name("said"),
            network: rules.known_name("network"),
            keys: rules.known_name("keys"),
            first: rules.known_name("first"),
            second: rules.known_name("second"),
            target: rules.known_name("target"),
            handler: rules.known_name("handler"),
            remote: rules.known_name("remote"),
            address: rules.known_name("address"),
            host: rules.known_name("host"),
        }
    }
}
