//! Parses, runs, reports.

fn main() {}
