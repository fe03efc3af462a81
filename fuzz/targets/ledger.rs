//! The ledger of an environment: its lines as a file, its head beside it, and the questions that are asked of a history.
#![no_main]

use std::sync::LazyLock;

use contract::EnvironmentName;
use ledger::{Directory, Draft, History};
use libfuzzer_sys::fuzz_target;
use seaworthy_fuzz::{Desk, texts};

static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

fn ask(history: &History) {
    let _ = (history.running(), history.unfinished(), history.present());
    for entry in history.entries() {
        let digests = entry.what.digests();
        let _ = (history.earlier(entry), history.replaced(entry), history.first_ran(&digests));
        let _ = (history.adopted(&digests), history.deployed(&digests), history.taken_back(&digests));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((lines, head)) = texts(bytes) else { return };
    let environment: EnvironmentName = "production".parse().expect("this is a name");
    DESK.file("ledger/production.jsonl", lines.as_bytes());
    DESK.file("ledger/production.head", head.as_bytes());
    match Directory::new(DESK.path()).read(&environment) {
        Ok(history) => ask(&history),
        Err(error) => drop(error.to_string()),
    }
    // Hardly any random line is tied to the one before it: here they are tied anew.
    let drafts = lines.lines().filter_map(|line| serde_json::from_str::<Draft>(line).ok());
    if let Ok(history) = History::of(drafts) {
        ask(&history);
    }
});
