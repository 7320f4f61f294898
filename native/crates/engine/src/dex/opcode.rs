//! Every Dalvik opcode: name, format, and which table its index points into (Dalvik bytecode, Dalvik executable instruction formats).

/// The layout of an instruction. The first digit is its length in code units.
#[allow(missing_docs)] // the names are those of the format page
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    F10x,
    F12x,
    F11n,
    F11x,
    F10t,
    F20t,
    F22x,
    F21t,
    F21s,
    F21h,
    F21c,
    F23x,
    F22b,
    F22t,
    F22s,
    F22c,
    F32x,
    F30t,
    F31t,
    F31i,
    F31c,
    F35c,
    F3rc,
    F45cc,
    F4rcc,
    F51l,
}

impl Format {
    /// Code units of an instruction in this format.
    pub const fn units(self) -> u8 {
        match self {
            Format::F10x | Format::F12x | Format::F11n | Format::F11x | Format::F10t => 1,
            Format::F20t
            | Format::F22x
            | Format::F21t
            | Format::F21s
            | Format::F21h
            | Format::F21c
            | Format::F23x
            | Format::F22b
            | Format::F22t
            | Format::F22s
            | Format::F22c => 2,
            Format::F32x
            | Format::F30t
            | Format::F31t
            | Format::F31i
            | Format::F31c
            | Format::F35c
            | Format::F3rc => 3,
            Format::F45cc | Format::F4rcc => 4,
            Format::F51l => 5,
        }
    }
}

/// Which table the index of an instruction points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Index {
    /// No index.
    None,
    /// `method_ids`.
    Method,
    /// `method_ids`, and `proto_ids` for the call itself.
    Polymorphic,
    /// `field_ids`.
    Field,
    /// `type_ids`.
    Type,
    /// `string_ids`, 16 bits.
    String,
    /// `string_ids`, 32 bits.
    StringJumbo,
    /// `call_site_ids`.
    CallSite,
    /// `method_handles`.
    MethodHandle,
    /// `proto_ids`.
    Proto,
}

/// One opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opcode {
    /// Mnemonic. Unused opcodes have an empty one.
    pub name: &'static str,
    /// Layout.
    pub format: Format,
    /// Table that its index points into.
    pub index: Index,
}

/// Runs of opcodes with one format and one kind of index: first opcode, format, index, names in order.
type Run = (usize, Format, Index, &'static [&'static str]);

