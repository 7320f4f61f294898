//! `android.net.Uri` objects that a method makes out of constants: what each call of the platform does to the text.

use super::Program;
use super::link::NONE;

/// Characters of a URI that are kept: enough to tell the provider and what is asked of it.
const LENGTH: usize = 512;

/// A URI that is being made, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Uri {
    /// The text so far.
    pub text: String,
    /// Something that is not known followed: the text is how the URI starts.
    open: bool,
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// Nothing with URIs.
    Nothing,
    /// Makes one of a text, its first argument.
    Parse,
    /// Gives a URI or a builder with the content of its object.
    Copy,
    /// Gives a new URI: the first argument with a path behind it.
    Join,
    /// Adds to the builder that it is called on, and gives that.
    Add(Part),
    /// Gives one that is made outside the program.
    Result,
}

/// What is added to a builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `content`
    Scheme,
    /// The provider.
    Authority,
    /// A piece of the path.
    Path,
    /// Anything that comes behind the path.
    Rest,
}

/// The types that make URIs; [`NONE`] where the program does not name one.
#[derive(Debug, Clone, Copy)]
pub struct Types {
    uri: u32,
    /// `android.net.Uri$Builder`.
    pub builder: u32,
    content: u32,
}

impl Types {
    /// The types of a program.
    pub fn of(program: &Program) -> Types {
        let kind = |name: &[u8]| program.find_type(name).unwrap_or(NONE);
        Types {
            uri: kind(b"Landroid/net/Uri;"),
            builder: kind(b"Landroid/net/Uri$Builder;"),
            content: kind(b"Landroid/content/ContentUris;"),
        }
    }

    /// What a call of a method does.
    pub fn making(&self, program: &Program, method: u32, is_static: bool) -> Making {
        let key = program.link.methods[method as usize];
        let gives = program.link.proto(key.proto)[0];
        if gives == NONE || (gives != self.uri && gives != self.builder) {
            return Making::Nothing;
        }
        let name = program.bytes(program.link.names[key.name as usize]);
        match key.class {
            class if class == self.uri => match name {
                b"parse" => Making::Parse,
                b"buildUpon" => Making::Copy,
                b"withAppendedPath" => Making::Join,
                _ => Making::Nothing,
            },
            class if class == self.content => match name {
                b"withAppendedId" => Making::Join,
                b"appendId" => Making::Add(Part::Path),
                _ => Making::Nothing,
            },
            class if class == self.builder => match name {
                b"build" => Making::Copy,
                b"scheme" => Making::Add(Part::Scheme),
                b"authority" | b"encodedAuthority" => Making::Add(Part::Authority),
                b"path" | b"encodedPath" | b"appendPath" | b"appendEncodedPath" => {
                    Making::Add(Part::Path)
                }
                _ => Making::Add(Part::Rest),
            },
            class if is_static && program.defs.class_of[class as usize] == NONE => Making::Result,
            _ => Making::Nothing,
        }
    }
}

impl Uri {
    /// A URI of a text.
    pub fn parse(text: &str) -> Uri {
        let mut uri = Uri::default();
        uri.push(text);
        uri
    }

    /// Adds a part. One that is not known, or out of order, ends what is known.
    pub fn add(&mut self, part: Part, text: Option<&str>) {
        let Some(text) = text.filter(|_| !self.open) else {
            self.open = true;
            return;
        };
        match part {
            Part::Scheme if self.text.is_empty() => self.push(&format!("{text}:")),
            Part::Authority if self.text.ends_with(':') => self.push(&format!("//{text}")),
            Part::Path => {
                let path = text.trim_start_matches('/');
                self.push(&format!(
                    "{}{path}",
                    if self.text.ends_with('/') { "" } else { "/" }
                ));
            }
            _ => self.open = true,
        }
    }

    fn push(&mut self, text: &str) {
        let left = LENGTH.saturating_sub(self.text.chars().count());
        self.text.extend(text.chars().take(left));
        self.open |= text.chars().count() > left;
    }
}

#[cfg(test)]
mod tests {
    use super::super::constants::Constant;
    use super::super::tests::{CLINIT, STATIC, call, program};
    use crate::dex::sample::{Ins, RETURN, class, method};

    const URI: &str = "Landroid/net/Uri;";
    const BUILDER: &str = "Landroid/net/Uri$Builder;";
    const PARSE: &str = "(Ljava/lang/String;)Landroid/net/Uri;";
    const WITH: &str = "(Ljava/lang/String;)Landroid/net/Uri$Builder;";
    const MOVE_TO_0: Ins = Ins::Raw(&[0x000c]); // move-result-object v0

