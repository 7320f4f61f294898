//! `Code`: all DEX files of one program, and the questions about them. Each question is one call and answers with a list of tuples.

use crate::archive::{Opened, Package};
use crate::errors::guarded;
use assaymark_engine::code::Program;
use assaymark_engine::code::callgraph::{CallGraph, Entry};
use assaymark_engine::code::constants::Constants;
use assaymark_engine::code::link::NONE;
use assaymark_engine::code::query::{CallSelector, FieldSelector};
use assaymark_engine::dex::header::Header;
use assaymark_engine::{Error, ErrorKind, Limits};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

mod consent;
mod flow;
mod prints;
mod text;

/// A constant for Python: kind, then its text, number or elements.
#[derive(Clone, IntoPyObject)]
enum Known {
    Text(String),
    Integer(i64),
    Elements(Vec<Option<Known>>),
}

type Argument = Option<(&'static str, Known)>;
type Row = (
    u32,                      // selector
    &'static str,             // kind
    String,                   // what the code names
    u32,                      // caller: definition
    (String, String, String), // caller: class, method, descriptor
    String,                   // DEX
    u32,                      // code unit
    Option<u32>,              // line
    bool,                     // reachable
    Vec<Argument>,
);
type StringRow = (u32, String, Option<Row>);
/// What it stands on, its type, its elements.
type AnnotationRow = (String, String, Vec<(String, Vec<String>)>);
type Problem = (String, String, u64, String);

/// The code of one program. Reachability is unknown, so false, until `reach` was called.
#[pyclass(frozen, module = "assaymark._engine")]
pub struct Code {
    program: Program,
    graph: RwLock<Arc<CallGraph>>,
    limits: Limits,
    unloaded: Vec<String>,
    problems: Vec<Problem>,
}

/// The DEX members of a package: those that Android loads, in order, and the names of the others.
fn dex_members(opened: &Opened) -> (Vec<String>, Vec<String>) {
    let mut loaded = Vec::new();
    for number in 1.. {
        let name = if number == 1 {
            "classes.dex".to_owned()
        } else {
            format!("classes{number}.dex")
        };
        if opened.archive.find(&name).is_none() {
            break;
        }
        loaded.push(name);
    }
    let is_other = |name: &&str| {
        let lower = name.to_ascii_lowercase();
        lower.ends_with(".dex") && !loaded.iter().any(|known| known == name)
    };
    let mut others: Vec<String> = opened
        .archive
        .entries
        .iter()
        .map(|entry| &entry.name[..])
        .filter(is_other)
        .map(String::from)
        .collect();
    others.sort_unstable();
    others.dedup();
    (loaded, others)
}

/// The content of a DEX member, and how many other members have its name. Of several the first that is a DEX is read: Android before 4.4
/// ran the first, later versions refuse the package.
fn dex_content(opened: &Opened, name: &str, limit: u64) -> Result<(Arc<Vec<u8>>, usize), Error> {
    let mut refusal = None;
    let mut fallback = None;
    let mut found = None;
    let mut count = 0;
    for entry in opened.archive.find_all(name) {
        count += 1;
        if found.is_some() {
            continue;
        }
        match opened.dex_content(entry, limit) {
            Ok(bytes) if Header::parse(&bytes, 0).is_ok() => found = Some(bytes),
            Ok(bytes) => fallback = fallback.or(Some(bytes)),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    match (found.or(fallback), refusal) {
        (Some(bytes), _) => Ok((bytes, count - 1)),
        (None, Some(error)) => Err(error),
        (None, None) => Err(Error::new(ErrorKind::NotFound, format!("no member {name}"))),
    }
}

fn duplicate(name: String, others: usize) -> Problem {
    let detail = format!("{others} more members have this name and were not read");
    (name, "dex-duplicate".to_owned(), 0, detail)
}

impl Code {
    fn read(packages: &[Arc<Opened>]) -> Code {
        let limits = packages
            .first()
            .map_or_else(Limits::default, |opened| opened.limits);
        let mut files = Vec::new();
        let mut unloaded = Vec::new();
        let mut problems: Vec<Problem> = Vec::new();
        let mut left = limits.dex_bytes;
        for (position, opened) in packages.iter().enumerate() {
            // Several packages of one set have members of the same names.
            let prefix = if packages.len() > 1 {
                format!("{position}:")
            } else {
                String::new()
            };
            let (loaded, others) = dex_members(opened);
            unloaded.extend(others.into_iter().map(|name| prefix.clone() + &name));
            for name in loaded {
                match dex_content(opened, &name, left) {
                    Ok((bytes, others)) => {
                        left = left.saturating_sub(bytes.len() as u64);
                        if others > 0 {
                            problems.push(duplicate(prefix.clone() + &name, others));
                        }
                        files.push((prefix.clone() + &name, bytes));
                    }
                    Err(error) => problems.push(unreadable(prefix.clone() + &name, &error)),
                }
            }
        }
        Code::of_files(files, limits, unloaded, problems)
    }

    fn of_files(
        files: Vec<(String, Arc<Vec<u8>>)>,
        limits: Limits,
        unloaded: Vec<String>,
        mut problems: Vec<Problem>,
    ) -> Code {
        let program = Program::open(files, &limits);
        let met = program.all_problems().into_iter();
        problems.extend(
            met.map(|(dex, problem)| {
                (dex, problem.kind.to_owned(), problem.offset, problem.detail)
            }),
        );
        let graph = RwLock::new(Arc::new(program.call_graph(&[], &limits)));
        Code {
            program,
            graph,
            limits,
            unloaded,
            problems,
        }
    }
}

fn unreadable(name: String, error: &Error) -> Problem {
    let detail = format!("{}: {}", error.kind.name(), error.detail);
    (
        name,
        "dex-unreadable".to_owned(),
        error.offset.unwrap_or_default(),
        detail,
    )
}

#[pymethods]
impl Code {
    #[new]
    fn new(py: Python<'_>, packages: Vec<PyRef<'_, Package>>) -> PyResult<Code> {
        let opened: Vec<Arc<Opened>> = packages
            .iter()
            .map(|package| package.inner.clone())
            .collect();
        guarded(py, || Ok(Code::read(&opened)))
    }

    #[staticmethod]
    fn of_dex(py: Python<'_>, files: Vec<(String, Vec<u8>)>) -> PyResult<Code> {
        let files = files
            .into_iter()
            .map(|(name, bytes)| (name, Arc::new(bytes)))
            .collect();
        guarded(py, || {
            Ok(Code::of_files(
                files,
                Limits::default(),
                Vec::new(),
                Vec::new(),
            ))
        })
    }

    #[getter]
    fn unloaded(&self) -> Vec<String> {
        self.unloaded.clone()
    }

    #[getter]
    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Vec<BTreeMap<&'static str, i64>>> {
        guarded(py, || {
            let program = &self.program;
            let of_dex = |(at, dex): (usize, &assaymark_engine::dex::Dex)| {
                let counts = program.defs.dex_counts[at];
                let damaged_strings = (0..dex.string_count())
                    .filter(|&index| dex.string(index).is_none())
                    .count();
                BTreeMap::from([
                    ("size", dex.size() as i64),
                    ("version", i64::from(dex.header.version)),
                    ("checksum_ok", i64::from(dex.checksum_ok())),
                    ("string_ids", i64::from(dex.string_count())),
                    ("type_ids", i64::from(dex.type_count())),
                    ("proto_ids", i64::from(dex.proto_count())),
                    ("field_ids", i64::from(dex.field_count())),
                    ("method_ids", i64::from(dex.method_count())),
                    ("class_defs", i64::from(dex.class_count())),
                    ("methods", counts.methods as i64),
                    ("fields", counts.fields as i64),
                    ("code_methods", counts.code_methods as i64),
                    ("instructions", counts.instructions as i64),
                    ("damaged_classes", counts.damaged_classes as i64),
                    ("damaged_methods", counts.damaged_methods as i64),
                    ("damaged_strings", damaged_strings as i64),
                    ("problems", program.problems[at].count as i64),
                ])
            };
            Ok(program.dexes.iter().enumerate().map(of_dex).collect())
        })
    }

    fn dex_names(&self) -> Vec<String> {
        self.program
            .dexes
            .iter()
            .map(|dex| dex.name.clone())
            .collect()
    }

    fn reach(
        &self,
        py: Python<'_>,
        classes: Vec<String>,
        on_click: Vec<String>,
    ) -> PyResult<BTreeMap<&'static str, i64>> {
        guarded(py, || {
            let entries: Vec<Entry> = classes
                .into_iter()
                .map(Entry::Class)
                .chain(on_click.into_iter().map(Entry::OnClick))
                .collect();
            let graph = self.program.call_graph(&entries, &self.limits);
            let defs = 0..self.program.defs.methods.len() as u32;
            let reached = defs
                .clone()
                .filter(|&def| graph.reached(def) && self.program.has_code(def))
                .count();
            let out = BTreeMap::from([
                (
                    "methods",
                    defs.filter(|&def| self.program.has_code(def)).count() as i64,
                ),
                ("reached", reached as i64),
                (
                    "instantiated",
                    graph.instantiated.iter().filter(|made| **made).count() as i64,
                ),
                ("steps", graph.steps as i64),
                ("complete", i64::from(graph.complete)),
            ]);
            *self.graph.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(graph);
            Ok(out)
        })
    }

    #[allow(clippy::too_many_arguments)]
    fn consent(
        &self,
        py: Python<'_>,
        packages: Vec<PyRef<'_, Package>>,
        resources: Vec<Option<PyRef<'_, crate::xml::Resources>>>,
        application: Vec<String>,
        version: (Option<String>, Option<i64>),
        components: Vec<consent::ComponentRow>,
        meta_data: Vec<(String, String)>,
        initializers: Vec<String>,
        words: consent::Words,
        sites: Vec<(u32, u32)>,
        starts: Vec<((u32, u32), u32, bool)>,
    ) -> PyResult<consent::ConsentRows> {
        let held = consent::Held::new(&packages, &resources);
        let manifest = consent::manifest(application, version, components, meta_data, initializers);
        guarded(py, || {
            Ok(self.order(&held, &manifest, words, &sites, &starts))
        })
    }

    fn find_calls(
        &self,
        py: Python<'_>,
        selectors: Vec<(String, String, String, bool)>,
    ) -> PyResult<Vec<Row>> {
        guarded(py, || {
            let selectors: Vec<CallSelector> = selectors
                .into_iter()
                .map(|(class, method, descriptor, subclasses)| CallSelector {
                    class,
                    method,
                    descriptor,
                    subclasses,
                })
                .collect();
            let graph = self.graph();
            let hits = self.program.find_calls(&selectors)?;
            Ok(hits
                .iter()
                .map(|hit| self.row(&graph, hit, self.method_name(hit.found)))
                .collect())
        })
    }

    fn find_fields(&self, py: Python<'_>, selectors: Vec<(String, String)>) -> PyResult<Vec<Row>> {
        guarded(py, || {
            let selectors: Vec<FieldSelector> = selectors
                .into_iter()
                .map(|(class, field)| FieldSelector { class, field })
                .collect();
            let graph = self.graph();
            let hits = self.program.find_fields(&selectors)?;
            Ok(hits
                .iter()
                .map(|hit| self.row(&graph, hit, self.field_name(hit.found)))
                .collect())
        })
    }

    fn find_types(&self, py: Python<'_>, prefixes: Vec<String>) -> PyResult<Vec<Row>> {
        guarded(py, || {
            let graph = self.graph();
            let hits = self.program.find_types(&prefixes)?;
            Ok(hits
                .iter()
                .map(|hit| self.row(&graph, hit, self.program.type_name(hit.found)))
                .collect())
        })
    }

    #[pyo3(signature = (equal, prefixes=Vec::new()))]
    fn find_strings(
        &self,
        py: Python<'_>,
        equal: Vec<String>,
        prefixes: Vec<String>,
    ) -> PyResult<Vec<StringRow>> {
        guarded(py, || {
            Ok(self.string_rows(&self.program.find_strings(&equal, &prefixes)?))
        })
    }

    fn search_strings(&self, py: Python<'_>, parts: Vec<String>) -> PyResult<Vec<StringRow>> {
        guarded(py, || {
            Ok(self.string_rows(&self.program.search_strings(&parts)?))
        })
    }

    fn named_constants(
        &self,
        py: Python<'_>,
        names: Vec<String>,
    ) -> PyResult<Vec<(String, String, String)>> {
        guarded(py, || {
            let found = self.program.named_constants(&names)?.into_iter();
            let row = |(id, text): (u32, String)| {
                let key = self.program.link.fields[id as usize];
                let class = self.program.type_name(key.class);
                (class, self.program.name(key.name).into_owned(), text)
            };
            Ok(found.map(row).collect())
        })
    }

    fn built_texts(&self, py: Python<'_>, methods: Vec<u32>) -> PyResult<Vec<Vec<(u32, String)>>> {
        guarded(py, || {
            let count = self.program.defs.methods.len() as u32;
            let constants = Constants::new(&self.program);
            let texts = |&def: &u32| {
                if def < count {
                    constants.built_texts(def)
                } else {
                    Vec::new()
                }
            };
            Ok(methods.iter().map(texts).collect())
        })
    }

    fn packages(&self, py: Python<'_>) -> PyResult<Vec<(String, u32, u32, u32)>> {
        guarded(py, || {
            let packages = self.program.packages(&self.graph());
            Ok(packages
                .into_iter()
                .map(|package| {
                    (
                        package.name,
                        package.classes,
                        package.reachable,
                        package.methods,
                    )
                })
                .collect())
        })
    }

    fn classes(&self, py: Python<'_>, prefixes: Vec<String>) -> PyResult<Vec<(u32, String)>> {
        guarded(py, || Ok(self.names(&prefixes, Program::classes)))
    }

    fn type_refs(&self, py: Python<'_>, prefixes: Vec<String>) -> PyResult<Vec<(u32, String)>> {
        guarded(py, || Ok(self.names(&prefixes, Program::foreign_types)))
    }

    fn has_class(&self, py: Python<'_>, names: Vec<String>) -> PyResult<Vec<bool>> {
        guarded(py, || {
            let defined = |name: &String| {
                let kind = self.program.find_class(name);
                kind.is_some_and(|kind| self.program.defs.class_of[kind as usize] != NONE)
            };
            Ok(names.iter().map(defined).collect())
        })
    }

    fn superclasses(&self, py: Python<'_>, names: Vec<String>) -> PyResult<Vec<Vec<String>>> {
        guarded(py, || {
            let chain = |name: &String| {
                let kinds = self
                    .program
                    .find_class(name)
                    .map(|kind| self.program.superclasses(kind));
                kinds
                    .unwrap_or_default()
                    .into_iter()
                    .map(|kind| self.program.type_name(kind))
                    .collect()
            };
            Ok(names.iter().map(chain).collect())
        })
    }

    fn subclasses(&self, py: Python<'_>, names: Vec<String>) -> PyResult<Vec<Vec<String>>> {
        guarded(py, || {
            let below = |name: &String| {
                let kinds = self
                    .program
                    .find_class(name)
                    .map(|kind| self.program.subclasses(kind));
                kinds
                    .unwrap_or_default()
                    .into_iter()
                    .map(|kind| self.program.type_name(kind))
                    .collect()
            };
            Ok(names.iter().map(below).collect())
        })
    }

    fn strings_of_classes(&self, py: Python<'_>, names: Vec<String>) -> PyResult<Vec<Vec<String>>> {
        guarded(py, || {
            let of_class = |name: &String| {
                let kind = self.program.find_class(name);
                kind.map(|kind| self.program.strings_of_class(kind))
                    .unwrap_or_default()
            };
            Ok(names.iter().map(of_class).collect())
        })
    }

    fn static_fields(
        &self,
        py: Python<'_>,
        fields: Vec<(String, String)>,
    ) -> PyResult<Vec<Argument>> {
        guarded(py, || {
            let constant = |(class, field): &(String, String)| {
                self.argument(self.program.static_field(class, field).as_ref())
            };
            Ok(fields.iter().map(constant).collect())
        })
    }

    fn class_annotations(
        &self,
        py: Python<'_>,
        names: Vec<String>,
    ) -> PyResult<Vec<Vec<AnnotationRow>>> {
        guarded(py, || {
            Ok(names.iter().map(|name| self.annotations_of(name)).collect())
        })
    }

    /// See the stub.
    #[pyo3(signature = (rules, setting, implicit=false))]
    fn flows(
        &self,
        py: Python<'_>,
        rules: flow::RuleRows,
        setting: flow::SettingRows,
        implicit: bool,
    ) -> PyResult<(Vec<flow::LeakRow>, BTreeMap<&'static str, u64>)> {
        guarded(py, || self.find_flows(rules, setting, implicit))
    }

    fn native_methods(&self, py: Python<'_>) -> PyResult<Vec<(String, String, String, bool)>> {
        guarded(py, || {
            let graph = self.graph();
            let row = |def| {
                let (class, method, descriptor) = self.program.method_text(def);
                (class, method, descriptor, graph.reached(def))
            };
            Ok(self.program.defs.natives().map(row).collect())
        })
    }

    #[pyo3(signature = (class_name, method, descriptor=None))]
    fn find_methods(
        &self,
        py: Python<'_>,
        class_name: &str,
        method: &str,
        descriptor: Option<&str>,
    ) -> PyResult<Vec<u32>> {
        guarded(py, || {
            Ok(self.program.find_methods(class_name, method, descriptor))
        })
    }

    fn paths_to(
        &self,
        py: Python<'_>,
        methods: Vec<u32>,
    ) -> PyResult<Vec<Vec<(String, &'static str)>>> {
        guarded(py, || {
            let graph = self.graph();
            let count = self.program.defs.methods.len() as u32;
            let path = |&def: &u32| {
                let steps = if def < count {
                    graph.path_to(def)
                } else {
                    Vec::new()
                };
                let text = |(def, edge): (u32, assaymark_engine::code::callgraph::Edge)| {
                    let (class, method, _) = self.program.method_text(def);
                    (format!("{class}.{method}"), edge.name())
                };
                steps.into_iter().map(text).collect()
            };
            Ok(methods.iter().map(path).collect())
        })
    }

    fn instructions(&self, py: Python<'_>, method: u32) -> PyResult<Vec<(u32, String)>> {
        guarded(py, || {
            let Some(found) = self
                .program
                .defs
                .methods
                .get(method as usize)
                .filter(|found| found.code != 0)
            else {
                return Ok(Vec::new());
            };
            let dex = &self.program.dexes[self.program.defs.class(method).dex as usize];
            let code = dex.code(found.code);
            let instructions = code.iter().flat_map(|code| code.units.instructions());
            Ok(instructions
                .map(|instruction| (instruction.at as u32, instruction.name()))
                .collect())
        })
    }

    fn lines(&self, py: Python<'_>, method: u32) -> PyResult<Vec<(u32, u32)>> {
        guarded(py, || {
            let Some(found) = self
                .program
                .defs
                .methods
                .get(method as usize)
                .filter(|found| found.code != 0)
            else {
                return Ok(Vec::new());
            };
            let dex = &self.program.dexes[self.program.defs.class(method).dex as usize];
            Ok(dex
                .code(found.code)
                .map(|code| dex.lines(&code))
                .unwrap_or_default())
        })
    }

    fn methods(
        &self,
        py: Python<'_>,
        class_name: &str,
    ) -> PyResult<Vec<(u32, String, String, u32)>> {
        guarded(py, || {
            let class = self
                .program
                .find_class(class_name)
                .and_then(|kind| self.program.defs.loaded(kind));
            let defs = class.into_iter().flat_map(|class| class.methods.clone());
            let row = |def: u32| {
                let (_, method, descriptor) = self.program.method_text(def);
                (
                    def,
                    method,
                    descriptor,
                    self.program.defs.methods[def as usize].access,
                )
            };
            Ok(defs.map(row).collect())
        })
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Code>()?;
    module.add_class::<prints::Fingerprints>()?;
    module.add_function(wrap_pyfunction!(prints::code_features, module)?)?;
    module.add_function(wrap_pyfunction!(prints::match_fingerprints, module)?)?;
    module.add_function(wrap_pyfunction!(prints::any_reached, module)?)?;
    module.add_function(wrap_pyfunction!(prints::spread_owners, module)?)
}