#[rustfmt::skip]
const RUNS: &[Run] = &[
    (0x00, Format::F10x, Index::None, &["nop"]),
    (0x01, Format::F12x, Index::None, &["move"]),
    (0x02, Format::F22x, Index::None, &["move/from16"]),
    (0x03, Format::F32x, Index::None, &["move/16"]),
    (0x04, Format::F12x, Index::None, &["move-wide"]),
    (0x05, Format::F22x, Index::None, &["move-wide/from16"]),
    (0x06, Format::F32x, Index::None, &["move-wide/16"]),
    (0x07, Format::F12x, Index::None, &["move-object"]),
    (0x08, Format::F22x, Index::None, &["move-object/from16"]),
    (0x09, Format::F32x, Index::None, &["move-object/16"]),
    (0x0a, Format::F11x, Index::None, &["move-result", "move-result-wide", "move-result-object", "move-exception"]),
    (0x0e, Format::F10x, Index::None, &["return-void"]),
    (0x0f, Format::F11x, Index::None, &["return", "return-wide", "return-object"]),
    (0x12, Format::F11n, Index::None, &["const/4"]),
    (0x13, Format::F21s, Index::None, &["const/16"]),
    (0x14, Format::F31i, Index::None, &["const"]),
    (0x15, Format::F21h, Index::None, &["const/high16"]),
    (0x16, Format::F21s, Index::None, &["const-wide/16"]),
    (0x17, Format::F31i, Index::None, &["const-wide/32"]),
    (0x18, Format::F51l, Index::None, &["const-wide"]),
    (0x19, Format::F21h, Index::None, &["const-wide/high16"]),
    (0x1a, Format::F21c, Index::String, &["const-string"]),
    (0x1b, Format::F31c, Index::StringJumbo, &["const-string/jumbo"]),
    (0x1c, Format::F21c, Index::Type, &["const-class"]),
    (0x1d, Format::F11x, Index::None, &["monitor-enter", "monitor-exit"]),
    (0x1f, Format::F21c, Index::Type, &["check-cast"]),
    (0x20, Format::F22c, Index::Type, &["instance-of"]),
    (0x21, Format::F12x, Index::None, &["array-length"]),
    (0x22, Format::F21c, Index::Type, &["new-instance"]),
    (0x23, Format::F22c, Index::Type, &["new-array"]),
    (0x24, Format::F35c, Index::Type, &["filled-new-array"]),
    (0x25, Format::F3rc, Index::Type, &["filled-new-array/range"]),
    (0x26, Format::F31t, Index::None, &["fill-array-data"]),
    (0x27, Format::F11x, Index::None, &["throw"]),
    (0x28, Format::F10t, Index::None, &["goto"]),
    (0x29, Format::F20t, Index::None, &["goto/16"]),
    (0x2a, Format::F30t, Index::None, &["goto/32"]),
    (0x2b, Format::F31t, Index::None, &["packed-switch", "sparse-switch"]),
    (0x2d, Format::F23x, Index::None, &["cmpl-float", "cmpg-float", "cmpl-double", "cmpg-double", "cmp-long"]),
    (0x32, Format::F22t, Index::None, &["if-eq", "if-ne", "if-lt", "if-ge", "if-gt", "if-le"]),
    (0x38, Format::F21t, Index::None, &["if-eqz", "if-nez", "if-ltz", "if-gez", "if-gtz", "if-lez"]),
    (0x44, Format::F23x, Index::None, &["aget", "aget-wide", "aget-object", "aget-boolean", "aget-byte", "aget-char", "aget-short",
        "aput", "aput-wide", "aput-object", "aput-boolean", "aput-byte", "aput-char", "aput-short"]),
    (0x52, Format::F22c, Index::Field, &["iget", "iget-wide", "iget-object", "iget-boolean", "iget-byte", "iget-char", "iget-short",
        "iput", "iput-wide", "iput-object", "iput-boolean", "iput-byte", "iput-char", "iput-short"]),
    (0x60, Format::F21c, Index::Field, &["sget", "sget-wide", "sget-object", "sget-boolean", "sget-byte", "sget-char", "sget-short",
        "sput", "sput-wide", "sput-object", "sput-boolean", "sput-byte", "sput-char", "sput-short"]),
    (0x6e, Format::F35c, Index::Method, &["invoke-virtual", "invoke-super", "invoke-direct", "invoke-static", "invoke-interface"]),
    (0x74, Format::F3rc, Index::Method, &["invoke-virtual/range", "invoke-super/range", "invoke-direct/range",
        "invoke-static/range", "invoke-interface/range"]),
    (0x7b, Format::F12x, Index::None, &["neg-int", "not-int", "neg-long", "not-long", "neg-float", "neg-double",
        "int-to-long", "int-to-float", "int-to-double", "long-to-int", "long-to-float", "long-to-double",
        "float-to-int", "float-to-long", "float-to-double", "double-to-int", "double-to-long", "double-to-float",
        "int-to-byte", "int-to-char", "int-to-short"]),
    (0x90, Format::F23x, Index::None, &["add-int", "sub-int", "mul-int", "div-int", "rem-int", "and-int", "or-int", "xor-int",
        "shl-int", "shr-int", "ushr-int",
        "add-long", "sub-long", "mul-long", "div-long", "rem-long", "and-long", "or-long", "xor-long",
        "shl-long", "shr-long", "ushr-long",
        "add-float", "sub-float", "mul-float", "div-float", "rem-float",
        "add-double", "sub-double", "mul-double", "div-double", "rem-double"]),
    (0xb0, Format::F12x, Index::None, &["add-int/2addr", "sub-int/2addr", "mul-int/2addr", "div-int/2addr", "rem-int/2addr",
        "and-int/2addr", "or-int/2addr", "xor-int/2addr", "shl-int/2addr", "shr-int/2addr", "ushr-int/2addr",
        "add-long/2addr", "sub-long/2addr", "mul-long/2addr", "div-long/2addr", "rem-long/2addr",
        "and-long/2addr", "or-long/2addr", "xor-long/2addr", "shl-long/2addr", "shr-long/2addr", "ushr-long/2addr",
        "add-float/2addr", "sub-float/2addr", "mul-float/2addr", "div-float/2addr", "rem-float/2addr",
        "add-double/2addr", "sub-double/2addr", "mul-double/2addr", "div-double/2addr", "rem-double/2addr"]),
    (0xd0, Format::F22s, Index::None, &["add-int/lit16", "rsub-int", "mul-int/lit16", "div-int/lit16", "rem-int/lit16",
        "and-int/lit16", "or-int/lit16", "xor-int/lit16"]),
    (0xd8, Format::F22b, Index::None, &["add-int/lit8", "rsub-int/lit8", "mul-int/lit8", "div-int/lit8", "rem-int/lit8",
        "and-int/lit8", "or-int/lit8", "xor-int/lit8", "shl-int/lit8", "shr-int/lit8", "ushr-int/lit8"]),
    (0xfa, Format::F45cc, Index::Polymorphic, &["invoke-polymorphic"]),
    (0xfb, Format::F4rcc, Index::Polymorphic, &["invoke-polymorphic/range"]),
    (0xfc, Format::F35c, Index::CallSite, &["invoke-custom"]),
    (0xfd, Format::F3rc, Index::CallSite, &["invoke-custom/range"]),
    (0xfe, Format::F21c, Index::MethodHandle, &["const-method-handle"]),
    (0xff, Format::F21c, Index::Proto, &["const-method-type"]),
];

