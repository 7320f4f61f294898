//! Resource tables: an index over `resources.arsc`. Strings and values are read when they are asked for.

use super::chunk::{Chunk, HEADER, PACKAGE, STRING_POOL, TABLE, TYPE, TYPE_SPEC};
use super::config;
use super::pool::StringPool;
use crate::bytes::{u16_at, u32_at};
use crate::oddity::OddityLog;
use crate::{Error, ErrorKind, Limits, Oddity};
use std::borrow::Cow;
use std::ops::Range;

const PACKAGE_HEADER: usize = 284;
const TYPE_HEADER: usize = 20;
const NAME_UNITS: usize = 128;
/// Configurations of one type that are looked at; real tables have a few hundred.
const CONFIGURATIONS: usize = 1024;

/// A parsed table. Owns its bytes.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) bytes: Vec<u8>,
    pub(super) pool: StringPool,
    /// Packages in the order of the file.
    pub packages: Vec<Package>,
    /// What was odd.
    pub oddities: Vec<Oddity>,
}

/// One package of a table.
#[derive(Debug, Clone)]
pub struct Package {
    /// Package id: the highest byte of its resource ids; 0 for a shared library.
    pub id: u8,
    /// Name of the package.
    pub name: String,
    pub(super) type_names: StringPool,
    pub(super) keys: StringPool,
    /// By type id less one: the type in its configurations, the default one first.
    pub(super) types: Vec<Vec<TypeChunk>>,
}

/// One type in one configuration.
#[derive(Debug, Clone)]
pub(super) struct TypeChunk {
    pub config: Range<usize>,
    index: usize,
    count: u32,
    entries: usize,
    end: usize,
    form: IndexForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IndexForm {
    /// One `u32` offset for each entry.
    Wide,
    /// One `u16` offset, in units of four bytes, for each entry.
    Short,
    /// Pairs of entry number and offset, in order of entry number.
    Sparse,
}

/// One entry of a type in one configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: u32,
    pub value: EntryValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryValue {
    Simple {
        kind: u8,
        data: u32,
    },
    /// A bag: `count` items of twelve bytes at `items`.
    Complex {
        items: usize,
        count: u32,
    },
}

impl Table {
    /// Indexes a table. Work is linear in its size; no string is decoded but the package names.
    ///
    /// Fails with `NotThisFormat` if the bytes are no table, with `Malformed` if packages are stated and none is found.
    pub fn parse(bytes: Vec<u8>, limits: &Limits) -> Result<Table, Error> {
        let header = Chunk::read(&bytes, 0)
            .ok_or_else(|| Error::new(ErrorKind::NotThisFormat, "shorter than a chunk header"))?;
        if header.kind != TABLE {
            return Err(Error::new(ErrorKind::NotThisFormat, "not a resource table"));
        }
        let mut log = OddityLog::new(limits.oddities);
        if header.size != bytes.len() {
            log.add("wrong-file-size", "", Some(4), || {
                format!("{} stated, {} found", header.size, bytes.len())
            });
        }
        let mut reader = Reader {
            bytes: &bytes,
            pool: None,
            packages: Vec::new(),
            entries_left: limits.resource_entries,
            log,
        };
        let body = header.header_size.clamp(HEADER, bytes.len());
        reader.chunks(body, bytes.len());
        let Reader {
            pool,
            mut packages,
            log,
            ..
        } = reader;
        // A package without resources has a table that counts no package.
        let stated = u32_at(&bytes, HEADER).unwrap_or(0);
        if packages.is_empty() && stated != 0 {
            return Err(Error::new(
                ErrorKind::Malformed,
                format!("{stated} packages stated in the resource table, none found"),
            ));
        }
        for chunks in packages.iter_mut().flat_map(|package| &mut package.types) {
            chunks.sort_by_key(|chunk| !is_default(&bytes[chunk.config.clone()]));
        }
        Ok(Table {
            pool: pool.unwrap_or_default(),
            packages,
            oddities: log.finish(),
            bytes,
        })
    }

    /// A string of the value pool.
    pub fn string(&self, index: u32) -> Option<Cow<'_, str>> {
        self.pool.get(&self.bytes, index)
    }

    pub(super) fn packages_of(&self, id: u32) -> impl Iterator<Item = &Package> {
        let package_id = (id >> 24) as u8;
        self.packages.iter().filter(move |p| p.id == package_id)
    }

