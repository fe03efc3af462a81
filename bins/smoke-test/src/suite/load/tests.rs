//! What a suite file may not say, and what is told about it.

use super::*;

/// A suite around the lines of its one step, which begin at line 4.
fn step(lines: &str) -> String {
    format!("name: s\nsteps:\n- name: a\n  {}\n", lines.replace('\n', "\n  "))
}

fn told(text: &str) -> String {
    let problems = parse(text).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_that_is_no_suite_is_told_with_its_line() {
    for (text, problem) in [
        ("", "line 1: unexpected end of input"),
        ("name: s\nsteps: [", "line 2: unclosed bracket '['"),
        ("name: s\nname: t\nsteps: []", "line 2: the key `name` is there twice"),
        ("name: s\nsteps:", "line 1: the suite has no steps: nothing tested is never a pass"),
        ("name: s\nwait:\nsteps: []", "line 2: the key `path` is missing"),
        ("name: s\nsteps: []\n---\nname: t", "line 4: a second document begins: a file holds one suite"),
        (
            "name: s\nvariables:\n  a: &a [x,x,x,x,x,x,x,x,x]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n  e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n  f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\nsteps: []",
            "line 7: budget breached: Nodes { nodes: 50001 }",
        ),
    ] {
        assert_eq!(told(text), problem, "{text}");
    }
}

#[test]
fn a_request_that_means_nothing_is_told_with_its_line() {
    for (lines, problem) in [
        (
            "requst: {}\nexpect: { status: 200 }",
            "line 4: unknown key `requst`; did you mean `request`? others here: must, retry, expect, name, capture, only-in",
        ),
        ("expect: { status: 200 }", "line 4: the key `request` is missing"),
        ("request: { path: /x }", "line 4: the key `expect` is missing"),
        ("request: { path: /x }\nexpect: {}", "line 3: the step `a` expects nothing, so it could never fail"),
        (
            "request: { path: x }\nexpect: { status: 200 }",
            "line 4: a path begins with `/`; scheme and host come from --base-url",
        ),
        (
            "request: { path: /x, method: get }\nexpect: { status: 200 }",
            "line 4: `get` is no method: expected GET, POST, … in capitals",
        ),
        (
            "request: { path: \"/${id}\" }\nexpect: { status: 200 }",
            "line 4: unknown variable `id`; did you mean `uuid`? others here: timestamp (a step sees the captures of earlier steps only)",
        ),
        (
            "request: { path: /x, json: [{ a: \"${id\" }] }\nexpect: { status: 200 }",
            "line 4: `${id` names no variable: expected letters, digits, `_` or `-` between `${` and `}`; a plain `${` is written `$${`",
        ),
        (
            "request: { path: /x, json: 1, body: b }\nexpect: { status: 200 }",
            "line 3: a request has one body: `json`, `form` or `body`",
        ),
        ("request: { path: /x, headers: { a: } }\nexpect: { status: 200 }", "line 4: a value is missing"),
    ] {
        assert_eq!(told(&step(lines)), problem, "{lines}");
    }
}

#[test]
fn an_expectation_that_means_nothing_is_told_with_its_line() {
    for (lines, problem) in [
        (
            "request: { path: /x }\nexpect: { status: }",
            "line 5: a value is missing: expected one value or a list of them",
        ),
        ("request: { path: /x }\nexpect: { status: [] }", "line 3: `status` names no status"),
        (
            "request: { path: /x }\nexpect: { status: 99 }",
            "line 5: `99` is no status: expected a number such as 201, or a class such as 2xx",
        ),
        (
            "request: { path: /x }\nexpect: { status: [200, yes] }",
            "line 5: `yes` is no status: expected a number such as 201, or a class such as 2xx",
        ),
        (
            "request: { path: /x }\nexpect: { json: [{ path: \"$.a[\" }] }",
            "line 5: `$.a[` is no JSONPath (RFC 9535): at position 3, parser error",
        ),
        (
            "request: { path: /x }\nexpect: { json: [{ path: \"$.a\" }] }",
            "line 5: `$.a` expects nothing, so it could never fail",
        ),
        (
            "request: { path: /x }\nexpect: { json: [{ path: \"$.a\", equal: 1 }] }",
            "line 5: unknown key `equal`; did you mean `equals`? others here: count, path, exists, not-equals, type, contains, matches, at-least, at-most",
        ),
        (
            "request: { path: /x }\nexpect: { json: [{ path: \"$.a\", exists: false, type: null }] }",
            "line 5: `exists: false` and an expectation of the value can't both hold",
        ),
        (
            "request: { path: /x }\nexpect: { headers: { etag: {} } }",
            "line 5: an expectation expects nothing, so it could never fail",
        ),
        (
            "request: { path: /x }\nexpect: { headers: { etag: { matches: \"(\" } } }",
            "line 5: `(` is no regular expression: unclosed group",
        ),
        (
            "request: { path: /x }\nexpect: { body: { exists: true } }",
            "line 5: `exists` is for headers: a body is always there, if only empty",
        ),
        ("request: { path: /x }\nexpect: { body: { contains: a, equals: } }", "line 5: a value is missing"),
        (
            "request: { path: /x }\nexpect: { max-time: 5 }",
            "line 5: `5` is no length of time: expected whole numbers with units, such as 500ms, 30s, 5m, 1h30m or 7d",
        ),
    ] {
        assert_eq!(told(&step(lines)), problem, "{lines}");
    }
}

#[test]
fn a_capture_or_retry_that_means_nothing_is_told_with_its_line() {
    for (lines, problem) in [
        (
            "request: { path: /x }\nexpect: { status: 200 }\ncapture: { t: {} }",
            "line 6: a capture names one source: `json`, `header` or `body`",
        ),
        (
            "request: { path: /x }\nexpect: { status: 200 }\ncapture: { uuid: { header: a } }",
            "line 6: `uuid` is made by the run itself: choose another name",
        ),
        (
            "request: { path: /x }\nexpect: { status: 200 }\ncapture: { t: { json: \"$..a\" } }",
            "line 6: `$..a` may find several nodes: a capture needs a path of names and indices only",
        ),
        (
            "request: { path: /x }\nexpect: { status: 200 }\nretry: { attempts: 1 }",
            "line 6: `attempts` counts the first one too: less than 2 is no retry",
        ),
        (
            "request: { path: /x, method: POST }\nexpect: { status: 200 }\nretry: { attempts: 3 }",
            "line 6: POST is not tried again unless you say `idempotent: true` in `retry`",
        ),
        (
            "request: { path: /x }\nexpect: { status: 200 }\nonly-in: [Prod]",
            "line 6: `Prod` is no name: expected 1 to 63 of a-z, 0-9 and `-`, beginning and ending with a letter or digit",
        ),
    ] {
        assert_eq!(told(&step(lines)), problem, "{lines}");
    }
}

#[test]
fn what_could_never_run_or_be_found_is_told() {
    for (lines, problem) in [
        (
            "request: { path: /x }\nexpect: { status: 200 }\nonly-in: []",
            "line 3: `only-in` names no environment, so the step would never run",
        ),
        (
            "request: { path: /x, headers: { \"a b\": c } }\nexpect: { status: 200 }",
            "line 4: `a b` can't name a header",
        ),
        ("request: { path: /x }\nexpect: { headers: { \"\": a } }", "line 5: `` can't name a header"),
        (
            "request: { path: /x }\nexpect: { status: 200 }\ncapture: { a: { header: \"x:\" } }",
            "line 6: `x:` can't name a header",
        ),
    ] {
        assert_eq!(told(&step(lines)), problem, "{lines}");
    }
}

#[test]
fn names_are_told_apart_by_evidence_so_no_two_are_the_same() {
    let one = step("request: { path: /x }\nexpect: { status: 200 }");
    let two = format!("{one}- name: a\n  request: {{ path: /x }}\n  expect: {{ status: 200 }}\n");
    assert_eq!((told(&one), told(&two)), (String::new(), "line 6: another step is called `a` too".into()));
}

#[test]
fn a_step_sees_earlier_captures_and_a_cleanup_sees_all() {
    let text = "name: s\nsteps:\n- name: a\n  request: { path: /x }\n  expect: { status: 200 }\n  capture: { t: { header: t } }\n- name: b\n  request: { path: \"/${t}\" }\n  expect: { status: 200 }\ncleanup:\n- name: c\n  request: { path: \"/${t}\" }\n  expect: { status: 200 }\n";
    assert_eq!(told(text), "");
}

#[test]
fn a_key_without_a_value_is_no_expectation_but_the_word_null_is_a_type() {
    let form =
        parse(&step("request: { path: /x }\nexpect: { json: [{ path: $.a, type: null, equals: null }] }"));
    let form = form.unwrap_or_else(|_| panic!("it is a suite"));
    let check = &form.steps[0].value.expect.json[0].value;
    assert!(check.kind == Some(crate::suite::Type::Null) && check.equals == Some(serde_json::Value::Null));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(lines in "([a-z]{1,7}: ?[a-z0-9$*&!\\[{\"'|>-]{0,8}[\\]}]?\n ?){0,6}") {
        let _ = parse(&lines);
        let _ = parse(&step(&lines));
    }
}

const SCHEMA: &str = include_str!("../../../../../docs/smoke-suite.schema.json");
const PAGE: &str = include_str!("../../../../../docs/smoke-test.md");
const QUICKSTART: &str = include_str!("../../../../../examples/quickstart/smoke/notes.yaml");

#[test]
fn the_suites_we_show_are_suites() {
    let shown = PAGE.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    assert_eq!((told(shown), told(QUICKSTART)), (String::new(), String::new()));
}

/// The keys a mapping knows, as the message about an unknown one lists them.
fn keys(text: &str) -> Vec<String> {
    let told = told(text);
    let (_, list) = told.split_once("did you mean `").unwrap_or_else(|| panic!("{text}: {told}"));
    let mut keys: Vec<String> = list.split(['`', '?', ':', ',', ' ']).map(str::to_owned).collect();
    keys.retain(|key| !["", "others", "here"].contains(&key.as_str()));
    keys.sort();
    keys
}

#[test]
fn the_schema_for_editors_knows_the_same_keys() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let inside = |lines: &str| keys(&step(&format!("request: {{ path: /x }}\n{lines}")));
    for (pointer, known) in [
        ("", keys("zz: 1")),
        ("/$defs/wait", keys("wait: { zz: 1 }")),
        ("/$defs/step", keys(&step("zz: 1"))),
        ("/$defs/request", keys(&step("request: { zz: 1 }"))),
        ("/$defs/expect", inside("expect: { zz: 1 }")),
        ("/$defs/text/oneOf/1", inside("expect: { body: { zz: 1 } }")),
        ("/$defs/json-check", inside("expect: { json: [{ zz: 1 }] }")),
        ("/$defs/capture", inside("capture: { a: { zz: 1 } }")),
        ("/$defs/retry", inside("retry: { zz: 1 }")),
    ] {
        let object = schema.pointer(&format!("{pointer}/properties")).and_then(|found| found.as_object());
        let mut described: Vec<&String> = object.unwrap().keys().collect();
        described.sort();
        assert_eq!(described, known.iter().collect::<Vec<_>>(), "{pointer}");
    }
}
