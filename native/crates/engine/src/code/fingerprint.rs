//! Fingerprints: what a renamed class keeps, as numbers that can be looked up.
//!
//! A shrinker (R8, ProGuard) renames the classes, methods and fields of a program, moves them between packages, removes what nothing
//! uses and inlines what is short. It cannot rename what the platform defines, and it leaves text constants alone. So a *token* is a use
//! of the platform, or a text:
//!
//! * a call of a method that the platform defines: its name and prototype. Not its class, which R8 rewrites to another one that declares
//!   the same method;
//! * an access to a field of the platform: its name and type;
//! * a text constant.
//!
//! Two kinds of *features* are made of the tokens of each method, in the order of the code: a long text alone, and each run of three
//! tokens (a gram). Inlining moves a run as a whole; removal of a member takes away its runs and no others. So a program that holds a
//! library, shrunk and renamed, holds a *part* of its features, and a feature that no other code has tells the library.
//!
//! Every feature is one number. Of all of them a fixed part is kept, those whose number is small: as the same ones are kept everywhere,
//! sets made from different artefacts can be compared (Broder, *On the resemblance and containment of documents*, 1997).

use super::Program;
use super::link::NONE;
use super::xref::Target;
use std::collections::{BTreeMap, HashSet};

/// Shortest text that is a feature by itself, in bytes.
const TEXT: usize = 6;
/// Longest part of a text that counts, in bytes: texts may be as long as the file.
const TEXT_END: usize = 256;
/// One of this many texts is kept.
const TEXT_RATE: u64 = 2;
/// One of this many grams is kept.
const GRAM_RATE: u64 = 4;
/// Bits of a feature: few enough for a small table, enough that two of a million are hardly ever equal by chance.
const BITS: u32 = 48;
/// Set in features that are grams.
const GRAM: u64 = 1;

/// Calls that come and go with the compiler or the options of the shrinker, and say nothing: by class, then name (empty: all).
const NOISE: [(&[u8], &[u8]); 17] = [
    // Concatenation is compiled in several ways, and constant parts of it are joined.
    (b"Ljava/lang/StringBuilder;", b""),
    (b"Ljava/lang/StringBuffer;", b"<init>"),
    (b"Ljava/lang/StringBuffer;", b"toString"),
    (b"Ljava/lang/invoke/StringConcatFactory;", b""),
    (b"Ljava/lang/invoke/LambdaMetafactory;", b""),
    // Constructors of objects go away with them; null checks are written in several ways.
    (b"Ljava/lang/Object;", b"<init>"),
    (b"Ljava/lang/Object;", b"getClass"),
    (b"Ljava/util/Objects;", b"requireNonNull"),
    // Rules of shrinkers often say that these have no side effects.
    (b"Landroid/util/Log;", b""),
    (b"Ljava/lang/Throwable;", b"printStackTrace"),
    (b"Ljava/lang/Throwable;", b"addSuppressed"),
    (b"Ljava/lang/Exception;", b"printStackTrace"),
    (b"Ljava/io/PrintStream;", b""),
    // Known at compile time, or compared with the lowest API level and decided.
    (b"Landroid/os/Build$VERSION;", b"SDK_INT"),
    (b"Ljava/lang/System;", b"out"),
    (b"Ljava/lang/System;", b"err"),
    (b"Ljava/lang/Enum;", b""),
];

/// Mixes the bits of a number (the finaliser of SplitMix64).
#[inline]
fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A number for some bytes: FNV-1a, mixed. Never zero.
fn number(bytes: &[u8], seed: u64) -> u64 {
    let fold = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325 ^ seed, fold)).max(1)
}

/// The feature that a number stands for, if it is one of those kept.
#[inline]
fn kept(number: u64, rate: u64, kind: u64) -> Option<u64> {
    // The high bits decide, the low ones name.
    ((number >> BITS) < (1 << (64 - BITS)) / rate)
        .then_some((number & ((1 << BITS) - 1)) & !GRAM | kind)
}

/// What stands for a thing that code can refer to.
#[derive(Debug, Clone, Copy, Default)]
struct Token {
    /// Its number: zero before it was asked for, [`SILENT`] for what is no token.
    number: u64,
    /// The feature that it is by itself, or [`NO_FEATURE`].
    alone: u64,
}

/// The number of what is no token.
const SILENT: u64 = u64::MAX;
/// Wider than any feature.
const NO_FEATURE: u64 = u64::MAX;

/// What counts of a type.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// Its own number for one of the platform, the same for all others, which may be renamed.
    number: u64,
    /// Whether it is a class of the platform.
    platform: bool,
    /// Whether some of its members are [`NOISE`].
    noisy: bool,
}

/// The tokens of a program, each made when it is first met.
struct Tokens<'a> {
    program: &'a Program,
    /// By target.
    known: Vec<Token>,
    /// By type.
    kinds: Vec<Option<Kind>>,
}

