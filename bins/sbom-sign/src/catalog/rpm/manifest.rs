//! The list that Microsoft's images without rpm have in the place of its database (`rpm --query --all` in the form of azurelinux's
//! toolkit/docs/how_it_works/5_misc.md, "container-manifest-2"): a line each, fields between tabs; neither licences nor what needs what.

use super::{KEY, Malformed, Record};

/// How many fields a line has at least, and which of them count.
const FIELDS_MIN: usize = 10;
const NAME: usize = 0;
const VERSION_AND_RELEASE: usize = 1;
const EPOCH: usize = 5;
const ARCHITECTURE: usize = 7;
const EPOCH_AS_NUMBER: usize = 8;
const SOURCE: usize = 9;
/// What stands where nothing is.
const NONE: &str = "(none)";

/// Reads the list. rpm ends every line.
pub(super) fn read(text: &str) -> Result<Vec<Record>, Malformed> {
    Malformed::unless_ended(text)?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.is_empty());
    lines.filter_map(|(line, number)| record(line, number).transpose()).collect()
}

fn record(line: &str, number: usize) -> Result<Option<Record>, Malformed> {
    let fields: Vec<&str> = line.split('\t').collect();
    if fields.len() < FIELDS_MIN {
        let why = format!("a package has {} fields: expected {FIELDS_MIN} or more", fields.len());
        return Err(Malformed::in_line(number, why));
    }
    let field = |place: usize| fields.get(place).copied().filter(|field| *field != NONE).unwrap_or_default();
    if field(NAME) == KEY {
        return Ok(None);
    }
    let (version, release) = field(VERSION_AND_RELEASE).split_once('-').unwrap_or_default();
    let epoch = match field(EPOCH) {
        "" => None,
        _ => Some(
            field(EPOCH_AS_NUMBER)
                .parse()
                .map_err(|_| Malformed::in_line(number, "an epoch is no number"))?,
        ),
    };
    let record = Record {
        name: field(NAME).to_owned(),
        version: version.to_owned(),
        release: release.to_owned(),
        epoch,
        architecture: field(ARCHITECTURE).to_owned(),
        source: field(SOURCE).to_owned(),
        ..Record::default()
    };
    record.checked().map(Some).map_err(|wrong| Malformed::in_line(number, wrong.why))
}

#[cfg(test)]
mod tests;
