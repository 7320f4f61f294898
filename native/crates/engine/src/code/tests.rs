use super::callgraph::{Edge, Entry};
use super::constants::Constant;
use super::query::{CallSelector, FieldSelector};
use super::*;
use crate::dex::class_data::access::PUBLIC;
use crate::dex::sample::{Class, Ins, RETURN, build, class, method};

pub(super) const STATIC: u32 = 9;
const INIT: u32 = 0x10001;
pub(super) const CLINIT: u32 = 0x10008;
const ACTIVITY: &str = "Landroid/app/Activity;";

pub(super) fn program(files: &[&[Class]]) -> Program {
    let files = files
        .iter()
        .enumerate()
        .map(|(at, classes)| (format!("{at}.dex"), Arc::new(build(classes))));
    Program::open(files.collect(), &Limits::default())
}

fn init() -> crate::dex::sample::Method {
    method("<init>", "()V", INIT, vec![RETURN])
}

fn reached(program: &Program, entries: &[Entry]) -> Vec<String> {
    let graph = program.call_graph(entries, &Limits::default());
    assert!(graph.complete);
    let mut out: Vec<String> = (0..program.defs.methods.len() as u32)
        .filter(|&def| graph.reached(def))
        .map(|def| {
            let (class, name, _) = program.method_text(def);
            format!("{class}.{name}")
        })
        .collect();
    out.sort();
    out
}

fn entry(name: &str) -> [Entry; 1] {
    [Entry::Class(name.into())]
}

/// An activity whose `onCreate` runs this code.
fn activity(code: Vec<Ins>) -> Class {
    Class {
        superclass: ACTIVITY,
        ..class(
            "LMain;",
            vec![
                init(),
                method("onCreate", "(Landroid/os/Bundle;)V", PUBLIC, code),
            ],
        )
    }
}

#[test]
fn virtual_calls_run_what_is_instantiated_and_nothing_else() {
    let shape = |name, code: Vec<Ins>| Class {
        superclass: "LShape;",
        ..class(name, vec![init(), method("draw", "()V", PUBLIC, code)])
    };
    let program = program(&[&[
        activity(vec![
            Ins::Type(0x22, 0, "LCircle;"),
            Ins::Call(0x70, "LCircle;", "<init>", "()V", &[0]),
            Ins::Call(0x6e, "LShape;", "draw", "()V", &[0]),
            RETURN,
        ]),
        Class {
            access: 0x400,
            ..class(
                "LShape;",
                vec![init(), method("draw", "()V", 0x401, vec![])],
            )
        },
        shape("LCircle;", vec![RETURN]),
        shape("LSquare;", vec![RETURN]),
    ]]);
    let found = reached(&program, &entry("Main"));
    assert_eq!(
        found,
        [
            "Circle.<init>",
            "Circle.draw",
            "Main.<init>",
            "Main.onCreate"
        ]
    );

    let graph = program.call_graph(&entry("Main"), &Limits::default());
    let draw = program.find_methods("Circle", "draw", None)[0];
    let path: Vec<_> = graph
        .path_to(draw)
        .into_iter()
        .map(|(def, edge)| (program.method_text(def).1, edge))
        .collect();
    assert_eq!(
        path,
        [
            ("onCreate".into(), Edge::Entry),
            ("draw".into(), Edge::Dispatch)
        ]
    );
    let caller = program.find_methods("Main", "onCreate", None)[0];
    let call = program.xref.of(caller).last().expect("a call");
    assert_eq!(
        graph.callees(&program, caller, program.xref.refs[call]),
        [draw]
    );
}

#[test]
fn the_platform_calls_its_own_names_back() {
    let program = program(&[&[
        activity(vec![Ins::Type(0x22, 0, "LTask;"), RETURN]),
        Class {
            interfaces: vec!["Ljava/lang/Runnable;"],
            ..class(
                "LTask;",
                vec![
                    method("run", "()V", PUBLIC, vec![RETURN]),
                    method("helperOfMine", "()V", PUBLIC, vec![RETURN]),
                    method("toString", "()Ljava/lang/String;", PUBLIC, vec![RETURN]),
                ],
            )
        },
        Class {
            superclass: "Lcom/absent/Base;",
            ..class(
                "LPlugin;",
                vec![init(), method("helperOfMine", "()V", PUBLIC, vec![RETURN])],
            )
        },
    ]]);
    let found = reached(&program, &entry("Main"));
    assert_eq!(
        found,
        ["Main.<init>", "Main.onCreate", "Task.run", "Task.toString"]
    );
    // A missing ancestor may declare anything.
    assert_eq!(
        reached(&program, &entry("Plugin")),
        ["Plugin.<init>", "Plugin.helperOfMine"]
    );
}

