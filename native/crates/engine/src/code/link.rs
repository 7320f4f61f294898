//! One numbering for the types, names, prototypes, methods and fields of all DEX files of a program.
//!
//! The tables of a DEX are sorted, so the numbering comes from merging sorted lists, and its order is the order of the names:
//! nothing is hashed, and a prefix of a package is a range of type ids. Tables that are not sorted (damage) are sorted first.

use crate::dex::Dex;
use std::ops::Range;

/// Stands for "none" in tables of ids.
pub const NONE: u32 = u32::MAX;

/// A string of one of the DEX files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Position of the DEX file.
    pub dex: u32,
    /// Index in its `string_ids`.
    pub string: u32,
}

/// Class, name and prototype of a method, as unified ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MethodKey {
    /// Type id of the class.
    pub class: u32,
    /// Name id.
    pub name: u32,
    /// Prototype id.
    pub proto: u32,
}

/// Class, name and type of a field, as unified ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldKey {
    /// Type id of the class.
    pub class: u32,
    /// Name id.
    pub name: u32,
    /// Type id of the field's type.
    pub kind: u32,
}

/// How the indices of one DEX translate; [`NONE`] where its row is damaged.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    /// By index in `type_ids`.
    pub types: Vec<u32>,
    /// By index in `proto_ids`.
    pub protos: Vec<u32>,
    /// By index in `field_ids`.
    pub fields: Vec<u32>,
    /// By index in `method_ids`.
    pub methods: Vec<u32>,
}

/// The unified tables.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// Descriptors of all types, in the order of their bytes.
    pub types: Vec<Place>,
    /// Names of all methods and fields, in the order of their bytes.
    pub names: Vec<Place>,
    /// Return type, then parameter types, of each prototype: ranges of `proto_types`.
    pub protos: Vec<Range<u32>>,
    /// See `protos`.
    pub proto_types: Vec<u32>,
    /// All methods referred to, sorted by class, name, prototype.
    pub methods: Vec<MethodKey>,
    /// All fields referred to, sorted by class, name, type.
    pub fields: Vec<FieldKey>,
    /// Translation for each DEX.
    pub ids: Vec<Ids>,
}

impl Link {
    /// Merges the tables of all DEX files.
    pub fn new(dexes: &[Dex]) -> Link {
        let mut link = Link::default();
        let (types, type_ids) = unify(dexes.iter().enumerate().map(|(at, dex)| {
            (0..dex.type_count())
                .map(move |index| text(at, dex, dex.type_string(index)?))
                .collect()
        }));
        link.types = types.iter().map(Text::place).collect();
        let name_ids = link.merge_names(dexes);
        let proto_ids = link.merge_protos(dexes, &type_ids);
        let (methods, method_ids) = unify(dexes.iter().enumerate().map(|(at, dex)| {
            let (types, protos, names) = (&type_ids[at], &proto_ids[at], &name_ids[at]);
            let key = |index| {
                let row = dex.method(index)?;
                Some(MethodKey {
                    class: known(types, row.class)?,
                    name: known(names, row.name)?,
                    proto: known(protos, row.proto)?,
                })
            };
            (0..dex.method_count()).map(key).collect()
        }));
        let (fields, field_ids) = unify(dexes.iter().enumerate().map(|(at, dex)| {
            let (types, names) = (&type_ids[at], &name_ids[at]);
            let key = |index| {
                let row = dex.field(index)?;
                Some(FieldKey {
                    class: known(types, row.class)?,
                    name: known(names, row.name)?,
                    kind: known(types, row.kind)?,
                })
            };
            (0..dex.field_count()).map(key).collect()
        }));
        link.methods = methods;
        link.fields = fields;
        let rest = proto_ids.into_iter().zip(field_ids).zip(method_ids);
        link.ids = type_ids
            .into_iter()
            .zip(rest)
            .map(|(types, ((protos, fields), methods))| Ids {
                types,
                protos,
                fields,
                methods,
            })
            .collect();
        link
    }

