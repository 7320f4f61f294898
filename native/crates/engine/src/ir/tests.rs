use super::*;
use crate::code::Program;
use crate::dex::sample::{Ins as S, RETURN, build, class, method};
use std::sync::Arc;

const STATIC: u32 = 9;

fn program(descriptor: &'static str, code: Vec<S>) -> (Program, u32) {
    let files = vec![(
        "0.dex".to_owned(),
        Arc::new(build(&[class(
            "LMain;",
            vec![method("m", descriptor, STATIC, code)],
        )])),
    )];
    let program = Program::open(files, &crate::Limits::default());
    let def = program.find_methods("Main", "m", None)[0];
    (program, def)
}

fn body(descriptor: &'static str, code: Vec<S>) -> Body {
    let (program, def) = program(descriptor, code);
    Builder::new(&program).body(def).expect("well-formed code")
}

/// The operations of the instructions that can run, without phis.
fn ops(body: &Body) -> Vec<Op> {
    body.live_blocks()
        .flat_map(|block| body.in_block(block))
        .map(|value| body.ins[value as usize].op)
        .collect()
}

#[test]
fn moves_vanish_and_a_call_is_its_result() {
    let body = body(
        "()V",
        vec![
            S::Str(0, "a"),
            S::Raw(&[0x0107]), // move-object v1, v0
            S::Call(
                0x6e,
                "Ljava/lang/String;",
                "trim",
                "()Ljava/lang/String;",
                &[1],
            ),
            S::Raw(&[0x020c]), // move-result-object v2
            S::Call(0x71, "LLog;", "d", "(Ljava/lang/String;)V", &[2]),
            RETURN,
        ],
    );
    let calls: Vec<Value> = (0..body.ins.len() as u32)
        .filter(|&at| matches!(body.ins[at as usize].op, Op::Invoke(..)))
        .collect();
    assert!(matches!(
        body.ins[body.args(calls[0])[0] as usize].op,
        Op::Str(_)
    ));
    assert_eq!(body.args(calls[1]), [calls[0]]);
}

#[test]
fn ways_that_meet_make_a_phi_and_others_none() {
    // p0 is v7: if (p0 == 0) v0 = 1 else v0 = 2; return v0
    let body = body(
        "(I)V",
        vec![
            S::Raw(&[0x0738, 4]),      // if-eqz v7, +4
            S::Raw(&[0x1012, 0x0228]), // const/4 v0, 1; goto +2
            S::Raw(&[0x2012]),         // const/4 v0, 2
            S::Raw(&[0x000f]),         // return v0
        ],
    );
    let ret = (0..body.ins.len() as u32)
        .find(|&at| body.ins[at as usize].op == Op::Return)
        .expect("returns");
    let phi = body.args(ret)[0];
    assert_eq!(body.ins[phi as usize].op, Op::Phi);
    let mut numbers: Vec<_> = body
        .args(phi)
        .iter()
        .map(|&arg| body.constant(arg))
        .collect();
    numbers.sort();
    assert_eq!(numbers, [Some(1), Some(2)]);
    let tree = dominance::dominators(&body);
    let join = body.ins[ret as usize].block;
    assert_eq!(
        tree.parent(join),
        Some(1),
        "the branch decides, neither side does"
    );
    let after = dominance::post_dominators(&body);
    assert!(after.above(join, 1));
    let decided: Vec<u32> = dominance::control_dependence(&body, &after)
        .into_iter()
        .map(|(block, _)| block)
        .collect();
    assert!(decided.len() == 2 && !decided.contains(&join));
}

#[test]
fn a_loop_to_the_first_instruction_keeps_the_parameter() {
    let body = body(
        "(I)V",
        vec![
            S::Raw(&[0x07d8, 0xff07]), // add-int/lit8 v7, v7, -1
            S::Raw(&[0x0739, 0xfffe]), // if-nez v7, -2
            S::Raw(&[0x070f]),
        ],
    );
    let add = (0..body.ins.len() as u32)
        .find(|&at| matches!(body.ins[at as usize].op, Op::Binary(..)))
        .expect("adds");
    let phi = body.args(add)[0];
    assert_eq!(body.ins[phi as usize].op, Op::Phi);
    assert!(body.args(phi).contains(&0) && body.args(phi).contains(&add));
}

