//! Dates as moment.js writes them, in English; never what date is meant.
//!
//! Source: momentjs.com, "Format", and its order of alternatives: at each place the longest token wins.

use jiff::{Timestamp, Zoned, civil::Weekday, tz::TimeZone, tz::TimeZoneDatabase};

/// What is written where no format is given (ISO 8601).
const UTC_FORMAT: &str = "YYYY-MM-DDTHH:mm:ss[Z]";
const OFFSET_FORMAT: &str = "YYYY-MM-DDTHH:mm:ssZ";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Every token, longer ones before those they begin with.
const TOKENS: &[&str] = &[
    "Hmmss", "hmmss", "Hmm", "hmm", "MMMM", "MMM", "MM", "Mo", "M", "DDDD", "DDDo", "DDD", "DD", "Do", "D",
    "dddd", "ddd", "dd", "do", "d", "ww", "wo", "w", "WW", "Wo", "W", "Qo", "Q", "YYYYYY", "YYYYY", "YYYY",
    "YY", "Y", "ggggg", "gggg", "gg", "GGGGG", "GGGG", "GG", "yyyy", "yyy", "yy", "yo", "y", "NNNNN", "NNNN",
    "NNN", "NN", "N", "e", "E", "a", "A", "hh", "h", "HH", "H", "kk", "k", "mm", "m", "ss", "s", "x", "X",
    "zz", "z", "ZZ", "Z", "LTS", "LT", "LLLL", "LLL", "LL", "L", "llll", "lll", "ll", "l",
];

/// A time zone of the IANA database, which travels in the binary.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("UTC") {
        return Some(TimeZone::UTC);
    }
    TimeZoneDatabase::bundled().get(name).ok()
}

/// A moment in a zone, in moment's notation; without a format as ISO 8601.
pub(crate) fn format(when: Timestamp, zone: TimeZone, format: Option<&str>) -> String {
    let when = when.to_zoned(zone);
    let usual = if when.offset().seconds() == 0 { UTC_FORMAT } else { OFFSET_FORMAT };
    // An empty format counts as none.
    written(&when, format.filter(|format| !format.is_empty()).unwrap_or(usual))
}

