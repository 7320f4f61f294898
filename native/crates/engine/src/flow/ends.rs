//! Where data leaves: calls that send it, web pages that may ask for it, SDKs that it is handed to.

use super::Site;
use super::heap::Set;
use super::sources::method_name;
use super::taint::Run;
use crate::code::link::NONE;

/// A call that data leaves by, as it is told.
pub(super) struct End {
    pub rule: u32,
    pub api: String,
    pub kind: String,
    pub address: Option<String>,
    /// The SDK that gets it.
    pub recipient: Option<String>,
}

impl Run<'_, '_> {
    /// A method that a web page may call gives it something.
    pub fn give_to_page(&mut self, exposed: (u32, u32), marks: u8, from: u32, site: (u32, u32)) {
        let rules = self.solver.rules;
        let Some(&method) = self.solver.outside.get(&exposed) else {
            return;
        };
        let library = self.solver.library_at(exposed, method);
        let exposes = |&&rule: &&u32| !rules.rules[rule as usize].messages.is_empty();
        let Some(&rule) = library.rules.iter().find(exposes) else {
            return;
        };
        let row = &rules.rules[rule as usize].row;
        let end = End {
            rule,
            api: format!("{}.{}", row.class, method_name(self.solver, method)),
            kind: "web-view".to_owned(),
            address: None,
            recipient: None,
        };
        self.end(self.solver.site(site), end, marks, from);
    }

    /// Data is handed to an SDK.
    pub fn enters(
        &mut self,
        here: (u32, u32),
        vendor: u32,
        method: u32,
        marks: u8,
        from: u32,
        args: &[Set],
    ) {
        let key = self.solver.program.link.methods[method as usize];
        let class = self.solver.program.type_name(key.class);
        let end = End {
            // Behind all rules; one number for each SDK.
            rule: NONE - vendor,
            api: format!("{class}.{}", method_name(self.solver, method)),
            kind: "sdk".to_owned(),
            address: self.solver.address_in(args),
            recipient: Some(self.solver.rules.vendors[vendor as usize].sdk.clone()),
        };
        self.end(self.solver.site(here), end, marks, from);
    }

    /// A call on an object that a service made for an interface goes to the service.
    pub fn asks_service(
        &mut self,
        here: (u32, u32),
        maker: u32,
        marks: u8,
        from: u32,
        args: &[Set],
    ) {
        let rules = self.solver.rules;
        let key = self.solver.program.link.methods[maker as usize];
        let class = self.solver.program.type_name(key.class);
        let name = method_name(self.solver, maker);
        let sink = |&&rule: &&u32| rules.rules[rule as usize].row.sink.is_some();
        if let Some(&rule) = rules.find(&class, &name).iter().find(sink) {
            let end = End {
                rule,
                api: format!("{class}.{name}"),
                kind: rules.rules[rule as usize]
                    .row
                    .sink
                    .clone()
                    .unwrap_or_default(),
                address: self.solver.address_in(args),
                recipient: None,
            };
            self.end(self.solver.site(here), end, marks, from);
        }
    }

    /// Data has come to an end of its way.
    pub fn end(&mut self, site: Site, end: End, marks: u8, from: u32) {
        let entry = self
            .leaks
            .entry((end.rule, site))
            .or_insert((marks, from, end));
        // What arrives with fewer marks says more.
        if marks.count_ones() < entry.0.count_ones() {
            (entry.0, entry.1) = (marks, from);
        }
    }

    pub fn leak(
        &mut self,
        here: (u32, u32),
        rule: u32,
        method: u32,
        marks: u8,
        from: u32,
        args: &[Set],
    ) {
        let row = &self.solver.rules.rules[rule as usize].row;
        let mut kind = row.sink.clone().unwrap_or_default();
        if kind == "file" && self.solver.in_memory(&args[0]) {
            return;
        }
        if self.solver.goes_to_network(&args[0]) {
            kind = "network".to_owned();
        }
        let row = &self.solver.rules.rules[rule as usize].row;
        let end = End {
            rule,
            api: format!("{}.{}", row.class, method_name(self.solver, method)),
            kind,
            address: self.solver.address_in(args),
            recipient: None,
        };
        self.end(self.solver.site(here), end, marks, from);
    }
}
