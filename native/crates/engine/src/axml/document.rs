//! One binary XML document as a tree of elements.

use super::attributes::{ANDROID_NAMESPACE, framework_attribute};
use super::chunk::{
    CDATA, Chunk, END_ELEMENT, END_NAMESPACE, HEADER, RESOURCE_MAP, START_ELEMENT, START_NAMESPACE,
    STRING_POOL, XML,
};
use super::pool::StringPool;
use crate::bytes::{u16_at, u32_at};
use crate::oddity::OddityLog;
use crate::{Error, ErrorKind, Limits, Oddity};
use std::borrow::Cow;
use std::ops::Range;

/// "No string" in every index field.
pub const NONE: u32 = u32::MAX;

/// Type of a value that is a string of the pool (`TYPE_STRING`).
pub const TYPE_STRING: u8 = 3;

/// Bytes of one attribute; the part of an element before its attributes has as many.
const ATTRIBUTE_SIZE: usize = 20;
const NODE_HEADER: usize = 16;
const POOL_HEADER: usize = 28;
/// Attributes allowed for each node that is allowed.
const ATTRIBUTES_PER_NODE: usize = 8;

/// One element. Text fields are indices of the string pool, or [`NONE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Index of the parent in `elements`.
    pub parent: Option<u32>,
    /// Number of ancestors.
    pub depth: u32,
    /// Namespace URI.
    pub namespace: u32,
    /// Tag name.
    pub name: u32,
    /// Line of the source file, as the file states it.
    pub line: u32,
    /// Comment before the element.
    pub comment: u32,
    /// Its attributes, as indices of `attributes`.
    pub attributes: Range<u32>,
}

/// One attribute. Text fields are indices of the string pool, or [`NONE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Index of the element in `elements`.
    pub element: u32,
    /// Namespace URI.
    pub namespace: u32,
    /// Name as written; [`Document::attribute_name`] is the one that counts.
    pub name: u32,
    /// Resource id of the attribute, 0 if the resource map has none: this is what Android looks it up by.
    pub resource_id: u32,
    /// The value as written in the source.
    pub raw: u32,
    /// Type of the value (`Res_value::dataType`).
    pub kind: u8,
    /// The value (`Res_value::data`).
    pub data: u32,
}

/// One piece of text between tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Index of the element it stands in.
    pub element: Option<u32>,
    /// The text, as an index of the string pool.
    pub text: u32,
    /// Line of the source file.
    pub line: u32,
}

/// A parsed document. Strings are decoded when they are asked for.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    bytes: &'a [u8],
    pool: StringPool,
    /// Elements in document order: a parent stands before its children.
    pub elements: Vec<Element>,
    /// Attributes in document order.
    pub attributes: Vec<Attribute>,
    /// Text in document order.
    pub texts: Vec<Text>,
    /// What was odd.
    pub oddities: Vec<Oddity>,
}

