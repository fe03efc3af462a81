//! Strict stand-ins and harnesses for tests: the runner's rules, transcripts, crash points. Never shipped.
