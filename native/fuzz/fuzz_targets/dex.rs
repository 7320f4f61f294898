//! One DEX file, read and asked in every way. Any panic, endless loop or growth without bound is a bug.

#![no_main]

use assaymark_engine::Limits;
use assaymark_engine::code::Program;
use assaymark_engine::code::callgraph::Entry;
use assaymark_engine::code::constants::Constants;
use assaymark_engine::code::query::{CallSelector, FieldSelector};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let limits = Limits {
        graph_steps: 1_000_000,
        ..Limits::default()
    };
    let files = vec![("classes.dex".to_owned(), Arc::new(data.to_vec()))];
    let program = Program::open(files, &limits);
    let names: Vec<String> = program
        .defs
        .classes
        .iter()
        .take(100)
        .map(|class| program.type_name(class.kind))
        .collect();
    let entries: Vec<Entry> = names.iter().cloned().map(Entry::Class).collect();
    let graph = program.call_graph(&entries, &limits);
    for def in 0..program.defs.methods.len().min(200) as u32 {
        graph.path_to(def);
        for position in program.xref.of(def) {
            graph.callees(&program, def, program.xref.refs[position]);
        }
        let dex = &program.dexes[program.defs.class(def).dex as usize];
        if let Some(code) = dex.code(program.defs.methods[def as usize].code) {
            dex.tries(&code);
            dex.lines(&code);
        }
    }
    let calls: Vec<CallSelector> = names
        .iter()
        .map(|class| CallSelector {
            class: class.clone(),
            method: "*".into(),
            descriptor: String::new(),
            subclasses: true,
        })
        .collect();
    let fields: Vec<FieldSelector> = names
        .iter()
        .map(|class| FieldSelector {
            class: class.clone(),
            field: "*".into(),
        })
        .collect();
    // A question that would give too many rows is refused: that is an answer.
    let _ = program.find_calls(&calls);
    let _ = program.find_fields(&fields);
    let _ = program.find_types(&[String::new()]);
    let _ = program.find_strings(&["a".into()], &["L".into()]);
    let _ = program.search_strings(&["e".into()]);
    let _ = program.named_constants(&["e".into()]);
    let constants = Constants::new(&program);
    for def in 0..program.defs.methods.len() as u32 {
        let _ = constants.built_texts(def);
    }
});