fn written(when: &Zoned, format: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(character) = rest.chars().next() {
        let fraction = rest.bytes().take_while(|byte| *byte == b'S').take(9).count();
        let literal = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
        if let Some((text, after)) = literal.filter(|(text, _)| !text.contains('[')) {
            out.push_str(text);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('\\') {
            let escaped = token_at(after).map_or(after.chars().next().map_or(0, char::len_utf8), str::len);
            out.push_str(&after[..escaped]);
            rest = &after[escaped..];
        } else if fraction > 0 {
            out.push_str(&format!("{:09}", when.subsec_nanosecond())[..fraction]);
            rest = &rest[fraction..];
        } else if let Some(token) = token_at(rest) {
            out.push_str(&value(when, token));
            rest = &rest[token.len()..];
        } else {
            out.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    out
}

fn token_at(text: &str) -> Option<&'static str> {
    TOKENS.iter().copied().find(|token| text.starts_with(token))
}

fn value(when: &Zoned, token: &str) -> String {
    let (hour, minute, second) = (when.hour(), when.minute(), when.second());
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    match token {
        "H" => hour.to_string(),
        "HH" => format!("{hour:02}"),
        "h" => twelve.to_string(),
        "hh" => format!("{twelve:02}"),
        "k" => if hour == 0 { 24 } else { hour }.to_string(),
        "kk" => format!("{:02}", if hour == 0 { 24 } else { hour }),
        "Hmm" => format!("{hour}{minute:02}"),
        "hmm" => format!("{twelve}{minute:02}"),
        "Hmmss" => format!("{hour}{minute:02}{second:02}"),
        "hmmss" => format!("{twelve}{minute:02}{second:02}"),
        "m" => minute.to_string(),
        "mm" => format!("{minute:02}"),
        "s" => second.to_string(),
        "ss" => format!("{second:02}"),
        "a" => if hour < 12 { "am" } else { "pm" }.to_owned(),
        "A" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
        "X" => when.timestamp().as_second().to_string(),
        "x" => when.timestamp().as_millisecond().to_string(),
        "Z" => offset(when, ":"),
        "ZZ" => offset(when, ""),
        "z" | "zz" => when.time_zone().to_offset_info(when.timestamp()).abbreviation().to_owned(),
        day_or_longer => day(when, day_or_longer),
    }
}

fn day(when: &Zoned, token: &str) -> String {
    let (year, month, day) = (i64::from(when.year()), i64::from(when.month()), i64::from(when.day()));
    let weekday = i64::from(when.weekday().to_sunday_zero_offset());
    let of_year = i64::from(when.day_of_year());
    let month_name = MONTHS[usize::from(when.month().unsigned_abs()).saturating_sub(1) % 12];
    let day_name = DAYS[usize::from(when.weekday().to_sunday_zero_offset().unsigned_abs()) % 7];
    let quarter = (month + 2) / 3;
    match token {
        "M" => month.to_string(),
        "Mo" => ordinal(month),
        "MM" => format!("{month:02}"),
        "MMM" => month_name[..3].to_owned(),
        "MMMM" => month_name.to_owned(),
        "Q" => quarter.to_string(),
        "Qo" => ordinal(quarter),
        "D" => day.to_string(),
        "Do" => ordinal(day),
        "DD" => format!("{day:02}"),
        "DDD" => of_year.to_string(),
        "DDDo" => ordinal(of_year),
        "DDDD" => format!("{of_year:03}"),
        "d" | "e" => weekday.to_string(),
        "do" => ordinal(weekday),
        "dd" => day_name[..2].to_owned(),
        "ddd" => day_name[..3].to_owned(),
        "dddd" => day_name.to_owned(),
        "E" => when.weekday().to_monday_one_offset().to_string(),
        "Y" => year.to_string(),
        "YY" => format!("{:02}", year.rem_euclid(100)),
        "YYYY" => format!("{year:04}"),
        "YYYYY" => format!("{year:05}"),
        "YYYYYY" => format!("{year:+07}"),
        "y" | "yy" | "yyy" | "yyyy" => format!("{year:0width$}", width = token.len()),
        "yo" => ordinal(year),
        "NNNN" => "Anno Domini".to_owned(),
        "N" | "NN" | "NNN" | "NNNNN" => "AD".to_owned(),
        "w" | "wo" | "ww" | "gg" | "gggg" | "ggggg" => week(token, us_week(when)),
        "W" | "Wo" | "WW" | "GG" | "GGGG" | "GGGGG" => {
            let iso = when.date().iso_week_date();
            week(token, (i64::from(iso.year()), i64::from(iso.week())))
        }
        locale => written(when, long_form(locale)),
    }
}

fn week(token: &str, (year, week): (i64, i64)) -> String {
    match token {
        "w" | "W" => week.to_string(),
        "wo" | "Wo" => ordinal(week),
        "ww" | "WW" => format!("{week:02}"),
        "gg" | "GG" => format!("{:02}", year.rem_euclid(100)),
        _ => format!("{year:0width$}", width = token.len()),
    }
}

/// Year and number of the American week: it begins on Sunday, and the first one holds January 1.
fn us_week(when: &Zoned) -> (i64, i64) {
    let start = |year: i16| {
        let first = jiff::civil::Date::new(year, 1, 1).ok()?;
        first.checked_sub(jiff::Span::new().days(first.weekday().since(Weekday::Sunday))).ok()
    };
    let date = when.date();
    let year = match start(date.year() + 1) {
        Some(next) if date >= next => date.year() + 1,
        _ => date.year(),
    };
    let days = start(year).and_then(|start| date.since(start).ok()).map_or(0, |span| span.get_days());
    (i64::from(year), i64::from(days / 7 + 1))
}

/// What a token of the locale stands for, in English.
fn long_form(token: &str) -> &'static str {
    match token {
        "LT" => "h:mm A",
        "LTS" => "h:mm:ss A",
        "L" => "MM/DD/YYYY",
        "l" => "M/D/YYYY",
        "LL" => "MMMM D, YYYY",
        "ll" => "MMM D, YYYY",
        "LLL" => "MMMM D, YYYY h:mm A",
        "lll" => "MMM D, YYYY h:mm A",
        "LLLL" => "dddd, MMMM D, YYYY h:mm A",
        "llll" => "ddd, MMM D, YYYY h:mm A",
        _ => "",
    }
}

fn ordinal(number: i64) -> String {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

fn offset(when: &Zoned, separator: &str) -> String {
    let minutes = when.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}{separator}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, place: &str, form: &str) -> String {
        format(Timestamp::from_second(seconds).unwrap(), zone(place).unwrap(), Some(form))
    }

    /// What moment-timezone 0.6 writes.
    #[test]
    fn tokens_are_those_of_moment() {
        const WHEN: i64 = 1_704_067_199;
        for (form, text) in [
            ("YYYYMMDD-HHmmss", "20231231-235959"),
            ("YY Y YYYYY YYYYYY yyyy yo N", "23 2023 02023 +002023 2023 2023rd AD"),
            ("M Mo MM MMM MMMM Q Qo", "12 12th 12 Dec December 4 4th"),
            ("D Do DD DDD DDDo DDDD", "31 31st 31 365 365th 365"),
            ("d do dd ddd dddd e E", "0 0th Su Sun Sunday 0 7"),
            ("w wo ww gg gggg W Wo WW GG GGGG", "1 1st 01 24 2024 52 52nd 52 23 2023"),
            ("H HH h hh k kk m s a A hmm Hmmss", "23 23 11 11 23 23 59 59 pm PM 1159 235959"),
            ("S SSS SSSSSSSSSS X x", "0 000 0000000000 1704067199 1704067199000"),
            ("LT|LTS|L|l|LL|ll", "11:59 PM|11:59:59 PM|12/31/2023|12/31/2023|December 31, 2023|Dec 31, 2023"),
            ("LLLL|lll", "Sunday, December 31, 2023 11:59 PM|Dec 31, 2023 11:59 PM"),
            ("[Week] w \\YYYY \\[e] [a][b] [ä", "Week 1 YYYY [0] ab [ä"),
            ("", "2023-12-31T23:59:59Z"),
        ] {
            assert_eq!(at(WHEN, "UTC", form), text, "{form}");
        }
        assert_eq!(at(WHEN, "Asia/Tokyo", "YYYY-MM-DD H Z ZZ z"), "2024-01-01 8 +09:00 +0900 JST");
        assert_eq!(at(WHEN, "america/st_johns", ""), "2023-12-31T20:29:59-03:30");
        assert_eq!(zone("Nope/Nope"), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_format_makes_it_panic(form in "[A-Za-z\\[\\]\\\\ä]{0,12}", seconds in -62_135_596_800_i64..253_402_207_200) {
            let _ = at(seconds, "Asia/Tokyo", &form);
        }
    }
}