#[test]
fn names_in_constants_and_layouts_run() {
    let program = program(&[&[
        activity(vec![
            Ins::Str(0, "com.example.Hidden"),
            Ins::Type(0x1c, 0, "LNamed;"),
            Ins::Field(0x62, 0, "LState;", "it", "I"),
            RETURN,
        ]),
        class("Lcom/example/Hidden;", vec![init()]),
        class("LNamed;", vec![init()]),
        class(
            "LState;",
            vec![method("<clinit>", "()V", CLINIT, vec![RETURN])],
        ),
        class(
            "LUnused;",
            vec![method("<clinit>", "()V", CLINIT, vec![RETURN])],
        ),
        Class {
            superclass: ACTIVITY,
            ..class(
                "LClicked;",
                vec![
                    method("buy", "(Landroid/view/View;)V", PUBLIC, vec![RETURN]),
                    method("buyAll", "(Landroid/view/View;)V", PUBLIC, vec![RETURN]),
                ],
            )
        },
    ]]);
    let entries = [
        Entry::Class("Main".into()),
        Entry::Class("Clicked".into()),
        Entry::OnClick("buy".into()),
    ];
    assert_eq!(
        reached(&program, &entries),
        [
            "Clicked.buy",
            "Main.<init>",
            "Main.onCreate",
            "Named.<init>",
            "State.<clinit>",
            "com.example.Hidden.<init>"
        ]
    );
}

#[test]
fn inherited_super_and_default_methods_resolve() {
    let program = program(&[
        &[activity(vec![
            Ins::Type(0x22, 0, "LLow;"),
            Ins::Call(0x72, "LFace;", "answer", "()V", &[0]),
            Ins::Call(0x71, "LLow;", "make", "()V", &[]),
            RETURN,
        ])],
        &[
            class(
                "LHigh;",
                vec![
                    method("make", "()V", STATIC, vec![RETURN]),
                    method("step", "()V", PUBLIC, vec![RETURN]),
                ],
            ),
            Class {
                superclass: "LHigh;",
                interfaces: vec!["LFace;"],
                ..class(
                    "LLow;",
                    vec![method(
                        "step",
                        "()V",
                        PUBLIC,
                        vec![Ins::Call(0x6f, "LHigh;", "step", "()V", &[0]), RETURN],
                    )],
                )
            },
            Class {
                access: 0x601,
                ..class(
                    "LFace;",
                    vec![
                        method(
                            "answer",
                            "()V",
                            PUBLIC,
                            vec![Ins::Call(0x72, "LFace;", "step", "()V", &[0]), RETURN],
                        ),
                        method("step", "()V", 0x401, vec![]),
                    ],
                )
            },
        ],
    ]);
    let found = reached(&program, &entry("Main"));
    assert_eq!(
        found,
        [
            "Face.answer",
            "High.make",
            "High.step",
            "Low.step",
            "Main.<init>",
            "Main.onCreate"
        ]
    );
}

#[test]
fn the_first_definition_of_a_class_counts() {
    let one = [class(
        "LTwice;",
        vec![method("first", "()V", PUBLIC, vec![RETURN])],
    )];
    let two = [class(
        "LTwice;",
        vec![method(
            "second",
            "()V",
            PUBLIC,
            vec![Ins::Str(0, "dead"), RETURN],
        )],
    )];
    let program = program(&[&one, &two]);
    assert_eq!(
        program
            .defs
            .classes
            .iter()
            .filter(|class| class.shadowed)
            .count(),
        1
    );
    assert!(program.find_methods("Twice", "second", None).is_empty());
    assert_eq!(program.all_problems()[0].1.kind, "duplicate-class");
    let dead = program
        .find_strings(&["dead".into()], &[])
        .expect("few rows");
    assert_eq!(dead.hits.len(), 1);
}

