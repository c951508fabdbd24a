"""SQLite files that are ours: made where there is nothing, and never taken for one of somebody else's."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType


def claim(
    db: sqlite3.Connection,
    name: str,
    what: str,
    *,
    application: int,
    version: int,
    schema: str,
    error: type[Exception],
    upgrades: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Make the tables of an empty file; raise ``error`` where the file is of another kind or another version.

    Args:
        name: of the file, for messages; ``what`` it is to be, such as "a store of trials".
        application, version: what SQLite keeps in the file's header.
        schema: the statements that make the tables, parted by semicolons.
        upgrades: by an earlier version, the statements that make the next one of its tables.
    """
    (kind,), (form,) = (db.execute(f"PRAGMA {key}").fetchone() for key in ("application_id", "user_version"))
    if kind == 0 and not list(db.execute("SELECT 1 FROM sqlite_master")):
        _execute(db, schema, version)
        db.execute(f"PRAGMA application_id = {application}")
    elif kind != application:
        raise error(f"{name} is a database of something else; allowed: {what}")
    while kind == application and form in upgrades and form < version:
        _execute(db, upgrades[form], form + 1)
        form += 1
    if kind == application and form != version:
        raise error(f"{name} has format {form}; this version reads format {version}")


def _execute(db: sqlite3.Connection, statements: str, version: int) -> None:
    """What leads to a version, within the transaction that is open (``executescript`` would end it)."""
    for statement in filter(str.strip, statements.split(";")):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {version}")
