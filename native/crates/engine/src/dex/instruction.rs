//! Instructions of one method, in code units.

use super::opcode::{Format, Index, OPCODES, Opcode, UNITS};
use smallvec::SmallVec;

/// The code units of one method, as little-endian bytes.
#[derive(Debug, Clone, Copy)]
pub struct Units<'a>(pub &'a [u8]);

impl<'a> Units<'a> {
    /// Number of code units.
    #[inline]
    pub fn len(self) -> usize {
        self.0.len() / 2
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The unit at `at`; zero past the end.
    #[inline]
    pub fn get(self, at: usize) -> u16 {
        match self.0.get(2 * at..2 * at + 2) {
            Some(pair) => u16::from_le_bytes([pair[0], pair[1]]),
            None => 0,
        }
    }

    /// The 32 bits at `at`; zero past the end.
    #[inline]
    pub fn get32(self, at: usize) -> u32 {
        u32::from(self.get(at)) | u32::from(self.get(at + 1)) << 16
    }

    /// Code units that the instruction or payload at `at` takes, at least one. Payloads may claim more than is left.
    #[inline]
    pub fn width(self, at: usize) -> usize {
        let unit = self.get(at);
        let op = unit as u8;
        if op == 0 && unit != 0 {
            return self.payload_width(at, unit);
        }
        usize::from(UNITS[usize::from(op)])
    }

    #[cold]
    fn payload_width(self, at: usize, unit: u16) -> usize {
        let size = usize::from(self.get(at + 1));
        match unit {
            PACKED_SWITCH_PAYLOAD => 4 + 2 * size,
            SPARSE_SWITCH_PAYLOAD => 2 + 4 * size,
            FILL_ARRAY_PAYLOAD => {
                let bytes = size as u64 * u64::from(self.get32(at + 2));
                usize::try_from(4 + bytes.div_ceil(2)).unwrap_or(usize::MAX / 2)
            }
            _ => 1,
        }
    }

    /// All instructions and payloads from the first unit on.
    pub fn instructions(self) -> Instructions<'a> {
        Instructions { units: self, at: 0 }
    }
}

/// First unit of a table for `packed-switch`.
pub const PACKED_SWITCH_PAYLOAD: u16 = 0x0100;
/// First unit of a table for `sparse-switch`.
pub const SPARSE_SWITCH_PAYLOAD: u16 = 0x0200;
/// First unit of a table for `fill-array-data`.
pub const FILL_ARRAY_PAYLOAD: u16 = 0x0300;

/// One instruction or payload.
#[derive(Debug, Clone, Copy)]
pub struct Instruction<'a> {
    /// The code it lies in.
    pub units: Units<'a>,
    /// Its first code unit.
    pub at: usize,
    /// Code units that it takes.
    pub width: usize,
}

