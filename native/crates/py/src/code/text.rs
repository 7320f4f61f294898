//! What an answer shows: names, constants, rows.

use super::{AnnotationRow, Argument, Code, Known, Row, StringRow};
use assaymark_engine::code::built::UNKNOWN;
use assaymark_engine::code::callgraph::CallGraph;
use assaymark_engine::code::constants::Constant;
use assaymark_engine::code::link::NONE;
use assaymark_engine::code::query::{Hit, StringHits};
use assaymark_engine::code::{Program, dotted};
use assaymark_engine::dex::annotation::Annotation;
use assaymark_engine::dex::strings;
use assaymark_engine::dex::value::Value;
use std::sync::{Arc, PoisonError};

impl Code {
    pub(super) fn graph(&self) -> Arc<CallGraph> {
        self.graph
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn row(&self, graph: &CallGraph, hit: &Hit, named: String) -> Row {
        let class = self.program.defs.class(hit.caller);
        (
            hit.selector,
            Program::hit_kind(hit.reference),
            named,
            hit.caller,
            self.program.method_text(hit.caller),
            self.program.dexes[class.dex as usize].name.clone(),
            hit.reference.unit(),
            hit.line,
            graph.reached(hit.caller),
            hit.arguments
                .iter()
                .map(|constant| self.argument(constant.as_ref()))
                .collect(),
        )
    }

    pub(super) fn string_rows(&self, found: &StringHits) -> Vec<StringRow> {
        let graph = self.graph();
        let used = found.hits.iter().map(|hit| {
            let text = found.texts[hit.found as usize].1.clone();
            let row = self.row(&graph, hit, text.clone());
            (hit.selector, text, Some(row))
        });
        let unused = found.unused.iter().map(|&position| {
            let (selector, text) = &found.texts[position as usize];
            (*selector, text.clone(), None)
        });
        used.chain(unused).collect()
    }

    pub(super) fn argument(&self, constant: Option<&Constant>) -> Argument {
        let known = |kind, text| Some((kind, Known::Text(text)));
        match constant? {
            Constant::String(dex, index) => known(
                "string",
                self.program.dexes[*dex as usize].text(*index).into_owned(),
            ),
            Constant::Integer(value) => Some(("integer", Known::Integer(*value))),
            // Only text without a hole is a constant.
            Constant::Text(text) if text.contains(UNKNOWN) => known("pattern", text.clone()),
            Constant::Text(text) => known("string", text.clone()),
            Constant::Class(kind) => known("class", self.program.type_name(*kind)),
            Constant::Field(field) => known("field", self.field_name(*field)),
            Constant::Uri(text) => known("uri", text.clone()),
            Constant::Result(method) => {
                let key = self.program.link.methods[*method as usize];
                let class = self.program.type_name(key.class);
                known("result", format!("{class}.{}", self.program.name(key.name)))
            }
            Constant::Array(elements) => {
                let element = |element: &Option<Constant>| {
                    self.argument(element.as_ref()).map(|(_, value)| value)
                };
                Some((
                    "array",
                    Known::Elements(elements.iter().map(element).collect()),
                ))
            }
        }
    }

    pub(super) fn field_name(&self, field: u32) -> String {
        let key = self.program.link.fields[field as usize];
        format!(
            "{}.{}",
            self.program.type_name(key.class),
            self.program.name(key.name)
        )
    }

    pub(super) fn method_name(&self, method: u32) -> String {
        let key = self.program.link.methods[method as usize];
        let class = self.program.type_name(key.class);
        format!(
            "{class}.{}{}",
            self.program.name(key.name),
            self.program.proto_descriptor(key.proto)
        )
    }

    /// An annotation value for people; nested ones are left out.
    fn value_text(&self, dex: u32, value: &Value) -> Vec<String> {
        let file = &self.program.dexes[dex as usize];
        let kind = |index: u32| {
            dotted(&strings::decode(
                file.type_descriptor(index).unwrap_or_default(),
            ))
        };
        match value {
            Value::Integer(value) => vec![value.to_string()],
            Value::Float(value) => vec![value.to_string()],
            Value::Boolean(value) => vec![value.to_string()],
            Value::String(index) => vec![file.text(*index).into_owned()],
            Value::Type(index) => vec![kind(*index)],
            Value::Enum(index) => file
                .field(*index)
                .map(|field| file.text(field.name).into_owned())
                .into_iter()
                .collect(),
            Value::Array(values) => values
                .iter()
                .flat_map(|value| self.value_text(dex, value))
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn names(
        &self,
        prefixes: &[String],
        find: impl Fn(&Program, &str) -> Vec<u32>,
    ) -> Vec<(u32, String)> {
        let mut out = Vec::new();
        for (position, prefix) in prefixes.iter().enumerate() {
            let kinds = find(&self.program, prefix);
            out.extend(
                kinds
                    .into_iter()
                    .map(|kind| (position as u32, self.program.type_name(kind))),
            );
        }
        out
    }

    pub(super) fn annotations_of(&self, name: &str) -> Vec<AnnotationRow> {
        let kind = self.program.find_class(name);
        let Some(class) = kind.and_then(|kind| self.program.defs.loaded(kind)) else {
            return Vec::new();
        };
        let dex = &self.program.dexes[class.dex as usize];
        let row = dex.class(class.index);
        let all = row
            .map(|row| dex.annotations(row.annotations))
            .unwrap_or_default();
        let mut out = Vec::new();
        let mut add = |on: String, annotations: &[Annotation]| {
            for annotation in annotations {
                let kind = dotted(&strings::decode(
                    dex.type_descriptor(annotation.kind).unwrap_or_default(),
                ));
                let elements = annotation.elements.iter();
                let elements = elements
                    .map(|(name, value)| {
                        (
                            dex.text(*name).into_owned(),
                            self.value_text(class.dex, value),
                        )
                    })
                    .collect();
                out.push((on.clone(), kind, elements));
            }
        };
        add(String::new(), &all.class);
        for (field, annotations) in &all.fields {
            let name = dex.field(*field).map(|row| dex.text(row.name).into_owned());
            add(name.unwrap_or_default(), annotations);
        }
        for (method, annotations) in &all.methods {
            let id = self.program.link.ids[class.dex as usize]
                .methods
                .get(*method as usize)
                .copied();
            let name = id.filter(|&id| id != NONE).map(|id| {
                let key = self.program.link.methods[id as usize];
                format!(
                    "{}{}",
                    self.program.name(key.name),
                    self.program.proto_descriptor(key.proto)
                )
            });
            add(name.unwrap_or_default(), annotations);
        }
        out
    }
}
