//! The table of bad input that every binary must meet with a clear refusal and an untouched disk; knows no binary.
