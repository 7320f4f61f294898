//! Feeds damaged copies of real files to the readers: `mutate ROUNDS FILE...`.
//!
//! Needs no nightly compiler, unlike the fuzz targets. Run it in a build with overflow checks. A panic ends the program with the file and
//! round at fault; the slowest round is printed at the end. The same arguments give the same mutations.

use assaymark_engine::axml::{Document, Table, layouts};
use assaymark_engine::zip::Archive;
use assaymark_engine::{Limits, Oddity};
use std::time::{Duration, Instant};

/// A bound on each member that is read, so that one round stays short.
const MEMBER_BYTES: u64 = 8 << 20;

/// xorshift64*: deterministic and good enough to damage bytes.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }
}

fn damage(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    if out.is_empty() {
        return out;
    }
    for _ in 0..1 + random.below(12) {
        // Structures stand at the start of documents and tables, and at the end of archives.
        let reach = [64, 1024, out.len()][random.below(3)].min(out.len());
        let at = random.below(reach);
        let at = if random.below(2) == 0 {
            at
        } else {
            out.len() - 1 - at
        };
        match random.below(6) {
            0 => out[at] ^= 1 << random.below(8),
            1 => out[at] = random.below(256) as u8,
            2 => out[at] = [0, 0xff, 0x7f, 0x80][random.below(4)],
            3 => {
                let word = [0, u32::MAX, 0x7fff_ffff, 1 << 31, out.len() as u32][random.below(5)];
                for (to, from) in out[at..].iter_mut().zip(word.to_le_bytes()) {
                    *to = from;
                }
            }
            4 => {
                let length = random.below(64).min(out.len() - at);
                let copy = out[at..at + length].to_vec();
                let to = random.below(out.len() - length + 1);
                out[to..to + length].copy_from_slice(&copy);
            }
            _ if random.below(8) == 0 => out.truncate(at.max(1)),
            _ => {}
        }
    }
    out
}

fn read_document(bytes: &[u8], limits: &Limits) -> Vec<Oddity> {
    let Ok(document) = Document::parse(bytes, limits) else {
        return Vec::new();
    };
    for attribute in &document.attributes {
        document.attribute_name(attribute);
        document.attribute_namespace(attribute);
        document.attribute_text(attribute);
    }
    document.oddities
}

fn read_table(bytes: Vec<u8>, limits: &Limits) -> Option<Table> {
    let table = Table::parse(bytes, limits).ok()?;
    for string in table.strings().iter().step_by(97) {
        table.resolve(string.id);
        table.find(&string.name);
    }
    for id in (0x7f01_0000..0x7f20_0000).step_by(0x5555) {
        table.resolve(id);
        table.name(id);
    }
    Some(table)
}

fn read_archive(bytes: &[u8], random: &mut Random, limits: &Limits) -> usize {
    let Ok(archive) = Archive::parse(bytes, limits) else {
        return 0;
    };
    let mut table = None;
    for entry in archive.entries.iter().take(50) {
        archive.prefix(bytes, entry, 16);
        let Ok(content) = archive.extract(bytes, entry, MEMBER_BYTES) else {
            continue;
        };
        // The members are damaged too, for damage to the archive rarely leaves them readable.
        let member = damage(&content.bytes, random);
        if entry.name == "resources.arsc" {
            table = read_table(member, limits);
        } else if entry.name.ends_with(".xml") {
            read_document(&member, limits);
        }
    }
    let limits = Limits {
        member_bytes: MEMBER_BYTES,
        total_bytes: 4 * MEMBER_BYTES,
        ..*limits
    };
    layouts(bytes, &archive, table.as_ref(), &limits);
    archive.oddities.len()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds: u64 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(100);
    let limits = Limits::default();
    let (mut done, mut slowest) = (0u64, (Duration::ZERO, String::new()));
    for path in arguments {
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("{path}: not readable");
            continue;
        };
        for round in 0..rounds {
            let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (round + 1) << 8);
            let damaged = damage(&bytes, &mut random);
            let start = Instant::now();
            let outcome = std::panic::catch_unwind(move || {
                read_archive(&damaged, &mut random, &limits);
                read_document(&damaged, &limits);
                read_table(damaged, &limits);
            });
            if outcome.is_err() {
                eprintln!("{path}: round {round} panics");
                std::process::exit(1);
            }
            done += 1;
            if start.elapsed() > slowest.0 {
                slowest = (start.elapsed(), format!("{path} round {round}"));
            }
        }
    }
    println!(
        "{done} rounds without a panic, the slowest took {:?}: {}",
        slowest.0, slowest.1
    );
}
