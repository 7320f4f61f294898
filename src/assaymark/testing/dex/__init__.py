"""A DEX assembler: smali text in, a DEX file out, and the place of every instruction."""

from assaymark.testing.dex.assemble import Dex, Place, assemble
from assaymark.testing.dex.error import AssemblyError
from assaymark.testing.dex.writer import seal

__all__ = ["AssemblyError", "Dex", "Place", "assemble", "seal"]
