//! Dominators, post-dominators, control dependence (Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm, 2001).
//!
//! Exceptions are no choices here: edges to handlers count for dominators, not for post-dominators and control dependence, or every call would
//! decide about all that follows it.

use super::{Body, EdgeKind};
use crate::code::link::NONE;

/// A tree over blocks: the parent of each; the root is its own, and what the tree does not hold has [`NONE`].
#[derive(Debug, Clone, Default)]
pub struct Tree {
    parents: Vec<u32>,
    enter: Vec<u32>,
    leave: Vec<u32>,
}

impl Tree {
    /// The parent of a block, the root's aside.
    pub fn parent(&self, block: u32) -> Option<u32> {
        let parent = *self.parents.get(block as usize)?;
        (parent != NONE && parent != block).then_some(parent)
    }

    /// Whether every way through `below` leads through `above` (a block leads through itself). False for what the tree does not hold.
    pub fn above(&self, above: u32, below: u32) -> bool {
        let (a, b) = (above as usize, below as usize);
        self.parents[a] != NONE
            && self.parents[b] != NONE
            && self.enter[a] <= self.enter[b]
            && self.leave[b] <= self.leave[a]
    }

    fn of(parents: Vec<u32>, root: u32) -> Tree {
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); parents.len()];
        for (block, &parent) in parents.iter().enumerate() {
            if parent != NONE && block as u32 != root {
                children[parent as usize].push(block as u32);
            }
        }
        let (mut enter, mut leave) = (vec![0; parents.len()], vec![0; parents.len()]);
        let mut clock = 0;
        let mut stack = vec![(root, 0)];
        while let Some((block, next)) = stack.last_mut() {
            if *next == 0 {
                clock += 1;
                enter[*block as usize] = clock;
            }
            match children[*block as usize].get(*next) {
                Some(&child) => {
                    *next += 1;
                    stack.push((child, 0));
                }
                None => {
                    clock += 1;
                    leave[*block as usize] = clock;
                    stack.pop();
                }
            }
        }
        Tree {
            parents,
            enter,
            leave,
        }
    }
}

/// The dominators of a body.
pub fn dominators(body: &Body) -> Tree {
    let count = body.block_count();
    let order: Vec<u32> = body.live_blocks().collect();
    let parents = idoms(&order, count, 0, |block, visit| {
        body.preds(block).iter().for_each(|edge| visit(edge.block));
    });
    Tree::of(parents, 0)
}

/// The post-dominators of a body. The root is the number behind the last block; blocks that never end do not belong.
pub fn post_dominators(body: &Body) -> Tree {
    let exit = body.block_count();
    let normal = |block: u32| {
        let edges = body.succs(block).iter();
        edges.filter(|edge| edge.kind == EdgeKind::Normal && body.live[edge.block as usize])
    };
    let ends: Vec<u32> = body
        .live_blocks()
        .filter(|&block| normal(block).next().is_none())
        .collect();
    // Reverse postorder of the reversed graph.
    let mut seen = vec![false; exit as usize + 1];
    let mut order = Vec::new();
    let mut stack = vec![(exit, 0usize)];
    seen[exit as usize] = true;
    while let Some((block, next)) = stack.last_mut() {
        let before = if *block == exit {
            ends.get(*next).copied()
        } else {
            let edges = body.preds(*block).iter();
            let mut edges = edges
                .filter(|edge| edge.kind == EdgeKind::Normal && body.live[edge.block as usize]);
            edges.nth(*next).map(|edge| edge.block)
        };
        *next += 1;
        match before {
            Some(before) => {
                if !std::mem::replace(&mut seen[before as usize], true) {
                    stack.push((before, 0));
                }
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    let parents = idoms(&order, exit + 1, exit, |block, visit| {
        if ends.binary_search(&block).is_ok() {
            visit(exit);
        }
        normal(block).for_each(|edge| visit(edge.block));
    });
    Tree::of(parents, exit)
}

/// For each block, the branches (blocks with several ways out) that decide whether it runs, ascending. Pairs (block, branch).
pub fn control_dependence(body: &Body, after: &Tree) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    for branch in body.live_blocks() {
        let edges = body.succs(branch).iter();
        let normal: Vec<u32> = edges
            .filter(|edge| edge.kind == EdgeKind::Normal && body.live[edge.block as usize])
            .map(|edge| edge.block)
            .collect();
        if normal.len() < 2 {
            continue;
        }
        let stop = after.parent(branch);
        for start in normal {
            let mut at = Some(start);
            while let Some(block) =
                at.filter(|&block| Some(block) != stop && block < body.block_count())
            {
                out.push((block, branch));
                at = after.parent(block);
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Immediate dominators over an order in which most predecessors come first.
fn idoms(
    order: &[u32],
    count: u32,
    root: u32,
    preds: impl Fn(u32, &mut dyn FnMut(u32)),
) -> Vec<u32> {
    let mut position = vec![NONE; count as usize];
    for (at, &block) in order.iter().enumerate() {
        position[block as usize] = at as u32;
    }
    let mut parents = vec![NONE; count as usize];
    parents[root as usize] = root;
    let mut changed = true;
    while changed {
        changed = false;
        for &block in order.iter().filter(|&&block| block != root) {
            let mut next = NONE;
            preds(block, &mut |pred| {
                if parents[pred as usize] == NONE {
                    return;
                }
                next = if next == NONE {
                    pred
                } else {
                    meet(&parents, &position, next, pred)
                };
            });
            if next != NONE && parents[block as usize] != next {
                parents[block as usize] = next;
                changed = true;
            }
        }
    }
    parents
}

fn meet(parents: &[u32], position: &[u32], a: u32, b: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while a != b {
        while position[a as usize] > position[b as usize] {
            a = parents[a as usize];
        }
        while position[b as usize] > position[a as usize] {
            b = parents[b as usize];
        }
    }
    a
}
