//! The question of order: which sensitive places run before the user agrees.

use super::Code;
use super::flow::PlaceRow;
use crate::archive::Package;
use crate::xml::Resources;
use assaymark_engine::axml::Table;
use assaymark_engine::consent::lexicon::Lexicon;
use assaymark_engine::consent::{Order, Outcome, consent};
use assaymark_engine::env::screens::{Screens, Source};
use assaymark_engine::env::{Component, Kind, Manifest};
use assaymark_engine::flow::Site;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Class, kind, whether anybody can start it, whether it is exported, actions of its filters, names that a provider answers to.
pub type ComponentRow = (String, String, bool, bool, Vec<String>, Vec<String>);
/// Order, why it is unknown, the way, what opens it.
pub type AnswerRow = (
    &'static str,
    Option<&'static str>,
    Vec<String>,
    Option<String>,
);
/// What a control that agrees says, whether it is ticked, whether it is sure, where its listener is registered, the listener, layouts.
pub type ControlRow = (
    Vec<String>,
    bool,
    bool,
    Option<PlaceRow>,
    Option<PlaceRow>,
    Vec<String>,
);
/// Answers, controls that agree, counts.
pub type ConsentRows = (Vec<AnswerRow>, Vec<ControlRow>, BTreeMap<&'static str, i64>);
/// Words by role.
pub type Words = BTreeMap<String, Vec<String>>;

/// What the manifest says, from Python.
pub fn manifest(
    application: Vec<String>,
    version: (Option<String>, Option<i64>),
    components: Vec<ComponentRow>,
    meta_data: Vec<(String, String)>,
    initializers: Vec<String>,
) -> Manifest {
    let component = |(class, kind, open, exported, actions, authorities): ComponentRow| Component {
        class,
        kind: match kind.as_str() {
            "service" => Kind::Service,
            "receiver" => Kind::Receiver,
            "provider" => Kind::Provider,
            _ => Kind::Activity,
        },
        open,
        exported,
        actions,
        authorities,
    };
    Manifest {
        application,
        version,
        components: components.into_iter().map(component).collect(),
        meta_data,
        initializers,
    }
}

/// What holds the screens of a program, kept while the question is answered.
pub struct Held {
    packages: Vec<(Arc<crate::archive::Opened>, Option<Arc<Table>>)>,
}

impl Held {
    pub fn new(
        packages: &[PyRef<'_, Package>],
        resources: &[Option<PyRef<'_, Resources>>],
    ) -> Held {
        let pairs = packages.iter().zip(resources);
        let pair = |(package, table): (&PyRef<'_, Package>, &Option<PyRef<'_, Resources>>)| {
            let table = table.as_ref().map(|table| table.table());
            (package.inner.clone(), table)
        };
        Held {
            packages: pairs.map(pair).collect(),
        }
    }
}

impl Code {
    pub(super) fn order(
        &self,
        held: &Held,
        manifest: &Manifest,
        mut words: Words,
        sites: &[(u32, u32)],
        starts: &[((u32, u32), u32, bool)],
    ) -> ConsentRows {
        let sources = held.packages.iter().map(|(opened, table)| Source {
            file: &opened.file,
            archive: &opened.archive,
            table: table.as_deref(),
        });
        let screens = Screens::new(sources.collect(), self.limits);
        let mut take = |role: &str| words.remove(role).unwrap_or_default();
        let lexicon = Lexicon {
            agree: take("agree"),
            decline: take("decline"),
            proceed: take("proceed"),
            beside: take("beside"),
            negation: take("negation"),
            policy: take("policy"),
            document: take("document"),
            permission: take("permission"),
            tie: take("tie"),
        };
        let outcome = consent(
            &self.program,
            manifest,
            screens,
            &lexicon,
            sites,
            starts,
            self.limits.consent_steps,
        );
        self.consent_rows(outcome)
    }

    fn consent_rows(&self, outcome: Outcome) -> ConsentRows {
        let answers = outcome.answers.into_iter().map(|answer| {
            let reason = match answer.order {
                Order::Unknown(why) => Some(why),
                _ => None,
            };
            (answer.order.name(), reason, answer.path, answer.gate)
        });
        let counters = outcome.counters;
        let counts = BTreeMap::from([
            ("steps", outcome.steps as i64),
            ("nodes", outcome.nodes as i64),
            ("complete", i64::from(outcome.complete)),
            ("reflection", counters.reflection as i64),
            ("intents", counters.intents as i64),
            ("dynamic", counters.dynamic as i64),
            ("long_methods", counters.long_methods as i64),
        ]);
        let place = |(def, unit): (u32, u32)| self.place_row(Site { def, unit });
        let controls = outcome.controls.into_iter().map(|one| {
            let runs = one.runs.map(|def| place((def, 0)));
            (
                one.texts,
                one.ticks,
                one.certain,
                one.registered.map(place),
                runs,
                one.layouts,
            )
        });
        (answers.collect(), controls.collect(), counts)
    }
}
