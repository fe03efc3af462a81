//! Programs made by hand, in memory as a whole and in pieces.

use super::*;

/// Where a program's first byte is loaded.
pub(crate) const BASE: u64 = 0x40_0000;

/// A 64-bit program of one segment with these bytes in it, `padding` bytes behind them, and one section around them.
pub(crate) fn program(section: &str, content: &[u8], padding: usize) -> Vec<u8> {
    const HEADERS: usize = 64 + 56;
    let start = HEADERS.next_multiple_of(64);
    let names = [b"\0.shstrtab\0", section.as_bytes(), b"\0"].concat();
    let mut file = vec![0; start];
    file.extend_from_slice(content);
    file.resize(file.len() + padding, 0xcc);
    let names_at = file.len();
    file.extend_from_slice(&names);
    let sections_at = file.len();
    let number = |value: usize| (value as u64).to_le_bytes();
    let mut section = |name: u32, kind: u32, at: usize, length: usize| {
        let mut header = [0; 64];
        header[..4].copy_from_slice(&name.to_le_bytes());
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[24..32].copy_from_slice(&number(at));
        header[32..40].copy_from_slice(&number(length));
        file.extend_from_slice(&header);
    };
    section(0, 0, 0, 0);
    section(1, 3, names_at, names.len());
    section(11, 1, start, content.len());
    let length = file.len() as u64;
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7fELF\x02\x01\x01");
    put(16, &[2, 0, 62, 0, 1]);
    put(32, &64_u64.to_le_bytes());
    put(40, &number(sections_at));
    put(52, &[64, 0, 56, 0, 1, 0, 64, 0, 3, 0, 1, 0]);
    put(64, &[1, 0, 0, 0, 7]);
    put(64 + 16, &BASE.to_le_bytes());
    put(64 + 32, &length.to_le_bytes());
    put(64 + 40, &length.to_le_bytes());
    file
}

/// Where the content of [`program`] stands.
pub(crate) const CONTENT: u64 = 128;

pub(crate) fn pieces(file: &[u8], mark: &[u8]) -> Elf {
    Elf::pieces(file, file.len() as u64, mark).unwrap()
}

fn whole(file: &[u8]) -> Elf {
    Elf::whole(file, file.len() as u64, b"no mark").unwrap()
}

#[test]
fn sections_and_addresses_are_found_in_a_whole_file() {
    let file = program(".note", b"content", 100);
    let elf = whole(&file);
    assert_eq!(elf.section(b".note", 100), Sight::There(&b"content"[..]));
    assert_eq!(elf.section(b".note", 6), Sight::Absent, "longer than wanted");
    assert_eq!(elf.section(b".text", 100), Sight::Absent);
    assert_eq!(elf.place_of(BASE + CONTENT), Sight::There(CONTENT));
    assert_eq!(elf.place_of(BASE + (1 << 20)), Sight::Absent);
    for cut in 0..file.len() {
        let elf = whole(&file[..cut]);
        assert_eq!(elf.section(b".note", 100), Sight::Absent, "cut off at {cut}");
    }
}

#[test]
fn of_a_long_file_what_is_not_in_memory_is_unseen_and_not_absent() {
    let length = usize::try_from(WHOLE_BYTES_MAX).unwrap();
    let mut content = vec![0; length];
    content.extend_from_slice(b"the middle");
    let file = program(".note", &content, length);
    let elf = pieces(&file, b"no mark");
    assert_eq!(elf.section(b".note", 2 * WHOLE_BYTES_MAX), Sight::Unseen);
    assert_eq!(
        elf.section(b".text", 2 * WHOLE_BYTES_MAX),
        Sight::Absent,
        "the table of sections is at the end"
    );
    assert_eq!(elf.bytes(1, 3), Sight::There(&b"ELF"[..]));
    assert_eq!(elf.bytes(file.len() as u64 - 2, 3), Sight::Absent);
    let kept: usize = elf.pieces.iter().map(|(_, piece)| piece.len()).sum();
    assert!(kept <= 3 * END_BYTES, "{kept} bytes are kept");
}

#[test]
fn what_follows_a_mark_is_kept() {
    let length = usize::try_from(WHOLE_BYTES_MAX).unwrap();
    for at in [0, 16, END_BYTES - 128 - 16, END_BYTES, length - 128] {
        let mut content = vec![0; 2 * length];
        content[at..at + 8].copy_from_slice(b"the mark");
        content[at + 300_000..at + 300_006].copy_from_slice(b"behind");
        let elf = pieces(&program(".data", &content, 0), b"the mark");
        let place = CONTENT + at as u64;
        assert_eq!(elf.marks, [place], "{at}");
        assert_eq!(elf.bytes(place + 300_000, 6), Sight::There(&b"behind"[..]), "{at}");
    }
    let elf = pieces(&program(".data", &b"the mark\0\0\0\0\0\0\0\0".repeat(1000), 0), b"the mark");
    assert_eq!(elf.marks.len(), MARKS_MAX);
}

#[test]
fn a_table_of_names_without_an_end_was_gone_through_for_each_section() {
    const NAMES: usize = 2 << 20;
    const SECTIONS: u16 = 30_000;
    let mut file = program(".note", &vec![b'x'; NAMES], 0);
    let sections_at = file.len();
    let mut header = [0; 64];
    // All are named by what the program holds, and so is the table of names itself.
    header[24..32].copy_from_slice(&CONTENT.to_le_bytes());
    header[32..40].copy_from_slice(&(NAMES as u64).to_le_bytes());
    file.extend(header.repeat(SECTIONS.into()));
    file[40..48].copy_from_slice(&(sections_at as u64).to_le_bytes());
    file[60..62].copy_from_slice(&SECTIONS.to_le_bytes());
    assert_eq!(whole(&file).section(b".note", 100), Sight::Absent);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0..300_usize, bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        let mut file = program(".note", b"content", 100);
        let end = file.len().min(at + bytes.len());
        file[at.min(end)..end].copy_from_slice(&bytes[..end.saturating_sub(at)]);
        let elf = whole(&file);
        let _ = (elf.section(b".note", 1 << 20), elf.place_of(BASE), elf.place_of(u64::MAX));
    }
}
