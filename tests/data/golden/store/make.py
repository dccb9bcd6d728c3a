"""Writes version-1.db, a state database of schema version 1, by an independent reading of
coordinator/store/README.md: run `python3 make.py` here. Never remade once released."""
import hashlib
import os
import sqlite3


def sha(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def add_run(db, name, before, snapshot, after, facts):
    head = sha(f"run {len(name)}:{name}".encode())
    sequence = 0

    def append(records):
        nonlocal head, sequence
        for record in records:
            sequence += 1
            head = sha(f"record {sequence} after {head.hex()}:".encode(), record)
            db.execute("INSERT INTO records VALUES (?, ?, ?, ?)", (name, sequence, record, head))

    append(before)
    if snapshot is not None:
        digest = sha(f"snapshot through {sequence} at {head.hex()}:".encode(), snapshot)
        db.execute("INSERT INTO snapshots VALUES (?, ?, ?, ?)", (name, sequence, snapshot, digest))
    append(after)
    for key, value in facts.items():
        digest = sha(f"fact {len(name)}:{name} {len(key)}:{key}:".encode(), value)
        db.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", (name, key, value, digest))
    db.execute("INSERT INTO runs VALUES (?, ?, ?)", (name, sequence, head))


if os.path.exists("version-1.db"):
    os.remove("version-1.db")
db = sqlite3.connect("version-1.db")
db.execute("PRAGMA page_size = 1024")
db.execute("PRAGMA journal_mode = WAL")
db.executescript("""
CREATE TABLE runs (name TEXT PRIMARY KEY, records INTEGER NOT NULL, head BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE records (run TEXT NOT NULL, sequence INTEGER NOT NULL, bytes BLOB NOT NULL, digest BLOB NOT NULL,
                      PRIMARY KEY (run, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE snapshots (run TEXT PRIMARY KEY, through INTEGER NOT NULL, bytes BLOB NOT NULL,
                        digest BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE facts (run TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, digest BLOB NOT NULL,
                    PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID;
CREATE TABLE commits (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
INSERT INTO commits VALUES (1, 5);
PRAGMA application_id = 0x54524942;
PRAGMA user_version = 1;
""")
add_run(db, "first", [b"record 1", b"record 2"], b"state after 2", [b"record 3", b"\0\xff"], {"plan_digest": b"ffff"})
add_run(db, "second", [], None, [b"b" * 10000], {"plan_digest": b"0123abcd", "run.toml": b"format = 1\n"})
db.commit()
db.close()
