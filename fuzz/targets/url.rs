//! Addresses of databases, with the variables that their clients read beside them.
#![no_main]

use ci::Env;
use libfuzzer_sys::fuzz_target;
use migrate_db::database::Url;
use seaworthy_fuzz::texts;

fuzz_target!(|bytes: &[u8]| {
    let Some((text, beside)) = texts(bytes) else { return };
    let variables = beside.lines().filter_map(|line| line.split_once('='));
    if let Ok(url) = Url::read(text, &Env::of(variables)) {
        let _ = (url.name(), url.extension(), url.dialect());
        assert!(!url.name().contains('/'), "the name becomes part of a file's name");
    }
});
