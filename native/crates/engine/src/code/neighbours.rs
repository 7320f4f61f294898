//! Whose code a class is, told by the classes that it refers to and that refer to it.
//!
//! Some classes have a known owner. Two facts about compiled code carry that to others. A library cannot name the classes of the program that
//! uses it: what names a class of the program itself is the program's. And what a library names is the library's own, or another library that
//! it brings along; it is taken for its own if hardly anybody else names it.

use super::Program;
use super::link::NONE;
use super::xref::Target;
use std::collections::BTreeMap;
use std::ops::Range;

/// The owner that stands for the program itself.
pub const PROGRAM: u32 = 0;
/// How far owners spread, in steps from class to class.
const ROUNDS: usize = 6;
/// Classes with a known owner that a package must have before the others are taken for the same owner's.
const PACKAGE: usize = 4;

/// References between classes.
struct Graph {
    /// (from, to), ascending.
    out: Vec<(u32, u32)>,
    /// (to, from), ascending.
    into: Vec<(u32, u32)>,
}

impl Program {
    /// Spreads owners to the classes without one (`NONE`), by position of the class. The outcome does not depend on the order of classes.
    pub fn spread_owners(&self, owners: &mut [u32]) {
        let graph = self.class_graph(owners);
        let packages = self.package_runs();
        for _ in 0..ROUNDS {
            let mut next = self.by_package(owners, &packages);
            for class in 0..owners.len() {
                if owners[class] == NONE {
                    next.extend(
                        graph
                            .owner(class as u32, owners)
                            .map(|owner| (class as u32, owner)),
                    );
                }
            }
            if next.is_empty() {
                return;
            }
            // Where both tell an owner, the references do: they come last.
            for (class, owner) in next {
                owners[class as usize] = owner;
            }
        }
    }

    /// References between two classes of which at least one has no owner.
    fn class_graph(&self, owners: &[u32]) -> Graph {
        let mut out = Vec::new();
        if !owners.contains(&NONE) {
            return Graph {
                out,
                into: Vec::new(),
            };
        }
        let named = self.named_classes();
        for (position, class) in (0u32..).zip(&self.defs.classes) {
            if class.shadowed {
                continue;
            }
            let known = owners[position as usize] != NONE;
            let first = out.len();
            let mut add = |to: u32| {
                if to != NONE && to != position && !(known && owners[to as usize] != NONE) {
                    out.push((position, to));
                }
            };
            let above = self.hierarchy.interfaces(position).iter();
            for &kind in above.chain([&class.superclass]) {
                add(self.defs.class_of.get(kind as usize).map_or(NONE, |&to| to));
            }
            let code = class.methods.clone().flat_map(|def| self.xref.of(def));
            for at in code {
                add(named[self.xref.refs[at].target as usize]);
            }
            out[first..].sort_unstable();
            let mut last = None;
            let mut kept = first;
            for at in first..out.len() {
                if last != Some(out[at]) {
                    last = Some(out[at]);
                    out[kept] = out[at];
                    kept += 1;
                }
            }
            out.truncate(kept);
        }
        let mut into: Vec<(u32, u32)> = out.iter().map(|&(from, to)| (to, from)).collect();
        into.sort_unstable();
        Graph { out, into }
    }

    /// By target of a reference: the class of the program that it names, or `NONE`.
    fn named_classes(&self) -> Vec<u32> {
        let class = |target| match self.xref.targets.get(target) {
            Target::Method(id) => Some(self.link.methods[id as usize].class),
            Target::Field(id) => Some(self.link.fields[id as usize].class),
            Target::Type(id) => Some(id),
            _ => None,
        };
        let position = |kind: u32| self.defs.class_of.get(kind as usize).copied();
        (0..self.xref.targets.count() as u32)
            .map(|target| class(target).and_then(position).unwrap_or(NONE))
            .collect()
    }

    /// The classes of each package.
    fn package_runs(&self) -> Vec<Vec<u32>> {
        let mut runs: BTreeMap<&[u8], Vec<u32>> = BTreeMap::new();
        for (position, class) in (0u32..).zip(&self.defs.classes) {
            let name = self.descriptor(class.kind);
            let end = name.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
            runs.entry(&name[..end]).or_default().push(position);
        }
        runs.into_values().collect()
    }

    /// Classes without an owner in packages whose other classes have one and the same. Packages are renamed as a whole, unless
    /// all classes are thrown into one: that one has several owners.
    fn by_package(&self, owners: &[u32], packages: &[Vec<u32>]) -> Vec<(u32, u32)> {
        let mut out = Vec::new();
        for classes in packages {
            let known = || {
                classes
                    .iter()
                    .map(|&class| owners[class as usize])
                    .filter(|&owner| owner != NONE)
            };
            let Some(owner) = known().next() else {
                continue;
            };
            let (one, count) = (known().all(|other| other == owner), known().count());
            if one && count >= PACKAGE && 3 * count >= classes.len() {
                let open = classes
                    .iter()
                    .filter(|&&class| owners[class as usize] == NONE);
                out.extend(open.map(|&class| (class, owner)));
            }
        }
        out
    }
}

impl Graph {
    /// The owner that the neighbours of a class tell.
    fn owner(&self, class: u32, owners: &[u32]) -> Option<u32> {
        let named_by = count(&self.into[of(&self.into, class)], owners);
        let names = count(&self.out[of(&self.out, class)], owners);
        let get = |counts: &BTreeMap<u32, u32>, owner| counts.get(&owner).copied().unwrap_or(0);
        let libraries = || {
            named_by
                .iter()
                .filter(|&(&owner, _)| owner != NONE && owner != PROGRAM)
        };
        if get(&names, PROGRAM) > 0 {
            return (libraries().count() == 0).then_some(PROGRAM);
        }
        let (&owner, &most) =
            libraries().max_by_key(|&(&owner, &count)| (count, std::cmp::Reverse(owner)))?;
        let others: u32 = libraries().map(|(_, count)| count).sum::<u32>() - most;
        let used = get(&names, owner);
        // The program may name a class of the library too, but then the class must be seen to work for the library.
        let exposed = get(&named_by, PROGRAM) > 0 && used == 0;
        let unclear = get(&named_by, NONE) > most + used;
        (!exposed && !unclear && most + used >= 2 && 4 * others <= most).then_some(owner)
    }
}

fn of(pairs: &[(u32, u32)], class: u32) -> Range<usize> {
    let start = pairs.partition_point(|&(one, _)| one < class);
    start..start + pairs[start..].partition_point(|&(one, _)| one == class)
}

fn count(pairs: &[(u32, u32)], owners: &[u32]) -> BTreeMap<u32, u32> {
    let mut out = BTreeMap::new();
    for &(_, other) in pairs {
        *out.entry(owners[other as usize]).or_insert(0) += 1;
    }
    out
}