const fn table() -> [Opcode; 256] {
    let unused = Opcode {
        name: "",
        format: Format::F10x,
        index: Index::None,
    };
    let mut out = [unused; 256];
    let mut run = 0;
    while run < RUNS.len() {
        let (first, format, index, names) = RUNS[run];
        let mut at = 0;
        while at < names.len() {
            out[first + at] = Opcode {
                name: names[at],
                format,
                index,
            };
            at += 1;
        }
        run += 1;
    }
    out
}

/// All opcodes by their number.
pub static OPCODES: [Opcode; 256] = table();

/// Code units of each opcode: the column of [`OPCODES`] that a linear walk needs.
pub static UNITS: [u8; 256] = {
    let opcodes = table();
    let mut out = [1; 256];
    let mut op = 0;
    while op < 256 {
        out[op] = opcodes[op].format.units();
        op += 1;
    }
    out
};

/// Width in code units (high half) and kind of index (low half) of each opcode: all that a walk for references needs.
pub const fn shapes() -> [u8; 256] {
    let opcodes = table();
    let mut out = [0; 256];
    let mut op = 0;
    while op < 256 {
        out[op] = opcodes[op].format.units() << 4 | opcodes[op].index as u8;
        op += 1;
    }
    out
}

/// Numbers of the opcodes that analyses name.
#[allow(missing_docs)]
pub mod op {
    pub const MOVE_RESULT: u8 = 0x0a;
    pub const MOVE_RESULT_WIDE: u8 = 0x0b;
    pub const MOVE_RESULT_OBJECT: u8 = 0x0c;
    pub const CONST_CLASS: u8 = 0x1c;
    pub const NEW_INSTANCE: u8 = 0x22;
    pub const FILL_ARRAY_DATA: u8 = 0x26;
    pub const THROW: u8 = 0x27;
    pub const PACKED_SWITCH: u8 = 0x2b;
    pub const SPARSE_SWITCH: u8 = 0x2c;
    pub const IGET: u8 = 0x52;
    pub const IPUT: u8 = 0x59;
    pub const SGET: u8 = 0x60;
    pub const SPUT: u8 = 0x67;
    pub const SPUT_SHORT: u8 = 0x6d;
    pub const INVOKE_CUSTOM: u8 = 0xfc;
    pub const CONST_METHOD_HANDLE: u8 = 0xfe;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_do_not_overlap_and_cover_what_the_format_defines() {
        let named = RUNS.iter().map(|run| run.3.len()).sum::<usize>();
        let filled = OPCODES.iter().filter(|op| !op.name.is_empty()).count();
        assert_eq!(named, filled);
        let unused = |op: usize| matches!(op, 0x3e..=0x43 | 0x73 | 0x79..=0x7a | 0xe3..=0xf9);
        for (number, opcode) in OPCODES.iter().enumerate() {
            assert_eq!(opcode.name.is_empty(), unused(number), "{number:#x}");
        }
        assert_eq!(OPCODES[0x8f].name, "int-to-short");
        assert_eq!(OPCODES[0xaf].name, "rem-double");
        assert_eq!(OPCODES[0xcf].name, "rem-double/2addr");
        assert_eq!(OPCODES[0xe2].name, "ushr-int/lit8");
    }
}