#[test]
fn a_class_that_is_its_own_ancestor_ends() {
    let program = program(&[&[
        Class {
            superclass: "LB;",
            interfaces: vec!["LA;", "LB;"],
            ..class(
                "LA;",
                vec![
                    init(),
                    method(
                        "run",
                        "()V",
                        PUBLIC,
                        vec![Ins::Call(0x6e, "LB;", "run", "()V", &[0]), RETURN],
                    ),
                ],
            )
        },
        Class {
            superclass: "LA;",
            ..class("LB;", vec![init()])
        },
    ]]);
    // Nothing platform-like above it, and nobody calls `run`.
    assert_eq!(reached(&program, &entry("A")), ["A.<init>"]);
    assert_eq!(
        program
            .superclasses(program.find_class("A").expect("defined"))
            .len(),
        2
    );
}

#[test]
fn a_limit_of_steps_is_told() {
    let program = program(&[&[activity(vec![Ins::Type(0x22, 0, "LMain;"), RETURN])]]);
    let limits = Limits {
        graph_steps: 1,
        ..Limits::default()
    };
    assert!(!program.call_graph(&entry("Main"), &limits).complete);
}

pub(super) fn call(class: &str, method: &str, subclasses: bool) -> CallSelector {
    CallSelector {
        class: class.into(),
        method: method.into(),
        descriptor: String::new(),
        subclasses,
    }
}

#[test]
fn calls_are_found_on_the_type_and_below_it() {
    let launch = |class| {
        Ins::Call(
            0x6e,
            class,
            "startActivity",
            "(Landroid/content/Intent;)V",
            &[0, 1],
        )
    };
    let program = program(&[&[
        activity(vec![
            launch("Landroid/content/Context;"),
            launch(ACTIVITY),
            launch("LMain;"),
            launch("LOwn;"),
            RETURN,
        ]),
        Class {
            superclass: ACTIVITY,
            ..class(
                "LOwn;",
                vec![method(
                    "startActivity",
                    "(Landroid/content/Intent;)V",
                    PUBLIC,
                    vec![
                        Ins::Call(
                            0x6f,
                            ACTIVITY,
                            "startActivity",
                            "(Landroid/content/Intent;)V",
                            &[0, 1],
                        ),
                        RETURN,
                    ],
                )],
            )
        },
    ]]);
    let units = |subclasses| -> Vec<(u32, &'static str)> {
        let hits = program
            .find_calls(&[call("android.content.Context", "startActivity", subclasses)])
            .expect("few rows");
        hits.iter()
            .map(|hit| (hit.reference.unit(), Program::hit_kind(hit.reference)))
            .collect()
    };
    assert_eq!(units(false), [(0, "virtual")]);
    // What `Own` defines is another method; its call of the inherited one counts.
    assert_eq!(
        units(true),
        [(0, "virtual"), (3, "virtual"), (6, "virtual"), (0, "super")]
    );
}

#[test]
fn constants_reach_arguments() {
    const TAKE: &str = "(Ljava/lang/String;I)V";
    let take = || Ins::Call(0x71, "LApi;", "take", TAKE, &[0, 1]);
    let program = program(&[&[Class {
        constants: vec![("KEY", "android_id")],
        ..class(
            "LUse;",
            vec![method(
                "run",
                "()V",
                STATIC,
                vec![
                    Ins::Field(0x62, 2, "LUse;", "KEY", "Ljava/lang/String;"),
                    Ins::Raw(&[0x2007]),         // move-object v0, v2
                    Ins::Raw(&[0x5112]),         // const/4 v1, 5
                    take(),                      // unit 4: both known
                    Ins::Raw(&[0x0138, 0x0004]), // if-eqz v1, +4
                    Ins::Raw(&[0x6112]),         // const/4 v1, 6
                    Ins::Raw(&[0x0000]),
                    take(), // unit 11: the ways disagree on v1
                    Ins::Str(0, "again"),
                    Ins::Raw(&[0xfd28]), // goto -3, back to the unit behind the call
                    take(),              // unit 17: no way leads here
                    RETURN,
                ],
            )],
        )
    }]]);
    let hits = program
        .find_calls(&[call("Api", "take", false)])
        .expect("few rows");
    let text = |hit: &super::query::Hit| match &hit.arguments[0] {
        Some(Constant::String(dex, index)) => {
            program.dexes[*dex as usize].text(*index).into_owned()
        }
        other => format!("{other:?}"),
    };
    assert_eq!(
        hits.iter().map(text).collect::<Vec<_>>(),
        ["android_id", "android_id", "None"]
    );
    let numbers: Vec<_> = hits.iter().map(|hit| hit.arguments[1].clone()).collect();
    assert_eq!(numbers, [Some(Constant::Integer(5)), None, None]);
}

