//! Abstract values: sets of constants and objects, each set kept once and named by a number.

use crate::hash::Map;
use smallvec::SmallVec;

/// One thing that a register may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    /// A number, a truth value, or `null` (0).
    Integer(i64),
    /// A boxed number or truth value. Apart from [`Atom::Integer`], so that a boxed `false` is not `null`.
    Boxed(i64),
    /// A string, by its number in [`super::heap::Heap::texts`].
    Text(u32),
    /// A class object, by type id.
    Class(u32),
    /// A reflected method: type id, number of its name.
    Member(u32, u32),
    /// An object, by its number in [`super::heap::Heap::objects`].
    Object(u32),
}

/// Numbers of objects; most sets have few.
pub type Objects = SmallVec<[u32; 8]>;

/// What a call gives, and whether it may return.
pub type Outcome = (Value, bool);

/// A set of atoms, or everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(u32);

impl Value {
    /// Its number: equal sets have equal ones.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// The empty set: no run gives a value here.
pub const NOTHING: Value = Value(0);
/// Any value.
pub const ANY: Value = Value(1);
/// No value: nothing was asked yet. Never joined.
pub const UNASKED: Value = Value(u32::MAX);
/// No value: what asked for it does not go on. Never joined.
pub const STOPS: Value = Value(u32::MAX - 1);

/// Numbers and strings kept apart in one set; loops count to it.
const CONSTANTS: usize = 12;
/// Numbers from zero whose sets are looked up without a hash.
const SMALL: i64 = 16;
/// Atoms kept apart in one set.
const ATOMS: usize = 64;

/// All sets that occur.
pub struct Values {
    sets: Vec<Box<[Atom]>>,
    numbers: Map<Box<[Atom]>, Value>,
    joins: Map<(Value, Value), Value>,
    /// Sets of one object, one string or one small number, by their numbers: most of what is asked for.
    objects: Vec<Value>,
    texts: Vec<Value>,
    small: Vec<Value>,
}

impl Default for Values {
    /// With the empty set and everything.
    fn default() -> Values {
        let mut values = Values {
            sets: vec![Box::default(), Box::default()],
            numbers: Map::default(),
            joins: Map::default(),
            objects: Vec::new(),
            texts: Vec::new(),
            small: Vec::new(),
        };
        values.numbers.insert(Box::default(), NOTHING);
        values
    }
}

impl Values {
    /// The atoms of a set; none for [`ANY`].
    #[inline]
    pub fn atoms(&self, value: Value) -> &[Atom] {
        &self.sets[value.0 as usize]
    }

    /// The set of these atoms, however many.
    pub fn wide(&mut self, atoms: impl IntoIterator<Item = Atom>) -> Value {
        let mut atoms: SmallVec<[Atom; 8]> = atoms.into_iter().collect();
        atoms.sort_unstable();
        atoms.dedup();
        if let Some(&value) = self.numbers.get(&atoms[..]) {
            return value;
        }
        let value = Value(self.sets.len() as u32);
        self.sets.push(atoms[..].into());
        self.numbers.insert(atoms[..].into(), value);
        value
    }

    /// The set of these atoms; [`ANY`] if they are too many.
    pub fn of(&mut self, atoms: impl IntoIterator<Item = Atom>) -> Value {
        let mut atoms: SmallVec<[Atom; 8]> = atoms.into_iter().collect();
        atoms.sort_unstable();
        atoms.dedup();
        let constants = atoms.iter().filter(|atom| !matches!(atom, Atom::Object(_)));
        if atoms.len() > ATOMS || constants.count() > CONSTANTS {
            return ANY;
        }
        self.wide(atoms)
    }

    /// The set of one atom.
    #[inline]
    pub fn one(&mut self, atom: Atom) -> Value {
        let table = match atom {
            Atom::Object(number) => Some((&mut self.objects, number as usize)),
            Atom::Text(number) => Some((&mut self.texts, number as usize)),
            Atom::Integer(number @ 0..SMALL) => Some((&mut self.small, number as usize)),
            _ => None,
        };
        let Some((table, at)) = table else {
            return self.wide([atom]);
        };
        if at >= table.len() {
            table.resize(at + 1, NOTHING);
        }
        if table[at] != NOTHING {
            return table[at];
        }
        let value = self.wide([atom]);
        match atom {
            Atom::Object(_) => self.objects[at] = value,
            Atom::Text(_) => self.texts[at] = value,
            _ => self.small[at] = value,
        }
        value
    }

