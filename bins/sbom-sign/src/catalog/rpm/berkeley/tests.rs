//! Hashes made by hand of small pages, in both byte orders; those by Berkeley DB itself are in tests/cli/rpm.rs.

use super::*;
use crate::catalog::rpm::tests::{damaged, names, package};

const PAGE: usize = 512;

/// A hash in the order of its machine.
struct Machine(Order);

impl Machine {
    fn two(&self, number: usize) -> [u8; 2] {
        let number = u16::try_from(number).unwrap();
        if self.0 == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn four(&self, number: usize) -> [u8; 4] {
        let number = u32::try_from(number).unwrap();
        if self.0 == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    /// The head of a page, filled up.
    fn page(&self, number: usize, next: usize, (entries, used): (usize, usize), kind: u8) -> Vec<u8> {
        let numbers = [self.four(number), [0; 4], self.four(next)].concat();
        let mut page = [&[0; 8][..], &numbers, &self.two(entries), &self.two(used), &[1, kind]].concat();
        page.resize(PAGE, 0);
        page
    }

    /// A page of the table.
    fn bucket(&self, number: usize, next: usize, items: &[Vec<u8>]) -> Vec<u8> {
        let mut page = self.page(number, next, (items.len(), 0), HASH);
        let mut end = PAGE;
        for (place, item) in items.iter().enumerate() {
            end -= item.len();
            page[end..end + item.len()].copy_from_slice(item);
            let at = HEAD_BYTES + PLACE_BYTES * place;
            page[at..at + PLACE_BYTES].copy_from_slice(&self.two(end));
        }
        page
    }

    fn overflow(&self, number: usize, next: usize, content: &[u8]) -> Vec<u8> {
        let mut page = self.page(number, next, (1, content.len()), OVERFLOW);
        page[HEAD_BYTES..HEAD_BYTES + content.len()].copy_from_slice(content);
        page
    }

    fn key(&self, number: usize) -> Vec<u8> {
        [&[HERE][..], &self.four(number)].concat()
    }

    fn elsewhere(&self, page: usize, length: usize) -> Vec<u8> {
        [&[ELSEWHERE, 0, 0, 0][..], &self.four(page), &self.four(length)].concat()
    }

    /// Of two buckets, on pages 1 and 2, with these pages.
    fn database(&self, pages: &[Vec<u8>]) -> Vec<u8> {
        let mut meta = self.page(0, 0, (0, 0), HASH_META);
        let spares = [1, 1].map(|start| self.four(start)).concat();
        for (at, bytes) in [
            (12, &self.four(0x0006_1561)[..]),
            (16, &self.four(9)),
            (20, &self.four(PAGE)),
            (24, &[0]),
            (32, &self.four(pages.len())),
            (72, &self.four(1)),
            (96, &spares),
        ] {
            meta[at..at + bytes.len()].copy_from_slice(bytes);
        }
        [meta, pages.concat()].concat()
    }

    /// A hash with a package in its table, one in overflow pages, a chain, and rpm's counter.
    fn whole(&self) -> Vec<Vec<u8>> {
        let long = package(&"n".repeat(600));
        let (first, second) = long.split_at(PAGE - HEAD_BYTES);
        let here = |name: &str| [&[HERE][..], &package(name)].concat();
        vec![
            self.bucket(1, 3, &[self.key(0), self.key(2), self.key(1), here("a")]),
            self.bucket(2, 0, &[self.key(2), self.elsewhere(4, long.len())]),
            self.bucket(3, 0, &[self.key(3), here("c")]),
            self.overflow(4, 5, first),
            self.overflow(5, 0, second),
        ]
    }
}

const MACHINES: [Machine; 2] = [Machine(Order::Little), Machine(Order::Big)];

#[test]
fn packages_are_found_in_buckets_chains_and_overflow_pages() {
    for machine in MACHINES {
        let database = machine.database(&machine.whole());
        let wanted = Ok(vec!["a".to_owned(), "c".to_owned(), "n".repeat(600)]);
        assert_eq!(names(read, &database), wanted);
        damaged(read, &database);
        // Buckets that nobody has written to yet, and one that a doubling made for later.
        let mut empty = machine.page(3, 0, (0, PAGE), HASH);
        assert_eq!(
            names(read, &machine.database(&[vec![0; PAGE], vec![0; PAGE], empty.clone()])),
            Ok(vec![])
        );
        empty[8..12].copy_from_slice(&machine.four(1));
        assert_eq!(
            names(read, &machine.database(&[empty, machine.page(2, 0, (0, PAGE), UNUSED)])),
            Ok(vec![])
        );
    }
}

#[test]
fn circles_and_lost_pages_are_errors() {
    for machine in MACHINES {
        let wrong = |place: usize, page: Vec<u8>| {
            let mut pages = machine.whole();
            pages[place - 1] = page;
            names(read, &machine.database(&pages)).unwrap_err()
        };
        let item = |item: Vec<u8>| machine.bucket(2, 0, &[machine.key(2), item]);
        assert_eq!(wrong(3, machine.bucket(3, 1, &[])), "page 1 stands in two places");
        assert_eq!(wrong(5, machine.overflow(5, 4, b"x")), "page 4 stands in two places");
        assert_eq!(wrong(1, machine.bucket(1, 0, &[])), "nothing leads to page 3, which is in use");
        assert_eq!(wrong(2, machine.bucket(2, 0, &[])), "nothing leads to page 4, which is in use");
        assert_eq!(wrong(2, item(machine.elsewhere(9, 1))), "page 9 is beyond its end: it is cut off");
        assert_eq!(wrong(2, item(machine.elsewhere(4, 9))), "an entry of 9 bytes has 661");
        assert_eq!(wrong(2, item(machine.elsewhere(3, 9))), "page 3 stands in two places");
        assert_eq!(wrong(2, item(vec![2, 0])), "one of its entries is of a kind that rpm never writes");
        assert_eq!(wrong(2, item(vec![ELSEWHERE])), "one of its entries is of a kind that rpm never writes");
        assert_eq!(wrong(2, machine.bucket(2, 0, &[machine.key(2)])), "one of its keys is for nothing");
        let key = machine.bucket(2, 0, &[vec![HERE, 1], vec![HERE]]);
        assert_eq!(wrong(2, key), "one of its keys is no number of a package");
        assert_eq!(wrong(2, machine.overflow(2, 0, b"x")), "page 2 is of kind 7, which is none of a table");
        assert_eq!(wrong(4, machine.bucket(4, 0, &[])), "page 4 is not the rest of an entry");
        assert_eq!(wrong(2, machine.bucket(9, 0, &[])), "page 2 has another number");
        let mut overlap = machine.bucket(2, 0, &[machine.key(2), machine.key(3)]);
        overlap.copy_within(26..28, 28);
        overlap[28..30].copy_from_slice(&machine.two(PAGE - 1));
        assert_eq!(wrong(2, overlap), "two of its entries overlap");
    }
}

#[test]
fn what_rpm_never_writes_is_refused() {
    for machine in MACHINES {
        let whole = machine.database(&machine.whole());
        let with = |at: usize, bytes: &[u8]| {
            let mut changed = whole.clone();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            names(read, &changed).unwrap_err()
        };
        let kind = "it is encrypted, in parts or no hash, as rpm never writes it";
        assert_eq!([with(24, &[1]), with(25, &[9]), with(26, &[2])], [kind; 3]);
        assert_eq!(with(20, &machine.four(500)), "pages of 500 bytes are none of Berkeley DB's");
        assert_eq!(with(20, &machine.four(1 << 20)), "pages of 1048576 bytes are none of Berkeley DB's");
        assert_eq!(with(32, &machine.four(6)), "it is cut off: it has 6 pages, and its last is 6");
        assert!(with(72, &[0xff; 4]).contains("stands in two places"));
        assert!(with(96, &[0xff; 4]).contains("beyond its end"));
    }
}
