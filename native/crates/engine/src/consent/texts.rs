//! Text that is compared, cut and put together.

use super::body::Insn;
use super::facts::Foreign;
use super::heap::{Key, Origin, part};
use super::run::Frame;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::World;
use crate::code::link::NONE;

/// Begins a text that stands for another one: that of a resource, or one that is known in part.
pub const MARK: char = '\u{1}';
/// Begins a text that is known in part: it is shown, and never compared.
pub const PARTIAL: &str = "\u{1}~";
/// Stands for what is not known of a text.
pub const GAP: char = '\u{fffc}';
/// Bytes of a text that is compared or changed; a longer one is any.
pub const FOLLOWED: usize = 4_096;
/// Characters of a text that is put together.
const LONGEST: usize = 400;
/// Parts of a text that is cut.
const PARTS: usize = 32;
/// Texts that one builder may hold.
const VERSIONS: usize = 4;

/// Whether a text stands for another one, and so is not what it says.
pub fn is_marked(text: &str) -> bool {
    text.starts_with(MARK)
}

impl World<'_> {
    /// Whether a text is empty or missing.
    pub(super) fn empty(&mut self, value: Value) -> Value {
        let Some(texts) = self.heap.known_texts(value, &self.values) else {
            return ANY;
        };
        let (null, _) = self.values.truth(value);
        let texts: Vec<bool> = texts
            .into_iter()
            .map(|text| self.heap.text_of(text).is_empty())
            .chain(null.then_some(true))
            .collect();
        self.truth_value(texts)
    }

    /// A call on a string.
    pub(super) fn string_call(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let first = *args.first()?;
        let name = facts.name.as_str();
        let outcome = match name {
            "equals" | "contentEquals" => self.equal(first, args[1]),
            "equalsIgnoreCase" => {
                let (x, y) = (self.map_text(first, str::to_lowercase), args[1]);
                let y = self.map_text(y, str::to_lowercase);
                self.equal(x, y)
            }
            "isEmpty" => self.empty(first),
            "toString" | "intern" => first,
            "trim" | "strip" => self.map_text(first, |text| text.trim().to_owned()),
            "toLowerCase" => self.map_text(first, str::to_lowercase),
            "toUpperCase" => self.map_text(first, str::to_uppercase),
            "valueOf" if args.len() == 1 => self.text_of_value(first),
            "format" => {
                // Only the form is known.
                let at = usize::from(
                    facts
                        .parameters
                        .first()
                        .is_some_and(|kind| kind.ends_with("Locale;")),
                );
                let form = args.get(at).copied().unwrap_or(ANY);
                self.partial(form)
            }
            "split" if args.len() == 2 => return self.parts_of(node, unit, first, args[1]),
            "compareTo"
            | "compareToIgnoreCase"
            | "indexOf"
            | "lastIndexOf"
            | "charAt"
            | "substring"
            | "replace" => return Some(self.cut(facts, args)),
            "hashCode" => self.map_number(first, |text| {
                Some(
                    text.encode_utf16()
                        .fold(0i32, |sum, unit| {
                            sum.wrapping_mul(31).wrapping_add(i32::from(unit))
                        })
                        .into(),
                )
            }),
            "length" => self.map_number(first, |text| Some(text.encode_utf16().count() as i64)),
            "startsWith" | "endsWith" | "contains" | "concat" if args.len() == 2 => {
                return Some(self.cut(facts, args));
            }
            _ => return Some((ANY, true)),
        };
        Some((outcome, true))
    }

    /// A text for each text.
    pub(super) fn map_text(&mut self, value: Value, change: impl Fn(&str) -> String) -> Value {
        let Some(texts) = self.heap.known_texts(value, &self.values) else {
            return ANY;
        };
        let mut atoms = Vec::new();
        for text in texts {
            if is_marked(self.heap.text_of(text)) {
                return ANY;
            }
            let changed = change(self.heap.text_of(text));
            if changed.len() > FOLLOWED {
                return ANY;
            }
            atoms.push(Atom::Text(self.heap.text(&changed)));
        }
        if atoms.is_empty() {
            return ANY;
        }
        self.values.of(atoms)
    }

    /// A number for each text.
    pub(super) fn map_number(
        &mut self,
        value: Value,
        number: impl Fn(&str) -> Option<i64>,
    ) -> Value {
        let Some(texts) = self.heap.known_texts(value, &self.values) else {
            return ANY;
        };
        let numbers = texts
            .into_iter()
            .map(|text| Some(self.heap.text_of(text)).filter(|text| !is_marked(text)));
        let numbers: Option<Vec<Atom>> = numbers
            .map(|text| Some(Atom::Integer(number(text?)?)))
            .collect();
        match numbers {
            Some(numbers) if !numbers.is_empty() => self.values.of(numbers),
            _ => ANY,
        }
    }

    /// The text of a boxed value.
    pub(super) fn text_of_value(&mut self, value: Value) -> Value {
        if value == ANY {
            return ANY;
        }
        let mut atoms = Vec::new();
        for atom in self.values.atoms(value).to_vec() {
            match atom {
                Atom::Text(_) => atoms.push(atom),
                Atom::Boxed(number) => atoms.push(Atom::Text(self.heap.text(&number.to_string()))),
                _ => return ANY,
            }
        }
        self.values.of(atoms)
    }

    /// A call whose outcome follows from the texts and numbers it is made with, for each choice of them.
    fn cut(&mut self, facts: &Foreign, args: &[Value]) -> Outcome {
        let mut rows: Vec<Vec<Part>> = vec![Vec::new()];
        for &arg in args {
            let Some(parts) = self.parts(arg) else {
                return (ANY, true);
            };
            rows = rows
                .into_iter()
                .flat_map(|row| {
                    parts
                        .iter()
                        .map(move |part| [&row[..], std::slice::from_ref(part)].concat())
                })
                .take(PARTS)
                .collect();
            if rows.len() == PARTS {
                return (ANY, true);
            }
        }
        let mut atoms = Vec::new();
        for row in rows {
            match cut(&facts.name, &row) {
                Cut::Number(number) => atoms.push(Atom::Integer(number)),
                Cut::Text(text) => atoms.push(Atom::Text(self.heap.text(&text))),
                Cut::Throws => {}
                Cut::Unknown => return (ANY, true),
            }
        }
        let value = self.values.of(atoms);
        (value, value != NOTHING)
    }

    /// The texts and numbers of a value; `None` if it may be another. `null` is left out: calls on it throw.
    fn parts(&mut self, value: Value) -> Option<Vec<Part>> {
        if value == ANY {
            return None;
        }
        let part = |atom: &Atom| match atom {
            Atom::Text(text) => {
                let text = self.heap.text_of(*text);
                let followed = !is_marked(text) && text.len() <= FOLLOWED;
                followed.then(|| Part::Text(text.to_owned()))
            }
            Atom::Integer(number) => Some(Part::Number(*number)),
            _ => None,
        };
        self.values.atoms(value).iter().map(part).collect()
    }

    /// The parts of a text around a plain separator, as an array.
    fn parts_of(&mut self, node: u32, unit: u32, text: Value, around: Value) -> Option<Outcome> {
        let (Some(texts), Some(around)) = (self.parts(text), self.parts(around)) else {
            return Some((ANY, true));
        };
        let [Part::Text(around)] = &around[..] else {
            return Some((ANY, true));
        };
        let plain = around.strip_prefix('\\').unwrap_or(around);
        let special = |c: char| r"\.[]{}()<>*+-=!?^$|".contains(c);
        if plain.is_empty() || plain.contains(special) && (plain.len() > 1 || plain == around) {
            return Some((ANY, true));
        }
        let array = self.object_at(node, unit, NONE);
        for text in texts {
            let Part::Text(text) = text else { continue };
            let mut parts: Vec<&str> = text.split(plain).take(PARTS).collect();
            while parts.len() > 1 && parts.last().is_some_and(|last| last.is_empty()) {
                parts.pop();
            }
            let length = self.values.integer(parts.len() as i64);
            self.write(Key::Element(array, part::LENGTH), length);
            for (index, part) in parts.iter().enumerate() {
                let number = self.heap.text(part);
                let part = self.values.one(Atom::Text(number));
                self.store_element(array, Some(index as i64), part);
            }
        }
        Some((self.values.one(Atom::Object(array)), true))
    }

    /// Numbers compared.
    pub(super) fn between(&mut self, facts: &Foreign, args: &[Value]) -> Option<Outcome> {
        let [x, y] = args else { return None };
        let outcome = match facts.name.as_str() {
            "compare" => self.fold(*x, *y, |x, y| Some(x.cmp(&y) as i64)),
            "max" => self.fold(*x, *y, |x, y| Some(x.max(y))),
            "min" => self.fold(*x, *y, |x, y| Some(x.min(y))),
            _ => return None,
        };
        Some((outcome, true))
    }

    /// Texts of which only a part is known: as a label they say that part.
    fn partial(&mut self, known: Value) -> Value {
        let mut atoms = Vec::new();
        for text in self.values.texts(known) {
            if self.heap.text_of(text).len() > FOLLOWED {
                return ANY;
            }
            let text = format!("{PARTIAL}{}", self.heap.text_of(text));
            atoms.push(Atom::Text(self.heap.text(&text)));
        }
        if atoms.is_empty() || known == ANY {
            return ANY;
        }
        self.values.of(atoms)
    }

    /// A call of a `StringBuilder` whose text is known. What is in it is told by the register: each addition gives another object, and
    /// the registers that held the one before hold that. `None` for other calls; a builder that is handed on is one of which nothing
    /// is known.
    pub(super) fn build_text(
        &mut self,
        insn: &Insn,
        args: &mut [Value],
        frame: &mut Frame,
    ) -> Option<Value> {
        let program = self.program;
        let key = program.link.methods[insn.index as usize];
        let own = matches!(
            program.descriptor(key.class),
            b"Ljava/lang/StringBuilder;" | b"Ljava/lang/StringBuffer;"
        );
        if own && let Some(&builders) = args.first().filter(|&&first| first != ANY) {
            let name = program.bytes(program.link.names[key.name as usize]);
            let kind = program.link.proto(key.proto).get(1);
            let kind = kind.map_or(&b""[..], |&kind| program.descriptor(kind));
            match (name, args.get(1)) {
                (b"<init>", given) => {
                    let empty = self.heap.text("");
                    let empty = self.values.one(Atom::Text(empty));
                    let start = match given {
                        Some(&given) if kind.starts_with(b"L") => {
                            let pieces = self.pieces(given, kind);
                            self.joined(empty, &pieces)
                        }
                        _ => empty,
                    };
                    self.rebuild(builders, start, frame);
                    return Some(NOTHING);
                }
                (b"append", Some(&more)) if args.len() <= 3 => {
                    let pieces = self.pieces(more, kind);
                    let built = self.built(builders);
                    let text = self.joined(built, &pieces);
                    let own = self.values.objects(more).is_empty();
                    // Of an object its `toString` runs.
                    return own
                        .then(|| self.rebuild(builders, text, frame))
                        .or_else(|| {
                            self.rebuild(builders, ANY, frame);
                            args[0] = self.loosened(builders);
                            None
                        });
                }
                (b"toString", None) => {
                    let built = self.built(builders);
                    if built != ANY {
                        return Some(built);
                    }
                }
                _ => {}
            }
        }
        for arg in args {
            let loose = self.loosened(*arg);
            if loose != *arg {
                // As a label it says what is in it now.
                for object in self.values.objects(*arg) {
                    if let Origin::Built(base, text) = self.heap.objects[object as usize].origin {
                        let text = self.values.one(Atom::Text(text));
                        self.write(Key::Contents(base), text);
                    }
                }
                self.rebuild(*arg, ANY, frame);
                *arg = loose;
            }
        }
        None
    }

    /// The values with builders of which nothing is known.
    pub(super) fn loosened(&mut self, value: Value) -> Value {
        let heap = &self.heap;
        let built = |&atom: &Atom| match atom {
            Atom::Object(object) => match heap.objects[object as usize].origin {
                Origin::Built(base, _) => Some(base),
                _ => None,
            },
            _ => None,
        };
        if value == ANY
            || !self
                .values
                .atoms(value)
                .iter()
                .any(|atom| built(atom).is_some())
        {
            return value;
        }
        let atoms = self.values.atoms(value).iter();
        let atoms: Vec<Atom> = atoms
            .map(|atom| built(atom).map_or(*atom, Atom::Object))
            .collect();
        self.values.of(atoms)
    }

    /// Puts other texts into builders; gives them as they are then, as do the registers.
    fn rebuild(&mut self, builders: Value, texts: Value, frame: &mut Frame) -> Value {
        let loose = self.loosened(builders);
        let mut atoms = Vec::new();
        for atom in self.values.atoms(loose).to_vec() {
            let Atom::Object(base) = atom else { continue };
            let class = self.heap.objects[base as usize].class;
            if texts == ANY {
                atoms.push(atom);
            }
            for text in self.values.texts(texts) {
                let (object, _) = self.heap.object(Origin::Built(base, text), class, 0);
                atoms.push(Atom::Object(object));
            }
        }
        let now = self.values.of(atoms);
        let bases = self.values.objects(loose);
        for register in frame.iter_mut() {
            if *register == builders {
                *register = now;
            } else if *register != ANY {
                // Who may hold one of them among others holds it as it was, or as it is.
                let other = self.loosened(*register);
                let shared = other != *register
                    && self
                        .values
                        .objects(other)
                        .iter()
                        .any(|one| bases.contains(one));
                if shared {
                    *register = other;
                }
            }
        }
        now
    }

    /// The texts in builders.
    fn built(&mut self, builders: Value) -> Value {
        let mut atoms = Vec::new();
        for object in self.values.objects(builders) {
            match self.heap.objects[object as usize].origin {
                Origin::Built(_, text) => atoms.push(Atom::Text(text)),
                _ => return ANY,
            }
        }
        if atoms.is_empty() {
            return ANY;
        }
        self.values.of(atoms)
    }

    /// What a value reads like behind a text; `None` for one that is not known.
    fn pieces(&self, value: Value, kind: &[u8]) -> Vec<Option<String>> {
        if value == ANY {
            return vec![None];
        }
        let piece = |atom: &Atom| match (atom, kind) {
            (Atom::Text(text), _) => {
                let text = self.heap.text_of(*text);
                (text.len() <= LONGEST).then(|| text.to_owned())
            }
            (Atom::Integer(number), b"I" | b"J" | b"S" | b"B") => Some(number.to_string()),
            (Atom::Integer(truth), b"Z") => Some((*truth != 0).to_string()),
            (Atom::Integer(letter), b"C") => u32::try_from(*letter)
                .ok()
                .and_then(char::from_u32)
                .map(String::from),
            (Atom::Integer(0), _) => Some("null".to_owned()),
            _ => None,
        };
        self.values.atoms(value).iter().map(piece).collect()
    }

    /// Each text with each piece behind it.
    fn joined(&mut self, texts: Value, pieces: &[Option<String>]) -> Value {
        if texts == ANY {
            return ANY;
        }
        let mut atoms = Vec::new();
        for start in self.values.texts(texts) {
            for piece in pieces {
                let start = self.heap.text_of(start);
                let known = piece.as_deref().filter(|piece| !is_marked(piece));
                let mut text = String::new();
                if !start.starts_with(PARTIAL) && known.is_none() {
                    text.push_str(PARTIAL);
                }
                text.push_str(start);
                match (known, piece) {
                    (Some(known), _) => text.push_str(known),
                    (None, Some(part)) => {
                        text.push_str(part.strip_prefix(PARTIAL).unwrap_or_default());
                    }
                    (None, None) => text.push(GAP),
                }
                if text.len() > LONGEST {
                    return ANY;
                }
                atoms.push(Atom::Text(self.heap.text(&text)));
            }
        }
        if atoms.len() > VERSIONS {
            return ANY;
        }
        self.values.of(atoms)
    }
}

