"""Rule packs and what they say of the evidence: load packs, run clauses as SQL, explain."""

from assaymark.judge.clause import Clause, Instrument, Pack
from assaymark.judge.exceptions import accept, load_exceptions
from assaymark.judge.explain import clause_texts
from assaymark.judge.pack import available_packs, check_pack, load_pack
from assaymark.judge.run import judge

__all__ = [
    "Clause",
    "Instrument",
    "Pack",
    "accept",
    "available_packs",
    "check_pack",
    "clause_texts",
    "judge",
    "load_exceptions",
    "load_pack",
]
