//! Does what we deployed really work, and does it keep working?
