"""What assaymark knows, as data with a source and a date on every row: data categories, APIs, permissions, SDKs."""

from assaymark.catalog.apis import Api, load_apis
from assaymark.catalog.consent import ConsentWords, load_consent_words
from assaymark.catalog.data import Category, categories, load_data, name
from assaymark.catalog.permissions import Permission, load_permissions
from assaymark.catalog.reading import Source, digest
from assaymark.catalog.sdk_calls import Consent, Switch
from assaymark.catalog.sdks import Purpose, Sdk, VersionSource, load_purposes, load_sdks, owner_of, sdks_by_id

__all__ = [
    "Api",
    "Category",
    "Consent",
    "ConsentWords",
    "Permission",
    "Purpose",
    "Sdk",
    "Source",
    "Switch",
    "VersionSource",
    "categories",
    "digest",
    "load_apis",
    "load_consent_words",
    "load_data",
    "load_permissions",
    "load_purposes",
    "load_sdks",
    "name",
    "owner_of",
    "sdks_by_id",
]