    pub(super) fn type_name(&self, package: &Package, number: usize) -> Option<Cow<'_, str>> {
        package.type_names.get(&self.bytes, number as u32)
    }

    pub(super) fn key<'a>(&'a self, package: &Package, entry: &Entry) -> Cow<'a, str> {
        package.keys.get(&self.bytes, entry.key).unwrap_or_default()
    }

    /// All entries of a chunk: entry number and entry.
    pub(super) fn entries<'a>(
        &'a self,
        chunk: &'a TypeChunk,
    ) -> impl Iterator<Item = (u32, Entry)> + 'a {
        (0..chunk.count).filter_map(move |position| {
            let (number, offset) = chunk.slot(&self.bytes, position)?;
            Some((number, chunk.entry(&self.bytes, offset)?))
        })
    }

    /// Entry `number` of a chunk.
    pub(super) fn entry(&self, chunk: &TypeChunk, number: u32) -> Option<Entry> {
        let position = match chunk.form {
            IndexForm::Sparse => chunk.sparse_position(&self.bytes, number)?,
            _ => number,
        };
        let (_, offset) = chunk.slot(&self.bytes, position)?;
        chunk.entry(&self.bytes, offset)
    }

    /// Item `position` of a bag: name, kind, data.
    pub(super) fn item(&self, items: usize, position: u32) -> Option<(u32, u8, u32)> {
        let at = items.checked_add(12 * position as usize)?;
        Some((
            u32_at(&self.bytes, at)?,
            *self.bytes.get(at + 7)?,
            u32_at(&self.bytes, at + 8)?,
        ))
    }
}

fn is_default(config: &[u8]) -> bool {
    config
        .get(4..)
        .is_none_or(|fields| fields.iter().all(|&b| b == 0))
        || config::qualifiers(config).is_empty()
}

impl TypeChunk {
    /// Entry number and offset of the entry in slot `position` of the index.
    fn slot(&self, bytes: &[u8], position: u32) -> Option<(u32, usize)> {
        if position >= self.count {
            return None;
        }
        let slot = position as usize;
        match self.form {
            IndexForm::Wide => {
                let offset = u32_at(bytes, self.index + 4 * slot)?;
                (offset != u32::MAX).then_some((position, offset as usize))
            }
            IndexForm::Short => {
                let offset = u16_at(bytes, self.index + 2 * slot)?;
                (offset != u16::MAX).then_some((position, 4 * usize::from(offset)))
            }
            IndexForm::Sparse => Some((
                u32::from(u16_at(bytes, self.index + 4 * slot)?),
                4 * usize::from(u16_at(bytes, self.index + 4 * slot + 2)?),
            )),
        }
    }

    fn sparse_position(&self, bytes: &[u8], number: u32) -> Option<u32> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let found = u32::from(u16_at(bytes, self.index + 4 * middle as usize)?);
            match found.cmp(&number) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Reads the entry at `offset` behind the index; `None` if it does not lie inside the chunk.
    fn entry(&self, bytes: &[u8], offset: usize) -> Option<Entry> {
        const COMPLEX: u16 = 1;
        const COMPACT: u16 = 8;
        let bytes = bytes.get(..self.end)?;
        let at = self.entries.checked_add(offset)?;
        let (size, flags) = (u16_at(bytes, at)?, u16_at(bytes, at + 2)?);
        if flags & COMPACT != 0 {
            return Some(Entry {
                key: u32::from(size),
                value: EntryValue::Simple {
                    kind: (flags >> 8) as u8,
                    data: u32_at(bytes, at + 4)?,
                },
            });
        }
        let key = u32_at(bytes, at + 4)?;
        let value_at = at + usize::from(size.max(8));
        let value = if flags & COMPLEX != 0 {
            let room = self.end.saturating_sub(value_at) / 12;
            EntryValue::Complex {
                items: value_at,
                count: u32_at(bytes, at + 12)?.min(room as u32),
            }
        } else {
            EntryValue::Simple {
                kind: *bytes.get(value_at + 3)?,
                data: u32_at(bytes, value_at + 4)?,
            }
        };
        Some(Entry { key, value })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    pool: Option<StringPool>,
    packages: Vec<Package>,
    entries_left: usize,
    log: OddityLog,
}

impl Reader<'_> {
    /// Reads all chunks. Those of a package lie inside its chunk; reading them as a flat sequence also gets by a wrong package size.
    fn chunks(&mut self, mut at: usize, end: usize) {
        while at + HEADER <= end {
            let Some(chunk) = Chunk::read(self.bytes, at) else {
                return;
            };
            if !chunk.fits(at, end) && chunk.kind != PACKAGE {
                self.log.add("chunk-broken", "", Some(at as u64), || {
                    format!(
                        "type {:#06x}, header of {}, {} bytes in all",
                        chunk.kind, chunk.header_size, chunk.size
                    )
                });
                if chunk.kind == STRING_POOL {
                    self.string_pool(at, end);
                }
                at = self.resume(at + 1, end);
                continue;
            }
            match chunk.kind {
                STRING_POOL => self.string_pool(at, at + chunk.size),
                PACKAGE => {
                    at = self.package(at, chunk, end);
                    continue;
                }
                TYPE => self.type_chunk(at, chunk),
                _ => {}
            }
            at += chunk.size;
        }
    }

