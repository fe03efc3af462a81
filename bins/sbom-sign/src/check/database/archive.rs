//! Zip archives of OSV records (APPNOTE.TXT, stored and deflated entries), read entry by entry under limits; never unpacked.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use ci::files;
use zip::ZipArchive;

use super::{CheckError, RECORD_BYTES_MAX, RECORDS_MAX};

/// How many bytes the entries of one share may have together: small archives can be made to hold more than any disk.
const UNPACKED_BYTES_MAX: u64 = 32 << 30;

/// Reads a share of the entries: every `step`-th from `first` on.
pub(super) fn read(
    path: &Path,
    first: usize,
    step: usize,
    mut each: impl FnMut(&str, &[u8]) -> Result<(), CheckError>,
) -> Result<(), CheckError> {
    let broken = |source| CheckError::ArchiveBroken { path: path.to_owned(), source };
    let mut archive: ZipArchive<BufReader<File>> =
        ZipArchive::new(BufReader::new(files::open(path)?)).map_err(broken)?;
    if archive.len() as u64 > RECORDS_MAX {
        return Err(CheckError::DatabaseTooLarge(RECORDS_MAX));
    }
    let (mut json, mut unpacked) = (Vec::new(), 0);
    for place in (first..archive.len()).step_by(step) {
        let entry = archive.by_index(place).map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        if !entry.is_file() || !name.to_ascii_lowercase().ends_with(".json") {
            continue;
        }
        json.clear();
        // What the archive says of an entry's length is the word of whoever made it.
        entry.take(RECORD_BYTES_MAX + 1).read_to_end(&mut json).map_err(|source| broken(source.into()))?;
        if json.len() as u64 > RECORD_BYTES_MAX {
            return Err(CheckError::RecordTooLarge(format!("{name} in {}", path.display())));
        }
        unpacked += json.len() as u64;
        if unpacked > UNPACKED_BYTES_MAX {
            return Err(CheckError::RecordTooLarge(path.display().to_string()));
        }
        each(&name, &json)?;
    }
    Ok(())
}
