//! `Xml`, `Resources` and `layouts`: binary XML and resource tables.

use crate::archive::{OddityRow, Package, oddity_rows};
use crate::errors::guarded;
use assaymark_engine::axml::{self, Document, NONE, Table};
use assaymark_engine::{Error, Limits, Oddity};
use pyo3::prelude::*;
use std::sync::Arc;

/// Bytes of text that one document may give; the attributes of a hostile one can all share its longest string.
const TEXT_BYTES: usize = 64 << 20;

/// Parent, depth, namespace, tag name, line.
type ElementRow = (Option<u32>, u32, Option<String>, String, u32);
/// Element, namespace, name, resource id, text, type, data.
type AttributeRow = (u32, Option<String>, String, u32, Option<String>, u8, u32);
/// Element, text, line.
type TextRow = (Option<u32>, String, u32);
/// Id, type and name, locale qualifier, text.
type StringRow = (u32, String, String, String);
/// Qualifiers, type, data, text.
type ValueRow = (String, u8, u32, Option<String>);
/// File, element, parent, tag, id name, attribute, text, resource id of the text.
type LayoutRow = (
    String,
    u32,
    Option<u32>,
    String,
    Option<String>,
    &'static str,
    String,
    u32,
);

/// One binary XML document as rows.
#[pyclass(frozen, module = "assaymark._engine")]
pub struct Xml {
    elements: Vec<ElementRow>,
    attributes: Vec<AttributeRow>,
    texts: Vec<TextRow>,
    oddities: Vec<Oddity>,
}

impl Xml {
    /// Parses `bytes` and decodes all names and texts.
    pub fn build(bytes: &[u8], limits: &Limits) -> Result<Xml, Error> {
        let document = Document::parse(bytes, limits)?;
        let mut budget = TEXT_BYTES;
        let mut missing = 0u64;
        let mut spend = |text: Option<std::borrow::Cow<'_, str>>| {
            let text = text?;
            // Past the budget texts are missing, not cut: half a text could be taken for a whole one.
            let Some(left) = budget.checked_sub(text.len()) else {
                missing += 1;
                return None;
            };
            budget = left;
            Some(text.into_owned())
        };
        let string = |index| (index != NONE).then(|| document.string(index)).flatten();
        let elements = document.elements.iter().map(|element| {
            let namespace = spend(string(element.namespace));
            let name = spend(string(element.name)).unwrap_or_default();
            (element.parent, element.depth, namespace, name, element.line)
        });
        let elements = elements.collect();
        let attributes = document.attributes.iter().map(|attribute| {
            (
                attribute.element,
                spend(document.attribute_namespace(attribute)),
                spend(Some(document.attribute_name(attribute))).unwrap_or_default(),
                attribute.resource_id,
                spend(document.attribute_text(attribute)),
                attribute.kind,
                attribute.data,
            )
        });
        let attributes = attributes.collect();
        let texts = document.texts.iter().map(|text| {
            let content = spend(string(text.text)).unwrap_or_default();
            (text.element, content, text.line)
        });
        let texts = texts.collect();
        let mut oddities = document.oddities;
        if missing > 0 {
            oddities.push(Oddity {
                kind: "xml-too-large",
                member: String::new(),
                offset: None,
                detail: format!("{missing} texts past {TEXT_BYTES} bytes were not read"),
            });
        }
        Ok(Xml {
            elements,
            attributes,
            texts,
            oddities,
        })
    }

    /// The oddities with the name of the member they were met in.
    pub fn named_oddities(&self, name: &str) -> Vec<Oddity> {
        let named = self.oddities.iter().cloned().map(|oddity| Oddity {
            member: name.to_owned(),
            ..oddity
        });
        named.collect()
    }
}

#[pymethods]
impl Xml {
    /// Parses a document. Raises `EngineError` (kind `not-this-format`, `malformed`).
    #[staticmethod]
    fn parse(py: Python<'_>, data: Vec<u8>) -> PyResult<Xml> {
        guarded(py, || Xml::build(&data, &Limits::default()))
    }

    /// Parent, depth, namespace, name, line of each element, in document order.
    fn elements(&self) -> Vec<ElementRow> {
        self.elements.clone()
    }

    /// Element, namespace, name, resource id, text, type, data of each attribute. Names follow the resource id.
    fn attributes(&self) -> Vec<AttributeRow> {
        self.attributes.clone()
    }

    /// Element, text, line of each piece of text.
    fn texts(&self) -> Vec<TextRow> {
        self.texts.clone()
    }

    /// What was odd: kind, member (empty), offset, detail.
    fn oddities(&self) -> Vec<OddityRow> {
        oddity_rows(self.oddities.iter().cloned())
    }
}

/// One resource table.
#[pyclass(frozen, module = "assaymark._engine")]
pub struct Resources {
    inner: Arc<Table>,
}

impl Resources {
    /// The table.
    pub fn table(&self) -> Arc<Table> {
        self.inner.clone()
    }
}