    /// What reaches `Api.take(Uri)` in each of these methods.
    fn uris(methods: Vec<Vec<Ins>>) -> Vec<Option<Constant>> {
        let takes = methods.into_iter().map(|mut code| {
            code.push(Ins::Call(
                0x71,
                "LApi;",
                "take",
                "(Landroid/net/Uri;)V",
                &[0],
            ));
            code.push(RETURN);
            code
        });
        let names = ["a", "b", "c", "d", "e"];
        let mut methods: Vec<_> = takes
            .zip(names)
            .map(|(code, name)| method(name, "()V", STATIC, code))
            .collect();
        let store = vec![
            Ins::Str(0, "content://sms/inbox"),
            Ins::Call(0x71, URI, "parse", PARSE, &[0]),
            MOVE_TO_0,
            Ins::Field(0x69, 0, "LUse;", "KEPT", URI),
            RETURN,
        ];
        methods.push(method("<clinit>", "()V", CLINIT, store));
        let program = program(&[&[class("LUse;", methods)]]);
        let hits = program
            .find_calls(&[call("Api", "take", false)])
            .expect("few rows");
        hits.into_iter()
            .map(|hit| match hit.arguments.into_iter().next().flatten() {
                Some(Constant::Field(field)) => {
                    let name = program.name(program.link.fields[field as usize].name);
                    Some(Constant::Uri(format!("field {name}")))
                }
                Some(Constant::Result(method)) => {
                    let name = program.name(program.link.methods[method as usize].name);
                    Some(Constant::Uri(format!("result {name}")))
                }
                known => known,
            })
            .collect()
    }

    fn uri(text: &str) -> Option<Constant> {
        Some(Constant::Uri(text.to_owned()))
    }

    #[test]
    fn uris_are_followed_from_texts_fields_and_factories() {
        let with_id = "(Landroid/net/Uri;J)Landroid/net/Uri;";
        let found = uris(vec![
            vec![
                Ins::Str(0, "content://sms"),
                Ins::Call(0x71, URI, "parse", PARSE, &[0]),
                MOVE_TO_0,
            ],
            vec![
                Ins::Field(0x62, 0, "LContacts;", "CONTENT_URI", URI),
                Ins::Call(
                    0x71,
                    "Landroid/content/ContentUris;",
                    "withAppendedId",
                    with_id,
                    &[0, 1, 2],
                ),
                MOVE_TO_0,
            ],
            vec![
                Ins::Str(0, "external"),
                Ins::Call(0x71, "LMedia;", "getContentUri", PARSE, &[0]),
                MOVE_TO_0,
            ],
            vec![Ins::Field(0x62, 0, "LUse;", "KEPT", URI)],
            vec![
                Ins::Call(0x71, "LUse;", "own", "()Landroid/net/Uri;", &[]),
                MOVE_TO_0,
            ],
        ]);
        let expected = [
            uri("content://sms"),
            uri("field CONTENT_URI"),
            uri("result getContentUri"),
            uri("content://sms/inbox"),
            None,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn uris_are_put_together_from_parts() {
        let add = |name| Ins::Call(0x6e, BUILDER, name, WITH, &[0, 1]);
        let build = || Ins::Call(0x6e, BUILDER, "build", "()Landroid/net/Uri;", &[0]);
        let start = || {
            vec![
                Ins::Type(0x22, 0, BUILDER),
                Ins::Call(0x70, BUILDER, "<init>", "()V", &[0]),
                Ins::Str(1, "content"),
                add("scheme"),
            ]
        };
        let mut known = start();
        known.extend([
            Ins::Str(1, "call_log"),
            add("authority"),
            Ins::Str(1, "calls"),
            add("appendPath"),
            build(),
            MOVE_TO_0,
        ]);
        let mut unknown_path = start();
        unknown_path.extend([
            Ins::Str(1, "call_log"),
            add("authority"),
            Ins::Call(0x71, "LOther;", "text", "()Ljava/lang/String;", &[]),
            Ins::Raw(&[0x010c]), // move-result-object v1
            add("appendPath"),
            Ins::Str(1, "never"),
            add("appendPath"),
            build(),
            MOVE_TO_0,
        ]);
        let nothing = vec![
            Ins::Type(0x22, 0, BUILDER),
            Ins::Call(0x70, BUILDER, "<init>", "()V", &[0]),
            build(),
            MOVE_TO_0,
        ];
        let expected = [
            uri("content://call_log/calls"),
            uri("content://call_log"),
            None,
        ];
        assert_eq!(uris(vec![known, unknown_path, nothing]), expected);
    }
}
