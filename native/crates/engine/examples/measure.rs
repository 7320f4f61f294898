use assaymark_engine::Limits;
use assaymark_engine::code::{callgraph::Entry, defs::Defs, hierarchy::Hierarchy, link::Link, xref::Xref, Program};
use assaymark_engine::dex::{Dex, Problems};
use std::sync::Arc;
use std::time::Instant;
fn best<T>(name: &str, mut f: impl FnMut() -> T) -> T {
    let mut b = f64::MAX; let mut out = None;
    for _ in 0..10 { let t = Instant::now(); out = Some(f()); b = b.min(t.elapsed().as_secs_f64()); }
    println!("{name:12} {:.2} ms", b * 1e3); out.unwrap()
}
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let entries: Vec<Entry> = std::env::args().nth(2).map(|p| std::fs::read_to_string(p).unwrap().lines().map(|l| match l.split_once(' ') { Some(("on-click", n)) => Entry::OnClick(n.into()), Some((_, n)) => Entry::Class(n.into()), None => Entry::Class(l.into()) }).collect()).unwrap_or_default();
    let files: Vec<(String, Arc<Vec<u8>>)> = (1..).map(|i| if i == 1 { "classes.dex".to_string() } else { format!("classes{i}.dex") }).map_while(|n| std::fs::read(format!("{dir}/{n}")).ok().map(|b| (n, Arc::new(b)))).collect();
    let open = || -> Vec<Dex> { files.iter().flat_map(|(n, b)| Dex::open(n, b.clone()).unwrap()).collect() };
    let dexes = best("open", open);
    let link = best("link", || Link::new(&dexes));
    let mut problems = vec![Problems::default(); dexes.len()];
    let mut defs = best("defs", || Defs::new(&dexes, &link, &mut problems));
    let xref = best("xref", || Xref::new(&dexes, &link, &mut defs, &mut problems));
    let object = link.types.len() as u32;
    best("hierarchy", || Hierarchy::new(&dexes, &link, &defs, object));
    let limits = Limits::default();
    let program = best("all", || Program::open(files.clone(), &limits));
    println!("refs {} classes {} defs {} instr {}", xref.refs.len(), program.defs.classes.len(), program.defs.methods.len(), program.defs.dex_counts.iter().map(|c| c.instructions).sum::<u64>());
    println!("problems {:?}", program.all_problems().iter().take(5).collect::<Vec<_>>());
    let graph = best("callgraph", || program.call_graph(&entries, &limits));
    let with_code = program.defs.methods.iter().filter(|m| m.code != 0).count();
    let reached = (0..program.defs.methods.len()).filter(|&d| program.defs.methods[d].code != 0 && graph.reached(d as u32)).count();
    println!("entries {} reached {reached} of {with_code} = {:.3}  steps {} instantiated {}", entries.len(), reached as f64 / with_code as f64, graph.steps, graph.instantiated.iter().filter(|x| **x).count());
    let mut by: std::collections::BTreeMap<&str, usize> = Default::default();
    for e in &graph.edges { *by.entry(e.name()).or_default() += 1; }
    println!("{by:?}");
    println!("{}", std::fs::read_to_string("/proc/self/status").unwrap().lines().filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS")).collect::<Vec<_>>().join(" "));
}
