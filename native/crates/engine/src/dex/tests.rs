use super::sample::{Ins, RETURN, build, class, method};
use super::*;
use crate::Limits;
use crate::code::Program;
use crate::code::callgraph::Entry;
use crate::code::constants::Constants;

fn small() -> Vec<u8> {
    build(&[
        class(
            "LA;",
            vec![
                method(
                    "<init>",
                    "()V",
                    0x10001,
                    vec![
                        Ins::Call(0x70, "Ljava/lang/Object;", "<init>", "()V", &[0]),
                        RETURN,
                    ],
                ),
                method(
                    "run",
                    "(ILjava/lang/String;)V",
                    1,
                    vec![Ins::Str(0, "text 文"), RETURN],
                ),
            ],
        ),
        class("LB;", vec![]),
    ])
}

fn open(bytes: Vec<u8>) -> Result<Vec<Dex>, Error> {
    Dex::open("classes.dex", Arc::new(bytes))
}

#[test]
fn a_small_file_reads_whole() {
    let dex = &open(small()).expect("well-formed")[0];
    assert!(dex.checksum_ok());
    assert_eq!(
        (dex.class_count(), dex.method_count(), dex.problems.count),
        (2, 3, 0)
    );
    let texts: Vec<_> = (0..dex.string_count())
        .map(|index| dex.text(index).into_owned())
        .collect();
    assert!(texts.contains(&"text 文".to_owned()));
    assert!(texts.is_sorted());
}

#[test]
fn a_container_gives_each_of_its_files() {
    let first = small();
    let size = first.len();
    let mut both = first.clone();
    both.extend(&first);
    both.resize(2 * size + 16, 0);
    // Version 041: the header grows by two words, so the tables of this sample move behind it.
    let container = |bytes: &mut Vec<u8>, at: usize| {
        bytes[at + 4..at + 8].copy_from_slice(b"041\0");
        for field in [0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c] {
            let place = at + field;
            let value = u32_at(bytes, place).expect("inside") + at as u32;
            bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
        }
    };
    for at in [0, size] {
        container(&mut both, at);
    }
    // The first string_ids of the sample stand where the new words do: counted as no strings, only the headers matter here.
    for at in [0, size] {
        both[at + 0x38..at + 0x3c].fill(0);
        both[at + 0x70..at + 0x74].copy_from_slice(&(2 * size as u32).to_le_bytes());
        both[at + 0x74..at + 0x78].copy_from_slice(&(at as u32).to_le_bytes());
    }
    let all = open(both).expect("a container");
    let names: Vec<_> = all.iter().map(|dex| dex.name.as_str()).collect();
    assert_eq!(names, ["classes.dex", "classes.dex!1"]);
    assert_eq!(all[1].header.container_offset, size);
    assert_eq!(
        all[1].class(0).map(|row| row.access),
        all[0].class(0).map(|row| row.access)
    );
    assert_eq!(all[1].class_count(), 2);
}

#[test]
fn tables_that_run_out_of_the_file_are_cut_at_the_next_table() {
    let mut bytes = small();
    let methods = u32_at(&bytes, 0x58).expect("inside");
    bytes[0x58..0x5c].copy_from_slice(&0x8000_0000u32.to_le_bytes());
    let dex = &open(bytes).expect("still a DEX")[0];
    assert_eq!(dex.method_count(), methods);
    assert_eq!(dex.problems.list[0].kind, "dex-table-cut");
}

#[test]
fn a_damaged_method_costs_itself_alone() {
    let mut bytes = small();
    let dex = &open(bytes.clone()).expect("well-formed")[0];
    let mut data = class_data::ClassData::default();
    let row = dex.class(0).expect("defined");
    dex.class_data(&row, &mut data, &mut 100, &mut Problems::default());
    let code = data.methods[0].code as usize;
    bytes[code + 12..code + 16].copy_from_slice(&u32::MAX.to_le_bytes());
    let files = vec![("classes.dex".to_owned(), Arc::new(bytes))];
    let program = Program::open(files, &Limits::default());
    let counts = program.defs.dex_counts[0];
    assert_eq!(
        (counts.methods, counts.code_methods, counts.damaged_methods),
        (2, 1, 1)
    );
    assert_eq!(program.all_problems()[0].1.kind, "dex-code");
}

