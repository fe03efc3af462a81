-- Loses everything.
DROP TABLE notes;
DROP TABLE sessions;
DROP TABLE users;
PRAGMA user_version = 0;
