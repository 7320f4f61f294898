//! Supertypes, subtypes, and which definition a call on a class runs.

use super::defs::Defs;
use super::link::{Link, NONE};
use super::platform;
use crate::dex::Dex;
use std::ops::Range;

/// Superclasses of one class, and nesting of interfaces, that are followed. Damaged apps have cycles.
pub const DEPTH: usize = 256;
/// Supertypes of one class that are followed.
const SUPERTYPES: usize = 256;

/// What is known about the ancestors of a class that the program does not define.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct External {
    /// One of them is a platform type other than `java.lang.Object`.
    pub platform: bool,
    /// One of them is neither defined in the program nor part of the platform.
    pub missing: bool,
}

impl External {
    /// Whether there is one, `java.lang.Object` aside.
    pub fn any(self) -> bool {
        self.platform || self.missing
    }
}

/// Types of the program and their relations.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    /// By method id: number of its name and prototype together. Ascends with (name, prototype).
    pub signatures: Vec<u32>,
    /// How many signatures there are.
    pub signature_count: u32,
    /// By class position: what its foreign ancestors are.
    pub external: Vec<External>,
    /// Type id of `java.lang.Object`, or [`NONE`].
    pub object: u32,
    interface_starts: Vec<u32>,
    interfaces: Vec<u32>,
    subtype_starts: Vec<u32>,
    subtypes: Vec<u32>,
    /// Platform types that the program names, each with a platform type above it: (above, below), ascending.
    platform: Vec<(u32, u32)>,
    virtual_starts: Vec<u32>,
    virtuals: Vec<(u32, u32)>,
}

impl Hierarchy {
    /// Builds the relations of all classes that Android loads.
    pub fn new(dexes: &[Dex], link: &Link, defs: &Defs, object: u32) -> Hierarchy {
        let mut all = Hierarchy {
            object,
            ..Hierarchy::default()
        };
        all.number_signatures(link);
        all.read_interfaces(dexes, link, defs);
        all.collect_subtypes(link, defs);
        all.collect_virtuals(defs);
        all.find_external(dexes, link, defs);
        let outside = |kind: u32| defs.class_of[kind as usize] == NONE;
        let platform = platform::supertypes(dexes, link).into_iter();
        // A type that the program defines itself is the program's, whatever its name says.
        all.platform = platform
            .filter(|&(below, _)| outside(below))
            .map(|(below, above)| (above, below))
            .collect();
        all.platform.sort_unstable();
        all
    }

