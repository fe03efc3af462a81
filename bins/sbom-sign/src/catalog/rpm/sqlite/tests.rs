//! Databases made by hand of pages that are small, so that little fills them; those by SQLite itself are in tests/cli/rpm.rs.

use super::*;
use crate::catalog::rpm::tests::{damaged, names, package};

const PAGE: usize = 512;
/// The page of the table.
const ROOT: usize = 2;

fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap()
}

fn two(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_be_bytes()
}

fn four(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_be_bytes()
}

/// A number of two bytes; all that are needed fit.
fn wide(number: usize) -> [u8; 2] {
    [byte(0x80 | number >> 7), byte(number & 0x7f)]
}

/// A page of this kind with these cells.
fn page(number: usize, kind: u8, cells: &[Vec<u8>], last: &[u8]) -> Vec<u8> {
    let start = if number == SCHEMA_PAGE { HEADER_BYTES } else { 0 };
    let mut page = vec![0; PAGE];
    let head = [&[kind, 0, 0], &two(cells.len())[..], &[0, 0, 0], last].concat();
    page[start..start + head.len()].copy_from_slice(&head);
    let mut end = PAGE;
    for (place, cell) in cells.iter().enumerate() {
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(cell);
        let at = start + head.len() + PLACE_BYTES * place;
        page[at..at + PLACE_BYTES].copy_from_slice(&two(end));
    }
    page
}

/// A row of `Packages`: no number, which is the row's own, and a blob.
fn record(blob: &[u8]) -> Vec<u8> {
    [&[4, 0], &wide(12 + 2 * blob.len())[..], blob].concat()
}

/// A cell of a leaf that holds all of a record.
fn cell(row: usize, record: &[u8]) -> Vec<u8> {
    [&wide(record.len())[..], &[byte(row)], record].concat()
}

/// A database of these pages behind the schema.
fn database(pages: &[Vec<u8>]) -> Vec<u8> {
    let text = |text: &str| byte(13 + 2 * text.len());
    let (kind, name, sql) = ("table", "packages", "CREATE");
    let words = [kind, name, name].concat();
    let schema = [
        &[6, text(kind), text(name), text(name), 1, text(sql)],
        words.as_bytes(),
        &[byte(ROOT)],
        sql.as_bytes(),
    ];
    let mut first = page(SCHEMA_PAGE, LEAF, &[cell(1, &schema.concat())], &[]);
    first[..16].copy_from_slice(MAGIC);
    first[16..18].copy_from_slice(&two(PAGE));
    first[28..32].copy_from_slice(&four(1 + pages.len()));
    first[56..60].copy_from_slice(&four(1));
    [&first, &pages.concat()[..]].concat()
}

fn interior(number: usize, children: &[usize]) -> Vec<u8> {
    let (last, children) = children.split_last().unwrap();
    let cell = |(row, child): (usize, &usize)| [&four(*child)[..], &[byte(row)]].concat();
    page(number, INTERIOR, &children.iter().enumerate().map(cell).collect::<Vec<_>>(), &four(*last))
}

fn leaf(number: usize, packages: &[&str]) -> Vec<u8> {
    let cell = |(row, name): (usize, &&str)| cell(row, &record(&package(name)));
    page(number, LEAF, &packages.iter().enumerate().map(cell).collect::<Vec<_>>(), &[])
}

#[test]
fn rows_are_found_in_their_order() {
    assert_eq!(names(read, &database(&[leaf(2, &[])])), Ok(vec![]));
    let deep =
        [interior(2, &[3, 6]), interior(3, &[4, 5]), leaf(4, &["a", "b"]), leaf(5, &["c"]), leaf(6, &["d"])];
    let wanted = Ok(["a", "b", "c", "d"].map(str::to_owned).to_vec());
    let database = database(&deep);
    assert_eq!(names(read, &database), wanted);
    damaged(read, &database);
}

