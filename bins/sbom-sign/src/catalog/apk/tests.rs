//! Databases of Alpine packages.

use super::*;
use crate::catalog::os_release;

/// Written by hand after the format's description, because Debian has no apk to make it: two packages with files, as apk-tools 2 leaves them.
const INSTALLED: &str = "\
C:Q1iZ+GvPqxKWIBc+ovoUKEUBfGFyY=
P:musl
V:1.2.5-r0
A:x86_64
S:407278
I:667648
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT
o:musl
m:A Maintainer <a@example.com>
t:1709938395
c:d7d79b5eb5e2a0ad1b2c1b6a0a0b1b1c2d3e4f50
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1DOpdlBVhBO3r0vYQQPxvqZc9M6A=

C:Q1pYqGiRGfLJpT5TGe4rpXZ0KcCyU=
P:libcrypto3
V:3.3.0-r2
A:x86_64
L:Apache-2.0
o:openssl
D:so:libc.musl-x86_64.so.1 !libressl gone>=1
F:usr/lib
R:libcrypto.so.3
";

fn place() -> Place {
    Place { path: DATABASES[0].to_owned(), layer: None }
}

#[test]
fn a_version_that_was_cut_off_was_taken_for_a_whole_one() {
    let wrong = read(&INSTALLED[..INSTALLED.find(".0-r2").unwrap()]).unwrap_err();
    assert_eq!((wrong.why.as_str(), wrong.line), ("the last line has no end: it is cut off", Some(22)));
}

#[test]
fn a_database_becomes_a_graph() {
    let system = os_release::read("ID=alpine\nVERSION_ID=3.20.0\n").unwrap();
    let records = read(INSTALLED).unwrap().into_iter().map(|record| (record, place()));
    let part = part(records.collect(), Some(&system));
    let told =
        part.packages.iter().map(|one| format!("{} {:?} {:?}\n", one.reference, one.licences, one.needs));
    insta::assert_snapshot!(told.collect::<String>(), @r#"
    pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.0 {Expression("MIT")} {}
    pkg:apk/alpine/libcrypto3@3.3.0-r2?arch=x86_64&distro=alpine-3.20.0&upstream=openssl {Expression("Apache-2.0")} {0}
    "#);
}

#[test]
fn a_database_that_is_cut_off_is_told_with_its_line() {
    let wrong = read(&INSTALLED[..INSTALLED.find("V:3.3.0").unwrap()]).unwrap_err();
    assert_eq!((wrong.why.as_str(), wrong.line), ("a package has no version (V)", Some(20)));
    assert_eq!(read("C:x\nV:1\n").unwrap_err().why, "a package has no name (P)");
    assert_eq!(read("P:a\nV:1\nand more").unwrap_err().line, Some(3));
    assert_eq!(read("\n\n").unwrap(), []);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([PVADopL]:?[a-z<>=~!: ]{0,8}\n{1,2}){0,16}") {
        if let Ok(records) = read(&text) {
            part(records.into_iter().map(|record| (record, place())).collect(), None);
        }
    }
}