/// A text or number that a call is made with.
#[derive(Clone)]
enum Part {
    Text(String),
    Number(i64),
}

/// What a call gives.
enum Cut {
    Text(String),
    Number(i64),
    Throws,
    Unknown,
}

/// A call on a text, as `java.lang.String` answers it.
fn cut(name: &str, args: &[Part]) -> Cut {
    use Part::{Number, Text};
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let at = |text: &str, at: Option<usize>| {
        at.map_or(-1, |at| text[..at].encode_utf16().count() as i64)
    };
    match (name, args) {
        ("startsWith", [Text(x), Text(y)]) => Cut::Number(x.starts_with(y.as_str()).into()),
        ("endsWith", [Text(x), Text(y)]) => Cut::Number(x.ends_with(y.as_str()).into()),
        ("contains", [Text(x), Text(y)]) => Cut::Number(x.contains(y.as_str()).into()),
        ("concat", [Text(x), Text(y)]) if x.len() + y.len() <= LONGEST => {
            Cut::Text(format!("{x}{y}"))
        }
        ("compareTo", [Text(x), Text(y)]) => {
            let (x, y) = (units(x), units(y));
            let differ = x.iter().zip(&y).find(|(x, y)| x != y);
            Cut::Number(match differ {
                Some((&x, &y)) => i64::from(x) - i64::from(y),
                None => x.len() as i64 - y.len() as i64,
            })
        }
        ("indexOf", [Text(x), Text(y)]) => Cut::Number(at(x, x.find(y.as_str()))),
        ("lastIndexOf", [Text(x), Text(y)]) => Cut::Number(at(x, x.rfind(y.as_str()))),
        ("indexOf" | "lastIndexOf", [Text(x), Number(y)]) => {
            let Some(y) = u32::try_from(*y).ok().and_then(char::from_u32) else {
                return Cut::Unknown;
            };
            Cut::Number(at(
                x,
                if name == "indexOf" {
                    x.find(y)
                } else {
                    x.rfind(y)
                },
            ))
        }
        ("charAt", [Text(x), Number(index)]) => {
            match usize::try_from(*index)
                .ok()
                .and_then(|index| units(x).get(index).copied())
            {
                Some(unit) => Cut::Number(unit.into()),
                None => Cut::Throws,
            }
        }
        ("substring", [Text(x), Number(from), rest @ ..]) => {
            let x = units(x);
            let end = match rest {
                [] => x.len() as i64,
                [Number(end)] => *end,
                _ => return Cut::Unknown,
            };
            if *from < 0 || *from > end || end > x.len() as i64 {
                return Cut::Throws;
            }
            String::from_utf16(&x[*from as usize..end as usize]).map_or(Cut::Unknown, Cut::Text)
        }
        ("replace", [Text(x), Text(y), Text(z)])
            if !y.is_empty() && x.len() * (z.len() + 1) <= LONGEST =>
        {
            Cut::Text(x.replace(y.as_str(), z))
        }
        _ => Cut::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_as_java_does() {
        let text = |text: &str| Part::Text(text.to_owned());
        let number = |cut: Cut| match cut {
            Cut::Number(number) => number,
            _ => panic!("no number"),
        };
        assert_eq!(number(cut("compareTo", &[text(""), text("2.1")])), -3);
        assert_eq!(number(cut("compareTo", &[text("b"), text("a1")])), 1);
        assert_eq!(number(cut("indexOf", &[text("同意书"), text("书")])), 2);
        assert_eq!(number(cut("charAt", &[text("ya"), Part::Number(0)])), 121);
        let bad = cut("substring", &[text("ab"), Part::Number(3)]);
        assert!(matches!(bad, Cut::Throws));
        let part = cut(
            "substring",
            &[text("abc"), Part::Number(1), Part::Number(2)],
        );
        assert!(matches!(part, Cut::Text(part) if part == "b"));
    }
}