    /// Numbers (name, prototype) pairs: methods are grouped by name with a counting sort, then each small group is sorted by prototype.
    fn number_signatures(&mut self, link: &Link) {
        let mut starts = vec![0u32; link.names.len() + 1];
        for key in &link.methods {
            starts[key.name as usize] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        let mut grouped = vec![(0u32, 0u32); link.methods.len()];
        for (id, key) in link.methods.iter().enumerate() {
            let next = &mut starts[key.name as usize];
            grouped[*next as usize] = (key.proto, id as u32);
            *next += 1;
        }
        // Each start has moved to the end of its group.
        self.signatures = vec![0; link.methods.len()];
        let mut first = 0;
        for &end in &starts[..link.names.len()] {
            let group = &mut grouped[first..end as usize];
            group.sort_unstable();
            for run in group.chunk_by(|a, b| a.0 == b.0) {
                for &(_, id) in run {
                    self.signatures[id as usize] = self.signature_count;
                }
                self.signature_count += 1;
            }
            first = end as usize;
        }
    }

    fn read_interfaces(&mut self, dexes: &[Dex], link: &Link, defs: &Defs) {
        // Hostile classes may share one long list of interfaces.
        let mut budget: usize = dexes.iter().map(|dex| dex.bytes().len()).sum();
        for class in &defs.classes {
            self.interface_starts.push(self.interfaces.len() as u32);
            let dex = &dexes[class.dex as usize];
            let types = &link.ids[class.dex as usize].types;
            let list = dex
                .class(class.index)
                .and_then(|row| dex.type_list(row.interfaces));
            for index in list
                .into_iter()
                .flat_map(|list| list.iter())
                .take(SUPERTYPES)
            {
                if budget == 0 {
                    break;
                }
                budget -= 1;
                self.interfaces
                    .extend(types.get(index as usize).filter(|&&id| id != NONE));
            }
        }
        self.interface_starts.push(self.interfaces.len() as u32);
    }

    fn collect_subtypes(&mut self, link: &Link, defs: &Defs) {
        let mut starts = vec![0u32; link.types.len() + 2];
        let edges = |visit: &mut dyn FnMut(u32, u32)| {
            for (position, class) in defs
                .classes
                .iter()
                .enumerate()
                .filter(|(_, class)| !class.shadowed)
            {
                for &kind in self
                    .interfaces(position as u32)
                    .iter()
                    .chain([&class.superclass])
                {
                    if kind != NONE && kind != class.kind {
                        visit(kind, position as u32);
                    }
                }
            }
        };
        edges(&mut |kind, _| starts[kind as usize + 2] += 1);
        for kind in 2..starts.len() {
            starts[kind] += starts[kind - 1];
        }
        let mut subtypes = vec![0; starts.last().copied().unwrap_or_default() as usize];
        edges(&mut |kind, position| {
            let next = &mut starts[kind as usize + 1];
            subtypes[*next as usize] = position;
            *next += 1;
        });
        starts.pop();
        self.subtype_starts = starts;
        self.subtypes = subtypes;
    }

    fn collect_virtuals(&mut self, defs: &Defs) {
        for class in &defs.classes {
            let first = self.virtuals.len();
            self.virtual_starts.push(first as u32);
            let signature =
                |def: u32| (self.signatures[defs.methods[def as usize].id as usize], def);
            self.virtuals
                .extend((class.virtuals..class.methods.end).map(signature));
            // Of two definitions with one signature the first one counts.
            self.virtuals[first..].sort_unstable();
        }
        self.virtual_starts.push(self.virtuals.len() as u32);
    }

    fn find_external(&mut self, dexes: &[Dex], link: &Link, defs: &Defs) {
        let mut known: Vec<Option<External>> = vec![None; defs.classes.len()];
        let mut platform: Vec<Option<bool>> = vec![None; link.types.len()];
        for position in 0..defs.classes.len() {
            self.external_of(
                position as u32,
                DEPTH,
                dexes,
                link,
                defs,
                &mut known,
                &mut platform,
            );
        }
        self.external = known.into_iter().map(Option::unwrap_or_default).collect();
    }

    #[allow(clippy::too_many_arguments)]
    fn external_of(
        &self,
        position: u32,
        depth: usize,
        dexes: &[Dex],
        link: &Link,
        defs: &Defs,
        known: &mut Vec<Option<External>>,
        platform: &mut Vec<Option<bool>>,
    ) -> External {
        if let Some(found) = known[position as usize] {
            return found;
        }
        let mut out = External::default();
        if depth == 0 {
            return out;
        }
        known[position as usize] = Some(out); // ends a cycle
        let class = &defs.classes[position as usize];
        let supertypes = self.interfaces(position).iter().chain([&class.superclass]);
        for &kind in supertypes.filter(|&&kind| kind != NONE && kind != self.object) {
            let parent = defs.class_of[kind as usize];
            if parent != NONE {
                let inherited =
                    self.external_of(parent, depth - 1, dexes, link, defs, known, platform);
                out.platform |= inherited.platform;
                out.missing |= inherited.missing;
                continue;
            }
            let of_platform = *platform[kind as usize].get_or_insert_with(|| {
                let place = link.types[kind as usize];
                let descriptor = dexes[place.dex as usize].string(place.string);
                is_platform(descriptor.unwrap_or_default())
            });
            out.platform |= of_platform;
            out.missing |= !of_platform;
        }
        known[position as usize] = Some(out);
        out
    }

    /// Interfaces that a class names itself.
    pub fn interfaces(&self, position: u32) -> &[u32] {
        slice(&self.interface_starts, &self.interfaces, position)
    }

    /// Classes that extend or implement a type directly.
    pub fn subtypes(&self, kind: u32) -> &[u32] {
        slice(&self.subtype_starts, &self.subtypes, kind)
    }

    /// Types of the platform directly below a type of the platform, as far as the program names them.
    pub fn platform_subtypes(&self, kind: u32) -> impl Iterator<Item = u32> + use<'_> {
        let first = self.platform.partition_point(|&(above, _)| above < kind);
        self.platform[first..]
            .iter()
            .take_while(move |&&(above, _)| above == kind)
            .map(|&(_, below)| below)
    }

    /// Types below a type, at any depth, itself left out: those of the program and those of the platform that it names. Ascending.
    pub fn all_subtypes(&self, defs: &Defs, kind: u32) -> Vec<u32> {
        let mut seen = std::collections::BTreeSet::new();
        let mut stack = vec![kind];
        while let Some(kind) = stack.pop() {
            let own = self
                .subtypes(kind)
                .iter()
                .map(|&position| defs.classes[position as usize].kind);
            for below in own.chain(self.platform_subtypes(kind)) {
                if seen.insert(below) {
                    stack.push(below);
                }
            }
        }
        seen.remove(&kind);
        seen.into_iter().collect()
    }