impl<'a> Document<'a> {
    /// Reads a document as Android's `ResXMLTree` does, and further where that one gives up: behind damage it goes on at the next chunk
    /// that makes sense.
    ///
    /// Fails with `NotThisFormat` for anything without elements that does not start like binary XML, with `Malformed` if there is no element.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Document<'a>, Error> {
        let document = Self::parse_quickly(bytes, limits)?;
        let Document {
            pool, mut oddities, ..
        } = document;
        let mut log = OddityLog::new(limits.oddities.saturating_sub(oddities.len()));
        pool.check(bytes, &mut log);
        check_names(bytes, &pool, &document.attributes, &mut log);
        oddities.extend(log.finish());
        Ok(Document {
            pool,
            oddities,
            ..document
        })
    }

    /// [`Document::parse`] without the pass over all strings and names that looks for oddities.
    pub fn parse_quickly(bytes: &'a [u8], limits: &Limits) -> Result<Document<'a>, Error> {
        let header = Chunk::read(bytes, 0)
            .ok_or_else(|| Error::new(ErrorKind::NotThisFormat, "shorter than a chunk header"))?;
        let start = bytes.iter().position(|b| !b.is_ascii_whitespace());
        if start.is_some_and(|at| bytes[at] == b'<' || bytes[at..].starts_with(b"\xef\xbb\xbf<")) {
            return Err(Error::new(ErrorKind::NotThisFormat, "plain text"));
        }
        let mut builder = Builder::new(bytes, limits);
        let log = &mut builder.log;
        if header.kind != XML {
            log.add("wrong-magic", "", Some(0), || {
                format!("type {:#06x} in place of 0x0003", header.kind)
            });
        }
        if header.size != bytes.len() {
            log.add("wrong-file-size", "", Some(4), || {
                format!("{} stated, {} found", header.size, bytes.len())
            });
        }
        let mut body = header.header_size;
        if body != HEADER {
            log.add("header-size-odd", "", Some(2), || {
                format!("document header of {body} bytes")
            });
            if !(HEADER..bytes.len()).contains(&body) {
                body = HEADER;
            }
        }
        // Android reads up to the stated size. If that leaves nothing to read, the size is the lie.
        if header.size < bytes.len() {
            builder.read(body, header.size);
        }
        if builder.elements.is_empty() {
            builder.read(body, bytes.len());
        }
        builder.finish(header.kind == XML)
    }

    /// String `index` of the pool.
    pub fn string(&self, index: u32) -> Option<Cow<'a, str>> {
        self.pool.get(self.bytes, index)
    }

    /// Name of an attribute: from its resource id where that is one of the framework's, for names can be blanked without effect.
    pub fn attribute_name(&self, attribute: &Attribute) -> Cow<'a, str> {
        match framework_attribute(attribute.resource_id) {
            Some(name) => Cow::Borrowed(name),
            None => self.string(attribute.name).unwrap_or_default(),
        }
    }

    /// Namespace of an attribute: the framework's where the resource id is one of the framework's.
    pub fn attribute_namespace(&self, attribute: &Attribute) -> Option<Cow<'a, str>> {
        match framework_attribute(attribute.resource_id) {
            Some(_) => Some(Cow::Borrowed(ANDROID_NAMESPACE)),
            None => self.string(attribute.namespace),
        }
    }

    /// Text of an attribute: its value if that is a string, else how the source wrote it, where the file keeps that.
    pub fn attribute_text(&self, attribute: &Attribute) -> Option<Cow<'a, str>> {
        if attribute.kind == TYPE_STRING {
            if let Some(text) = self.string(attribute.data) {
                return Some(text);
            }
        }
        self.string(attribute.raw)
    }

    /// Attributes of an element.
    pub fn attributes_of(&self, element: &Element) -> &[Attribute] {
        let range = element.attributes.start as usize..element.attributes.end as usize;
        self.attributes.get(range).unwrap_or_default()
    }
}

struct Builder<'a> {
    bytes: &'a [u8],
    limits: Limits,
    pool: Option<StringPool>,
    resource_map: Range<usize>,
    elements: Vec<Element>,
    attributes: Vec<Attribute>,
    texts: Vec<Text>,
    /// Open elements; those beyond the allowed depth are only counted.
    open: Vec<u32>,
    skipped: usize,
    /// Namespaces in force: prefix and URI.
    /// Namespaces in force: prefix, URI, and how many elements had started when it was declared.
    namespaces: Vec<(u32, u32, usize)>,
    log: OddityLog,
}

