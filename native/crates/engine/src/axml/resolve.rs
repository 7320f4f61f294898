//! Questions to a resource table: values, names, texts.

use super::TYPE_STRING;
use super::attributes::framework_attribute;
use super::config;
use super::table::{Entry, EntryValue, Package, Table, TypeChunk};
use crate::{Error, ErrorKind};
use aho_corasick::AhoCorasick;
use std::borrow::Cow;

/// Type of a value that is another resource (`TYPE_REFERENCE`).
pub const TYPE_REFERENCE: u8 = 1;
/// The same, with a package id that is looked up at run time (`TYPE_DYNAMIC_REFERENCE`).
pub const TYPE_DYNAMIC_REFERENCE: u8 = 7;

/// Length of a chain of references that Android follows.
const DEPTH: usize = 20;
/// Values that one question may give.
const ANSWERS: usize = 4096;
/// Values looked at for one question.
const VALUES: usize = 4_000_000;
/// Bytes of text that one question may give.
const TEXT_BYTES: usize = 64 << 20;

/// One value of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Qualifiers of the configuration, empty for the default. Along references, those of each step are joined by `+`.
    pub config: String,
    /// `Res_value::dataType`.
    pub kind: u8,
    /// `Res_value::data`.
    pub data: u32,
    /// The text, if the value is a string.
    pub text: Option<String>,
}

/// One text of a resource, in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringResource {
    /// Resource id.
    pub id: u32,
    /// Type and name, such as `string/app_name`.
    pub name: String,
    /// Locale qualifier, empty for the default.
    pub locale: String,
    /// The text, without styles.
    pub text: String,
}

impl Table {
    /// All values of a resource, the default configuration first. References are followed; the items of an array, plural or style are
    /// given one after the other. A reference that leads nowhere is given as it stands.
    pub fn resolve(&self, id: u32) -> Vec<Value> {
        let mut out = Vec::new();
        let mut steps = ANSWERS;
        self.follow(id, "", &mut Vec::new(), &mut out, &mut steps);
        out
    }

    /// Adds the values of `id` to `out`; `path` holds the references that led here. Gives whether the resource exists.
    fn follow(
        &self,
        id: u32,
        config: &str,
        path: &mut Vec<u32>,
        out: &mut Vec<Value>,
        steps: &mut usize,
    ) -> bool {
        if path.len() >= DEPTH || path.contains(&id) {
            return false;
        }
        path.push(id);
        let mut found = false;
        for chunk in self.packages_of(id).flat_map(|package| chunks(package, id)) {
            let Some(entry) = self.entry(chunk, id & 0xffff) else {
                continue;
            };
            found = true;
            let own = config::qualifiers(&self.bytes[chunk.config.clone()]);
            let config = match (config.is_empty(), own.is_empty()) {
                (true, _) => own,
                (false, true) => config.to_owned(),
                (false, false) if config == own => own,
                (false, false) => format!("{config}+{own}"),
            };
            for (kind, data) in self.values(&entry) {
                let Some(left) = steps.checked_sub(1) else {
                    break;
                };
                *steps = left;
                let target = self.target(id, kind, data);
                if target.is_some_and(|to| self.follow(to, &config, path, out, steps)) {
                    continue;
                }
                out.push(Value {
                    config: config.clone(),
                    kind,
                    data,
                    text: self.text(kind, data).map(Cow::into_owned),
                });
            }
        }
        path.pop();
        found
    }

