//! Random words that nobody can guess: delimiters and stop tokens; never keys.

/// Thirty-two hexadecimal digits. Where the system has no randomness, time and process number stand in: an output is not lost over it.
pub(crate) fn token() -> String {
    let mut bytes = [0_u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let since = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
        let mix = since ^ u128::from(std::process::id()).rotate_left(64);
        bytes = mix.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_le_bytes();
    }
    format!("{:032x}", u128::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn no_two_tokens_are_alike() {
        assert_ne!(token(), token());
        assert_eq!(token().len(), 32);
    }
}