    fn resume(&self, at: usize, end: usize) -> usize {
        let starts_here = |at: usize| {
            Chunk::read(self.bytes, at).is_some_and(|chunk| {
                let sizes = match chunk.kind {
                    PACKAGE => PACKAGE_HEADER..=PACKAGE_HEADER + 64,
                    TYPE => TYPE_HEADER + 4..=TYPE_HEADER + 256,
                    TYPE_SPEC => 16..=16,
                    STRING_POOL => 28..=28,
                    _ => return false,
                };
                sizes.contains(&chunk.header_size) && chunk.fits(at, end)
            })
        };
        (at..end).find(|&at| starts_here(at)).unwrap_or(end)
    }

    /// The first pool of the file holds the values; the pools of a package are read with it.
    fn string_pool(&mut self, at: usize, end: usize) {
        if self.pool.is_none() && self.packages.is_empty() {
            self.pool = StringPool::read(self.bytes, at, end, &mut self.log);
        }
    }

    /// Reads the header of a package and its two pools; gives the place of its first chunk.
    fn package(&mut self, at: usize, chunk: Chunk, end: usize) -> usize {
        let field = |offset| u32_at(self.bytes, at + offset);
        let header = chunk.header_size.max(PACKAGE_HEADER);
        let Some(id) = field(8).filter(|_| at + header <= end) else {
            self.log.add("package-broken", "", Some(at as u64), || {
                "the header does not fit".into()
            });
            return end;
        };
        if !chunk.fits(at, end) {
            self.log.add("package-broken", "", Some(at as u64), || {
                format!("{} bytes stated, {} left", chunk.size, end - at)
            });
        }
        let units = (0..NAME_UNITS)
            .map_while(|unit| u16_at(self.bytes, at + 12 + 2 * unit))
            .take_while(|&unit| unit != 0);
        let name = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        let pool_at = |offset| field(offset).map(|value| at.saturating_add(value as usize));
        let (type_names, keys) = (pool_at(268), pool_at(276));
        let mut pool = |place: Option<usize>| {
            let place = place.filter(|&place| {
                place > at && Chunk::read(self.bytes, place).is_some_and(|c| c.kind == STRING_POOL)
            });
            let pool =
                place.and_then(|place| StringPool::read(self.bytes, place, end, &mut self.log));
            if pool.is_none() {
                self.log
                    .add("string-pool-missing", "", Some(at as u64), || {
                        "names of types or resources are lost".into()
                    });
            }
            pool.unwrap_or_default()
        };
        let package = Package {
            id: id as u8,
            name,
            type_names: pool(type_names),
            keys: pool(keys),
            types: Vec::new(),
        };
        self.packages.push(package);
        at + header
    }

    fn type_chunk(&mut self, at: usize, chunk: Chunk) {
        const SPARSE: u8 = 1;
        const OFFSET16: u8 = 2;
        let place = Some(at as u64);
        let Some(package) = self.packages.last_mut() else {
            return;
        };
        let end = at + chunk.size;
        let (id, flags) = (self.bytes.get(at + 8), self.bytes.get(at + 9));
        let (Some(&id @ 1..), Some(&flags), Some(count), Some(entries)) = (
            id,
            flags,
            u32_at(self.bytes, at + 12),
            u32_at(self.bytes, at + 16),
        ) else {
            self.log.add("type-broken", "", place, || {
                "no header, or type id 0".into()
            });
            return;
        };
        if chunk.header_size < TYPE_HEADER || entries as usize > chunk.size {
            self.log.add("type-broken", "", place, || {
                format!("header of {}, entries at {entries}", chunk.header_size)
            });
            return;
        }
        let (form, slot) = match flags {
            _ if flags & SPARSE != 0 => (IndexForm::Sparse, 4),
            _ if flags & OFFSET16 != 0 => (IndexForm::Short, 2),
            _ => (IndexForm::Wide, 4),
        };
        let possible = (chunk.size - chunk.header_size) / slot;
        if count as usize > possible {
            self.log.add("type-broken", "", place, || {
                format!("{count} entries stated, {possible} have room")
            });
        }
        let count = (count as usize).min(possible);
        let number = usize::from(id) - 1;
        if package.types.len() <= number {
            package.types.resize_with(number + 1, Vec::new);
        }
        if count > self.entries_left || package.types[number].len() >= CONFIGURATIONS {
            self.log.add("too-many-resource-entries", "", place, || {
                "this type is left out in this configuration".into()
            });
            return;
        }
        self.entries_left -= count;
        package.types[number].push(TypeChunk {
            config: at + TYPE_HEADER..at + chunk.header_size,
            index: at + chunk.header_size,
            count: count as u32,
            entries: at + entries as usize,
            end,
            form,
        });
    }
}