impl Instruction<'_> {
    /// Number of the opcode.
    #[inline]
    pub fn op(&self) -> u8 {
        self.units.get(self.at) as u8
    }

    /// Its row of the opcode table.
    pub fn opcode(&self) -> &'static Opcode {
        &OPCODES[usize::from(self.op())]
    }

    /// Mnemonic; payloads have names of their own, an unused opcode is `unused-xx`.
    pub fn name(&self) -> String {
        match self.units.get(self.at) {
            PACKED_SWITCH_PAYLOAD => "packed-switch-data".into(),
            SPARSE_SWITCH_PAYLOAD => "sparse-switch-data".into(),
            FILL_ARRAY_PAYLOAD => "array-data".into(),
            unit => match OPCODES[usize::from(unit as u8)].name {
                "" => format!("unused-{:02x}", unit as u8),
                name => name.into(),
            },
        }
    }

    /// Whether it is a table of data between the instructions.
    pub fn is_payload(&self) -> bool {
        matches!(
            self.units.get(self.at),
            PACKED_SWITCH_PAYLOAD | SPARSE_SWITCH_PAYLOAD | FILL_ARRAY_PAYLOAD
        )
    }

    /// Register A: the destination, or the only operand.
    pub fn a(&self) -> u16 {
        let unit = self.units.get(self.at);
        match self.opcode().format {
            Format::F12x | Format::F11n | Format::F22t | Format::F22s | Format::F22c => {
                unit >> 8 & 0xf
            }
            Format::F32x => self.units.get(self.at + 1),
            _ => unit >> 8,
        }
    }

    /// Register B: the source of a move, or the first operand.
    pub fn b(&self) -> u16 {
        let unit = self.units.get(self.at);
        match self.opcode().format {
            Format::F12x | Format::F22t | Format::F22s | Format::F22c => unit >> 12,
            Format::F22x => self.units.get(self.at + 1),
            Format::F32x => self.units.get(self.at + 2),
            _ => self.units.get(self.at + 1) & 0xff,
        }
    }

    /// Register C of a three-register instruction.
    pub fn c(&self) -> u16 {
        self.units.get(self.at + 1) >> 8
    }

    /// The index into a table, for instructions that have one.
    pub fn index(&self) -> u32 {
        match self.opcode().index {
            Index::StringJumbo => self.units.get32(self.at + 1),
            _ => u32::from(self.units.get(self.at + 1)),
        }
    }

    /// The constant that a `const` instruction loads.
    pub fn literal(&self) -> i64 {
        let next = self.units.get(self.at + 1);
        match self.opcode().format {
            Format::F11n => i64::from((self.units.get(self.at) as i16) >> 12),
            Format::F21s | Format::F22s => i64::from(next as i16),
            Format::F22b => i64::from((next as i16) >> 8),
            Format::F21h if self.op() == 0x19 => i64::from(next as i16) << 48,
            Format::F21h => i64::from(next as i16) << 16,
            Format::F31i => i64::from(self.units.get32(self.at + 1) as i32),
            Format::F51l => {
                let low = u64::from(self.units.get32(self.at + 1));
                (low | u64::from(self.units.get32(self.at + 3)) << 32) as i64
            }
            _ => 0,
        }
    }

    /// The target of a jump or of a table reference, in code units from the start of the method.
    pub fn target(&self) -> Option<usize> {
        let distance = match self.opcode().format {
            Format::F10t => i64::from((self.units.get(self.at) as i16) >> 8),
            Format::F20t | Format::F21t | Format::F22t => {
                i64::from(self.units.get(self.at + 1) as i16)
            }
            Format::F30t | Format::F31t => i64::from(self.units.get32(self.at + 1) as i32),
            _ => return None,
        };
        usize::try_from(self.at as i64 + distance)
            .ok()
            .filter(|&target| target < self.units.len())
    }

    /// Targets of the switch table that this instruction refers to.
    pub fn switch_targets(&self) -> Vec<usize> {
        let Some(table) = self.target() else {
            return Vec::new();
        };
        let size = usize::from(self.units.get(table + 1));
        let first = match self.units.get(table) {
            PACKED_SWITCH_PAYLOAD => table + 4,
            SPARSE_SWITCH_PAYLOAD => table + 2 + 2 * size,
            _ => return Vec::new(),
        };
        (0..size)
            .map(|row| first + 2 * row)
            .take_while(|row| row + 1 < self.units.len())
            .filter_map(|row| {
                usize::try_from(self.at as i64 + i64::from(self.units.get32(row) as i32)).ok()
            })
            .filter(|&target| target < self.units.len())
            .collect()
    }

    /// The registers that a call or `filled-new-array` passes, in order.
    pub fn arguments(&self) -> SmallVec<[u16; 8]> {
        let unit = self.units.get(self.at);
        let third = self.units.get(self.at + 2);
        match self.opcode().format {
            Format::F35c | Format::F45cc => {
                let nibbles = [
                    third & 0xf,
                    third >> 4 & 0xf,
                    third >> 8 & 0xf,
                    third >> 12,
                    unit >> 8 & 0xf,
                ];
                SmallVec::from_slice(&nibbles[..usize::from(unit >> 12).min(5)])
            }
            Format::F3rc | Format::F4rcc => (0..unit >> 8)
                .map(|offset| third.wrapping_add(offset))
                .collect(),
            _ => SmallVec::new(),
        }
    }
}

/// See [`Units::instructions`].
pub struct Instructions<'a> {
    units: Units<'a>,
    at: usize,
}

impl<'a> Iterator for Instructions<'a> {
    type Item = Instruction<'a>;

    #[inline]
    fn next(&mut self) -> Option<Instruction<'a>> {
        if self.at >= self.units.len() {
            return None;
        }
        let at = self.at;
        let width = self.units.width(at);
        self.at = at.saturating_add(width);
        Some(Instruction {
            units: self.units,
            at,
            width,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn operands_of_each_shape() {
        let code = units(&[
            0xf112, // const/4 v1, -1
            0x0219, 0x4059, // const-wide/high16 v2
            0x206e, 0x0007, 0x0021, // invoke-virtual {v1, v2}, method@7
            0x0374, 0x0008, 0x0010, // invoke-virtual/range {v16 .. v18}, method@8
            0xfd28, // goto -3
        ]);
        let all: Vec<_> = Units(&code).instructions().collect();
        assert_eq!(
            all.iter().map(|i| i.at).collect::<Vec<_>>(),
            [0, 1, 3, 6, 9]
        );
        assert_eq!((all[0].a(), all[0].literal()), (1, -1));
        assert_eq!(f64::from_bits(all[1].literal() as u64), 100.0);
        assert_eq!(
            (all[2].index(), all[2].arguments().to_vec()),
            (7, vec![1, 2])
        );
        assert_eq!(
            (all[3].index(), all[3].arguments().to_vec()),
            (8, vec![16, 17, 18])
        );
        assert_eq!(all[4].target(), Some(6));
    }

    #[test]
    fn payloads_are_stepped_over_and_cut_ones_end_the_walk() {
        let code = units(&[
            0x002b, 0x0004, 0x0000, 0x000e, // packed-switch v0, +4; return-void
            0x0100, 0x0001, 0x0000, 0x0000, 0x0003, 0x0000, 0x000e,
        ]);
        let all: Vec<_> = Units(&code).instructions().collect();
        assert_eq!(all[0].switch_targets(), [3]);
        assert_eq!(all.iter().map(|i| i.at).collect::<Vec<_>>(), [0, 3, 4, 10]);
        let cut = units(&[0x0300, 0xffff, 0xffff, 0xffff]);
        assert_eq!(Units(&cut).instructions().count(), 1);
    }
}
