//! Line numbers of one method, read on demand.

use super::class_data::Code;
use super::{Dex, leb};

const END_SEQUENCE: u8 = 0x00;
const ADVANCE_PC: u8 = 0x01;
const ADVANCE_LINE: u8 = 0x02;
const START_LOCAL: u8 = 0x03;
const START_LOCAL_EXTENDED: u8 = 0x04;
const END_LOCAL: u8 = 0x05;
const RESTART_LOCAL: u8 = 0x06;
const SET_PROLOGUE_END: u8 = 0x07;
const SET_EPILOGUE_BEGIN: u8 = 0x08;
const SET_FILE: u8 = 0x09;
const FIRST_SPECIAL: u8 = 0x0a;

impl Dex {
    /// Code units at which a new line starts, and that line (0: none), in ascending order. Ends where the debug information is damaged.
    ///
    /// Minified apps often carry one number for a whole method, or program counters in place of lines (R8): the number is
    /// given as it stands.
    pub fn lines(&self, code: &Code<'_>) -> Vec<(u32, u32)> {
        let mut out = Vec::new();
        if code.debug_info != 0 {
            self.read_lines(code, &mut out);
        }
        out
    }

    fn read_lines(&self, code: &Code<'_>, out: &mut Vec<(u32, u32)>) -> Option<()> {
        let bytes = self.bytes();
        let mut at = code.debug_info as usize;
        let mut line = i64::from(leb::uleb128(bytes, &mut at)?);
        let parameters = leb::uleb128(bytes, &mut at)?;
        for _ in 0..parameters {
            leb::uleb128(bytes, &mut at)?;
        }
        let mut address = 0u32;
        // Hostile methods may share one long program of debug opcodes.
        for _ in 0..16 * code.units.len() + 1_024 {
            let opcode = *bytes.get(at)?;
            at += 1;
            match opcode {
                END_SEQUENCE => return Some(()),
                ADVANCE_PC => address = address.checked_add(leb::uleb128(bytes, &mut at)?)?,
                ADVANCE_LINE => line += i64::from(leb::sleb128(bytes, &mut at)?),
                START_LOCAL | START_LOCAL_EXTENDED => {
                    for _ in 0..3 + usize::from(opcode == START_LOCAL_EXTENDED) {
                        leb::uleb128(bytes, &mut at)?;
                    }
                }
                END_LOCAL | RESTART_LOCAL | SET_FILE => {
                    leb::uleb128(bytes, &mut at)?;
                }
                SET_PROLOGUE_END | SET_EPILOGUE_BEGIN => {}
                special => {
                    let adjusted = special - FIRST_SPECIAL;
                    line += i64::from(adjusted % 15) - 4;
                    address = address.checked_add(u32::from(adjusted / 15))?;
                    if address as usize > code.units.len() {
                        return None;
                    }
                    // Code that a compiler added stands on line -1.
                    out.push((address, u32::try_from(line).unwrap_or_default()));
                }
            }
        }
        None
    }
}

/// The line of a code unit, out of [`Dex::lines`].
pub fn line_of(lines: &[(u32, u32)], unit: u32) -> Option<u32> {
    let after = lines.partition_point(|&(address, _)| address <= unit);
    Some(lines.get(after.checked_sub(1)?)?.1).filter(|&line| line != 0)
}
