//! Fingerprints and owners of classes.

use super::Code;
use crate::errors::guarded;
use assaymark_engine::code::fingerprint::Table;
use assaymark_engine::code::link::NONE;
use pyo3::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Class, texts, grams.
type ClassRow = (String, u32, u32);
/// Library, features found by the versions that have them, its classes.
type LibraryRow = (u16, Vec<(u16, u32)>, Vec<ClassRow>);

/// Known features of libraries.
#[pyclass(frozen, module = "assaymark._engine")]
pub struct Fingerprints {
    table: Table,
}

#[pymethods]
impl Fingerprints {
    #[new]
    fn new(py: Python<'_>, table: &[u8]) -> PyResult<Fingerprints> {
        guarded(py, || {
            Ok(Fingerprints {
                table: Table::read(table)?,
            })
        })
    }
}

#[pyfunction]
pub fn code_features(py: Python<'_>, code: &Code) -> PyResult<Vec<(String, Vec<u64>)>> {
    guarded(py, || {
        let program = &code.program;
        let name = |class: u32| program.type_name(program.defs.classes[class as usize].kind);
        let all = program.features().into_iter();
        Ok(all
            .map(|(class, features)| (name(class), features))
            .collect())
    })
}

#[pyfunction]
pub fn match_fingerprints(
    py: Python<'_>,
    code: &Code,
    known: &Fingerprints,
    apart: Vec<String>,
) -> PyResult<Vec<LibraryRow>> {
    guarded(py, || {
        let program = &code.program;
        let apart: Vec<String> = apart.iter().map(|name| name.replace('.', "/")).collect();
        let apart = apart.iter().map(String::as_bytes).collect();
        let mut classes: BTreeMap<u16, Vec<ClassRow>> = BTreeMap::new();
        let mut features: BTreeMap<u16, BTreeSet<(u64, u16)>> = BTreeMap::new();
        for found in program.match_fingerprints(&known.table, &apart) {
            let kind = program.defs.classes[found.class as usize].kind;
            let grams = found.grams() as u32;
            let texts = found.features.len() as u32 - grams;
            let row = (program.type_name(kind), texts, grams);
            classes.entry(found.library).or_default().push(row);
            let all = features.entry(found.library).or_default();
            all.extend(found.features);
        }
        let row = |(library, classes): (u16, Vec<ClassRow>)| {
            let mut by_versions: BTreeMap<u16, u32> = BTreeMap::new();
            for (_, versions) in features.get(&library).into_iter().flatten() {
                *by_versions.entry(*versions).or_insert(0) += 1;
            }
            (library, by_versions.into_iter().collect(), classes)
        };
        Ok(classes.into_iter().map(row).collect())
    })
}

#[pyfunction]
pub fn any_reached(py: Python<'_>, code: &Code, classes: Vec<String>) -> PyResult<bool> {
    guarded(py, || {
        let graph = code.graph();
        let program = &code.program;
        let loaded = |name: &String| {
            program
                .find_class(name)
                .and_then(|kind| program.defs.loaded(kind))
        };
        Ok(classes
            .iter()
            .filter_map(loaded)
            .any(|class| class.methods.clone().any(|def| graph.reached(def))))
    })
}

#[pyfunction]
pub fn spread_owners(
    py: Python<'_>,
    code: &Code,
    packages: HashMap<String, u32>,
    classes: HashMap<String, u32>,
) -> PyResult<Vec<(String, u32)>> {
    guarded(py, || {
        let program = &code.program;
        let mut owners = vec![NONE; program.defs.classes.len()];
        for (position, class) in program.defs.classes.iter().enumerate() {
            let name = program.type_name(class.kind);
            let package = name.rsplit_once('.').map_or("", |(package, _)| package);
            let owner = classes.get(&name).or_else(|| packages.get(package));
            owners[position] = owner.copied().unwrap_or(NONE);
        }
        let before = owners.clone();
        program.spread_owners(&mut owners);
        let rows = program.defs.classes.iter().enumerate();
        Ok(rows
            .filter(|&(position, class)| !class.shadowed && before[position] != owners[position])
            .map(|(position, class)| (program.type_name(class.kind), owners[position]))
            .collect())
    })
}
