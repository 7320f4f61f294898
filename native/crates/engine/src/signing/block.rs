//! The APK Signing Block: where it lies, and its pairs of id and value.
//!
//! Source: source.android.com, "APK signature scheme v2", section "APK Signing Block".

use super::Problem;
use crate::bytes::{u32_at, u64_at};
use crate::zip::Layout;
use std::ops::Range;

/// The id of APK signature scheme v2.
pub const V2: u32 = 0x7109_871a;
/// The id of APK signature scheme v3.
pub const V3: u32 = 0xf053_68c0;
/// The id of APK signature scheme v3.1.
pub const V31: u32 = 0x1b93_ad61;

const MAGIC: &[u8] = b"APK Sig Block 42";
/// Size field and magic at the end of the block.
const FOOTER: usize = 8 + 16;
/// Pairs that are listed; real packages have fewer than ten.
const PAIRS: usize = 1_000;

/// One pair of the signing block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What the value is; ids are assigned by whoever writes them.
    pub id: u32,
    /// Where the value lies in the file.
    pub value: Range<usize>,
}

/// The central directory as the end record states it, if it lies before the end record and that reaches to the end of the file.
///
/// Platforms refuse the whole file otherwise. ZIP64 is no exception: signature schemes do not allow for it.
pub fn stated_directory(file: &[u8], layout: &Layout) -> Option<Range<usize>> {
    let record = file.get(layout.end_record.clone())?;
    let size = usize::try_from(u32_at(record, 12)?).ok()?;
    let start = usize::try_from(u32_at(record, 16)?).ok()?;
    let end = start.checked_add(size)?;
    (end <= layout.end_record.start && layout.end_record.end == file.len()).then_some(start..end)
}

/// The signing block of one file.
#[derive(Debug, Default)]
pub struct Block {
    /// The whole block, size fields and magic included; `None` if the file has none that a platform would accept.
    pub range: Option<Range<usize>>,
    /// The pairs in file order, up to the first malformed one.
    pub pairs: Vec<Pair>,
    /// What keeps platforms from reading the block, or parts of it.
    pub problems: Vec<Problem>,
}

impl Block {
    /// Reads the block that ends where the central directory starts.
    pub fn read(file: &[u8], layout: &Layout) -> Block {
        let mut block = Block::default();
        let end = layout.central_directory.start;
        let Some(content_end) = end.checked_sub(FOOTER) else {
            return block;
        };
        if file.get(content_end + 8..end) != Some(MAGIC) {
            return block;
        }
        if stated_directory(file, layout).as_ref() != Some(&layout.central_directory) {
            block.problem(
                "central-directory-misplaced",
                "the end record does not state the central directory right before it, so no platform reads the block",
            );
            return block;
        }
        let size = u64_at(file, content_end).unwrap_or(0);
        let start = usize::try_from(size)
            .ok()
            .and_then(|size| end.checked_sub(size.checked_add(8)?));
        let Some(start) = start.filter(|_| size >= FOOTER as u64) else {
            block.problem(
                "signing-block-size-out-of-range",
                format!("the signing block states {size} bytes"),
            );
            return block;
        };
        let stated_first = u64_at(file, start).unwrap_or(0);
        if stated_first != size {
            block.problem(
                "signing-block-size-mismatch",
                format!("the signing block states {stated_first} bytes at its start and {size} at its end"),
            );
            return block;
        }
        block.range = Some(start..end);
        block.read_pairs(file, start + 8, content_end);
        block
    }

    /// The value of the first pair with this id, which is the one platforms take.
    pub fn find(&self, id: u32) -> Option<Range<usize>> {
        self.pairs
            .iter()
            .find(|pair| pair.id == id)
            .map(|pair| pair.value.clone())
    }