#[test]
fn methods_of_any_class_are_found_by_how_they_start() {
    let ask = |class, name| Ins::Call(0x71, class, name, "()V", &[]);
    let program = program(&[&[class(
        "LAsk;",
        vec![method(
            "ask",
            "()V",
            STATIC,
            vec![
                ask("Lx/A;", "getOaid"),
                ask("Ly/B;", "getOaidAsync"),
                ask("Ly/B;", "getOther"),
                ask("Ly/B;", "getOai"),
                RETURN,
            ],
        )],
    )]]);
    let found = |class, name| {
        let hits = program
            .find_calls(&[call(class, name, false)])
            .expect("few rows");
        hits.iter()
            .map(|hit| hit.reference.unit())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("*", "getOaid*"), [0, 3]);
    assert_eq!(found("*", "getOaid"), [0]);
    assert_eq!(found("y.B", "getO*"), [3, 6, 9]);
    assert_eq!(found("*", "getNothing*"), []);
}

#[test]
fn arrays_of_constants_are_followed() {
    let program = program(&[&[class(
        "LAsk;",
        vec![method(
            "ask",
            "()V",
            STATIC,
            vec![
                Ins::Str(0, "CAMERA"),
                Ins::Type(0x24, 0x10, "[Ljava/lang/String;"), // filled-new-array {v0}
                Ins::Raw(&[0x0000]),
                Ins::Raw(&[0x010c]), // move-result-object v1
                Ins::Raw(&[0x1212]), // const/4 v2, 1
                Ins::Call(0x71, "LApi;", "request", "([Ljava/lang/String;I)V", &[1, 2]),
                RETURN,
            ],
        )],
    )]]);
    let hits = program
        .find_calls(&[call("Api", "request", false)])
        .expect("few rows");
    let Some(Constant::Array(elements)) = &hits[0].arguments[0] else {
        panic!("{:?}", hits[0].arguments);
    };
    assert!(matches!(elements[..], [Some(Constant::String(..))]));
}

#[test]
fn fields_types_and_strings_are_found() {
    let program = program(&[&[class(
        "La/b/C;",
        vec![method(
            "m",
            "()V",
            STATIC,
            vec![
                Ins::Field(
                    0x62,
                    0,
                    "Landroid/os/Build;",
                    "SERIAL",
                    "Ljava/lang/String;",
                ),
                Ins::Field(
                    0x69,
                    0,
                    "Landroid/os/Build;",
                    "SERIAL",
                    "Ljava/lang/String;",
                ),
                Ins::Type(0x1c, 0, "Lcom/vendor/Sdk;"),
                Ins::Str(0, "content://sms/inbox"),
                RETURN,
            ],
        )],
    )]]);
    let selector = FieldSelector {
        class: "android.os.Build".into(),
        field: "SERIAL".into(),
    };
    let kinds: Vec<_> = program
        .find_fields(&[selector])
        .expect("few rows")
        .iter()
        .map(|hit| Program::hit_kind(hit.reference))
        .collect();
    assert_eq!(kinds, ["read", "write"]);
    let types = program
        .find_types(&["com.vendor.".into()])
        .expect("few rows");
    assert_eq!((types.len(), types[0].reference.unit()), (1, 4));
    let found = program
        .find_strings(
            &["SERIAL".into(), "absent".into()],
            &["content://sms".into()],
        )
        .expect("few rows");
    let texts: Vec<_> = found
        .texts
        .iter()
        .map(|(selector, text)| (*selector, text.as_str()))
        .collect();
    assert_eq!(texts, [(0, "SERIAL"), (2, "content://sms/inbox")]);
    assert_eq!((found.unused, found.hits.len()), (vec![0], 1));
    let found = program
        .search_strings(&["inbox".into(), "sms".into(), String::new()])
        .expect("few rows");
    assert_eq!(found.texts, [(0, "content://sms/inbox".into())]);
    assert_eq!((found.unused, found.hits.len()), (vec![], 1));
    assert_eq!(
        program.classes("a.b."),
        [program.find_class("a.b.C").expect("defined")]
    );
    assert_eq!(program.foreign_types("com.vendor").len(), 1);
    assert_eq!(
        program.packages(&program.call_graph(&[], &Limits::default()))[0].name,
        "a.b"
    );
}

