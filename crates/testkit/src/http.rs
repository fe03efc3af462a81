//! A scripted HTTP server for tests of clients; std only.
