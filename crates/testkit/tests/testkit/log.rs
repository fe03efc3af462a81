//! Workflow commands on the two streams.

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use testkit::runner::{Raw, SUMMARY_BYTES_MAX, observe};
use testkit::workflow_command::{is_registered, lines, parse, unescape_data, unescape_property};
use testkit::{Level, Observed};

const TOKEN: &str = "9f86d081884c7d659a2feaa0c55ad015";

fn stdout(text: &str) -> Observed {
    observe(&Raw { stdout: text.as_bytes().to_vec(), ..Raw::default() }, &[])
}

fn rules(text: &str) -> Vec<&'static str> {
    stdout(text).violations.into_iter().map(|violation| violation.rule).collect()
}

#[track_caller]
fn accepts(text: &str) -> Observed {
    let observed = stdout(text);
    assert_eq!(observed.violations, [], "{text:?}");
    observed
}

#[track_caller]
fn refuses(rule: &str, text: &str) {
    assert_eq!(rules(text), [rule], "{text:?}");
}

#[test]
fn an_annotation_is_read_with_its_escapes() {
    let observed = accepts("  ::error title=a%3A b%2C 100%25,file=src/a.rs,line=3::first%0Asecond 5%25\n");
    let annotation = &observed.annotations[0];
    assert_eq!((annotation.level, annotation.message.as_str()), (Level::Error, "first\nsecond 5%"));
    assert_eq!(annotation.property("title"), Some("a: b, 100%"));
    assert_eq!(annotation.to_string(), "error title=a: b, 100% file=src/a.rs line=3: first\nsecond 5%");
}

#[test]
fn text_that_only_resembles_a_command_is_text() {
    for text in [
        "x ::error::no\n",
        "::\n",
        "::error\n",
        "std::fs::read\n",
        ":: error ::x\n",
        "##[section]x\n",
        "a : b\n",
    ] {
        assert_eq!(accepts(text).annotations, []);
    }
}

#[test]
fn a_carriage_return_starts_a_line_of_its_own() {
    assert_eq!(lines("a\rb\r\nc\n"), ["a", "b", "c"]);
    assert_eq!(accepts("50 %\r::notice::done\n").annotations.len(), 1);
}

#[test]
fn both_streams_are_read() {
    let raw = Raw { stdout: b"::notice::a\n".to_vec(), stderr: b"::notice::b\n".to_vec(), ..Raw::default() };
    assert_eq!(observe(&raw, &[]).annotations.len(), 2);
}

#[test]
fn names_are_compared_without_case() {
    assert_eq!(accepts("::ERROR::x\n").annotations.len(), 1);
}

#[test]
fn what_is_not_escaped_is_refused() {
    refuses("unescaped-percent", "::error::100% sure\n");
    refuses("unescaped-percent", "::error::a%0ab\n");
    refuses("unescaped-percent", "::error title=50%::x\n");
    refuses("unescaped-property", "::error title=a: b::x\n");
    accepts("::error title=50%25%3A a%2Cb::100%25 sure%0Ayes\n");
}

#[test]
fn foreign_bytes_are_refused_and_a_written_replacement_is_not() {
    accepts("caf\u{fffd}\n");
    let raw = Raw { stderr: b"caf\xe9\n".to_vec(), ..Raw::default() };
    assert!(observe(&raw, &[]).breaks("not-utf8"));
}

#[test]
fn properties_are_those_the_runner_knows_once_and_not_empty() {
    accepts("::warning file=a,line=1,endLine=1,col=2,endColumn=3,title=t::x\n");
    refuses("empty-property", "::error title=::x\n");
    refuses("bad-property", "::error title::x\n");
    refuses("bad-property", "::error colour=red::x\n");
    refuses("bad-property", "::error title=a,title=b::x\n");
}

#[test]
fn a_position_is_one_the_runner_keeps() {
    accepts("::error file=a,line=1,endLine=2::x\n");
    refuses("bad-position", "::error file=a,line=0::x\n");
    refuses("bad-position", "::error file=a,line=one::x\n");
    refuses("bad-position", "::error file=a,col=1::x\n");
    refuses("bad-position", "::error line=1::x\n");
    refuses("bad-position", "::error file=a,line=2,endLine=1::x\n");
    refuses("bad-position", "::error file=a,line=1,endLine=2,col=1::x\n");
    refuses("bad-position", "::error file=a,line=1,col=3,endColumn=2::x\n");
}

#[test]
fn a_message_is_neither_empty_nor_cut() {
    accepts(&format!("::error::{}\n", "x".repeat(4096)));
    refuses("long-message", &format!("::error::{}\n", "x".repeat(4097)));
    refuses("empty-message", "::error:: \n");
}

#[test]
fn ten_annotations_of_each_level_and_no_more() {
    let ten = |level: &str| format!("::{level}::x\n").repeat(10);
    accepts(&(ten("error") + &ten("warning") + &ten("notice")));
    refuses("too-many-annotations", &(ten("warning") + "::warning::x\n"));
}

