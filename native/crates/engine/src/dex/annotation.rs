//! Annotations of classes and of their methods and fields, read on demand.

use super::Dex;
use super::value::{self, Value};
use crate::bytes::u32_at;

/// Annotations of one class, method or field that are read.
const ANNOTATIONS: usize = 1_024;

/// An annotation: its type, and its elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Index in `type_ids`.
    pub kind: u32,
    /// Index of the element's name in `string_ids`, and its value.
    pub elements: Vec<(u32, Value)>,
}

/// Annotations of a class and of its members. Indices are those of `field_ids` and `method_ids`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassAnnotations {
    /// On the class itself.
    pub class: Vec<Annotation>,
    /// On fields.
    pub fields: Vec<(u32, Vec<Annotation>)>,
    /// On methods.
    pub methods: Vec<(u32, Vec<Annotation>)>,
}

impl Dex {
    /// All annotations of a class, from the offset that its definition gives. Damaged ones are left out.
    ///
    /// `dalvik.annotation.*` are among them: `Signature`, `InnerClass`, `EnclosingMethod`, `MemberClasses`.
    pub fn annotations(&self, offset: u32) -> ClassAnnotations {
        let mut out = ClassAnnotations::default();
        let at = offset as usize;
        let bytes = self.bytes();
        let word = |at: usize| u32_at(bytes, at).unwrap_or_default();
        if offset == 0 || u32_at(bytes, at.saturating_add(12)).is_none() {
            return out;
        }
        out.class = self.annotation_set(word(at));
        let (fields, methods) = (word(at + 4) as usize, word(at + 8) as usize);
        let left = bytes.len().saturating_sub(at + 16) / 8;
        for row in 0..fields.min(left) {
            let item = at + 16 + 8 * row;
            out.fields
                .push((word(item), self.annotation_set(word(item + 4))));
        }
        for row in fields..fields.saturating_add(methods).min(left) {
            let item = at + 16 + 8 * row;
            out.methods
                .push((word(item), self.annotation_set(word(item + 4))));
        }
        out
    }

    fn annotation_set(&self, offset: u32) -> Vec<Annotation> {
        let at = offset as usize;
        let Some(count) = u32_at(self.bytes(), at).filter(|_| offset != 0) else {
            return Vec::new();
        };
        (0..(count as usize).min(ANNOTATIONS))
            .filter_map(|row| {
                // The first byte of an item is its visibility.
                let item = u32_at(self.bytes(), at + 4 + 4 * row)? as usize;
                value::annotation(self.bytes(), &mut item.checked_add(1)?)
            })
            .collect()
    }
}
