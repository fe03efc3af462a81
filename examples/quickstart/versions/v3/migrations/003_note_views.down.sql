-- Loses when notes were last opened.
DROP TABLE note_views;
PRAGMA user_version = 2;
