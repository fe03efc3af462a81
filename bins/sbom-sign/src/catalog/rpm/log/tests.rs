//! Logs in both byte orders, whole and not.

use super::*;

const PAGE: usize = 512;

/// A log with these frames: how many pages the database has after each, nothing where the change goes on.
fn log(mark: u32, frames: &[u32]) -> Vec<u8> {
    let order = if mark == BIG { Order::Big } else { Order::Little };
    let mut sum = Sum { order, one: 0, two: 0 };
    let signed = |sum: &Sum| [sum.one.to_be_bytes(), sum.two.to_be_bytes()].concat();
    let words = [mark, VERSION, u32::try_from(PAGE).unwrap(), 0, 0x1234_5678, 0x9abc_def0];
    let mut log: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    sum.add(&log).unwrap();
    log.extend(signed(&sum));
    for (number, pages) in (1_u32..).zip(frames) {
        let start = [number.to_be_bytes(), pages.to_be_bytes()].concat();
        let content = vec![u8::try_from(number).unwrap(); PAGE];
        sum.add(&start).unwrap();
        sum.add(&content).unwrap();
        let salts = log[16..24].to_vec();
        log.extend([start, salts, signed(&sum), content].concat());
    }
    log
}

#[test]
fn a_change_counts_when_its_last_frame_is_whole() {
    for mark in [LITTLE, BIG] {
        assert_eq!(read(&log(mark, &[])), Changes::Finished);
        assert_eq!(read(&log(mark, &[0, 0])), Changes::Finished);
        let whole = log(mark, &[0, 2, 0]);
        assert_eq!(read(&whole), Changes::Unfinished);
        let end = HEADER_BYTES + 2 * (FRAME_HEADER_BYTES + PAGE);
        for length in 0..whole.len() {
            let wanted = if length < end { Changes::Finished } else { Changes::Unfinished };
            assert_eq!(read(&whole[..length]), wanted, "{length}");
        }
        for at in 0..end {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(read(&changed), Changes::Finished, "{at}");
        }
    }
}

#[test]
fn a_journal_counts_when_it_is_to_be_played_back() {
    assert_eq!(read(&[JOURNAL, &[0; 20]].concat()), Changes::Unfinished);
    assert_eq!(read(&[0; 512]), Changes::Finished);
    assert_eq!(read(b""), Changes::Finished);
}
