//! Encoded values: initial values of static fields, arguments of call sites, elements of annotations.

use super::{Dex, leb};
use crate::dex::annotation::Annotation;

/// Nesting of arrays and annotations that is followed.
const DEPTH: usize = 16;
/// Values of one array or annotation, nested ones included, that are read.
const VALUES: usize = 65_536;

/// One value. Indices are those of the DEX it stands in.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `byte`, `short`, `char`, `int` and `long`.
    Integer(i64),
    /// `float` and `double`.
    Float(f64),
    /// Index in `proto_ids`.
    MethodType(u32),
    /// Index in `method_handles`.
    MethodHandle(u32),
    /// Index in `string_ids`.
    String(u32),
    /// Index in `type_ids`.
    Type(u32),
    /// Index in `field_ids`.
    Field(u32),
    /// Index in `method_ids`.
    Method(u32),
    /// Index in `field_ids` of an enumeration constant.
    Enum(u32),
    /// Several values.
    Array(Vec<Value>),
    /// An annotation.
    Annotation(Box<Annotation>),
    /// `null`.
    Null,
    /// A truth value.
    Boolean(bool),
}

/// Reads an array of values and moves behind it. `None` if it is damaged, too deep or too long.
pub fn array(bytes: &[u8], at: &mut usize) -> Option<Vec<Value>> {
    Values {
        bytes,
        left: VALUES,
    }
    .array(at, DEPTH)
}

/// Reads an annotation without its visibility.
pub(super) fn annotation(bytes: &[u8], at: &mut usize) -> Option<Annotation> {
    Values {
        bytes,
        left: VALUES,
    }
    .annotation(at, DEPTH)
}

struct Values<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl Values<'_> {
    fn array(&mut self, at: &mut usize, depth: usize) -> Option<Vec<Value>> {
        let size = leb::uleb128(self.bytes, at)?;
        let mut out = Vec::new();
        for _ in 0..size {
            out.push(self.value(at, depth)?);
        }
        Some(out)
    }

    fn annotation(&mut self, at: &mut usize, depth: usize) -> Option<Annotation> {
        let kind = leb::uleb128(self.bytes, at)?;
        let size = leb::uleb128(self.bytes, at)?;
        let mut elements = Vec::new();
        for _ in 0..size {
            let name = leb::uleb128(self.bytes, at)?;
            elements.push((name, self.value(at, depth)?));
        }
        Some(Annotation { kind, elements })
    }

    fn value(&mut self, at: &mut usize, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        let head = *self.bytes.get(*at)?;
        *at += 1;
        let (kind, size) = (head & 0x1f, usize::from(head >> 5) + 1);
        match kind {
            0x1c => return Some(Value::Array(self.array(at, depth)?)),
            0x1d => return Some(Value::Annotation(Box::new(self.annotation(at, depth)?))),
            0x1e => return Some(Value::Null),
            0x1f => return Some(Value::Boolean(size == 2)),
            _ => {}
        }
        let stored = self.bytes.get(*at..*at + size)?;
        *at += size;
        let mut word = [0u8; 8];
        word[..size].copy_from_slice(stored);
        let unsigned = u64::from_le_bytes(word);
        let shift = 64 - 8 * size as u32;
        let signed = (unsigned << shift) as i64 >> shift;
        let index = u32::try_from(unsigned);
        Some(match kind {
            0x00 | 0x02 | 0x04 | 0x06 => Value::Integer(signed),
            0x03 => Value::Integer(unsigned as i64),
            // Floats are stored without their low zero bytes.
            0x10 => Value::Float(f64::from(f32::from_bits((unsigned << shift >> 32) as u32))),
            0x11 => Value::Float(f64::from_bits(unsigned << shift)),
            0x15 => Value::MethodType(index.ok()?),
            0x16 => Value::MethodHandle(index.ok()?),
            0x17 => Value::String(index.ok()?),
            0x18 => Value::Type(index.ok()?),
            0x19 => Value::Field(index.ok()?),
            0x1a => Value::Method(index.ok()?),
            0x1b => Value::Enum(index.ok()?),
            _ => return None,
        })
    }
}

impl Dex {
    /// The initial values of a class's static fields, in their order; there may be fewer values than fields. Empty if damaged.
    pub fn static_values(&self, offset: u32) -> Vec<Value> {
        if offset == 0 {
            return Vec::new();
        }
        array(self.bytes(), &mut (offset as usize)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value() {
        let bytes = [
            9, // values
            0x00, 0xff, // byte -1
            0x03, 0xff, // char 255
            0x24, 0x34, 0x12, // int 0x1234
            0x30, 0xc0, 0x3f, // float 1.5 (two high bytes)
            0x37, 0x01, 0x02, // string 0x0201
            0x1c, 1, 0x1e, // array of null
            0x3f, // true
            0x11, 0x40, // double 2.0 (one high byte)
            0x1d, 5, 1, 7, 0x1f, // annotation of type 5, element 7 = false
        ];
        let values = array(&bytes, &mut 0).expect("well-formed");
        assert_eq!(values[0], Value::Integer(-1));
        assert_eq!(values[1], Value::Integer(255));
        assert_eq!(values[2], Value::Integer(0x1234));
        assert_eq!(values[3], Value::Float(1.5));
        assert_eq!(values[4], Value::String(0x0201));
        assert_eq!(values[5], Value::Array(vec![Value::Null]));
        assert_eq!(values[6], Value::Boolean(true));
        assert_eq!(values[7], Value::Float(2.0));
        assert!(
            matches!(&values[8], Value::Annotation(a) if a.kind == 5 && a.elements == [(7, Value::Boolean(false))])
        );
    }

    #[test]
    fn endless_nesting_is_refused() {
        let mut bytes = vec![1u8];
        bytes.extend([0x1c, 1].repeat(100));
        assert_eq!(array(&bytes, &mut 0), None);
        assert_eq!(array(&[0xff, 0xff, 0xff, 0xff, 0x0f], &mut 0), None);
    }
}