    /// The text of a resource in the default configuration, or else in the first that there is.
    pub fn default_text(&self, id: u32) -> Option<Cow<'_, str>> {
        let mut id = id;
        for _ in 0..DEPTH {
            let mut chunks = self.packages_of(id).flat_map(|package| chunks(package, id));
            let entry = chunks.find_map(|chunk| self.entry(chunk, id & 0xffff))?;
            let EntryValue::Simple { kind, data } = entry.value else {
                return None;
            };
            match self.target(id, kind, data) {
                Some(target) => id = target,
                None => return self.text(kind, data),
            }
        }
        None
    }

    /// Type and name of a resource, such as `string/app_name`.
    pub fn name(&self, id: u32) -> Option<String> {
        if let Some(name) = framework_attribute(id) {
            return Some(format!("attr/{name}"));
        }
        self.packages_of(id).find_map(|package| {
            let number = type_number(id)?;
            let mut chunks = chunks(package, id).iter();
            let entry = chunks.find_map(|chunk| self.entry(chunk, id & 0xffff))?;
            let type_name = self.type_name(package, number)?;
            Some(format!("{type_name}/{}", self.key(package, &entry)))
        })
    }

    /// The id of a resource by type and name, such as `string/app_name`: the lowest, if several share the name.
    pub fn find(&self, name: &str) -> Option<u32> {
        let (type_name, key) = name.split_once('/')?;
        let names = [type_name];
        self.packages.iter().find_map(|package| {
            // In ascending order, since the pool is walked from its start.
            let keys: Vec<u32> = (0..package.keys.len())
                .filter(|&index| package.keys.get(&self.bytes, index).as_deref() == Some(key))
                .collect();
            self.types_named(package, &names)
                .flat_map(|(id, _, chunks)| chunks.iter().map(move |chunk| (id, chunk)))
                .flat_map(|(id, chunk)| {
                    self.entries(chunk)
                        .filter(|(_, entry)| keys.binary_search(&entry.key).is_ok())
                        .map(move |(number, _)| id | number)
                })
                .min()
        })
    }

    /// Every text of the types `string`, `array` and `plurals`, in every language.
    ///
    /// In the order of packages, types, configurations and entries; bounded to 64 MiB of text and four million values.
    pub fn strings(&self) -> Vec<StringResource> {
        self.strings_where(|_, _| true)
    }

    /// Those of [`Resources::strings`] whose text holds one of `parts`, or whose name does one of `names`. Empty texts find nothing.
    pub fn search_strings(
        &self,
        parts: &[String],
        names: &[String],
    ) -> Result<Vec<StringResource>, Error> {
        let search = |all: &[String]| {
            AhoCorasick::new(all.iter().filter(|one| !one.is_empty()))
                .map_err(|error| Error::new(ErrorKind::LimitHit, error.to_string()))
        };
        let (parts, names) = (search(parts)?, search(names)?);
        Ok(self.strings_where(|key, text| parts.is_match(text) || names.is_match(key)))
    }

    fn strings_where(&self, keep: impl Fn(&str, &str) -> bool) -> Vec<StringResource> {
        let mut out = Vec::new();
        let (mut budget, mut values_left) = (TEXT_BYTES, VALUES);
        for package in &self.packages {
            for (type_id, type_name, chunks) in
                self.types_named(package, &["string", "array", "plurals"])
            {
                for chunk in chunks {
                    let locale = config::locale(&self.bytes[chunk.config.clone()]);
                    for (number, entry) in self.entries(chunk) {
                        for (kind, data) in self.values(&entry) {
                            // Bags may share their items: the size of the table is no bound.
                            if values_left == 0 {
                                return out;
                            }
                            values_left -= 1;
                            let Some(text) = self.text(kind, data) else {
                                continue;
                            };
                            let key = self.key(package, &entry);
                            if !keep(&key, &text) {
                                continue;
                            }
                            let name = format!("{type_name}/{key}");
                            let cost = name.len() + text.len() + locale.len();
                            let Some(left) = budget.checked_sub(cost) else {
                                return out;
                            };
                            budget = left;
                            out.push(StringResource {
                                id: type_id | number,
                                name,
                                locale: locale.clone(),
                                text: text.into_owned(),
                            });
                        }
                    }
                }
            }
        }
        out
    }

    /// The files that resources of these types name, such as the layouts of type `layout`, sorted and without duplicates.
    pub fn files(&self, type_names: &[&str]) -> Vec<String> {
        let mut out = std::collections::BTreeSet::new();
        for package in &self.packages {
            for (_, _, chunks) in self.types_named(package, type_names) {
                for (_, entry) in chunks.iter().flat_map(|chunk| self.entries(chunk)) {
                    if let EntryValue::Simple { kind, data } = entry.value
                        && let Some(text) = self.text(kind, data)
                        && text.contains('/')
                    {
                        out.insert(text.into_owned());
                    }
                }
            }
        }
        out.into_iter().collect()
    }

    /// Types of these names: the id of their first entry, the name, their configurations.
    fn types_named<'a>(
        &'a self,
        package: &'a Package,
        names: &'a [&'a str],
    ) -> impl Iterator<Item = (u32, Cow<'a, str>, &'a [TypeChunk])> {
        package
            .types
            .iter()
            .enumerate()
            .filter_map(move |(number, chunks)| {
                let name = self.type_name(package, number)?;
                let id = u32::from(package.id) << 24 | (number as u32 + 1) << 16;
                names
                    .contains(&&*name)
                    .then_some((id, name, chunks.as_slice()))
            })
    }

    /// The value of a simple entry, or the items of a bag.
    fn values(&self, entry: &Entry) -> impl Iterator<Item = (u8, u32)> {
        let (one, items, count) = match entry.value {
            EntryValue::Simple { kind, data } => (Some((kind, data)), 0, 0),
            EntryValue::Complex { items, count } => (None, items, count),
        };
        let items = (0..count).map_while(move |position| self.item(items, position));
        one.into_iter()
            .chain(items.map(|(_, kind, data)| (kind, data)))
    }

    fn text(&self, kind: u8, data: u32) -> Option<Cow<'_, str>> {
        (kind == TYPE_STRING).then(|| self.string(data)).flatten()
    }

    /// The resource that a value refers to, seen from resource `from`.
    fn target(&self, from: u32, kind: u8, data: u32) -> Option<u32> {
        match kind {
            // In a shared library, package 0 stands for the library itself.
            TYPE_DYNAMIC_REFERENCE if data >> 24 == 0 => Some(data | from & 0xff00_0000),
            TYPE_REFERENCE | TYPE_DYNAMIC_REFERENCE if data != 0 => Some(data),
            _ => None,
        }
    }
}

fn type_number(id: u32) -> Option<usize> {
    (id as usize >> 16 & 0xff).checked_sub(1)
}

fn chunks(package: &Package, id: u32) -> &[TypeChunk] {
    type_number(id)
        .and_then(|number| package.types.get(number))
        .map_or(&[], Vec::as_slice)
}
