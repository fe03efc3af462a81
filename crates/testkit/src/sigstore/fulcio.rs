//! Fulcio, the certificate authority, with a key of ours, so that tests can issue what it would not; never whom to believe.

use super::{LOCAL, Sigstore, free_port, openssl};

/// The one certificate above those that it issues.
const ROOT: &str = "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = root\n\
    [name]\nO = local\nCN = fulcio\n\
    [root]\nbasicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign, cRLSign\nsubjectKeyIdentifier = hash\n";

impl Sigstore {
    /// Makes the key and certificate of the authority: `fulcio.key` and `fulcio.pem`.
    pub(super) fn make_authority(&self) {
        self.directory.file("fulcio.cnf", ROOT);
        let directory = self.directory.path();
        openssl(directory, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out fulcio.key");
        openssl(
            directory,
            "req -x509 -new -sha384 -config fulcio.cnf -key fulcio.key -days 3650 -out fulcio.pem",
        );
    }

    /// Starts it, and gives its port.
    pub(super) fn serve_fulcio(&mut self, certificate_log: Option<&str>) -> u16 {
        let issuer = self.issuer();
        let config = format!(
            "oidc-issuers:\n  {issuer}:\n    issuer-url: {issuer}\n    client-id: sigstore\n    type: github-workflow\n"
        );
        self.directory.file("fulcio.yaml", config);
        let (port, grpc, metrics) = (free_port(), free_port(), free_port());
        let log =
            certificate_log.map_or_else(String::new, |url| format!("{url} --ct-log-public-key-path ct.pub"));
        self.serve(
            "fulcio",
            &format!(
                "serve --host {LOCAL} --port {port} --grpc-host {LOCAL} --grpc-port {grpc} --metrics-port {metrics} \
                 --legacy-unix-domain-socket @fulcio-{port} --config-path fulcio.yaml \
                 --ca fileca --fileca-cert fulcio.pem --fileca-key fulcio.key --fileca-key-passwd none --fileca-watch=false \
                 --ct-log-url={log}"
            ),
        );
        self.get("fulcio", port, "/api/v2/trustBundle");
        port
    }

    /// The certificate, in base64, as the authority would have signed it with this change, which keeps its length.
    pub fn reissued(&self, certificate: &str, change: impl FnOnce(&mut [u8])) -> String {
        let directory = self.directory.path();
        self.directory.file("certificate.txt", certificate);
        let certificate = openssl(directory, "base64 -d -A -in certificate.txt");
        // RFC 5280: what is signed, with which algorithm, and the signature, whose first byte counts unused bits.
        let whole = content(&certificate);
        let (mut signed, rest) = part(whole);
        let (algorithm, _) = part(rest);
        change(&mut signed);
        self.directory.file("signed.der", &signed);
        let signature = openssl(directory, "dgst -sha384 -sign fulcio.key signed.der");
        let signature = der(0x03, &[&[0], &signature[..]].concat());
        self.directory.file("certificate.der", der(0x30, &[signed, algorithm, signature].concat()));
        let text = openssl(directory, "base64 -A -in certificate.der");
        String::from_utf8(text).expect("base64").trim().to_owned()
    }
}

/// Where in a certificate the promise of the log begins: its version, the log's name of 32 bytes, the time of 8, and the extensions with
/// their length of 2 (RFC 6962, section 3.3).
pub fn promise_in(certificate: &[u8]) -> usize {
    const EXTENSION: [u8; 12] = [0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
    let found = certificate.windows(EXTENSION.len()).position(|bytes| bytes == EXTENSION);
    let at = found.expect("the certificate holds promises") + EXTENSION.len();
    let inner = at + header(&certificate[at..]);
    // The length of the list, and that of its only promise.
    inner + header(&certificate[inner..]) + 4
}

/// How many bytes stand before the content of this element of DER: its tag and its length.
fn header(element: &[u8]) -> usize {
    if element[1] < 0x80 { 2 } else { 2 + usize::from(element[1] & 0x7f) }
}

fn content(element: &[u8]) -> &[u8] {
    &element[header(element)..]
}

/// The first element, and those after it.
fn part(elements: &[u8]) -> (Vec<u8>, &[u8]) {
    let header = header(elements);
    let length = match &elements[1..header] {
        [short] => usize::from(*short),
        long => long[1..].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
    };
    let (first, rest) = elements.split_at(header + length);
    (first.to_vec(), rest)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a short content").to_be_bytes();
    let head = match content.len() {
        0..0x80 => vec![tag, length[3]],
        0x80..0x100 => vec![tag, 0x81, length[3]],
        _ => vec![tag, 0x82, length[2], length[3]],
    };
    [head, content.to_vec()].concat()
}
