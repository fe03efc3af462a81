-- migrate-db: phase=expand
-- When a note was last opened. A table of its own, so that 1.1.0 need not know it.
CREATE TABLE note_views (
    note_id INTEGER PRIMARY KEY REFERENCES notes (id) ON DELETE CASCADE,
    viewed_at TEXT NOT NULL
) STRICT;

PRAGMA user_version = 3;
