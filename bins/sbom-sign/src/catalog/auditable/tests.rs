//! Lists that cargo-auditable leaves.

use std::io::Write as _;

use super::*;
use crate::catalog::elf::tests::{pieces, program};

/// As cargo-auditable writes it.
const LIST: &str = r#"{"packages":[
    {"name":"app","version":"0.1.0","source":"local","dependencies":[1,2],"root":true},
    {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
    {"name":"serde","version":"1.0.1","source":"registry","dependencies":[7]}]}"#;

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn of(section: &[u8]) -> Sight<Result<Part, Malformed>> {
    read(&pieces(&program(".dep-v0", section, 0), b"no mark"))
}

#[test]
fn a_list_becomes_a_graph() {
    let Sight::There(Ok(part)) = of(&zlib(LIST.as_bytes())) else { panic!("it was not read") };
    let told = part.packages.iter().map(|one| {
        format!(
            "{} {:?} {:?} {:?} {:?}\n",
            one.reference, one.kind, one.needs, one.development, one.properties
        )
    });
    insta::assert_snapshot!(told.collect::<String>(), @r#"
    pkg:cargo/app@0.1.0 Application {2} {1} {"seaworthy:cargo:source": "local"}
    pkg:cargo/cc@1.0.0 Library {} {} {}
    pkg:cargo/serde@1.0.1 Library {} {} {"seaworthy:cargo:source": "registry"}
    "#);
}

#[test]
fn a_list_that_is_none_is_told() {
    for (section, why) in [
        (b"no zlib".to_vec(), "corrupt deflate stream"),
        (zlib(b"[]"), "invalid"),
        (zlib(&vec![b' '; 9 << 20]), "longer than 8388608 bytes"),
        (zlib(LIST.as_bytes())[..60].to_vec(), "."),
    ] {
        let Sight::There(Err(wrong)) = of(&section) else { panic!("it was read") };
        assert!(wrong.why.contains(why) || why == ".", "{}", wrong.why);
    }
    assert_eq!(read(&pieces(&program(".text", b"x", 0), b"no mark")), Sight::Absent);
}