impl<'a> Builder<'a> {
    fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Builder {
            bytes,
            limits: *limits,
            pool: None,
            resource_map: 0..0,
            elements: Vec::new(),
            attributes: Vec::new(),
            texts: Vec::new(),
            open: Vec::new(),
            skipped: 0,
            namespaces: Vec::new(),
            log: OddityLog::new(limits.oddities),
        }
    }

    fn root_closed(&self) -> bool {
        !self.elements.is_empty() && self.open.is_empty() && self.skipped == 0
    }

    /// Reads the chunks between `at` and `end`.
    fn read(&mut self, mut at: usize, end: usize) {
        while at + HEADER <= end {
            let Some(chunk) = Chunk::read(self.bytes, at) else {
                return;
            };
            let mut next = at.saturating_add(chunk.size);
            if !chunk.fits(at, end) {
                let kind = if chunk.size == 0 {
                    "chunk-zero-size"
                } else {
                    "chunk-broken"
                };
                // Android stops reading once the root is closed, so damage behind it does no harm there.
                if self.root_closed() {
                    self.log.add("content-after-root", "", Some(at as u64), || {
                        "a broken chunk behind the root element".into()
                    });
                    return;
                }
                self.log.add(kind, "", Some(at as u64), || {
                    format!(
                        "type {:#06x}, header of {}, {} bytes in all",
                        chunk.kind, chunk.header_size, chunk.size
                    )
                });
                // A pool whose chunk size lies is still there.
                if chunk.kind == STRING_POOL && self.pool.is_none() {
                    self.pool = StringPool::read(self.bytes, at, end, &mut self.log);
                }
                next = self.resume(at + 1, end);
            } else if !self.chunk(at, chunk) {
                return;
            } else if chunk.kind == STRING_POOL && strings_lie_behind(self.bytes, at, chunk.size) {
                next = self.resume(at + HEADER, end);
            }
            at = next;
        }
    }

    /// Handles one chunk that fits; `false` stops reading.
    fn chunk(&mut self, at: usize, chunk: Chunk) -> bool {
        let place = Some(at as u64);
        match chunk.kind {
            STRING_POOL if self.elements.is_empty() => {
                if self.pool.is_some() {
                    self.log.add("string-pool-duplicate", "", place, || {
                        "the last one before the root is used".into()
                    });
                }
                let pool = StringPool::read(self.bytes, at, self.bytes.len(), &mut self.log);
                self.pool = pool.or(self.pool.take());
            }
            RESOURCE_MAP if self.elements.is_empty() => {
                if !self.resource_map.is_empty() {
                    self.log.add("resource-map-duplicate", "", place, || {
                        "the last one before the root is used".into()
                    });
                }
                self.resource_map = at + chunk.header_size..at + chunk.size;
            }
            START_NAMESPACE => self.start_namespace(at, chunk),
            END_NAMESPACE => {
                if self.namespaces.pop().is_none() {
                    self.log.add("namespace-unbalanced", "", place, || {
                        "ends without a start".into()
                    });
                }
            }
            START_ELEMENT => return self.start_element(at, chunk),
            END_ELEMENT => self.end_element(at),
            CDATA => self.text(at, chunk),
            _ => {
                self.log.add("chunk-unknown", "", place, || {
                    format!("type {:#06x}, {} bytes", chunk.kind, chunk.size)
                });
                // Only string pools have a header of this size: one with an overwritten type.
                if self.pool.is_none() && chunk.header_size == POOL_HEADER {
                    self.pool = StringPool::read(self.bytes, at, self.bytes.len(), &mut self.log);
                }
            }
        }
        true
    }

    /// The next place from `at` on where a chunk of a known type starts, or `end`. Damaged compression leaves no alignment to rely on.
    fn resume(&self, at: usize, end: usize) -> usize {
        (at..end).find(|&at| self.plausible(at, end)).unwrap_or(end)
    }

    fn plausible(&self, at: usize, end: usize) -> bool {
        Chunk::read(self.bytes, at).is_some_and(|chunk| {
            let header = match chunk.kind {
                START_NAMESPACE..=CDATA => NODE_HEADER,
                RESOURCE_MAP => HEADER,
                _ => return false,
            };
            chunk.header_size == header && chunk.size % 4 == 0 && chunk.fits(at, end)
        })
    }

    fn start_namespace(&mut self, at: usize, chunk: Chunk) {
        let body = at + chunk.header_size;
        let (Some(prefix), Some(uri)) = (u32_at(self.bytes, body), u32_at(self.bytes, body + 4))
        else {
            return;
        };
        // An element inside another may declare a namespace anew, as hand-written layouts do; twice before one element is odd.
        let declared = (prefix, uri, self.elements.len());
        if self.namespaces.contains(&declared) {
            self.log
                .add("namespace-duplicate", "", Some(at as u64), || {
                    "declared again while in force".into()
                });
        }
        // Deeper nesting than elements may have needs no record of its own: namespaces give no meaning here.
        if self.namespaces.len() < self.limits.xml_depth {
            self.namespaces.push(declared);
        }
    }

    fn start_element(&mut self, at: usize, chunk: Chunk) -> bool {
        let place = Some(at as u64);
        if self.elements.len() >= self.limits.xml_nodes {
            self.log.add("xml-too-large", "", place, || {
                format!("only the first {} elements are read", self.limits.xml_nodes)
            });
            return false;
        }
        if self.skipped > 0 || self.open.len() >= self.limits.xml_depth {
            if self.skipped == 0 {
                self.log.add("xml-too-deep", "", place, || {
                    format!(
                        "elements nested deeper than {} are left out",
                        self.limits.xml_depth
                    )
                });
            }
            self.skipped += 1;
            return true;
        }
        if self.root_closed() {
            self.log.add("content-after-root", "", place, || {
                "an element behind the root element".into()
            });
        }
        let (bytes, body) = (self.bytes, at + chunk.header_size);
        let (Some(namespace), Some(name)) = (u32_at(bytes, body), u32_at(bytes, body + 4)) else {
            return true;
        };
        let start = self.attributes.len() as u32;
        let index = self.elements.len() as u32;
        self.read_attributes(index, body, at + chunk.size);
        self.elements.push(Element {
            parent: self.open.last().copied(),
            depth: self.open.len() as u32,
            namespace,
            name,
            line: u32_at(bytes, at + 8).unwrap_or(0),
            comment: u32_at(bytes, at + 12).unwrap_or(NONE),
            attributes: start..self.attributes.len() as u32,
        });
        self.open.push(index);
        true
    }

    /// Reads the attributes of the element whose extension starts at `body` and whose chunk ends at `end`.
    fn read_attributes(&mut self, element: u32, body: usize, end: usize) {
        let bytes = self.bytes;
        let field = |offset| usize::from(u16_at(bytes, body + offset).unwrap_or(0));
        let (start, stride, count) = (field(8), field(10), field(12));
        let place = Some(body as u64);
        if count == 0 {
            return;
        }
        if start != ATTRIBUTE_SIZE || stride != ATTRIBUTE_SIZE {
            self.log.add("attribute-size-odd", "", place, || {
                format!("attributes of {stride} bytes that start at {start}")
            });
        }
        let room = end.saturating_sub(body);
        let fits =
            |start: usize, stride: usize| start + stride * (count - 1) + ATTRIBUTE_SIZE <= room;
        // Where the stated place or size cannot be true and the usual ones can, those are meant.
        let (start, stride) = match (start, stride.max(ATTRIBUTE_SIZE)) {
            (start, stride) if fits(start, stride) => (start, stride),
            _ if fits(ATTRIBUTE_SIZE, ATTRIBUTE_SIZE) => (ATTRIBUTE_SIZE, ATTRIBUTE_SIZE),
            odd => odd,
        };
        let room = room.saturating_sub(start);
        let possible = room / stride + usize::from(room % stride >= ATTRIBUTE_SIZE);
        if count > possible {
            self.log.add("attribute-cut", "", place, || {
                format!("{count} attributes stated, {possible} have room")
            });
        }
        for number in 0..count.min(possible) {
            if self.attributes.len() >= self.limits.xml_nodes.saturating_mul(ATTRIBUTES_PER_NODE) {
                self.log.add("xml-too-large", "", place, || {
                    format!(
                        "only the first {} attributes are read",
                        self.attributes.len()
                    )
                });
                return;
            }
            let at = body + start + number * stride;
            let word = |offset| u32_at(bytes, at + offset).unwrap_or(NONE);
            let name = word(4);
            self.attributes.push(Attribute {
                element,
                namespace: word(0),
                name,
                resource_id: self.resource_id(name),
                raw: word(8),
                kind: bytes.get(at + 15).copied().unwrap_or(0),
                data: word(16),
            });
        }
    }

    /// The resource map gives the id of the attribute names, which are the first strings of the pool.
    fn resource_id(&self, name: u32) -> u32 {
        let at = (name as usize)
            .saturating_mul(4)
            .saturating_add(self.resource_map.start);
        if name == NONE || at.saturating_add(4) > self.resource_map.end {
            return 0;
        }
        u32_at(self.bytes, at).unwrap_or(0)
    }

    fn end_element(&mut self, at: usize) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if self.open.pop().is_none() {
            self.log.add("element-unbalanced", "", Some(at as u64), || {
                "ends without a start".into()
            });
        }
    }

    fn text(&mut self, at: usize, chunk: Chunk) {
        if self.texts.len() >= self.limits.xml_nodes || self.skipped > 0 {
            return;
        }
        if let Some(text) = u32_at(self.bytes, at + chunk.header_size) {
            self.texts.push(Text {
                element: self.open.last().copied(),
                text,
                line: u32_at(self.bytes, at + 8).unwrap_or(0),
            });
        }
    }

    fn finish(mut self, typed: bool) -> Result<Document<'a>, Error> {
        if self.elements.is_empty() {
            return Err(if typed || self.pool.is_some() {
                Error::new(ErrorKind::Malformed, "no element in the document")
            } else {
                Error::new(ErrorKind::NotThisFormat, "not binary XML")
            });
        }
        if self.pool.is_none() {
            self.log.add("string-pool-missing", "", None, || {
                "names and texts are lost".into()
            });
        }
        if !self.open.is_empty() || self.skipped > 0 {
            self.log.add("element-unbalanced", "", None, || {
                format!("{} elements are not closed", self.open.len() + self.skipped)
            });
        }
        let pool = self.pool.take().unwrap_or_default();
        Ok(Document {
            bytes: self.bytes,
            pool,
            elements: self.elements,
            attributes: self.attributes,
            texts: self.texts,
            oddities: self.log.finish(),
        })
    }
}