    /// Virtual methods that a class defines: signature and definition, sorted.
    pub fn virtuals(&self, position: u32) -> &[(u32, u32)] {
        slice(&self.virtual_starts, &self.virtuals, position)
    }

    /// The class itself and its superclasses in the program, nearest first.
    pub fn chain<'a>(&self, defs: &'a Defs, kind: u32) -> impl Iterator<Item = u32> + use<'a> {
        let position = |kind: u32| {
            defs.class_of
                .get(kind as usize)
                .copied()
                .filter(|&at| at != NONE)
        };
        let parent = move |&at: &u32| position(defs.classes[at as usize].superclass);
        std::iter::successors(position(kind), parent).take(DEPTH)
    }

    /// The virtual method that a class defines itself under a signature.
    #[inline]
    pub fn own_virtual(&self, position: u32, signature: u32) -> Option<u32> {
        let all = self.virtuals(position);
        let at = all.partition_point(|&(own, _)| own < signature);
        all.get(at)
            .filter(|(own, _)| *own == signature)
            .map(|(_, def)| *def)
    }

    /// The definition that a virtual call runs on an object of a class: its own, an inherited one, or an interface's default.
    pub fn lookup(&self, defs: &Defs, kind: u32, signature: u32) -> Option<u32> {
        self.lookup_counted(defs, kind, signature, &mut 0)
    }

    /// As [`Hierarchy::lookup`]; adds the supertypes looked at to `steps`.
    pub fn lookup_counted(
        &self,
        defs: &Defs,
        kind: u32,
        signature: u32,
        steps: &mut u64,
    ) -> Option<u32> {
        for position in self.chain(defs, kind) {
            *steps += 1;
            if let Some(def) = self.own_virtual(position, signature) {
                return Some(def);
            }
        }
        let interfaces = self.program_interfaces(defs, kind);
        // Interfaces are kept apart by comparing each with each.
        *steps += (interfaces.len() * interfaces.len() / 2) as u64;
        let with_code = |position: u32| {
            let own = self.own_virtual(position, signature);
            own.filter(|&def| defs.methods[def as usize].code != 0)
        };
        interfaces.into_iter().find_map(with_code)
    }

    /// All interfaces of a class, its superclasses and their interfaces that the program defines, nearest first.
    pub fn program_interfaces(&self, defs: &Defs, kind: u32) -> Vec<u32> {
        let mut out: Vec<u32> = Vec::new();
        let mut next = 0;
        let add = |position: u32, out: &mut Vec<u32>| {
            for &kind in self.interfaces(position) {
                let interface = defs.class_of[kind as usize];
                if interface != NONE && out.len() < SUPERTYPES && !out.contains(&interface) {
                    out.push(interface);
                }
            }
        };
        for position in self.chain(defs, kind) {
            add(position, &mut out);
        }
        while next < out.len() {
            add(out[next], &mut out);
            next += 1;
        }
        out
    }

    /// All supertypes of a type, itself first, foreign ones included.
    pub fn supertypes(&self, defs: &Defs, kind: u32) -> Vec<u32> {
        let mut out = vec![kind];
        let mut next = 0;
        while next < out.len() && out.len() < SUPERTYPES {
            let position = defs.class_of[out[next] as usize];
            next += 1;
            if position == NONE {
                continue;
            }
            let superclass = defs.classes[position as usize].superclass;
            for &kind in [&superclass].into_iter().chain(self.interfaces(position)) {
                if kind != NONE && !out.contains(&kind) {
                    out.push(kind);
                }
            }
        }
        out
    }
}

fn slice<'a, T>(starts: &[u32], items: &'a [T], at: u32) -> &'a [T] {
    let range: Range<usize> = starts[at as usize] as usize..starts[at as usize + 1] as usize;
    &items[range]
}

/// Whether a descriptor belongs to the Android platform, by its package. Support libraries ship inside the app.
pub fn is_platform(descriptor: &[u8]) -> bool {
    const PLATFORM: [&[u8]; 9] = [
        b"Landroid/",
        b"Ljava/",
        b"Ljavax/",
        b"Ldalvik/",
        b"Llibcore/",
        b"Lorg/json/",
        b"Lorg/xml/",
        b"Lorg/w3c/",
        b"Lorg/xmlpull/",
    ];
    const SHIPPED: [&[u8]; 3] = [
        b"Landroid/support/",
        b"Landroid/arch/",
        b"Landroid/databinding/",
    ];
    PLATFORM.iter().any(|prefix| descriptor.starts_with(prefix))
        && !SHIPPED.iter().any(|prefix| descriptor.starts_with(prefix))
}
