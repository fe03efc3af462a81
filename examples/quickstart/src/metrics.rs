//! Counters since the start, in Prometheus' text format 0.0.4; nothing is pushed and nothing survives a restart.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use crate::Edition;

/// Labels come from our own routes and from status codes, so the number of series is bounded.
#[derive(Default)]
pub(crate) struct Metrics {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    requests: BTreeMap<(String, u16), u64>,
    notes: u64,
}

impl Metrics {
    pub(crate) fn request(&self, route: &str, status: u16) {
        self.update(|counts| *counts.requests.entry((route.to_owned(), status)).or_default() += 1);
    }

    pub(crate) fn note_created(&self) {
        self.update(|counts| counts.notes += 1);
    }

    pub(crate) fn render(&self, edition: Edition, release: &str) -> String {
        let mut text = String::from("# HELP build_info What is running.\n# TYPE build_info gauge\n");
        let release = escaped(release);
        // writing to a String cannot fail
        _ = writeln!(text, "build_info{{version=\"{}\",release=\"{release}\"}} 1", edition.version());
        text.push_str("# HELP http_requests_total Requests answered.\n# TYPE http_requests_total counter\n");
        self.update(|counts| {
            for ((route, status), count) in &counts.requests {
                _ = writeln!(
                    text,
                    "http_requests_total{{route=\"{}\",status=\"{status}\"}} {count}",
                    escaped(route)
                );
            }
            text.push_str("# HELP notes_total Notes created.\n# TYPE notes_total counter\n");
            _ = writeln!(text, "notes_total {}", counts.notes);
        });
        text
    }

    fn update(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_rendered_and_labels_are_escaped() {
        let metrics = Metrics::default();
        metrics.request("/notes", 201);
        metrics.request("/notes", 201);
        metrics.note_created();
        let text = metrics.render(Edition::V2, "a \"quoted\" release");
        assert!(text.contains("http_requests_total{route=\"/notes\",status=\"201\"} 2\n"), "{text}");
        assert!(
            text.contains("build_info{version=\"1.1.0\",release=\"a \\\"quoted\\\" release\"} 1\n"),
            "{text}"
        );
        assert!(text.ends_with("notes_total 1\n"), "{text}");
    }
}
