//! All DEX files of one program together: hierarchy, cross references, call graph.
