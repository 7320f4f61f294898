//! Providers of the app that it asks itself, in whatever process they run.

use super::facts::Foreign;
use super::heap::Key;
use super::value::{Atom, Value};
use super::world::World;
use crate::code::link::NONE;
use crate::env::Kind;

type Outcome = (Value, bool);

impl World<'_> {
    /// `Uri.parse`, and what `ContentResolver` asks of a provider that the manifest declares.
    pub(super) fn resolver(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        if facts.class() == "Landroid/net/Uri;" && facts.name == "parse" {
            self.heap.known_texts(args[0], &self.values)?;
            let kind = self.program.find_type(b"Landroid/net/Uri;").unwrap_or(NONE);
            let uri = self.object_at(node, unit, kind);
            self.write(Key::Label(uri), args[0]);
            return Some((self.values.one(Atom::Object(uri)), true));
        }
        let asked = matches!(
            facts.name.as_str(),
            "call" | "query" | "insert" | "update" | "delete" | "bulkInsert" | "getType"
        );
        if !asked || !facts.of("Landroid/content/ContentResolver;") {
            return None;
        }
        let mut answer: Option<Outcome> = None;
        for uri in self.values.objects(*args.get(1)?) {
            let texts = self.read(Key::Label(uri), node);
            for text in self.heap.known_texts(texts, &self.values)? {
                let text = self.heap.text_of(text).to_owned();
                let authority = text.strip_prefix("content://")?.split('/').next()?;
                let mut all = self.manifest.components.iter();
                let class = all
                    .find(|one| {
                        one.kind == Kind::Provider
                            && one.authorities.iter().any(|own| own == authority)
                    })
                    .map(|one| one.class.clone())?;
                let outcome = self.ask(node, unit, &class, facts, args)?;
                let before = answer.unwrap_or((outcome.0, false));
                answer = Some((self.values.join(before.0, outcome.0), before.1 | outcome.1));
            }
        }
        answer
    }

    fn ask(
        &mut self,
        node: u32,
        unit: u32,
        class: &str,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        let provider = self.start_class(node, unit, class)?;
        // `call` names the provider by the address; the others hand the address on.
        let passed = if facts.name == "call" {
            &args[2..]
        } else {
            &args[1..]
        };
        let def = self.own_method(provider, &facts.name, passed.len())?;
        let mut registers = vec![self.values.one(Atom::Object(provider))];
        registers.extend_from_slice(passed);
        Some(self.call(node, unit, def, &registers))
    }
}
