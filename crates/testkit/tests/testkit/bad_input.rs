//! The table of bad input on a model binary, and on models with one fault each.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::caught;
use testkit::bad_input::{BadFile, check_cli, files, files_except};
use testkit::{Scratch, Tree};

/// A shell script that behaves as our binaries do. `$fault` names the one thing it does wrong.
const MODEL: &str = r#"
format=${INPUT_FORMAT:-human} file=
refuse() {
    if [ "$format" = json ]; then
        echo '{"failure":{"code":"bad-input","what":"w","why":[],"fix":"f","kind":"input"}}'
    fi
    printf 'error[bad-input]: %s\n  fix: read --help\n  see: docs/failures.md#bad-input\n' "$1" >&2
    [ "$GITHUB_ACTIONS" ] && [ "$fault" != silent ] && echo "::error title=bad-input::$1" >&2
    [ "$fault" = status ] && exit 1
    [ "$fault" = writes ] && : > left-behind
    [ "$fault" = chatty ] && echo refused
    [ "$fault" = panics ] && { echo "thread 'main' panicked at src/main.rs" >&2; exit 101; }
    exit 2
}
[ "$1" = --help ] && { echo "model: answers a question"; [ "$fault" = help ] && seq 50; exit 0; }
[ "$1" = --version ] && { [ "$fault" = version ] && exec echo "model one"; exec echo "model 0.1.0-rc.1+x"; }
[ "$1" = run ] || refuse "no such command"
shift
while [ $# -gt 0 ]; do
    case $1 in
    --format=json|--format=human) [ "$seen" ] && refuse "twice"; seen=1; format=${1#--format=} ;;
    --format) [ "$2" = json ] || [ "$2" = human ] || refuse "no such format"; format=$2; shift ;;
    --file) file=$2; shift ;;
    *) refuse "no such argument" ;;
    esac
    shift
done
case $format in json|human) ;; *) refuse "no such format" ;; esac
if [ "$file" ]; then
    [ -f "$file" ] && [ -s "$file" ] || refuse "no such file"
    [ "$(stat -c %s "$file")" -lt 1000000 ] || refuse "too large"
    iconv -f UTF-8 "$file" >/dev/null 2>&1 || refuse "not UTF-8"
fi
exit 0
"#;

fn model(scratch: &Scratch, fault: &str) -> PathBuf {
    scratch.script("model", &format!("fault={fault}\n{MODEL}"))
}

fn reads(file: &Path) -> Vec<OsString> {
    ["run".into(), "--file".into(), file.into()].to_vec()
}

#[test]
fn a_binary_that_refuses_well_passes_the_whole_table() {
    let scratch = Scratch::new();
    let program = model(&scratch, "none");
    check_cli(&program, &["run"]);
    files(&program, reads);
    assert_eq!(Tree::read(scratch.path(), &[]).0.len(), 1);
}

#[test]
fn each_fault_is_caught() {
    let faults = [
        ("help", "--help has 51 lines"),
        ("version", "not `model <semver>`"),
        ("status", "an unknown flag: status 1 instead of 2"),
        ("writes", "an unknown flag: it has written\nleft-behind"),
        ("chatty", "stdout carries data"),
        ("panics", "it panicked"),
        ("silent", "one ::error title=bad-input::"),
    ];
    for (fault, text) in faults {
        let scratch = Scratch::new();
        caught(text, || check_cli(model(&scratch, fault), &["run"]));
    }
}

#[test]
fn a_file_that_is_accepted_and_should_not_be_is_caught() {
    let scratch = Scratch::new();
    let trusting = scratch.script("trusting", "exit 0");
    caught("a missing file: status 0 instead of 2", || files(&trusting, reads));
    files_except(&trusting, &BadFile::ALL, reads);
}
