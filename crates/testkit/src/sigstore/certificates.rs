//! Logs of certificates, which promise Fulcio that they will show what it issues (RFC 6962): Google's on Trillian, and TesseraCT on a
//! directory; never what stands in the certificates.

use super::{LOCAL, Sigstore, free_port, openssl};

/// Where certificates are logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CertificateLog {
    /// Nowhere: the certificates hold no promise.
    None,
    /// Google's on Trillian, which the public instance has used from its beginning.
    Ctfe,
    /// TesseraCT, whose promises name the entry's number in an extension (c2sp.org/static-ct-api).
    TesseraCt,
}

impl Sigstore {
    /// Starts it, and gives its address for Fulcio and the trusted root; nothing if there is none.
    pub(super) fn serve_certificate_log(&mut self, kind: CertificateLog) -> Option<String> {
        let port = free_port();
        // Of the older form, without its parameters: TesseraCT reads no other.
        openssl(self.directory.path(), "ecparam -name prime256v1 -genkey -noout -out ct.key");
        openssl(self.directory.path(), "pkey -in ct.key -pubout -out ct.pub");
        match kind {
            CertificateLog::None => return None,
            CertificateLog::Ctfe => self.serve_ctfe(port),
            CertificateLog::TesseraCt => self.serve_tesseract(port),
        }
        Some(format!("http://{LOCAL}:{port}/certificates"))
    }

    fn serve_ctfe(&mut self, port: u16) {
        let trillian = self.trillian();
        let tree = self.tree(trillian);
        // From a file it takes only keys with a password.
        let key = openssl(self.directory.path(), "ec -in ct.key -outform DER");
        let key: String = key.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        self.directory.file(
            "ct.cfg",
            format!(
                r#"config {{
                    log_id: {tree}
                    prefix: "certificates"
                    roots_pem_file: "fulcio.pem"
                    private_key: {{ [type.googleapis.com/keyspb.PrivateKey] {{ der: "{key}" }} }}
                    max_merge_delay_sec: 86400
                }}"#
            ),
        );
        self.serve(
            "ct_server",
            &format!(
                "--http_endpoint={LOCAL}:{port} --log_rpc_server={LOCAL}:{} --log_config=ct.cfg --logtostderr",
                trillian.0
            ),
        );
        self.get("ct_server", port, "/certificates/ct/v1/get-roots");
    }

    fn serve_tesseract(&mut self, port: u16) {
        self.serve(
            "tesseract-posix",
            &format!(
                "--http_endpoint={LOCAL}:{port} --origin={LOCAL}/certificates --path_prefix=certificates --private_key=ct.key \
                 --roots_pem_file=fulcio.pem --storage_dir={} --checkpoint_interval=200ms --logtostderr",
                self.file("certificates")
            ),
        );
        self.get("tesseract-posix", port, "/certificates/ct/v1/get-roots");
    }
}
