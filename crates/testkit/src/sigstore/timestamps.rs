//! The timestamp authority (RFC 3161); never what it stamps.

use super::{LOCAL, Sigstore, free_port};

impl Sigstore {
    /// Starts it, and gives its port.
    pub(super) fn serve_timestamps(&mut self) -> u16 {
        let port = free_port();
        self.serve(
            "timestamp-server",
            &format!(
                "serve --host {LOCAL} --port {port} --scheme http --timestamp-signer memory --disable-ntp-monitoring"
            ),
        );
        let chain = self.get("timestamp-server", port, "/api/v1/timestamp/certchain");
        self.directory.file("stamps.pem", chain);
        port
    }
}
