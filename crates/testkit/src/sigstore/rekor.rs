//! Rekor, the log of signatures: version 2 on tiles in a directory, version 1 on Trillian; never who reads it.

use super::{LOCAL, Sigstore, free_port, openssl};

/// Which Rekor signatures are entered in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rekor {
    /// sigstore/rekor, with a promise and a time of its own.
    V1,
    /// sigstore/rekor-tiles.
    V2,
}

impl Sigstore {
    /// Starts it, and gives its port.
    pub(super) fn serve_rekor(&mut self, version: Rekor) -> u16 {
        let port = free_port();
        let algorithm = match version {
            Rekor::V1 => "EC -pkeyopt ec_paramgen_curve:P-256",
            Rekor::V2 => "ED25519",
        };
        openssl(self.directory.path(), &format!("genpkey -algorithm {algorithm} -out log.key"));
        openssl(self.directory.path(), "pkey -in log.key -pubout -out log.pub");
        match version {
            Rekor::V1 => self.serve_version_1(port),
            Rekor::V2 => self.serve_version_2(port),
        }
        port
    }

    /// What it counts for its metrics it would offer on the timestamp authority's port, and does without if that is taken.
    fn serve_version_1(&mut self, port: u16) {
        let trillian = self.trillian();
        let tree = self.tree(trillian);
        self.serve(
            "rekor-v1-server",
            &format!(
                "serve --rekor_server.address {LOCAL} --rekor_server.hostname {LOCAL} --port {port} --rekor_server.signer log.key \
                 --trillian_log_server.address {LOCAL} --trillian_log_server.port {} --trillian_log_server.tlog_id {tree} \
                 --enable_retrieve_api=false --enabled_api_endpoints createLogEntry,getLogEntryByIndex,getLogEntryByUUID,getLogInfo,getLogProof,getPublicKey",
                trillian.0
            ),
        );
        self.get("rekor-v1-server", port, "/api/v1/log");
    }

    /// The name of the log is the host of its address without the port, or its checkpoints do not verify.
    fn serve_version_2(&mut self, port: u16) {
        let (grpc, metrics, tiles) = (free_port(), free_port(), self.file("tiles"));
        self.serve(
            "rekor-server",
            &format!(
                "serve --hostname {LOCAL} --http-port {port} --grpc-port {grpc} --http-metrics-port {metrics} --storage-dir {tiles} \
                 --signer-filepath log.key --checkpoint-interval 200ms"
            ),
        );
        self.get("rekor-server", port, "/healthz");
    }
}