#[test]
fn branches_on_constants_are_folded() {
    // i = 3; if (i * 2 == 6) call live else call dead
    let body = body(
        "()V",
        vec![
            S::Raw(&[0x3012, 0x00da, 0x0200]), // const/4 v0, 3; mul-int/lit8 v0, v0, 2
            S::Raw(&[0x6112, 0x1033, 6]),      // const/4 v1, 6; if-ne v0, v1, +6
            S::Call(0x71, "LLog;", "live", "()V", &[]),
            RETURN,
            S::Call(0x71, "LLog;", "dead", "()V", &[]),
            RETURN,
        ],
    );
    let calls = ops(&body)
        .into_iter()
        .filter(|op| matches!(op, Op::Invoke(..)))
        .count();
    assert_eq!(calls, 1);
}

#[test]
fn wide_arguments_are_one_value() {
    let (program, def) = program(
        "(JLjava/lang/String;)V",
        vec![
            S::Call(0x71, "LSink;", "put", "(JLjava/lang/String;)V", &[5, 6, 7]),
            RETURN,
        ],
    );
    let body = Builder::new(&program).body(def).expect("well-formed code");
    let call = (0..body.ins.len() as u32)
        .find(|&at| matches!(body.ins[at as usize].op, Op::Invoke(..)))
        .expect("calls");
    assert_eq!(body.args(call), [0, 1]);
    assert_eq!(body.params(), 0..2);
}

#[test]
fn damage_is_told_and_junk_that_nothing_reaches_is_not_damage() {
    let run = |code: &'static [u16]| {
        let (program, def) = program("()V", vec![S::Raw(code)]);
        Builder::new(&program)
            .body(def)
            .map(|body| body.block_count())
    };
    assert_eq!(run(&[0x0000]), Err(Absence::Damaged), "runs off its end");
    assert_eq!(run(&[0x7f28]), Err(Absence::Damaged), "jumps out");
    assert_eq!(
        run(&[0xff0f]),
        Err(Absence::Damaged),
        "a register that does not exist"
    );
    assert_eq!(run(&[0x000e, 0x7f28]), Ok(2));
    let (program, _) = program("()V", vec![RETURN]);
    let files = vec![(
        "0.dex".to_owned(),
        Arc::new(build(&[class(
            "LMain;",
            vec![method("n", "()V", 0x101, vec![])],
        )])),
    )];
    let native = Program::open(files, &crate::Limits::default());
    assert_eq!(Builder::new(&native).body(0).err(), Some(Absence::NoCode));
    drop(program);
}

/// Bytes of real and of random code: no panic, and bounded work.
#[test]
fn any_code_units_end() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..3_000 {
        let mut units = Vec::new();
        for _ in 0..24 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // Registers small, so that some of it is valid.
            let word = (state >> 33) as u16;
            units.push(if state & 7 == 0 {
                word & 7
            } else {
                word & 0x37ff
            });
        }
        units.push(0x0e);
        let units: &'static [u16] = Box::leak(units.into_boxed_slice());
        let (program, def) = program("(I)V", vec![S::Raw(units)]);
        if let Ok(body) = Builder::new(&program).body(def) {
            let tree = dominance::dominators(&body);
            let after = dominance::post_dominators(&body);
            dominance::control_dependence(&body, &after);
            for block in body.live_blocks().skip(1) {
                assert!(tree.parent(block).is_some());
            }
            let values = body.ins.len() as u32;
            assert!(
                (0..values).all(|at| body.args(at).iter().all(|&arg| arg < values || arg == NONE))
            );
        }
    }
}
