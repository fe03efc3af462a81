//! What was good, what about the database, and who needs to know?
