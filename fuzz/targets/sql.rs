//! A migration's text, in each dialect: cut, judged, surveyed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_db::{
    effect::{self, Survey},
    layout::directive,
    statement::{Dialect, statements},
};

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::Mysql] {
        let _ = directive::read(text, dialect);
        let mut survey = Survey::default();
        for one in statements(text, dialect).unwrap_or_default() {
            let _ = (
                effect::forbidden(&one),
                effect::stands_alone(&one),
                effect::moves_index(&one),
                survey.of(&one),
            );
            let _ = (effect::seen(&one), effect::memory(&one), effect::leans(&one), effect::inserts(&one));
        }
    }
});
