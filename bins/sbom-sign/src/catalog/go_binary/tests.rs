//! Build information of Go, made by hand and from a real program.

#![allow(clippy::disallowed_methods, reason = "a test finds its tools itself and reads what they made")]

use std::{collections::BTreeSet, process::Command};

use testkit::tools::tool;

use super::*;
use crate::catalog::elf::tests::{BASE, CONTENT, pieces, program};

const LIST: &str = "path\texample.com/cmd/app\nmod\texample.com/app\t(devel)\t\ndep\tgithub.com/Acme/Lib\tv1.2.3\th1:x=\n\
    dep\texample.com/old\tv1.0.0\n=>\texample.com/new\tv2.0.0\th1:y=\ndep\texample.com/local\tv0.0.0\n=>\t./local\t(devel)\t\nbuild\t-compiler=gc\n";

fn fenced(list: &str) -> Vec<u8> {
    [&[1; FENCE_BYTES], list.as_bytes(), &[2; FENCE_BYTES]].concat()
}

fn inline(version: &str, list: &str) -> Vec<u8> {
    let mut bytes = [MARK, &[8, INLINE], &[0; 16]].concat();
    for text in [version.as_bytes(), &fenced(list)] {
        let mut left = text.len();
        while left >= 0x80 {
            bytes.push(left.to_le_bytes()[0] | 0x80);
            left >>= 7;
        }
        bytes.push(left.to_le_bytes()[0]);
        bytes.extend_from_slice(text);
    }
    bytes
}

/// As Go wrote it until 1.17: addresses of strings, which are addresses and lengths.
fn pointed(version: &str, list: &str) -> Vec<u8> {
    let (list, at) = (fenced(list), BASE + CONTENT);
    let texts = at + 64;
    let numbers =
        [at + 32, at + 48, texts, version.len() as u64, texts + version.len() as u64, list.len() as u64];
    let mut bytes = [MARK, &[8, 0]].concat();
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend_from_slice(version.as_bytes());
    bytes.extend_from_slice(&list);
    bytes
}

fn told(elf: &Elf) -> Vec<String> {
    let Sight::There(part) = read(elf) else { return Vec::new() };
    part.packages.iter().map(|one| format!("{} {:?}", one.reference, one.needs)).collect()
}

#[test]
fn both_forms_tell_the_same() {
    let wanted = [
        "pkg:golang/example.com/app {1, 2, 3, 4}",
        "pkg:golang/stdlib@1.17.1 {}",
        "pkg:golang/github.com/acme/lib@v1.2.3 {}",
        "pkg:golang/example.com/new@v2.0.0 {}",
        "pkg:golang/example.com/local {}",
    ];
    for content in [inline("go1.17.1", LIST), pointed("go1.17.1", LIST)] {
        let file = program(".go.buildinfo", &content, 32);
        assert_eq!(told(&pieces(&file, MARK)), wanted);
        for cut in 0..file.len() {
            let _ = read(&pieces(&file[..cut], MARK));
        }
    }
}

#[test]
fn a_long_program_with_pointers_is_read_as_a_whole() {
    let mut content = pointed("go1.16", LIST);
    let far = content.split_off(64);
    content.resize(64 + (8 << 20), 0);
    let texts = BASE + CONTENT + content.len() as u64;
    content.extend_from_slice(&far);
    content[32..40].copy_from_slice(&texts.to_le_bytes());
    content[48..56].copy_from_slice(&(texts + 6).to_le_bytes());
    content.resize(content.len() + (8 << 20), 0);
    let file = program(".go.buildinfo", &content, 0);
    assert_eq!(read(&pieces(&file, MARK)), Sight::Unseen);
    assert_eq!(told(&Elf::whole(&file[..], file.len() as u64, MARK).unwrap()).len(), 5);
}

#[test]
fn the_mark_alone_makes_no_go_program() {
    for content in [
        [MARK, b"\0\0and other text that a debugger holds"].concat(),
        inline("gone", LIST),
        inline("go1.2", "dep").split_off(16),
        [MARK, &[8, INLINE], &[0; 16], &[0xff; 20]].concat(),
        Vec::new(),
    ] {
        assert_eq!(read(&pieces(&program(".rodata", &content, 64), MARK)), Sight::Absent);
    }
}

/// A real program of many modules, and what Go itself says about it.
#[test]
fn go_reads_the_same_from_a_real_program() {
    let crane = tool("crane");
    let file = std::fs::read(&crane).expect("it can be read");
    let go = Command::new("go")
        .args(["version", "-m"])
        .arg(&crane)
        .output()
        .expect("go is there: script/setup installs it");
    let said = String::from_utf8(go.stdout).unwrap();
    let modules = said.lines().filter_map(|line| line.strip_prefix("\tdep\t"));
    let wanted: BTreeSet<String> = modules
        .map(|line| {
            let mut words = line.split('\t');
            format!("{}@{}", words.next().unwrap(), words.next().unwrap())
        })
        .collect();
    assert!(wanted.len() > 10, "{said}");
    let Sight::There(part) = read(&pieces(&file, MARK)) else { panic!("no modules in {}", crane.display()) };
    let named = |one: &Package| format!("{}@{}", one.name, one.version.clone().unwrap_or_default());
    let ours: BTreeSet<String> = part.packages[2..].iter().map(named).collect();
    assert_eq!(ours, wanted);
    let go = said.split_once(": go").unwrap().1.split_whitespace().next().unwrap();
    assert_eq!(named(&part.packages[1]), format!("stdlib@{go}"));
}

proptest::proptest! {
    #[test]
    fn no_list_makes_it_panic(list in "((path|mod|dep|=>|build)?(\t[a-z./@0-9]{0,6}){0,3}\n){0,12}") {
        let _ = read(&pieces(&program(".go.buildinfo", &inline("go1.20", &list), 0), MARK));
    }

    #[test]
    fn no_bytes_make_it_panic(at in 0..256_usize, bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..32)) {
        for mut content in [inline("go1.20", LIST), pointed("go1.16", LIST)] {
            let end = content.len().min(at + bytes.len());
            content[at.min(end)..end].copy_from_slice(&bytes[..end.saturating_sub(at)]);
            let _ = read(&pieces(&program(".go.buildinfo", &content, 0), MARK));
        }
    }
}
