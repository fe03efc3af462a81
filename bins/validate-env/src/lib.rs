//! Is this environment's configuration complete, well formed and safe for this release?
