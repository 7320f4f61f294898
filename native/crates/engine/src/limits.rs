//! The bounds of one inspection. Defaults suit a real app of two gigabytes; tests lower them.

/// Bounds in bytes, counts and steps. Two machines that read the same file hit the same bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the central directory that are read.
    pub entries: usize,
    /// Bytes that one member may inflate to.
    pub member_bytes: u64,
    /// Bytes that all members together may inflate to.
    pub total_bytes: u64,
    /// Bytes of all DEX files together.
    pub dex_bytes: u64,
    /// Nodes of one binary XML document.
    pub xml_nodes: usize,
    /// Nesting of one binary XML document.
    pub xml_depth: usize,
    /// Entries of one resource table, over all configurations.
    pub resource_entries: usize,
    /// Oddities kept; the rest are counted.
    pub oddities: usize,
    /// Steps of the call graph.
    pub graph_steps: u64,
    /// Steps of the consent analysis.
    pub consent_steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            entries: 200_000,
            member_bytes: 256 << 20,
            total_bytes: 1 << 30,
            dex_bytes: 512 << 20,
            xml_nodes: 200_000,
            xml_depth: 256,
            resource_entries: 4_000_000,
            oddities: 1_000,
            graph_steps: 400_000_000,
            consent_steps: 40_000_000,
        }
    }
}