    /// Numbers the strings that name a method or a field. The result translates by index in `string_ids`.
    fn merge_names(&mut self, dexes: &[Dex]) -> Vec<Vec<u32>> {
        let used: Vec<Vec<u32>> = dexes.iter().map(names_used).collect();
        let lists = dexes.iter().enumerate().map(|(at, dex)| {
            used[at]
                .iter()
                .map(|&string| text(at, dex, string))
                .collect()
        });
        let (names, ids) = unify(lists);
        self.names = names.iter().map(Text::place).collect();
        dexes
            .iter()
            .zip(used.iter().zip(ids))
            .map(|(dex, (used, ids))| {
                let mut by_string = vec![NONE; dex.string_count() as usize];
                for (&string, id) in used.iter().zip(ids) {
                    by_string[string as usize] = id;
                }
                by_string
            })
            .collect()
    }

    fn merge_protos(&mut self, dexes: &[Dex], type_ids: &[Vec<u32>]) -> Vec<Vec<u32>> {
        let mut flat: Vec<Vec<u32>> = Vec::new();
        let mut ranges: Vec<Vec<Option<Range<usize>>>> = Vec::new();
        for (dex, types) in dexes.iter().zip(type_ids) {
            let mut all = Vec::new();
            // Hostile prototypes may share one list of a million parameters: a method has 255 at most.
            let mut range = |index| {
                let (returns, parameters) = dex.proto(index)?;
                let start = all.len();
                all.push(known(types, returns)?);
                for parameter in parameters.iter().take(256) {
                    all.push(known(types, parameter)?);
                }
                Some(start..all.len())
            };
            ranges.push((0..dex.proto_count()).map(&mut range).collect());
            flat.push(all);
        }
        let lists = ranges.iter().zip(&flat).map(|(ranges, flat)| {
            let slice = |range: &Option<Range<usize>>| range.clone().map(|range| &flat[range]);
            ranges.iter().map(slice).collect()
        });
        let (protos, ids) = unify(lists);
        for types in protos {
            let start = self.proto_types.len() as u32;
            self.proto_types.extend_from_slice(types);
            self.protos.push(start..self.proto_types.len() as u32);
        }
        ids
    }

    /// Return type, then parameter types, of a prototype.
    pub fn proto(&self, id: u32) -> &[u32] {
        let range = &self.protos[id as usize];
        &self.proto_types[range.start as usize..range.end as usize]
    }

    /// The methods of a class, as a range of ids.
    pub fn methods_of(&self, class: u32) -> Range<usize> {
        let first = self.methods.partition_point(|key| key.class < class);
        let count = self.methods[first..].partition_point(|key| key.class == class);
        first..first + count
    }

    /// The fields of a class, as a range of ids.
    pub fn fields_of(&self, class: u32) -> Range<usize> {
        let first = self.fields.partition_point(|key| key.class < class);
        let count = self.fields[first..].partition_point(|key| key.class == class);
        first..first + count
    }
}

/// A string of a DEX, compared by its bytes alone.
#[derive(Clone, Copy)]
struct Text<'a> {
    bytes: &'a [u8],
    dex: u32,
    string: u32,
}

impl Text<'_> {
    fn place(&self) -> Place {
        Place {
            dex: self.dex,
            string: self.string,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl Eq for Text<'_> {}
impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes.cmp(other.bytes)
    }
}

fn text(at: usize, dex: &Dex, string: u32) -> Option<Text<'_>> {
    Some(Text {
        bytes: dex.string(string)?,
        dex: at as u32,
        string,
    })
}

fn known(ids: &[u32], index: u32) -> Option<u32> {
    ids.get(index as usize).copied().filter(|&id| id != NONE)
}

/// Indices of the strings that name a method or a field, ascending.
fn names_used(dex: &Dex) -> Vec<u32> {
    let mut used = vec![false; dex.string_count() as usize];
    let methods = (0..dex.method_count()).filter_map(|index| dex.method(index).map(|row| row.name));
    let fields = (0..dex.field_count()).filter_map(|index| dex.field(index).map(|row| row.name));
    for name in methods.chain(fields) {
        if let Some(used) = used.get_mut(name as usize) {
            *used = true;
        }
    }
    let indices = used.iter().enumerate().filter(|(_, used)| **used);
    indices.map(|(index, _)| index as u32).collect()
}

