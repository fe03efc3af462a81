-- Loses which notes were pinned.
ALTER TABLE notes DROP COLUMN pinned;
PRAGMA user_version = 1;