/// The texts that the one method of a class builds.
fn built(code: Vec<Ins>) -> Vec<String> {
    let program = program(&[&[class(
        "LA;",
        vec![method("m", "(Ljava/lang/String;)V", PUBLIC, code)],
    )]]);
    let def = program.find_methods("A", "m", None)[0];
    let texts = constants::Constants::new(&program).built_texts(def);
    texts.into_iter().map(|(_, text)| text).collect()
}

const STRING_BUILDER: &str = "Ljava/lang/StringBuilder;";
const APPEND: &str = "(Ljava/lang/String;)Ljava/lang/StringBuilder;";

#[test]
fn text_is_put_together() {
    let start = || {
        vec![
            Ins::Type(0x22, 0, STRING_BUILDER),
            Ins::Call(0x70, STRING_BUILDER, "<init>", "()V", &[0]),
            Ins::Str(1, "https://"),
            Ins::Call(0x6e, STRING_BUILDER, "append", APPEND, &[0, 1]),
        ]
    };
    let finish = || {
        Ins::Call(
            0x6e,
            STRING_BUILDER,
            "toString",
            "()Ljava/lang/String;",
            &[0],
        )
    };
    let with = |more: Vec<Ins>| {
        let mut code = start();
        code.extend(more);
        code.extend([finish(), RETURN]);
        built(code)
    };
    let host = || {
        vec![
            Ins::Str(1, "host.org"),
            Ins::Call(0x6e, STRING_BUILDER, "append", APPEND, &[0, 1]),
        ]
    };
    assert_eq!(with(host()), ["https://host.org"]);
    // What is not constant leaves a hole: register 3 is the parameter.
    let mut hole = vec![Ins::Call(0x6e, STRING_BUILDER, "append", APPEND, &[0, 3])];
    hole.extend(host());
    assert_eq!(with(hole), ["https://\u{fffc}host.org"]);
    // A builder that another method gets may hold anything.
    let mut lent = host();
    lent.push(Ins::Call(
        0x71,
        "LB;",
        "add",
        "(Ljava/lang/StringBuilder;)V",
        &[0],
    ));
    assert_eq!(with(lent), [""; 0]);
    // A jump over the second part: what is in the builder depends on the way.
    let mut skipped = vec![Ins::Raw(&[0x0338, 7])]; // if-eqz v3, +7
    skipped.extend(host());
    assert_eq!(with(skipped), [""; 0]);
    let concat = "(Ljava/lang/String;)Ljava/lang/String;";
    let code = vec![
        Ins::Str(0, "ws://"),
        Ins::Str(1, "host.org"),
        Ins::Call(0x6e, "Ljava/lang/String;", "concat", concat, &[0, 1]),
        RETURN,
    ];
    assert_eq!(built(code), ["ws://host.org"]);
}

#[test]
fn the_use_of_a_constant_is_the_reading_of_its_field() {
    let program = program(&[&[
        Class {
            constants: vec![("URL", "https://host.org"), ("OTHER", "https://other.org")],
            ..class("LConfig;", vec![])
        },
        activity(vec![
            Ins::Field(0x62, 0, "LConfig;", "URL", "Ljava/lang/String;"),
            RETURN,
        ]),
    ]]);
    let found = program.search_strings(&["://".into()]).expect("few rows");
    assert_eq!(found.texts[1].1, "https://other.org");
    assert_eq!(found.unused, [1]);
    assert_eq!(found.hits.len(), 1);
    assert_eq!(Program::hit_kind(found.hits[0].reference), "read");
    let named = program.named_constants(&["RL".into()]).expect("few rows");
    let texts: Vec<_> = named.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["https://host.org"]);
}

#[test]
fn names_go_both_ways() {
    for (descriptor_text, name) in [
        ("Ljava/lang/String;", "java.lang.String"),
        ("[[I", "int[][]"),
        ("V", "void"),
    ] {
        assert_eq!(dotted(descriptor_text), name);
    }
    assert_eq!(descriptor("a.B$C"), "La/B$C;");
    assert_eq!(descriptor("[I"), "[I");
}
