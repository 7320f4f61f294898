//! Data flow: rules and setting from Python, leaks as rows.

use super::Code;
use assaymark_engine::dex::debug;
use assaymark_engine::flow::rules::{Lifecycle, Listener, Row, Rules, Vendor};
use assaymark_engine::flow::{Budget, Component, Filter, Leak, Setting, Site, Widget, flows, mark};
use assaymark_engine::{Error, ErrorKind};
use std::collections::BTreeMap;

/// Class, method, start of the descriptor, flows, call-backs.
type EffectRow = (String, String, String, Vec<String>, Vec<String>);
/// Class, name, start of the descriptor, data, parameter, argument that is filled, arguments, an argument is required, it is a field, value.
type SourceRow = (
    String,
    String,
    String,
    String,
    u8,
    u8,
    Vec<String>,
    bool,
    bool,
    String,
);
/// Class, method, start of the descriptor, kind, arguments.
type SinkRow = (String, String, String, String, Vec<u8>);
/// Effects, sources, sinks, life cycles (class, made, order), listeners (class, methods), packages left to the rules, starts of
/// names of classes with the SDK and its maker.
pub type RuleRows = (
    Vec<EffectRow>,
    Vec<SourceRow>,
    Vec<SinkRow>,
    Vec<(String, bool, Vec<String>)>,
    Vec<(String, Vec<String>)>,
    Vec<String>,
    Vec<(String, String, String)>,
);
/// Actions, categories, starts of addresses, media types.
type FilterRow = (Vec<String>, Vec<String>, Vec<String>, Vec<String>);
/// Class, exported (nothing: not in the manifest), filters, other names, authorities.
type ComponentRow = (
    String,
    Option<bool>,
    Vec<FilterRow>,
    Vec<String>,
    Vec<String>,
);
/// Name of the package, components, click handlers, widgets (id, data).
pub type SettingRows = (String, Vec<ComponentRow>, Vec<String>, Vec<(u32, String)>);
/// Class, method, descriptor, DEX, code unit, line, definition of the method.
pub type PlaceRow = (String, String, String, String, u32, Option<u32>, u32);
/// Data, source's name, its place, sink's kind, its name, its place, marks, confirmed, address, SDK, way.
pub type LeakRow = (
    String,
    String,
    PlaceRow,
    String,
    String,
    PlaceRow,
    Vec<&'static str>,
    bool,
    Option<String>,
    Option<String>,
    Vec<PlaceRow>,
);

impl Code {
    pub(super) fn find_flows(
        &self,
        rules: RuleRows,
        setting: SettingRows,
        implicit: bool,
    ) -> Result<(Vec<LeakRow>, BTreeMap<&'static str, u64>), Error> {
        let (effects, sources, sinks, lifecycles, listeners, outside, vendors) = rules;
        let mut rows = Vec::new();
        for (class, method, descriptor, flows, calls) in effects {
            rows.push(Row {
                class,
                method,
                descriptor,
                flows,
                calls,
                ..Row::default()
            });
        }
        for (
            class,
            method,
            descriptor,
            data,
            parameter,
            fills,
            arguments,
            argument_required,
            is_field,
            value,
        ) in sources
        {
            let source = Some(data);
            rows.push(Row {
                class,
                method,
                descriptor,
                source,
                parameter,
                fills,
                arguments,
                argument_required,
                is_field,
                value,
                ..Row::default()
            });
        }
        for (class, method, descriptor, kind, sink_arguments) in sinks {
            rows.push(Row {
                class,
                method,
                descriptor,
                sink: Some(kind),
                sink_arguments,
                ..Row::default()
            });
        }
        let lifecycles = lifecycles
            .into_iter()
            .map(|(base, made, order)| Lifecycle { base, made, order })
            .collect();
        let listeners = listeners
            .into_iter()
            .map(|(base, methods)| Listener { base, methods })
            .collect();
        let vendors = vendors
            .into_iter()
            .map(|(prefix, sdk, maker)| Vendor { prefix, sdk, maker })
            .collect();
        let rules = Rules::new(rows, lifecycles, listeners, outside, vendors)
            .map_err(|fault| Error::new(ErrorKind::Malformed, format!("rule {fault}")))?;
        let (package, components, on_click, widgets) = setting;
        let setting = Setting {
            package,
            components: components
                .into_iter()
                .map(
                    |(class, exported, filters, aliases, authorities)| Component {
                        class,
                        exported,
                        filters: filters.into_iter().map(filter).collect(),
                        aliases,
                        authorities,
                    },
                )
                .collect(),
            on_click,
            widgets: widgets
                .into_iter()
                .map(|(id, data)| Widget { id, data })
                .collect(),
        };
        let budget = Budget {
            implicit,
            ..Budget::default()
        };
        let outcome = flows(&self.program, &self.graph(), &rules, &setting, budget);
        let rows = outcome
            .leaks
            .iter()
            .map(|leak| self.leak_row(leak))
            .collect();
        let mut counts: BTreeMap<&'static str, u64> = outcome.cuts.into_iter().collect();
        counts.insert("steps", outcome.steps);
        counts.insert("bodies", outcome.nodes);
        counts.insert("methods", outcome.methods);
        Ok((rows, counts))
    }

    fn leak_row(&self, leak: &Leak) -> LeakRow {
        (
            leak.data.clone(),
            leak.source_api.clone(),
            self.place_row(leak.source),
            leak.sink_kind.clone(),
            leak.sink_api.clone(),
            self.place_row(leak.sink),
            marks(leak.marks),
            leak.confirmed,
            leak.address.clone(),
            leak.recipient.clone(),
            leak.path.iter().map(|&site| self.place_row(site)).collect(),
        )
    }

    pub(super) fn place_row(&self, site: Site) -> PlaceRow {
        let (class, method, descriptor) = self.program.method_text(site.def);
        let dex = &self.program.dexes[self.program.defs.class(site.def).dex as usize];
        let code = dex.code(self.program.defs.methods[site.def as usize].code);
        let lines = code.map(|code| dex.lines(&code)).unwrap_or_default();
        let line = debug::line_of(&lines, site.unit);
        let name = dex.name.clone();
        (class, method, descriptor, name, site.unit, line, site.def)
    }
}

fn filter((actions, categories, links, types): FilterRow) -> Filter {
    Filter {
        actions,
        categories,
        links,
        types,
    }
}

/// What was done to the data on the way.
fn marks(bits: u8) -> Vec<&'static str> {
    const NAMES: [(u8, &str); 5] = [
        (mark::HASHED, "hashed"),
        (mark::ENCRYPTED, "encrypted"),
        (mark::LENGTH, "length-only"),
        (mark::COARSE, "coarse"),
        (mark::IMPLICIT, "implicit"),
    ];
    NAMES
        .iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, name)| *name)
        .collect()
}
