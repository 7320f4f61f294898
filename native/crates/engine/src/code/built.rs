//! Text that one method puts together: `StringBuilder`, `StringBuffer` and `String.concat`, as far as the parts are constants.

use super::Program;

/// Stands in a text for a part that is not constant.
pub const UNKNOWN: char = '\u{fffc}';
/// Bytes of one text that are followed; a longer one is forgotten.
const LONGEST: usize = 2048;
/// Texts of one method that are followed.
const MOST: usize = 4096;

/// What a call does with text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A builder starts, empty or with a room of some size.
    Start,
    /// The argument is put behind what there is; its type.
    Append(u32),
    /// The builder gives its text.
    Finish,
    /// Two strings become one.
    Concat,
    /// Something else, which may change a builder that it is given.
    Other,
}

impl Program {
    /// Whether a type builds text.
    pub(super) fn builds_text(&self, kind: u32) -> bool {
        matches!(
            self.descriptor(kind),
            b"Ljava/lang/StringBuilder;" | b"Ljava/lang/StringBuffer;"
        )
    }

    /// What a method does with text.
    pub(super) fn text_step(&self, method: u32) -> Step {
        let key = self.link.methods[method as usize];
        let name = self.bytes(self.link.names[key.name as usize]);
        let parameters = &self.link.proto(key.proto)[1..];
        if self.descriptor(key.class) == b"Ljava/lang/String;" {
            return if name == b"concat" {
                Step::Concat
            } else {
                Step::Other
            };
        }
        if !self.builds_text(key.class) {
            return Step::Other;
        }
        match (name, parameters) {
            (b"<init>", []) => Step::Start,
            (b"<init>", &[kind]) if self.descriptor(kind) == b"I" => Step::Start,
            (b"<init>" | b"append", &[kind]) => Step::Append(kind),
            (b"toString", []) => Step::Finish,
            _ => Step::Other,
        }
    }
}

/// The texts of one method; a number stands for each.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<String>);

impl Texts {
    /// Keeps `start` with `more` behind it. `None` beyond the limits.
    pub fn join(&mut self, start: &str, more: &str) -> Option<usize> {
        if self.0.len() == MOST || start.len() + more.len() > LONGEST {
            return None;
        }
        self.0.push(format!("{start}{more}"));
        Some(self.0.len() - 1)
    }

    /// The text with a number.
    pub fn get(&self, number: usize) -> &str {
        &self.0[number]
    }
}
