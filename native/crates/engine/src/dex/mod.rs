//! DEX files 035 to 041: tables, classes, instructions.
//!
//! Facts: Dalvik Executable format, Dalvik bytecode, Dalvik executable instruction formats (source.android.com, documents of the runtime).
//! Tables are read where they lie and checked at each use. What is damaged costs itself alone and leaves a [`Problem`].

pub mod annotation;
pub mod class_data;
pub mod debug;
pub mod header;
pub mod instruction;
pub mod leb;
pub mod opcode;
pub mod strings;
pub mod value;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use crate::bytes::{u16_at, u32_at};
use crate::{Error, ErrorKind};
use header::{HEADER_SIZE, Header, Section};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Stands for "no index" in DEX tables.
pub const NO_INDEX: u32 = u32::MAX;
/// DEX files in one container that are read.
const CONTAINER_LIMIT: usize = 1_000;
const TYPE_CALL_SITES: u16 = 7;
const TYPE_METHOD_HANDLES: u16 = 8;

/// Something damaged or irregular that was stepped over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable kebab-case name.
    pub kind: &'static str,
    /// Offset in the DEX file.
    pub offset: u64,
    /// The particulars.
    pub detail: String,
}

/// Problems of one DEX: the first ones in full, all of them counted.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    /// The first ones.
    pub list: Vec<Problem>,
    /// How many there were in all.
    pub count: u64,
}

impl Problems {
    /// Problems of one DEX that are kept in full.
    pub const KEPT: usize = 100;

    /// Records one.
    pub fn add(&mut self, kind: &'static str, offset: usize, detail: impl Into<String>) {
        self.count += 1;
        if self.list.len() < Self::KEPT {
            self.list.push(Problem {
                kind,
                offset: offset as u64,
                detail: detail.into(),
            });
        }
    }
}

/// One DEX: its bytes, and where its tables lie. In a container of version 041 several share the bytes.
#[derive(Debug, Clone)]
pub struct Dex {
    /// Archive member, such as `classes2.dex`; parts of a container after the first have `!1`, `!2` … behind it.
    pub name: String,
    /// The header as it stands.
    pub header: Header,
    /// What was irregular in header and map.
    pub problems: Problems,
    bytes: Arc<Vec<u8>>,
    strings: Section,
    types: Section,
    protos: Section,
    fields: Section,
    methods: Section,
    classes: Section,
    call_sites: Section,
    method_handles: Section,
}

/// A row of `method_ids`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodId {
    /// Index of the class in `type_ids`.
    pub class: u32,
    /// Index in `proto_ids`.
    pub proto: u32,
    /// Index of the name in `string_ids`.
    pub name: u32,
}

/// A row of `field_ids`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldId {
    /// Index of the class in `type_ids`.
    pub class: u32,
    /// Index of the field's type in `type_ids`.
    pub kind: u32,
    /// Index of the name in `string_ids`.
    pub name: u32,
}

/// A row of `method_handles`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodHandle {
    /// What the handle does; 4 to 8 invoke a method, 0 to 3 access a field.
    pub kind: u16,
    /// Index in `method_ids` or `field_ids`.
    pub target: u32,
}

impl MethodHandle {
    /// Whether the target is a method.
    pub fn is_method(self) -> bool {
        (4..=8).contains(&self.kind)
    }
}

impl Dex {
    /// Reads a file with one DEX, or a container of version 041 with several.
    ///
    /// Fails if the first header cannot be read; a damaged later header of a container becomes a problem of the first DEX.
    pub fn open(name: &str, bytes: Arc<Vec<u8>>) -> Result<Vec<Dex>, Error> {
        let first = Dex::at(name, &bytes, 0)?;
        let mut next = first.header.file_size;
        let is_container = first.header.version >= 41 && first.header.container_size > next;
        let mut all = vec![first];
        while is_container
            && next >= HEADER_SIZE
            && next < bytes.len()
            && all.len() < CONTAINER_LIMIT
        {
            match Dex::at(&format!("{name}!{}", all.len()), &bytes, next) {
                Ok(dex) => {
                    let size = dex.header.file_size;
                    all.push(dex);
                    if size < HEADER_SIZE {
                        break;
                    }
                    next = next.saturating_add(size);
                }
                // Behind the last DEX a container holds the data that they share.
                Err(error) if error.kind == ErrorKind::NotThisFormat => break,
                Err(error) => {
                    all[0]
                        .problems
                        .add("container-part", next, error.to_string());
                    break;
                }
            }
        }
        Ok(all)
    }