/// Everything that reads, over one file. Fails by panic alone.
fn exercise(bytes: Vec<u8>) {
    let limits = Limits {
        graph_steps: 1_000_000,
        ..Limits::default()
    };
    let program = Program::open(vec![("classes.dex".to_owned(), Arc::new(bytes))], &limits);
    let classes = program
        .classes("")
        .into_iter()
        .map(|kind| Entry::Class(program.type_name(kind)));
    let graph = program.call_graph(&classes.collect::<Vec<_>>(), &limits);
    let texts = program.search_strings(&["e".into()]).unwrap_or_default();
    let _ = program.named_constants(&["e".into()]);
    let constants = Constants::new(&program);
    for def in 0..program.defs.methods.len() as u32 {
        let _ = constants.built_texts(def);
    }
    assert!(
        texts
            .hits
            .iter()
            .all(|hit| (hit.caller as usize) < program.defs.methods.len())
    );
    let calls: Vec<_> = program
        .defs
        .classes
        .iter()
        .take(50)
        .map(|class| crate::code::query::CallSelector {
            class: program.type_name(class.kind),
            method: "*".into(),
            descriptor: String::new(),
            subclasses: true,
        })
        .collect();
    let _ = program.find_calls(&calls);
    let _ = program.find_types(&[String::new()]);
    for class in program.defs.classes.iter().take(50) {
        let dex = &program.dexes[class.dex as usize];
        dex.annotations(dex.class(class.index).map_or(0, |row| row.annotations));
    }
    for def in (0..program.defs.methods.len() as u32).take(200) {
        graph.path_to(def);
        for position in program.xref.of(def) {
            graph.callees(&program, def, program.xref.refs[position]);
        }
        let dex = &program.dexes[program.defs.class(def).dex as usize];
        if let Some(code) = dex.code(program.defs.methods[def as usize].code) {
            dex.tries(&code);
            code.units
                .instructions()
                .for_each(|instruction| drop((instruction.switch_targets(), instruction.name())));
        }
    }
}

/// Deterministic noise (xorshift).
fn noise(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn mutate(original: &[u8], rounds: usize, seed: u64) {
    let mut state = seed;
    for round in 0..rounds {
        let mut bytes = original.to_vec();
        for _ in 0..1 + noise(&mut state) % 16 {
            // Half of the changes go into the header and the tables, where they do most.
            let range = if noise(&mut state) % 2 == 0 {
                bytes.len()
            } else {
                bytes.len().min(0x400)
            };
            let at = noise(&mut state) as usize % range;
            match noise(&mut state) % 4 {
                0 => bytes[at] ^= 1 << (noise(&mut state) % 8),
                1 => bytes[at] = [0, 0xff, 0x7f, 0x80][noise(&mut state) as usize % 4],
                2 if at + 4 <= bytes.len() => {
                    let value = noise(&mut state) % original.len() as u64;
                    bytes[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
                }
                _ => bytes[at] = noise(&mut state) as u8,
            }
        }
        if round % 10 == 9 {
            bytes.truncate(noise(&mut state) as usize % bytes.len());
        }
        exercise(bytes);
    }
}

#[test]
fn damage_anywhere_ends_in_an_answer() {
    mutate(&small(), 2_000, 0x9e37_79b9_7f4a_7c15);
}

/// `ASSAYMARK_MUTATE=folder` runs the same over every DEX file in a folder, `ASSAYMARK_ROUNDS` times each.
#[test]
#[ignore = "needs a folder of DEX files"]
fn damage_to_real_files_ends_in_an_answer() {
    let folder = std::env::var("ASSAYMARK_MUTATE").expect("a folder");
    let rounds =
        std::env::var("ASSAYMARK_ROUNDS").map_or(100, |text| text.parse().expect("a number"));
    let entries = std::fs::read_dir(folder).expect("a folder that can be read");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "dex"))
    {
        let start = std::time::Instant::now();
        mutate(&std::fs::read(path).expect("a file"), rounds, 7);
        println!(
            "{}: {rounds} variants in {:.1} s",
            path.display(),
            start.elapsed().as_secs_f64()
        );
    }
}