/// Merges lists into one sorted list without duplicates, and tells for each item of each list where it went.
///
/// Lists are joined in pairs, then the results in pairs: every item takes part in log2(lists) comparisons. Of equal items the one of the
/// first list stands in the result.
fn unify<T: Ord + Copy>(lists: impl Iterator<Item = Vec<Option<T>>>) -> (Vec<T>, Vec<Vec<u32>>) {
    let mut level: Vec<(Vec<T>, Vec<Vec<u32>>)> = lists
        .map(|list| {
            let (items, ids) = sorted(&list);
            (items, vec![ids])
        })
        .collect();
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len().div_ceil(2));
        let mut pairs = level.into_iter();
        while let Some((left, mut ids)) = pairs.next() {
            let Some((right, right_ids)) = pairs.next() else {
                next.push((left, ids));
                break;
            };
            let (items, left_moves, right_moves) = join(&left, &right);
            let left_count = ids.len();
            ids.extend(right_ids);
            for (position, ids) in ids.iter_mut().enumerate() {
                let moves = if position < left_count {
                    &left_moves
                } else {
                    &right_moves
                };
                for id in ids.iter_mut().filter(|id| **id != NONE) {
                    *id = moves[*id as usize];
                }
            }
            next.push((items, ids));
        }
        level = next;
    }
    level.pop().unwrap_or_default()
}

fn sorted<T: Ord + Copy>(list: &[Option<T>]) -> (Vec<T>, Vec<u32>) {
    let ascending = list.windows(2).all(|pair| pair[0] < pair[1]);
    if ascending && list.first().is_none_or(Option::is_some) {
        let items = list.iter().flatten().copied().collect();
        return (items, (0..list.len() as u32).collect());
    }
    let mut order: Vec<(T, usize)> = list
        .iter()
        .enumerate()
        .filter_map(|(at, item)| Some(((*item)?, at)))
        .collect();
    order.sort_unstable();
    let mut ids = vec![NONE; list.len()];
    let mut items: Vec<T> = Vec::with_capacity(order.len());
    for (item, at) in order {
        if items.last() != Some(&item) {
            items.push(item);
        }
        ids[at] = items.len() as u32 - 1;
    }
    (items, ids)
}

fn join<T: Ord + Copy>(left: &[T], right: &[T]) -> (Vec<T>, Vec<u32>, Vec<u32>) {
    let mut items = Vec::with_capacity(left.len() + right.len());
    let mut left_moves = Vec::with_capacity(left.len());
    let mut right_moves = Vec::with_capacity(right.len());
    while left_moves.len() < left.len() || right_moves.len() < right.len() {
        let id = items.len() as u32;
        let (a, b) = (left.get(left_moves.len()), right.get(right_moves.len()));
        let order = match (a, b) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        if order.is_le() {
            items.extend(a.copied());
            left_moves.push(id);
        }
        if order.is_ge() {
            if order.is_gt() {
                items.extend(b.copied());
            }
            right_moves.push(id);
        }
    }
    (items, left_moves, right_moves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_merge_whatever_their_order() {
        let lists = [
            vec![Some(1), Some(4), Some(9)],
            vec![Some(9), None, Some(2), Some(2)],
            vec![],
            vec![Some(0), Some(4)],
            vec![None],
        ];
        let (items, ids) = unify(lists.iter().cloned());
        assert_eq!(items, [0, 1, 2, 4, 9]);
        for (list, ids) in lists.iter().zip(&ids) {
            for (item, &id) in list.iter().zip(ids) {
                assert_eq!(item.as_ref(), items.get(id as usize));
            }
        }
        assert!(unify::<u32>(std::iter::empty()).0.is_empty());
    }
}