    fn read_pairs(&mut self, file: &[u8], start: usize, end: usize) {
        let mut at = start;
        while at < end {
            if self.pairs.len() == PAIRS {
                self.problem(
                    "too-many-pairs",
                    format!("more than {PAIRS} pairs in the signing block"),
                );
                return;
            }
            let size = if end - at >= 8 {
                u64_at(file, at)
            } else {
                None
            };
            // The size counts the id, and platforms keep it in a signed 32-bit number.
            let next = size
                .filter(|size| (4..=u64::from(i32::MAX as u32)).contains(size))
                .and_then(|size| at.checked_add(8)?.checked_add(usize::try_from(size).ok()?))
                .filter(|&next| next <= end);
            let (Some(next), Some(id)) = (next, u32_at(file, at + 8)) else {
                self.problem(
                    "malformed-pair",
                    format!(
                        "pair {} of the signing block is malformed",
                        self.pairs.len() + 1
                    ),
                );
                return;
            };
            if [V2, V3, V31].contains(&id) && self.find(id).is_some() {
                self.problem(
                    "duplicate-scheme-pair",
                    format!("id {id:#010x} occurs again; platforms take the first"),
                );
            }
            self.pairs.push(Pair {
                id,
                value: at + 12..next,
            });
            at = next;
        }
    }

    fn problem(&mut self, key: &'static str, detail: impl Into<String>) {
        self.problems.push(Problem::new(key, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of these pairs between ten bytes of content and a central directory of one byte.
    fn file(pairs: &[(u32, &[u8])]) -> (Vec<u8>, Layout) {
        let mut content = Vec::new();
        for (id, value) in pairs {
            content.extend((value.len() as u64 + 4).to_le_bytes());
            content.extend(id.to_le_bytes());
            content.extend(*value);
        }
        let size = (content.len() + FOOTER) as u64;
        let mut file = vec![b'.'; 10];
        file.extend(size.to_le_bytes());
        file.extend(content);
        file.extend(size.to_le_bytes());
        file.extend(MAGIC);
        let end = file.len();
        file.extend([0; 1 + 12]);
        file.extend(1u32.to_le_bytes());
        file.extend((end as u32).to_le_bytes());
        file.extend([0; 2]);
        let layout = Layout {
            signing_block: None,
            central_directory: end..end + 1,
            end_record: end + 1..end + 23,
        };
        (file, layout)
    }

    fn problems(block: &Block) -> Vec<&str> {
        block.problems.iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn lists_pairs_and_takes_the_first_of_an_id() {
        let (bytes, layout) = file(&[(V2, b"one"), (7, b""), (V2, b"two")]);
        let block = Block::read(&bytes, &layout);
        assert_eq!(block.range.clone().unwrap().start, 10);
        assert_eq!(&bytes[block.find(V2).unwrap()], b"one");
        assert_eq!(block.pairs.len(), 3);
        assert_eq!(problems(&block), ["duplicate-scheme-pair"]);
    }

    #[test]
    fn keeps_pairs_before_a_malformed_one() {
        let (mut bytes, layout) = file(&[(V2, b"one"), (7, b"rest")]);
        bytes[10 + 8 + 8 + 4 + 3] = 200;
        let block = Block::read(&bytes, &layout);
        assert_eq!(
            (block.pairs.len(), problems(&block)),
            (1, vec!["malformed-pair"])
        );
    }

    #[test]
    fn refuses_what_platforms_refuse() {
        let (mut bytes, layout) = file(&[(V2, b"one")]);
        bytes[10] ^= 1;
        assert_eq!(
            problems(&Block::read(&bytes, &layout)),
            ["signing-block-size-mismatch"]
        );
        let (mut bytes, layout) = file(&[(V2, b"one")]);
        bytes[layout.end_record.start + 12] = 0;
        assert_eq!(
            problems(&Block::read(&bytes, &layout)),
            ["central-directory-misplaced"]
        );
        let (mut bytes, layout) = file(&[(V2, b"one")]);
        let at = layout.central_directory.start - FOOTER;
        bytes[at..at + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(
            problems(&Block::read(&bytes, &layout)),
            ["signing-block-size-out-of-range"]
        );
    }
}
