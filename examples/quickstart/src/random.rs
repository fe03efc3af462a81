//! Unpredictable bytes from the operating system; no generator of our own.

use std::fmt::Write;

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// `N` random bytes in lower-case hex.
pub(crate) fn hex<const N: usize>() -> Result<String, getrandom::Error> {
    let mut hex = String::with_capacity(2 * N);
    for byte in bytes::<N>()? {
        _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
    }
    Ok(hex)
}
