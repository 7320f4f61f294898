//! Where data of the catalog's categories comes from: calls, fields, parameters of call-backs, what a call fills.

use super::Site;
use super::heap::What;
use super::solve::Solver;
use super::taint::{Held, Key};
use crate::code::link::NONE;
use crate::ir::{Op, Value};
use std::collections::BTreeMap;

/// What is read at one place under one rule.
pub(super) struct Source {
    pub api: String,
    pub data: String,
    /// Values, or cells that the call fills.
    pub starts: Vec<(Held, (u32, u32))>,
}

/// Finds all sources in what runs.
pub(super) fn collect(solver: &mut Solver<'_>, sources: &mut BTreeMap<Key, Source>) {
    let mut add_held = |rule: u32, site: Site, api: String, data: String, held: Held, at| {
        let source = sources.entry((rule, site)).or_insert(Source {
            api,
            data,
            starts: Vec::new(),
        });
        source.starts.push((held, at));
    };
    let mut add = |rule: u32, site: Site, api: String, data: String, start: (u32, Value)| {
        add_held(rule, site, api, data, Held::Value(start.0, start.1), start);
    };
    let mut filled = Vec::new();
    let mut calls: Vec<((u32, u32), u32)> = solver
        .outside
        .iter()
        .map(|(&here, &method)| (here, method))
        .collect();
    calls.sort_unstable();
    for (here, method) in calls {
        let library = solver.library_at(here, method);
        if library.rules.is_empty() {
            continue;
        }
        let args = solver.args_of(here.0, here.1);
        for rule in solver.sources_at(&library, &args) {
            let row = &solver.rules.rules[rule as usize].row;
            let mut data = row.source.clone().unwrap_or_default();
            if data == "widget" {
                let receiver = args.first().cloned().unwrap_or_default();
                match solver.widget_data(&receiver) {
                    Some(found) => data = found,
                    None => continue,
                }
            }
            let api = format!(
                "{}.{}",
                solver.rules.rules[rule as usize].row.class,
                method_name(solver, method)
            );
            let fills = usize::from(solver.rules.rules[rule as usize].row.fills);
            if fills == 0 {
                add(rule, solver.site(here), api, data, here);
                continue;
            }
            // It fills what it is given.
            for object in args.get(fills).cloned().unwrap_or_default() {
                if solver.heap.is_object(object) {
                    let cell = solver.cell(object, super::heap::Key::Anywhere);
                    let site = solver.site(here);
                    filled.push((rule, site, api.clone(), data.clone(), cell, here));
                }
            }
        }
    }
    for (here, class, name) in solver.reflected.clone() {
        // On an object of an unknown class the name alone tells.
        let rules = match &class[..] {
            "java.lang.Object" => solver.rules.sources_called(&name),
            _ => solver.rules.find(&class, &name),
        };
        for &rule in rules {
            let row = &solver.rules.rules[rule as usize].row;
            if let (Some(data), 0, false) = (row.source.clone(), row.parameter, row.is_field) {
                if data != "widget" && row.arguments.is_empty() {
                    add(
                        rule,
                        solver.site(here),
                        format!("{}.{name}", row.class),
                        data,
                        here,
                    );
                }
            }
        }
    }
    for node in 0..solver.nodes.len() as u32 {
        let method = solver.nodes[node as usize].method.clone();
        let runs = solver.nodes[node as usize].runs.clone();
        for block in method
            .body
            .live_blocks()
            .filter(|&block| runs[block as usize])
        {
            for ins in method.body.in_block(block) {
                let Op::StaticGet(field) = method.body.ins[ins as usize].op else {
                    continue;
                };
                if field == NONE {
                    continue;
                }
                for &rule in solver.field_rules(field).iter() {
                    let row = &solver.rules.rules[rule as usize].row;
                    if let (Some(data), true) = (row.source.clone(), row.value.is_empty()) {
                        let api = format!("{}.{}", row.class, row.method);
                        add(rule, solver.site((node, ins)), api, data, (node, ins));
                    }
                }
            }
        }
    }
    for &(node, value, rule) in &solver.world.sources {
        let row = &solver.rules.rules[rule as usize].row;
        let api = format!("{}.{}", row.class, row.method);
        let site = Site {
            def: solver.nodes[node as usize].def,
            unit: 0,
        };
        add(
            rule,
            site,
            api,
            row.source.clone().unwrap_or_default(),
            (node, value),
        );
    }
    for (rule, site, api, data, cell, here) in filled {
        add_held(
            rule,
            site,
            api,
            data,
            Held::Cell(cell, here.0, here.1),
            here,
        );
    }
}

pub(super) fn method_name(solver: &Solver<'_>, method: u32) -> String {
    let key = solver.program.link.methods[method as usize];
    solver.program.name(key.name).into_owned()
}

impl Solver<'_> {
    fn widget_data(&self, receiver: &[u32]) -> Option<String> {
        receiver.iter().find_map(|&object| {
            let What::Global(_, key) = self.heap.what[object as usize] else {
                return None;
            };
            let What::Integer(id) = self.heap.what[key as usize] else {
                return None;
            };
            let widgets = self.setting.widgets.iter();
            widgets
                .filter(|widget| i64::from(widget.id as i32) == id)
                .map(|widget| widget.data.clone())
                .next()
        })
    }
}
