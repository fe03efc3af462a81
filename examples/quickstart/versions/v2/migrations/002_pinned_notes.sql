-- migrate-db: phase=expand
-- A note can be pinned. The default lets 1.0.0, which does not know the column, go on writing.
ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));

PRAGMA user_version = 2;