    fn at(name: &str, bytes: &Arc<Vec<u8>>, at: usize) -> Result<Dex, Error> {
        let header = Header::parse(bytes, at)?;
        let mut problems = Problems::default();
        if at == 0 && header.version < 41 && header.file_size != bytes.len() {
            let detail = format!(
                "header says {} bytes, there are {}",
                header.file_size,
                bytes.len()
            );
            problems.add("dex-size", 0x20, detail);
        }
        if header.header_size != HEADER_SIZE && header.version < 41 {
            problems.add(
                "dex-header-size",
                0x24,
                format!("header size {:#x}", header.header_size),
            );
        }
        if header.version == 36 {
            let detail = "version 036, which no Android release runs".to_owned();
            problems.add("dex-version", 4, detail);
        }
        if header.container_offset != at {
            problems.add(
                "container-offset",
                at + 0x74,
                format!("{:#x}", header.container_offset),
            );
        }
        let mut section = |index: usize, size: usize, what| {
            fit(
                bytes.len(),
                &header,
                header.sections[index],
                size,
                what,
                &mut problems,
            )
        };
        let strings = section(0, 4, "string_ids");
        let types = section(1, 4, "type_ids");
        let protos = section(2, 12, "proto_ids");
        let fields = section(3, 8, "field_ids");
        let methods = section(4, 8, "method_ids");
        let classes = section(5, 32, "class_defs");
        let mut dex = Dex {
            name: name.to_owned(),
            bytes: bytes.clone(),
            strings,
            types,
            protos,
            fields,
            methods,
            classes,
            call_sites: Section::default(),
            method_handles: Section::default(),
            header,
            problems,
        };
        dex.read_map();
        Ok(dex)
    }

    /// The map is the only place that tells where call sites and method handles lie.
    fn read_map(&mut self) {
        let at = self.header.map_offset;
        let Some(count) = u32_at(&self.bytes, at).filter(|_| at != 0) else {
            self.problems
                .add("dex-map", at, "no map at the stated offset");
            return;
        };
        for row in 0..(count as usize).min(64) {
            let item = at + 4 + 12 * row;
            let (Some(kind), Some(count), Some(offset)) = (
                u16_at(&self.bytes, item),
                u32_at(&self.bytes, item + 4),
                u32_at(&self.bytes, item + 8),
            ) else {
                self.problems.add("dex-map", item, "the map is cut short");
                return;
            };
            let stated = Section {
                offset: offset as usize,
                count: count as usize,
            };
            let length = self.bytes.len();
            match kind {
                TYPE_CALL_SITES => {
                    self.call_sites = fit(
                        length,
                        &self.header,
                        stated,
                        4,
                        "call_site_ids",
                        &mut self.problems,
                    );
                }
                TYPE_METHOD_HANDLES => {
                    self.method_handles = fit(
                        length,
                        &self.header,
                        stated,
                        8,
                        "method_handles",
                        &mut self.problems,
                    );
                }
                1..=6 => self.compare(usize::from(kind) - 1, stated),
                _ => {}
            }
        }
    }

    /// Records that the map places a table elsewhere than the header does: what was read by the header may be something else.
    fn compare(&mut self, index: usize, stated: Section) {
        let read = self.header.sections[index];
        // In a container (041) the two count from different starts.
        if self.header.version < 41 && read != stated {
            let what = ["string", "type", "proto", "field", "method", "class"][index];
            let detail = format!(
                "{what} table: the header says {} at {:#x}, the map {} at {:#x}",
                read.count, read.offset, stated.count, stated.offset
            );
            self.problems
                .add("dex-table-moved", 0x38 + 8 * index, detail);
        }
    }

    /// All bytes of the file: of the container, in version 041.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes that this DEX takes by its header, never more than there are.
    pub fn size(&self) -> usize {
        let left = self
            .bytes
            .len()
            .saturating_sub(self.header.container_offset);
        self.header.file_size.min(left)
    }

    /// Whether the Adler-32 of the header is that of the bytes it covers.
    pub fn checksum_ok(&self) -> bool {
        let start = self.header.container_offset;
        let end = start.saturating_add(self.size());
        self.bytes
            .get(start.saturating_add(12)..end)
            .is_some_and(|covered| header::adler32(covered) == self.header.checksum)
    }

    /// Number of strings.
    pub fn string_count(&self) -> u32 {
        self.strings.count as u32
    }

    /// Number of types.
    pub fn type_count(&self) -> u32 {
        self.types.count as u32
    }

    /// Number of prototypes.
    pub fn proto_count(&self) -> u32 {
        self.protos.count as u32
    }

    /// Number of field references.
    pub fn field_count(&self) -> u32 {
        self.fields.count as u32
    }

    /// Number of method references.
    pub fn method_count(&self) -> u32 {
        self.methods.count as u32
    }

    /// Number of class definitions.
    pub fn class_count(&self) -> u32 {
        self.classes.count as u32
    }

    /// Number of call sites.
    pub fn call_site_count(&self) -> u32 {
        self.call_sites.count as u32
    }

    /// Number of method handles.
    pub fn method_handle_count(&self) -> u32 {
        self.method_handles.count as u32
    }

    /// Offset of row `index` of a table whose rows have `size` bytes.
    #[inline]
    fn row(section: Section, index: u32, size: usize) -> Option<usize> {
        let index = index as usize;
        (index < section.count).then(|| section.offset + index * size)
    }

    /// The MUTF-8 bytes of a string.
    #[inline]
    pub fn string(&self, index: u32) -> Option<&[u8]> {
        self.bytes.get(self.string_span(index)?)
    }

