//! Keys, bundles, statements: sign and verify.