    /// A number.
    pub fn integer(&mut self, value: i64) -> Value {
        self.one(Atom::Integer(value))
    }

    /// What either may be.
    #[inline]
    pub fn join(&mut self, a: Value, b: Value) -> Value {
        if a == b || b == NOTHING {
            return a;
        }
        if a == NOTHING {
            return b;
        }
        if a == ANY || b == ANY {
            return ANY;
        }
        let key = (a.min(b), a.max(b));
        if let Some(&value) = self.joins.get(&key) {
            return value;
        }
        let mut atoms: SmallVec<[Atom; 8]> = SmallVec::from_slice(self.atoms(a));
        atoms.extend_from_slice(self.atoms(b));
        let value = self.of(atoms);
        self.joins.insert(key, value);
        value
    }

    /// The atoms that satisfy a condition; [`ANY`] stays.
    pub fn filter(&mut self, value: Value, keep: impl Fn(Atom) -> bool) -> Value {
        if value == ANY || self.atoms(value).iter().all(|&atom| keep(atom)) {
            return value;
        }
        let atoms = self.atoms(value).iter().copied();
        let kept: SmallVec<[Atom; 8]> = atoms.filter(|&atom| keep(atom)).collect();
        self.wide(kept)
    }

    /// Each atom replaced; [`ANY`] where one has no replacement.
    pub fn map(&mut self, value: Value, change: impl Fn(Atom) -> Option<Atom>) -> Value {
        if value == ANY {
            return ANY;
        }
        let atoms = self.atoms(value).iter().map(|&atom| change(atom));
        match atoms.collect::<Option<SmallVec<[Atom; 8]>>>() {
            Some(atoms) => self.of(atoms),
            None => ANY,
        }
    }

    /// The only atom.
    #[inline]
    pub fn single(&self, value: Value) -> Option<Atom> {
        match self.atoms(value) {
            [atom] => Some(*atom),
            _ => None,
        }
    }

    /// The numbers of a set, if it holds nothing else.
    pub fn integers(&self, value: Value) -> Option<SmallVec<[i64; 4]>> {
        if value == ANY {
            return None;
        }
        let number = |atom: &Atom| match atom {
            Atom::Integer(number) => Some(*number),
            _ => None,
        };
        self.atoms(value).iter().map(number).collect()
    }

    /// Whether zero (`false`, `null`), and whether something else is among it.
    #[inline]
    pub fn truth(&self, value: Value) -> (bool, bool) {
        if value == ANY {
            return (true, true);
        }
        let atoms = self.atoms(value);
        let zero = atoms.contains(&Atom::Integer(0));
        (zero, atoms.len() > usize::from(zero))
    }

    /// Objects of a set.
    pub fn objects(&self, value: Value) -> Objects {
        let object = |atom: &Atom| match atom {
            Atom::Object(object) => Some(*object),
            _ => None,
        };
        self.atoms(value).iter().filter_map(object).collect()
    }

    /// Strings of a set, by number.
    pub fn texts(&self, value: Value) -> Vec<u32> {
        let text = |atom: &Atom| match atom {
            Atom::Text(text) => Some(*text),
            _ => None,
        };
        self.atoms(value).iter().filter_map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_join_and_grow_into_any() {
        let mut values = Values::default();
        let (zero, one) = (values.integer(0), values.integer(1));
        let both = values.join(zero, one);
        assert_eq!(both, values.join(one, zero));
        assert_eq!(values.truth(both), (true, true));
        assert_eq!(values.truth(one), (false, true));
        assert_eq!(values.join(NOTHING, one), one);
        let mut many = zero;
        for number in 0..=CONSTANTS as i64 {
            let next = values.integer(number);
            many = values.join(many, next);
        }
        assert_eq!(many, ANY);
        let boxed = values.one(Atom::Boxed(0));
        assert_eq!(values.truth(boxed), (false, true));
    }
}
