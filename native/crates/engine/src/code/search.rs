//! Search for texts inside all strings of a program.
//!
//! The strings of a DEX lie side by side, so their bytes are searched in one run, and every place found is given to the string around it.

use super::Program;
use super::constants::Constant;
use super::link::NONE;
use super::query::{ROWS, StringHits, too_many};
use crate::dex::Dex;
use crate::dex::class_data::ClassData;
use crate::dex::value::Value;
use crate::dex::{Problems, strings};
use crate::{Error, ErrorKind};
use aho_corasick::{AhoCorasick, Input, MatchKind};
use std::collections::{BTreeMap, BTreeSet};

impl Program {
    /// Strings that contain one of some texts, each once, and their uses in code. The selector is always 0; an empty text finds nothing.
    ///
    /// A string that no instruction loads may be the constant of a static field: the readings of that field are its uses then.
    pub fn search_strings(&self, parts: &[String]) -> Result<StringHits, Error> {
        let parts = parts.iter().filter(|part| !part.is_empty());
        let patterns: Vec<_> = parts.map(|part| strings::encode(part)).collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(&patterns)
            .map_err(|error| Error::new(ErrorKind::LimitHit, error.to_string()))?;
        let mut by_text: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
        let mut rows = 0;
        for (at, dex) in (0u32..).zip(&self.dexes) {
            let found = strings_with(dex, &automaton);
            rows += found.len();
            if rows > ROWS {
                return Err(too_many());
            }
            for index in found {
                let text = dex.text(index).into_owned();
                by_text.entry(text).or_default().push((at, index));
            }
        }
        let mut out = StringHits::default();
        let mut silent: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for (text, places) in by_text {
            let position = out.texts.len() as u32;
            let before = out.hits.len();
            let targets = places
                .iter()
                .map(|&(dex, index)| (self.xref.targets.string(dex, index), position));
            self.collect(0, targets, &mut out.hits)?;
            if out.hits.len() == before {
                silent.extend(places.into_iter().map(|place| (place, position)));
            }
            out.texts.push((0, text));
        }
        let mut unused: BTreeSet<u32> = silent.values().copied().collect();
        for (field, position) in self.fields_holding(&silent) {
            let before = out.hits.len();
            let target = self.xref.targets.field(field);
            self.collect(0, std::iter::once((target, position)), &mut out.hits)?;
            if out.hits.len() > before {
                unused.remove(&position);
            }
        }
        out.unused.extend(unused);
        self.complete(&mut out.hits, false);
        Ok(out)
    }

    /// Constants of static fields whose names hold one of some texts: the field's id, and its string. An empty text finds nothing.
    pub fn named_constants(&self, names: &[String]) -> Result<Vec<(u32, String)>, Error> {
        let automaton = AhoCorasick::new(names.iter().filter(|name| !name.is_empty()))
            .map_err(|error| Error::new(ErrorKind::LimitHit, error.to_string()))?;
        let found: Vec<bool> = (self.link.names.iter())
            .map(|&place| automaton.is_match(self.bytes(place)))
            .collect();
        let mut out = Vec::new();
        for (id, key) in (0u32..).zip(&self.link.fields) {
            let text = match found[key.name as usize]
                .then(|| self.static_constant(id))
                .flatten()
            {
                Some(Constant::String(dex, index)) => self.dexes[dex as usize].text(index),
                _ => continue,
            };
            out.push((id, text.into_owned()));
            if out.len() > ROWS {
                return Err(too_many());
            }
        }
        Ok(out)
    }

    /// Static fields that start with one of these strings: field id, and what stands beside the string.
    fn fields_holding(&self, wanted: &BTreeMap<(u32, u32), u32>) -> Vec<(u32, u32)> {
        let mut out = Vec::new();
        let mut data = ClassData::default();
        // Classes may share one long list of values: all lists of a file together are no longer than the file.
        let mut budgets: Vec<usize> = self.dexes.iter().map(|dex| dex.bytes().len()).collect();
        for class in self.defs.classes.iter().filter(|class| !class.shadowed) {
            let dex = &self.dexes[class.dex as usize];
            let budget = &mut budgets[class.dex as usize];
            let Some(row) = dex.class(class.index).filter(|row| row.static_values != 0) else {
                continue;
            };
            let values = if *budget == 0 {
                Vec::new()
            } else {
                dex.static_values(row.static_values)
            };
            *budget = budget.saturating_sub(values.len());
            let held = |value: &Value| match value {
                Value::String(index) => wanted.get(&(class.dex, *index)).copied(),
                _ => None,
            };
            if !values.iter().any(|value| held(value).is_some()) {
                continue;
            }
            dex.class_data(&row, &mut data, budget, &mut Problems::default());
            let ids = &self.link.ids[class.dex as usize].fields;
            for (value, field) in values.iter().zip(&data.fields[..data.static_fields]) {
                let id = ids.get(field.field as usize).filter(|&&id| id != NONE);
                out.extend(id.copied().zip(held(value)));
            }
        }
        out
    }
}

/// Indices of the strings that contain a pattern, ascending.
fn strings_with(dex: &Dex, automaton: &AhoCorasick) -> Vec<u32> {
    let spans: Vec<_> = (0..dex.string_count())
        .map(|index| dex.string_span(index).unwrap_or_default())
        .collect();
    let first = spans.iter().filter(|span| !span.is_empty());
    let Some(first) = first.map(|span| span.start).min() else {
        return Vec::new();
    };
    let end = spans.iter().map(|span| span.end).max().unwrap_or(first);
    // The search goes on one byte behind the start of each place found, so that none is hidden by one that begins outside of a string.
    let mut places = Vec::new();
    let mut from = first;
    while let Some(found) = automaton.find(Input::new(dex.bytes()).range(from..end)) {
        places.push(found.start());
        from = found.start() + 1;
    }
    // A string ends at a zero byte, which no pattern holds: what begins inside of it ends inside of it.
    let holds = |span: &std::ops::Range<usize>| {
        let next = places.partition_point(|&place| place < span.start);
        places.get(next).is_some_and(|&place| place < span.end)
    };
    (0..dex.string_count())
        .filter(|&index| holds(&spans[index as usize]))
        .collect()
}