    /// Where the bytes of a string lie; a zero byte follows.
    #[inline]
    pub fn string_span(&self, index: u32) -> Option<Range<usize>> {
        let row = Self::row(self.strings, index, 4)?;
        let mut at = u32_at(&self.bytes, row)? as usize;
        let units = leb::uleb128(&self.bytes, &mut at)? as usize;
        // The usual case: one byte a character, so that the end is where the length says.
        let end = at.checked_add(units)?;
        if self.bytes.get(end) == Some(&0) {
            return Some(at..end);
        }
        let longest = self
            .bytes
            .len()
            .min(at.checked_add(units.checked_mul(3)?.checked_add(1)?)?);
        let rest = self.bytes.get(at..longest)?;
        let length = rest.iter().position(|&byte| byte == 0)?;
        Some(at..at + length)
    }

    /// A string for people; a damaged one is empty.
    pub fn text(&self, index: u32) -> Cow<'_, str> {
        strings::decode(self.string(index).unwrap_or_default())
    }

    /// Index in `string_ids` of a type's descriptor.
    #[inline]
    pub fn type_string(&self, index: u32) -> Option<u32> {
        u32_at(&self.bytes, Self::row(self.types, index, 4)?)
    }

    /// The descriptor of a type, such as `Ljava/lang/String;`.
    #[inline]
    pub fn type_descriptor(&self, index: u32) -> Option<&[u8]> {
        self.string(self.type_string(index)?)
    }

    /// A row of `field_ids`.
    #[inline]
    pub fn field(&self, index: u32) -> Option<FieldId> {
        let row = Self::row(self.fields, index, 8)?;
        Some(FieldId {
            class: u32::from(u16_at(&self.bytes, row)?),
            kind: u32::from(u16_at(&self.bytes, row + 2)?),
            name: u32_at(&self.bytes, row + 4)?,
        })
    }

    /// A row of `method_ids`.
    #[inline]
    pub fn method(&self, index: u32) -> Option<MethodId> {
        let row = Self::row(self.methods, index, 8)?;
        Some(MethodId {
            class: u32::from(u16_at(&self.bytes, row)?),
            proto: u32::from(u16_at(&self.bytes, row + 2)?),
            name: u32_at(&self.bytes, row + 4)?,
        })
    }

    /// Return type and parameter types of a prototype, as indices in `type_ids`.
    pub fn proto(&self, index: u32) -> Option<(u32, TypeList<'_>)> {
        let row = Self::row(self.protos, index, 12)?;
        let returns = u32_at(&self.bytes, row + 4)?;
        let parameters = u32_at(&self.bytes, row + 8)?;
        Some((returns, self.type_list(parameters)?))
    }

    /// A list of types at an offset; offset zero is the empty list. `None` if it runs past the end.
    pub fn type_list(&self, offset: u32) -> Option<TypeList<'_>> {
        if offset == 0 {
            return Some(TypeList(&[]));
        }
        let at = offset as usize;
        let count = u32_at(&self.bytes, at)? as usize;
        let end = (at + 4).checked_add(count.checked_mul(2)?)?;
        self.bytes.get(at + 4..end).map(TypeList)
    }

    /// A row of `method_handles`.
    pub fn method_handle(&self, index: u32) -> Option<MethodHandle> {
        let row = Self::row(self.method_handles, index, 8)?;
        Some(MethodHandle {
            kind: u16_at(&self.bytes, row)?,
            target: u32::from(u16_at(&self.bytes, row + 4)?),
        })
    }

    /// The values of a call site: bootstrap method handle, name, method type, then its own arguments.
    pub fn call_site(&self, index: u32) -> Option<Vec<value::Value>> {
        let row = Self::row(self.call_sites, index, 4)?;
        let mut at = u32_at(&self.bytes, row)? as usize;
        value::array(&self.bytes, &mut at)
    }
}

/// Indices in `type_ids`, as they lie in the file.
#[derive(Debug, Clone, Copy)]
pub struct TypeList<'a>(&'a [u8]);

impl TypeList<'_> {
    /// The indices in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = u32> {
        self.0
            .chunks_exact(2)
            .map(|pair| u32::from(u16::from_le_bytes([pair[0], pair[1]])))
    }
}

/// Cuts a table to what lies inside the file.
///
/// A table that runs out of the file cannot have the stated size, so the next table of the header bounds it: rows made of other tables would be noise.
fn fit(
    length: usize,
    header: &Header,
    stated: Section,
    row: usize,
    what: &str,
    problems: &mut Problems,
) -> Section {
    let fits = |end: usize| end.saturating_sub(stated.offset) / row;
    if stated.count <= fits(length) {
        return stated;
    }
    let offsets = header.sections.iter().map(|section| section.offset);
    let end = offsets
        .chain([header.data_offset, header.map_offset])
        .filter(|&offset| offset > stated.offset)
        .min()
        .unwrap_or(length);
    let count = fits(end.min(length));
    let detail = format!(
        "{what} has {} rows at {:#x}, {count} fit",
        stated.count, stated.offset
    );
    problems.add("dex-table-cut", stated.offset, detail);
    Section {
        offset: stated.offset,
        count,
    }
}