impl<'a> Tokens<'a> {
    fn new(program: &'a Program) -> Tokens<'a> {
        Tokens {
            program,
            known: vec![Token::default(); program.xref.targets.count()],
            kinds: vec![None; program.link.types.len()],
        }
    }

    /// The token of a target; `None` if it is none.
    #[inline]
    fn get(&mut self, target: u32) -> Option<Token> {
        let known = self.known[target as usize];
        let token = if known.number == 0 {
            let made = self.make(target).unwrap_or(Token {
                number: SILENT,
                alone: NO_FEATURE,
            });
            self.known[target as usize] = made;
            made
        } else {
            known
        };
        (token.number != SILENT).then_some(token)
    }

    #[cold]
    fn make(&mut self, target: u32) -> Option<Token> {
        let program = self.program;
        let number = match program.xref.targets.get(target) {
            Target::Method(id) => {
                let key = program.link.methods[id as usize];
                let class = self.kind(key.class);
                if !self.of_platform(id, class) || self.noise(class, key.class, key.name) {
                    return None;
                }
                let name = program.bytes(program.link.names[key.name as usize]);
                let types = program.link.proto(key.proto).iter();
                types.fold(number(name, 1), |sum, &kind| {
                    mix(sum ^ self.kind(kind).number)
                })
            }
            Target::Field(id) => {
                let key = program.link.fields[id as usize];
                let own = program.defs.class_of[key.class as usize] != NONE;
                let class = self.kind(key.class);
                if own || !class.platform || self.noise(class, key.class, key.name) {
                    return None;
                }
                let name = program.bytes(program.link.names[key.name as usize]);
                mix(number(name, 2) ^ self.kind(key.kind).number)
            }
            Target::String(dex, index) => {
                let text = program.dexes[dex as usize].string(index)?;
                let number = number(&text[..text.len().min(TEXT_END)], 3);
                let alone = (text.len() >= TEXT).then(|| kept(number, TEXT_RATE, 0));
                return (!text.is_empty()).then_some(Token {
                    number,
                    alone: alone.flatten().unwrap_or(NO_FEATURE),
                });
            }
            _ => return None,
        };
        Some(Token {
            number,
            alone: NO_FEATURE,
        })
    }

    /// Whether a method named in the code is one of the platform: by its class, or inherited by a class of the program.
    fn of_platform(&self, method: u32, class: Kind) -> bool {
        let program = self.program;
        let key = program.link.methods[method as usize];
        let position = program.defs.class_of[key.class as usize];
        if position == NONE {
            return class.platform;
        }
        let external = program.hierarchy.external[position as usize];
        let signature = program.hierarchy.signatures[method as usize];
        external.platform
            && !external.missing
            && program
                .hierarchy
                .lookup(&program.defs, key.class, signature)
                .is_none()
            && program.bytes(program.link.names[key.name as usize]) != b"<init>"
    }

    fn kind(&mut self, kind: u32) -> Kind {
        if let Some(known) = self.kinds[kind as usize] {
            return known;
        }
        let descriptor = self.program.descriptor(kind);
        let depth = descriptor.iter().position(|&byte| byte != b'[');
        let element = &descriptor[depth.unwrap_or(0)..];
        let renamed = element.first() == Some(&b'L') && !super::hierarchy::is_platform(element);
        let made = Kind {
            number: if renamed {
                (descriptor.len() - element.len()) as u64
            } else {
                number(descriptor, 4)
            },
            platform: super::hierarchy::is_platform(descriptor),
            noisy: NOISE.iter().any(|&(class, _)| class == descriptor),
        };
        self.kinds[kind as usize] = Some(made);
        made
    }

    fn noise(&self, class: Kind, kind: u32, name: u32) -> bool {
        let program = self.program;
        let is = |&(of, what): &(&[u8], &[u8])| {
            of == program.descriptor(kind)
                && (what.is_empty() || what == program.bytes(program.link.names[name as usize]))
        };
        class.noisy && NOISE.iter().any(is)
    }
}

impl Program {
    /// Gives each feature of each class that Android loads to `each`, with the position of the class, in the order of the code. Classes
    /// of the packages in `apart` (`com/example`) are passed over.
    fn each_feature(&self, apart: &HashSet<&[u8]>, mut each: impl FnMut(u32, u64)) {
        let mut tokens = Tokens::new(self);
        for (position, class) in (0u32..).zip(&self.defs.classes) {
            if class.shadowed || apart.contains(package(self.descriptor(class.kind))) {
                continue;
            }
            for def in class.methods.clone() {
                let (mut first, mut second) = (0, 0);
                for reference in &self.xref.refs[self.xref.of(def)] {
                    let Some(token) = tokens.get(reference.target) else {
                        continue;
                    };
                    if token.alone != NO_FEATURE {
                        each(position, token.alone);
                    }
                    if first != 0 {
                        let run = gram(first, second, token.number);
                        if let Some(feature) = kept(run, GRAM_RATE, GRAM) {
                            each(position, feature);
                        }
                    }
                    (first, second) = (second, token.number);
                }
            }
        }
    }

