//! Providers of the app that it asks itself, in whatever process they run.

use super::facts::Foreign;
use super::heap::Key;
use super::value::{ANY, Atom, NOTHING, Outcome, Value};
use super::world::{Phase, World};
use crate::code::link::NONE;
use crate::env::Kind;

impl World<'_> {
    /// `Uri.parse`, and what `ContentResolver` asks of a provider that the manifest declares.
    pub(super) fn resolver(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        if let Some(text) = self.address(node, facts, args) {
            let kind = self.program.find_type(facts.result.as_bytes());
            let uri = self.object_at(node, unit, kind.unwrap_or(NONE));
            self.write(Key::Label(uri), text);
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
            let Some(texts) = self.heap.known_texts(texts, &self.values) else {
                return self.ask_all(node, unit, facts, args);
            };
            for text in texts {
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

    /// The text of an address that a call gives, as far as it names a provider.
    fn address(&mut self, node: u32, facts: &Foreign, args: &[Value]) -> Option<Value> {
        let class = facts.class();
        let from = match (class, facts.name.as_str()) {
            ("Landroid/net/Uri;", "parse") => return args.first().copied(),
            ("Landroid/net/Uri$Builder;", "authority" | "encodedAuthority") => {
                let text = *args.get(1)?;
                let text = self.map_text(text, |text| format!("content://{text}"));
                for builder in self.values.objects(args[0]) {
                    self.write(Key::Label(builder), text);
                }
                return Some(text);
            }
            ("Landroid/net/Uri;", "withAppendedPath" | "buildUpon" | "normalizeScheme")
            | ("Landroid/content/ContentUris;", "withAppendedId" | "appendId" | "removeId") => {
                *args.first()?
            }
            ("Landroid/net/Uri$Builder;", _) if facts.result != "Ljava/lang/String;" => {
                *args.first()?
            }
            _ => return None,
        };
        let mut out = if from == ANY { ANY } else { NOTHING };
        for object in self.values.objects(from) {
            let own = self.read(Key::Label(object), node);
            out = self.values.join(out, own);
        }
        (out != ANY && facts.name != "<init>").then_some(out)
    }

    /// An address that is not known may be that of any provider of the app.
    fn ask_all(
        &mut self,
        node: u32,
        unit: u32,
        facts: &Foreign,
        args: &[Value],
    ) -> Option<Outcome> {
        self.depends_on_phase(node);
        if self.phase >= Phase::Unclear {
            let manifest = self.manifest;
            for one in &manifest.components {
                if one.kind == Kind::Provider {
                    self.ask(node, unit, &one.class, facts, args);
                }
            }
        }
        None
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