#[pymethods]
impl Resources {
    /// The table of a package; `None` if it has none. Raises `EngineError` (kind `malformed`, `not-this-format`, `limit-hit`).
    #[staticmethod]
    fn of(py: Python<'_>, package: &Package) -> PyResult<Option<Resources>> {
        const NAME: &str = "resources.arsc";
        let opened = &package.inner;
        guarded(py, || {
            if opened.archive.find(NAME).is_none() {
                return Ok(None);
            }
            let bytes = opened.read(NAME, opened.limits.member_bytes)?;
            let table = Table::parse(bytes, &opened.limits)?;
            let oddities = table.oddities.iter().cloned().map(|oddity| Oddity {
                member: NAME.to_owned(),
                ..oddity
            });
            opened.note(oddities.collect());
            Ok(Some(Resources {
                inner: Arc::new(table),
            }))
        })
    }

    /// Parses a table in memory.
    #[staticmethod]
    fn parse(py: Python<'_>, data: Vec<u8>) -> PyResult<Resources> {
        let table = guarded(py, || Table::parse(data, &Limits::default()))?;
        Ok(Resources {
            inner: Arc::new(table),
        })
    }

    /// All values of a resource, references followed: qualifiers, type, data, text.
    fn resolve(&self, py: Python<'_>, resource_id: u32) -> PyResult<Vec<ValueRow>> {
        guarded(py, || {
            let values = self.inner.resolve(resource_id).into_iter();
            Ok(values.map(|v| (v.config, v.kind, v.data, v.text)).collect())
        })
    }

    /// Type and name, such as `string/app_name`.
    fn name(&self, py: Python<'_>, resource_id: u32) -> PyResult<Option<String>> {
        guarded(py, || Ok(self.inner.name(resource_id)))
    }

    /// The id of `string/app_name`.
    fn find(&self, py: Python<'_>, name: &str) -> PyResult<Option<u32>> {
        guarded(py, || Ok(self.inner.find(name)))
    }

    /// Every text in every language: id, type and name, locale qualifier, text.
    fn strings(&self, py: Python<'_>) -> PyResult<Vec<StringRow>> {
        guarded(py, || {
            let strings = self.inner.strings().into_iter();
            Ok(strings.map(|s| (s.id, s.name, s.locale, s.text)).collect())
        })
    }

    /// Those whose text holds one of `parts`, or whose name holds one of `names`.
    fn search_strings(
        &self,
        py: Python<'_>,
        parts: Vec<String>,
        names: Vec<String>,
    ) -> PyResult<Vec<StringRow>> {
        guarded(py, || {
            let strings = self.inner.search_strings(&parts, &names)?.into_iter();
            Ok(strings.map(|s| (s.id, s.name, s.locale, s.text)).collect())
        })
    }

    /// Id and name of each package.
    fn packages(&self) -> Vec<(u8, String)> {
        let packages = self.inner.packages.iter();
        packages.map(|p| (p.id, p.name.clone())).collect()
    }

    /// What was odd: kind, member (empty), offset, detail.
    fn oddities(&self) -> Vec<OddityRow> {
        oddity_rows(self.inner.oddities.iter().cloned())
    }
}

/// What all layouts, menus and XML resources say; see the stub for the columns. Their oddities are kept with those of the package.
#[pyfunction]
#[pyo3(signature = (package, resources=None))]
fn layouts(
    py: Python<'_>,
    package: &Package,
    resources: Option<&Resources>,
) -> PyResult<Vec<LayoutRow>> {
    let opened = &package.inner;
    let table = resources.map(|resources| &*resources.inner);
    guarded(py, || {
        let (rows, oddities) = axml::layouts(&opened.file, &opened.archive, table, &opened.limits);
        opened.note(oddities);
        let rows = rows.into_iter().map(|row| {
            (
                row.file,
                row.element,
                row.parent,
                row.tag,
                row.id_name,
                row.attribute,
                row.text,
                row.resource_id,
            )
        });
        Ok(rows.collect())
    })
}

/// Classes, and methods of `android:onClick`, that the XML resources name; see the stub.
#[pyfunction]
#[pyo3(signature = (package, resources=None))]
fn code_names(
    py: Python<'_>,
    package: &Package,
    resources: Option<&Resources>,
) -> PyResult<(Vec<String>, Vec<String>)> {
    let opened = &package.inner;
    let table = resources.map(|resources| &*resources.inner);
    guarded(py, || {
        let (names, oddities) =
            axml::code_names(&opened.file, &opened.archive, table, &opened.limits);
        opened.note(oddities);
        Ok((
            names.classes.into_iter().collect(),
            names.on_click.into_iter().collect(),
        ))
    })
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Xml>()?;
    module.add_class::<Resources>()?;
    module.add_function(wrap_pyfunction!(layouts, module)?)?;
    module.add_function(wrap_pyfunction!(code_names, module)?)
}