/// Whether the strings of the pool at `at` start behind the end of its chunk: then its size is the lie.
fn strings_lie_behind(bytes: &[u8], at: usize, size: usize) -> bool {
    let count = u32_at(bytes, at + 8).unwrap_or(0);
    count > 0 && u32_at(bytes, at + 20).is_some_and(|start| start as usize >= size)
}

/// Records names and namespaces that do not say what the resource ids say.
fn check_names(bytes: &[u8], pool: &StringPool, attributes: &[Attribute], log: &mut OddityLog) {
    let (mut hidden, mut invalid, mut spaces) = (Vec::new(), Vec::new(), 0u64);
    let mut unmapped = 0u64;
    // Each name is looked at once; a document uses the same few over and over.
    let mut seen = std::collections::HashSet::new();
    let mut android = std::collections::HashMap::new();
    for attribute in attributes {
        let is_android = *android.entry(attribute.namespace).or_insert_with(|| {
            pool.get(bytes, attribute.namespace).as_deref() == Some(ANDROID_NAMESPACE)
        });
        let known = framework_attribute(attribute.resource_id);
        spaces += u64::from(known.is_some() && !is_android);
        unmapped += u64::from(is_android && attribute.resource_id == 0);
        if !seen.insert((attribute.name, attribute.resource_id)) {
            continue;
        }
        let name = pool.get(bytes, attribute.name).unwrap_or_default();
        match known {
            Some(known) if known != name => hidden.push(known),
            None if !is_name(&name) => invalid.push(name.into_owned()),
            _ => {}
        }
    }
    if let Some(first) = hidden.first() {
        log.add("attribute-name-hidden", "", None, || {
            format!(
                "{} names differ from their resource id, such as {first}",
                hidden.len()
            )
        });
    }
    if let Some(first) = invalid.first() {
        log.add("attribute-name-invalid", "", None, || {
            let first: String = first.chars().take(80).collect();
            format!(
                "{} names that XML does not allow, such as {first:?}",
                invalid.len()
            )
        });
    }
    if spaces > 0 {
        log.add("namespace-hidden", "", None, || {
            format!("{spaces} framework attributes without the framework's namespace")
        });
    }
    if unmapped > 0 {
        log.add("resource-map-missing", "", None, || {
            format!(
                "{unmapped} framework attributes have no resource id: Android does not see them"
            )
        });
    }
}

/// Whether XML allows this as an attribute name without prefix. Only its ASCII part is looked at.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let letter = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b >= 0x80;
    bytes.next().is_some_and(letter)
        && bytes.all(|b| letter(b) || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
}