    /// The features of each class: its position in [`super::defs::Defs::classes`], and its features, ascending, each once.
    pub fn features(&self) -> BTreeMap<u32, Vec<u64>> {
        let mut out: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        self.each_feature(&HashSet::new(), |class, feature| {
            out.entry(class).or_default().push(feature);
        });
        for features in out.values_mut() {
            features.sort_unstable();
            features.dedup();
        }
        out
    }
}

/// The package of a class (`com/example`) by its descriptor; empty for the unnamed one.
fn package(descriptor: &[u8]) -> &[u8] {
    let end = descriptor.iter().rposition(|&byte| byte == b'/');
    descriptor.get(1..end.unwrap_or(1)).unwrap_or_default()
}

#[inline]
fn gram(first: u64, second: u64, third: u64) -> u64 {
    mix(first ^ mix(second.rotate_left(1) ^ mix(third.rotate_left(2))))
}

/// One known feature: what it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Number of the library.
    pub library: u16,
    /// Its versions that have the feature, one bit each.
    pub versions: u16,
}

/// Features that tell libraries.
#[derive(Debug, Clone, Default)]
pub struct Table {
    features: Vec<u64>,
    known: Vec<Known>,
    /// By high bits of a feature: where its part of `features` starts; one more at the end.
    starts: Vec<u32>,
    /// One bit for the low bits of each feature: answers most look-ups without a look into the lists.
    filter: Vec<u64>,
}

/// Bytes of a row: feature, library, versions; little-endian.
const ROW: usize = 10;
const START_BITS: u32 = 14;
const FILTER_BITS: u32 = 22;

impl Table {
    /// Reads a table: rows ascending by feature, each feature once.
    ///
    /// # Errors
    ///
    /// `Malformed` if the length or the order is wrong.
    pub fn read(bytes: &[u8]) -> Result<Table, crate::Error> {
        let refuse = |what: &str| Err(crate::Error::new(crate::ErrorKind::Malformed, what));
        if bytes.len() % ROW != 0 {
            return refuse(
                "a table of fingerprints has a length that is not a multiple of its rows",
            );
        }
        let mut table = Table {
            filter: vec![0; 1 << (FILTER_BITS - 6)],
            ..Table::default()
        };
        for row in bytes.chunks_exact(ROW) {
            let mut word = [0; 8];
            word[..6].copy_from_slice(&row[..6]);
            let feature = u64::from_le_bytes(word);
            if table.features.last().is_some_and(|&last| last >= feature) {
                return refuse("a table of fingerprints is not in ascending order");
            }
            table.features.push(feature);
            table.known.push(Known {
                library: u16::from_le_bytes([row[6], row[7]]),
                versions: u16::from_le_bytes([row[8], row[9]]),
            });
            let (word, bit) = filter_place(feature);
            table.filter[word] |= bit;
        }
        let first = |high: u64| {
            let bound = high << (BITS - START_BITS);
            table.features.partition_point(|&feature| feature < bound) as u32
        };
        table.starts = (0..=1 << START_BITS).map(first).collect();
        Ok(table)
    }

    /// What a feature tells.
    #[inline]
    pub fn find(&self, feature: u64) -> Option<Known> {
        let (word, bit) = filter_place(feature);
        if self.filter.get(word)? & bit == 0 {
            return None;
        }
        let high = (feature >> (BITS - START_BITS)) as usize;
        let (start, end) = (
            *self.starts.get(high)? as usize,
            *self.starts.get(high + 1)? as usize,
        );
        let at = self.features[start..end].binary_search(&feature).ok()?;
        Some(self.known[start + at])
    }
}

#[inline]
fn filter_place(feature: u64) -> (usize, u64) {
    let low = (feature >> 1) & ((1 << FILTER_BITS) - 1);
    ((low >> 6) as usize, 1 << (low & 63))
}

/// Features of one library found in one class of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMatch {
    /// Position of the class in [`super::defs::Defs::classes`].
    pub class: u32,
    /// Number of the library.
    pub library: u16,
    /// Features found, ascending, each once, with the versions that have them.
    pub features: Vec<(u64, u16)>,
}

impl ClassMatch {
    /// How many of the features are grams.
    pub fn grams(&self) -> usize {
        self.features
            .iter()
            .filter(|(feature, _)| feature & GRAM != 0)
            .count()
    }
}

impl Program {
    /// Which classes hold features of which libraries, ascending by class and library. Classes of the packages in `apart`
    /// (`com/example`) are not looked at.
    pub fn match_fingerprints(&self, table: &Table, apart: &HashSet<&[u8]>) -> Vec<ClassMatch> {
        let mut found: Vec<(u32, u16, u64, u16)> = Vec::new();
        self.each_feature(apart, |class, feature| {
            if let Some(known) = table.find(feature) {
                found.push((class, known.library, feature, known.versions));
            }
        });
        found.sort_unstable();
        found.dedup();
        found
            .chunk_by(|one, next| (one.0, one.1) == (next.0, next.1))
            .map(|same| ClassMatch {
                class: same[0].0,
                library: same[0].1,
                features: same
                    .iter()
                    .map(|&(_, _, feature, of)| (feature, of))
                    .collect(),
            })
            .collect()
    }
}
