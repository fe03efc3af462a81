//! What a migration is called and where it stands among the others, as its tool orders them; never what it holds.

use std::{cmp::Ordering, fmt, sync::Arc};

use serde::Serialize;

/// A migration's version: the text its tool's history keeps, and its place in that tool's order. Nothing is before the first one.
#[derive(Clone, Debug)]
pub struct Version(Option<Arc<Named>>);

#[derive(Debug)]
struct Named {
    text: String,
    order: Order,
}

/// How a tool orders its versions.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Order {
    /// As a number: 2 comes before 10.
    Number(u64),
    /// As numbers between dots: 1.2 comes before 1.10, and 1 is 1.0.
    Parts(Vec<u64>),
    /// As a text.
    Name(String),
    /// Behind all versions, by description: what runs again whenever it changes.
    Repeated(String),
}

impl Version {
    /// Before the first migration: an empty database.
    pub const NONE: Self = Self(None);

    fn of(text: impl Into<String>, order: Order) -> Self {
        Self(Some(Arc::new(Named { text: text.into(), order })))
    }

    fn order(&self) -> Option<&Order> {
        self.0.as_ref().map(|named| &named.order)
    }

    /// A number, written in decimal digits; 0 is the empty database.
    pub fn number(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = digits.then(|| text.parse().ok()).flatten()?;
        i64::try_from(number).ok()?;
        Some(if number == 0 { Self::NONE } else { Self::of(number.to_string(), Order::Number(number)) })
    }

    /// Numbers between dots (Flyway).
    pub fn parts(text: &str) -> Option<Self> {
        let part = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        };
        let mut order: Vec<u64> = text.split('.').map(part).collect::<Option<_>>()?;
        while order.len() > 1 && order.last() == Some(&0) {
            order.pop();
        }
        Some(Self::of(text, Order::Parts(order)))
    }

    /// A text that is ordered as a text.
    pub fn name(text: &str) -> Self {
        Self::ordered_as(text, text.to_owned())
    }

    /// A text that is ordered as another one.
    pub fn ordered_as(text: &str, order: String) -> Self {
        Self::of(text, Order::Name(order))
    }

    /// A migration without a version, which runs again whenever it changes.
    pub fn repeated(description: &str) -> Self {
        Self::of(format!("R {description}"), Order::Repeated(description.to_owned()))
    }

    /// Whether it is the empty database.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it runs again whenever it changes.
    pub fn is_repeated(&self) -> bool {
        matches!(self.order(), Some(Order::Repeated(_)))
    }

    /// As the history keeps it.
    pub fn text(&self) -> &str {
        self.0.as_ref().map_or("0", |named| &named.text)
    }

    /// Whether somebody who typed this text means this version: `001` is 1, and a name may be given up to its first `_`.
    pub fn is_meant_by(&self, typed: &str) -> bool {
        match self.order() {
            None => typed == "0",
            Some(Order::Number(_)) => Self::number(typed).is_some_and(|other| other == *self),
            Some(Order::Parts(_)) => Self::parts(typed).is_some_and(|other| other == *self),
            Some(Order::Name(_)) => {
                typed == self.text() || self.text().split_once('_').is_some_and(|(head, _)| head == typed)
            }
            Some(Order::Repeated(_)) => false,
        }
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.text())
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_s_order_is_its_own() {
        let number = |text| Version::number(text).unwrap();
        assert!(number("2") < number("10") && number("001") == number("1") && Version::NONE < number("1"));
        let parts = |text| Version::parts(text).unwrap();
        assert!(parts("1.2") < parts("1.10") && parts("1") == parts("1.0") && parts("2") > parts("1.9.9"));
        assert!(Version::name("10_b") < Version::name("1_a"));
        assert!(Version::repeated("a") > parts("99") && Version::repeated("a") > Version::name("z"));
    }

    #[test]
    fn what_is_typed_names_a_version() {
        let date = Version::name("20240101_init");
        assert!(
            date.is_meant_by("20240101") && date.is_meant_by("20240101_init") && !date.is_meant_by("2024")
        );
        assert!(Version::number("7").unwrap().is_meant_by("007") && Version::NONE.is_meant_by("0"));
        for text in ["", "x", "-1", "1.", "99999999999999999999"] {
            assert!(Version::number(text).is_none() && Version::parts(text).is_none(), "{text}");
        }
    }
}
