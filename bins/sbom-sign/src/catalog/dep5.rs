//! Licences of a Debian package, from its machine-readable copyright file (Debian's copyright format 1.0); never a guess from prose.

use super::{Few, Licence, paragraph};

/// What the format's own address ends with, in all of its drafts.
const FORMATS: [&str; 3] = ["copyright-format/1.0", "dep5", "dep-5"];

/// The package whose copyright file this is.
pub fn package(path: &str) -> Option<&str> {
    path.strip_prefix("usr/share/doc/")?.strip_suffix("/copyright").filter(|name| !name.contains('/'))
}

/// The licences of all files; empty for prose.
pub fn read(text: &str) -> Few<Licence> {
    let mut paragraphs = paragraph::paragraphs(text).map_while(Result::ok);
    let Some(header) = paragraphs.next() else { return Few::new() };
    let format = header.first("Format").or_else(|| header.first("Format-Specification"));
    let format = format.unwrap_or_default().trim_end_matches('/').to_ascii_lowercase();
    if !FORMATS.iter().any(|known| format.contains(known)) {
        return Few::new();
    }
    let of_files = paragraphs.filter(|one| one.first("Files").is_some());
    let said = header.first("License").into_iter().chain(of_files.filter_map(|one| one.first("License")));
    said.filter_map(|said| Licence::of(&spdx(said))).collect()
}

/// Debian's short names in SPDX's words ("Short name" of the format).
fn spdx(said: &str) -> String {
    let words = said.replace(',', " ");
    words.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "and" => return "AND".into(),
        "or" => return "OR".into(),
        "with" => return "WITH".into(),
        "expat" => return "MIT".into(),
        "bsd-2-clause" => return "BSD-2-Clause".into(),
        "bsd-3-clause" => return "BSD-3-Clause".into(),
        "bsd-4-clause" => return "BSD-4-Clause".into(),
        "artistic" => return "Artistic-1.0".into(),
        "zlib" => return "Zlib".into(),
        "cc0" => return "CC0-1.0".into(),
        _ => {}
    }
    // `GPL-2` and `GPL-2+`; with `.0` where SPDX has it.
    let (name, later) = word.strip_suffix('+').map_or((word, "only"), |name| (name, "or-later"));
    match name.rsplit_once('-') {
        Some((family @ ("GPL" | "LGPL" | "AGPL" | "GFDL"), version)) => {
            let minor = if version.contains('.') { "" } else { ".0" };
            format!("{family}-{version}{minor}-{later}")
        }
        Some((family @ ("Apache" | "MPL" | "Artistic" | "CDDL" | "EPL"), version)) => {
            let minor = if version.contains('.') { "" } else { ".0" };
            format!("{family}-{version}{minor}")
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(licences: &str) -> Vec<String> {
        let head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";
        let text = format!("{head}Upstream-Name: x\n\nFiles: *\nCopyright: me\nLicense: {licences}\n text\n");
        read(&text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn short_names_become_expressions() {
        for (debian, spdx) in [
            ("GPL-2+", "GPL-2.0-or-later"),
            ("LGPL-2.1", "LGPL-2.1-only"),
            ("GPL-1+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0"),
            ("Expat", "MIT"),
            ("BSD-3-clause and Apache-2.0", "BSD-3-Clause AND Apache-2.0"),
            ("GFDL-1.3+", "GFDL-1.3-or-later"),
        ] {
            assert_eq!(said(debian), [spdx], "{debian}");
            assert!(matches!(Licence::of(spdx), Some(Licence::Expression(_))), "{spdx}");
        }
        assert_eq!(said("public-domain"), ["public-domain"]);
    }

    #[test]
    fn prose_says_nothing() {
        assert!(read("This package was debianized by me.\nLicense: GPL-2\n").is_empty());
        assert!(read("").is_empty());
        assert_eq!(package("usr/share/doc/libc6/copyright"), Some("libc6"));
        assert_eq!(package("usr/share/doc/a/b/copyright"), None);
    }
}
