"""Logs as rows for statements that bypass the ORM, in the order of their columns."""

import json
from typing import Any

import msgspec

from fim.models import FimLog
from fim.record.new_log import NewLog

TABLE = FimLog._meta.db_table
# A log's fields in their order, but for the last one, the raw record.
COLUMNS = NewLog.__struct_fields__[:-1]
QUOTED_COLUMNS = ", ".join(f'"{name}"' for name in COLUMNS)
INSERT = (
    f"INSERT INTO {TABLE} ({QUOTED_COLUMNS}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608
    " ON CONFLICT (host, event_id) WHERE event_id IS NOT NULL DO NOTHING"
)
SET_EVENT_ID = f"UPDATE {TABLE} SET event_id = %s WHERE id = %s"  # noqa: S608

_ATTRIBUTES = COLUMNS.index("attributes")


def row_of(log: NewLog) -> list[Any]:
    row = list(msgspec.structs.astuple(log))
    row[_ATTRIBUTES] = json.dumps(log.attributes) if log.attributes else "{}"
    del row[-1]
    return row
