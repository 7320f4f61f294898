//! Builds the body of every method of some DEX files, and tells what that costs: `bodies FILE.dex …`.

use assaymark_engine::Limits;
use assaymark_engine::code::Program;
use assaymark_engine::ir::{Absence, Builder, dominance};
use std::sync::Arc;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let files = vec![("classes.dex".to_owned(), Arc::new(std::fs::read(&path)?))];
        let program = Program::open(files, &Limits::default());
        let mut builder = Builder::new(&program);
        let (mut instructions, mut damaged, mut large, mut phis, mut dead) = (0, 0, 0, 0, 0);
        let start = Instant::now();
        for def in 0..program.defs.methods.len() as u32 {
            match builder.body(def) {
                Ok(body) => {
                    instructions += body.ins.len();
                    phis += (0..body.block_count())
                        .map(|block| body.phis(block).len())
                        .sum::<usize>();
                    dead += body.live.iter().filter(|live| !**live).count();
                }
                Err(Absence::Damaged) => damaged += 1,
                Err(Absence::TooLarge) => large += 1,
                Err(Absence::NoCode) => {}
            }
        }
        let built = start.elapsed().as_nanos() as usize;
        let start = Instant::now();
        for def in 0..program.defs.methods.len() as u32 {
            if let Ok(body) = builder.body(def) {
                let after = dominance::post_dominators(&body);
                dominance::dominators(&body);
                dominance::control_dependence(&body, &after);
            }
        }
        let trees = (start.elapsed().as_nanos() as usize).saturating_sub(built);
        println!(
            "{path}: {instructions} instructions, {phis} phis, {dead} dead blocks, {damaged} damaged, {large} too large; \
             {} ns an instruction, {} more for all trees",
            built / instructions.max(1),
            trees / instructions.max(1)
        );
    }
    Ok(())
}