#[test]
fn a_command_that_the_runner_does_not_know_is_noticed() {
    refuses("unknown-command", "::eror::x\n");
    accepts("::debug::x\n::echo::on\n");
}

#[test]
fn deprecated_commands_are_refused() {
    for line in ["::set-output name=a::b", "::save-state name=a::b", "::set-env name=a::b", "::add-path::/x"]
    {
        refuses("deprecated-command", &format!("{line}\n"));
    }
}

#[test]
fn the_legacy_form_is_found_anywhere_in_a_line() {
    let observed = stdout("migrating ##[error file=a;line=1]oh%5D no 5%25\n");
    assert!(observed.breaks("legacy-command"));
    assert_eq!(observed.annotations[0].message, "oh] no 5%");
    assert_eq!(accepts(&fenced("migrating ##[error]oh no\n")).annotations, []);
}

#[test]
fn groups_are_flat_and_closed() {
    accepts("::group::a\nx\n::endgroup::\n::group::b\n::endgroup::\n");
    refuses("nested-group", "::group::a\n::group::b\n::endgroup::\n");
    refuses("unclosed-group", "::group::a\n");
    refuses("endgroup-without-group", "::endgroup::\n");
}

fn fenced(text: &str) -> String {
    format!("::stop-commands::{TOKEN}\n{text}::{TOKEN}::\n")
}

#[test]
fn between_stop_and_token_nothing_is_a_command() {
    let inside = "::error::x\n::error::##[9f86d081884c7d659a2feaa0c55ad015]\n##[error]y\n::add-mask::zzzz\n::stop-commands::other\n::set-env name=a::b\n";
    let observed = accepts(&(fenced(inside) + "::notice::after\n"));
    assert_eq!(observed.relayed, inside.lines().collect::<Vec<_>>());
    assert_eq!((observed.annotations.len(), observed.masks.len()), (1, 0));
}

#[test]
fn a_fence_is_closed_and_its_token_cannot_be_guessed() {
    refuses("never-resumed", &format!("::stop-commands::{TOKEN}\nx\n"));
    refuses("guessable-stop-token", "::stop-commands::0123456789abcde\n::0123456789abcde::\n");
    refuses("guessable-stop-token", "::stop-commands::aaaaaaaaaaaaaaaaaaaa\n::aaaaaaaaaaaaaaaaaaaa::\n");
    refuses("reused-stop-token", &(fenced("x\n") + &fenced("y\n")));
    for token in ["", "error", "pause-logging", "ADD-MASK"] {
        refuses("refused-stop-token", &format!("::stop-commands::{token}\n"));
    }
}

#[test]
fn a_fence_on_one_stream_and_commands_on_the_other_are_refused() {
    let both = |stderr: &str| {
        observe(&Raw { stdout: fenced("x\n").into(), stderr: stderr.into(), ..Raw::default() }, &[])
    };
    assert!(both("::notice::x\n").breaks("two-streams"));
    assert_eq!(both("progress\n").violations, []);
}

#[test]
fn a_mask_covers_the_value_and_each_of_its_lines() {
    let observed = accepts("::add-mask::first line%0A  second%0D%0A%0A\n");
    assert_eq!(observed.masks, ["first line\n  second\r\n\n", "first line", "second"]);
}

#[test]
fn a_mask_is_neither_empty_nor_short() {
    refuses("empty-mask", "::add-mask::\n");
    refuses("empty-mask", "::add-mask::%0A\n");
    refuses("short-mask", "::add-mask::abc\n");
    refuses("short-mask", "::add-mask::long enough%0A}\n");
    accepts("::add-mask::abcd\n");
}

#[test]
fn a_summary_fits() {
    let summary =
        |length: usize| observe(&Raw { summary: vec![b'x'; length], ..Raw::default() }, &[]).violations.len();
    assert_eq!((summary(SUMMARY_BYTES_MAX), summary(SUMMARY_BYTES_MAX + 1)), (0, 1));
    assert!(observe(&Raw { summary: vec![0xff], ..Raw::default() }, &[]).breaks("not-utf8"));
    assert!(observe(&Raw { path: b"/opt\n".to_vec(), ..Raw::default() }, &[]).breaks("path-changed"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn escaping_in_the_right_order_comes_back(text in any::<String>()) {
        let data = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        prop_assert_eq!(unescape_data(&data), text.clone());
        let property = data.replace(':', "%3A").replace(',', "%2C");
        prop_assert_eq!(unescape_property(&property), text.clone());
        let line = format!("::notice title=a{property}::{data}");
        let command = parse(&line, is_registered).expect("a command");
        prop_assert_eq!(command.text(), text);
    }

    #[test]
    fn no_bytes_are_too_strange_to_read(stdout in any::<Vec<u8>>(), stderr in any::<String>()) {
        let observed = observe(&Raw { stdout, stderr: stderr.into_bytes(), ..Raw::default() }, &[]);
        prop_assert!(observed.outputs.is_empty());
    }
}