/// A row of this length in a database of its own, in the leaf and in as many pages as it takes.
fn long(length: usize) -> Vec<u8> {
    let name = "n".repeat(length);
    let record = record(&package(&name));
    let local = File { bytes: &[], page: PAGE, usable: PAGE }.local(record.len());
    let (here, rest) = record.split_at(local);
    let mut cell = [&wide(record.len())[..], &[1], here].concat();
    let mut pages = Vec::new();
    for piece in rest.chunks(PAGE - POINTER_BYTES) {
        let next =
            if pages.len() == rest.len().div_ceil(PAGE - POINTER_BYTES) - 1 { 0 } else { 4 + pages.len() };
        let mut page = [&four(next)[..], piece].concat();
        page.resize(PAGE, 0);
        pages.push(page);
    }
    if !pages.is_empty() {
        cell.extend(four(3));
    }
    pages.insert(0, page(2, LEAF, &[cell], &[]));
    database(&pages)
}

#[test]
fn rows_run_over_into_other_pages() {
    for length in (0..3000).step_by(7) {
        assert_eq!(names(read, &long(length)), Ok(vec!["n".repeat(length)]), "{length}");
    }
    let whole = long(2000);
    let cut = |database: &[u8]| names(read, database).unwrap_err();
    assert_eq!(cut(&whole[..whole.len() - PAGE]), "it is cut off: it has 5 of its 6 pages");
    // Older writers do not tell how many pages there are.
    let mut silent = whole;
    silent[27] = 9;
    assert_eq!(cut(&silent[..silent.len() - PAGE]), "page 5 is beyond its end: it is cut off");
    silent[2 * PAGE..2 * PAGE + 4].copy_from_slice(&four(3));
    assert_eq!(cut(&silent), "page 2 stands in two places");
}

#[test]
fn circles_and_heaps_end() {
    let wrong = |pages: &[Vec<u8>]| names(read, &database(pages)).unwrap_err();
    assert_eq!(wrong(&[interior(2, &[2])]), "page 1 stands in two places");
    assert_eq!(wrong(&[interior(2, &[1])]), "page 0 stands in two places");
    assert_eq!(wrong(&[interior(2, &[3, 3]), leaf(3, &["a"])]), "page 2 stands in two places");
    assert_eq!(wrong(&[interior(2, &[0])]), "it points at a page 0");
    assert_eq!(wrong(&[interior(2, &[9])]), "page 8 is beyond its end: it is cut off");
    assert_eq!(wrong(&[page(2, 0x0a, &[], &[])]), "page 2 is of kind 10, which is none of a table");
    // All entries of a page are the same cell.
    let one = cell(1, &record(&package(&"n".repeat(200))));
    let mut many = page(2, LEAF, &[one], &[]);
    let place = [many[8], many[9]];
    many[3..5].copy_from_slice(&two(90));
    many[8..8 + 180].copy_from_slice(&place.repeat(90));
    assert_eq!(wrong(&[many]), "its entries have more bytes together than it has itself");
    let huge = [&[0xff; 8][..], &[1, 1]].concat();
    assert_eq!(
        wrong(&[page(2, LEAF, &[huge], &[])]),
        "its entries have more bytes together than it has itself"
    );
}

#[test]
fn what_rpm_never_writes_is_refused() {
    let whole = database(&[leaf(2, &["a"])]);
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        names(read, &changed).unwrap_err()
    };
    assert_eq!(with(16, &two(500)), "pages of 500 bytes are none of SQLite's");
    assert_eq!(with(20, &[200]), "its pages are reserved for something else");
    assert_eq!(with(56, &four(2)), "its texts are UTF-16, which rpm never writes");
    let name = memchr::memmem::find(&whole, b"packages").unwrap();
    assert_eq!(with(name, b"Packing!"), "it has no table `Packages`");
    let text = [&[3, 0, 15], &b"a"[..]].concat();
    assert_eq!(
        names(read, &database(&[page(2, LEAF, &[cell(1, &text)], &[])])).unwrap_err(),
        "a row of its table `Packages` has no blob"
    );
    let short = names(read, &database(&[page(2, LEAF, &[cell(1, &[2, 0])], &[])]));
    assert_eq!(short.unwrap_err(), "a record has too few columns");
}
