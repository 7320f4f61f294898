//! DEX files 035 to 041: tables, classes, instructions.
