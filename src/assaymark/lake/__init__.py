"""A lake: the evidence of many apps in one folder, as Parquet files that DuckDB reads.

    lake/
      lake.json            what this folder is
      commits/000007.json  commit records: the apps of shard 7, under which versions, and what it replaces
      permission/000007.parquet   one folder for each evidence table, one file for each shard
      outcome/000007.parquet      one row for each file that was ever looked at, inspected or refused
      staging/             finished inspections that are in no shard yet
      drafts/              what is being written

A shard counts from the moment its commit record stands under its name, which happens in one rename after every file of
it is on the disk. What no commit record names does not exist for a reader. Shards are never changed; compaction
writes a new one whose record names those that it replaces. `app` is the SHA-256 of the package.
"""

from assaymark.lake.index import Index, read_index
from assaymark.lake.layout import OUTCOME, Lake, fingerprint
from assaymark.lake.read import connect

__all__ = ["OUTCOME", "Index", "Lake", "connect", "fingerprint", "read_index"]
