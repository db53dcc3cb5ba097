"""The journal: the one durable, chained sequence of everything that can change a decision."""

from .bundle import MAX_BUNDLE, pack_bundle, unpack_bundle
from .errors import JournalDamage, JournalError
from .frame import GENESIS, MAX_BATCH, MAX_BATCH_BYTES, MAX_RECORD, Batch, Kind, Record
from .journal import Journal
from .records import (
    ActivationRecord,
    ErasureRecord,
    EventRecord,
    Named,
    decode,
    decode_event,
    encode_activation,
    encode_erasure,
    encode_event,
    encode_label,
    encode_list_entry,
    encode_setting,
)
from .salvage import examine, salvage
from .survey import Stats, Verification

__all__ = [
    "GENESIS",
    "MAX_BATCH",
    "MAX_BATCH_BYTES",
    "MAX_BUNDLE",
    "MAX_RECORD",
    "ActivationRecord",
    "Batch",
    "ErasureRecord",
    "EventRecord",
    "Journal",
    "JournalDamage",
    "JournalError",
    "Kind",
    "Named",
    "Record",
    "Stats",
    "Verification",
    "decode",
    "decode_event",
    "encode_activation",
    "encode_erasure",
    "encode_event",
    "encode_label",
    "encode_list_entry",
    "encode_setting",
    "examine",
    "pack_bundle",
    "salvage",
    "unpack_bundle",
]
