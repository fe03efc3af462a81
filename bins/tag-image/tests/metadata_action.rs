//! Every recorded run of the released docker/metadata-action, repeated by the real binary with `--compat`: ten outputs each, byte for byte.

use std::{collections::BTreeMap, path::Path, thread};

use serde::Deserialize;
use serde_json::Value;
use testkit::{
    Level, Scratch,
    http::{Reply, Request, Server},
};

const BIN: &str = env!("CARGO_BIN_EXE_tag-image");
const RECORDED: &str = include_str!("data/metadata-action.json");
/// How many runs were recorded: none may get lost.
const CASES: usize = 87;

#[derive(Deserialize)]
struct Recorded {
    now: jiff::Timestamp,
    api_commit_date: String,
    repo: Value,
    events: BTreeMap<String, Event>,
    results: Vec<Case>,
}

#[derive(Deserialize)]
struct Event {
    env: BTreeMap<String, String>,
    payload: Value,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    event: String,
    env: BTreeMap<String, String>,
    inputs: BTreeMap<String, String>,
    rc: i32,
    warnings: Vec<String>,
    outputs: BTreeMap<String, Value>,
}

/// GitHub's API, as far as the action asks it.
fn github(recorded: &Recorded) -> Server {
    let repository = recorded.repo.to_string();
    let commit = serde_json::json!({"commit": {"committer": {"date": recorded.api_commit_date}}}).to_string();
    Server::answer(move |request: &Request| {
        Reply::json(if request.target.contains("/commits/") { &commit } else { &repository })
    })
}

/// What differs from the recorded run.
fn differences(case: &Case, recorded: &Recorded, api: &str) -> Vec<String> {
    let event = &recorded.events[&case.event];
    let scratch = Scratch::new();
    let payload = scratch.file("event.json", event.payload.to_string());
    let epoch = recorded.now.as_second().to_string();
    let mut run = testkit::bin(BIN).args(["compute", "--compat"]).dir(scratch.path()).on_runner();
    for name in ["GITHUB_REF", "GITHUB_SHA", "GITHUB_EVENT_NAME"] {
        run = run.env(name, event.env.get(name).map_or("", String::as_str));
    }
    for (name, value) in &case.env {
        run = run.env(name, value);
    }
    for (name, value) in &case.inputs {
        run = run.env(format!("INPUT_{}", name.to_uppercase()), value);
    }
    let run = run
        .env("GITHUB_API_URL", api)
        .env("GITHUB_EVENT_PATH", payload)
        .env("RUNNER_TEMP", scratch.path())
        .env("SOURCE_DATE_EPOCH", epoch)
        .run();
    let observed = run.observed();
    let mut differences = Vec::new();
    let mut differs = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            differences.push(format!("{}: {what}\n  ours:   {ours}\n  theirs: {theirs}", case.id));
        }
    };
    differs("status", run.status.to_string(), case.rc.to_string());
    let warnings = observed.annotations.iter().filter(|one| one.level == Level::Warning);
    let warnings: Vec<&str> = warnings.map(|one| one.message.as_str()).collect();
    differs("warnings", format!("{warnings:?}"), format!("{:?}", case.warnings));
    assert_eq!(case.outputs.len(), 10, "{}", case.id);
    for (name, theirs) in &case.outputs {
        let ours = observed.outputs.get(name).cloned().unwrap_or_default();
        let variable = format!("DOCKER_METADATA_OUTPUT_{}", name.to_uppercase().replace('-', "_"));
        differs(&variable, observed.env.get(&variable).cloned().unwrap_or_default(), ours.clone());
        match theirs {
            Value::String(theirs) => differs(name, ours, theirs.clone()),
            theirs if name == "json" => differs(name, ours, theirs.to_string()),
            theirs => {
                let file = ci::files::read_text(Path::new(&ours)).unwrap_or_default();
                differs(name, file, format!("{theirs:#}"));
            }
        }
    }
    differences
}

#[test]
fn every_recorded_run_of_the_action_is_repeated_byte_for_byte() {
    let recorded: Recorded = serde_json::from_str(RECORDED).unwrap();
    assert_eq!(recorded.results.len(), CASES);
    let server = github(&recorded);
    let api = server.url("");
    let wrong: Vec<String> = thread::scope(|scope| {
        let parts: Vec<_> = recorded.results.chunks(CASES.div_ceil(4)).collect();
        let running: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let (recorded, api) = (&recorded, &api);
                scope.spawn(move || {
                    part.iter().flat_map(|case| differences(case, recorded, api)).collect::<Vec<_>>()
                })
            })
            .collect();
        running.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// A reference, the inputs, and the tags without a repository or the exit status, as observed on the released action.
type Oddity<'o> = (&'o str, &'o [&'o str], Result<&'o [&'o str], i32>);

#[test]
fn its_oddities_are_kept() {
    let long = "x".repeat(140);
    let long_rule = format!("type=raw,value={long}");
    let cases: &[Oddity] = &[
        ("heads/feat/a&b='x'", &["--tags=type=raw,value={{branch}}"], Ok(&["feat-a-amp-b-x3D-x27-x-x27-"])),
        ("heads/feat/a&b='x'", &["--tags=type=raw,value={{{branch}}}"], Ok(&["feat-a-b-x-"])),
        ("heads/feat/a&b='x'", &["--tags=type=ref,event=branch"], Ok(&["feat-a-b-x-"])),
        (
            "heads/x",
            &["--tags=type=raw,value=y,enable={{#if is_default_branch}}true{{else}}false{{/if}}"],
            Ok(&["y"]),
        ),
        ("heads/x", &["--tags=type=raw,value=y,enable=True"], Err(2)),
        ("heads/x", &["--tags=type=raw,value=y{{nope}},nope=1"], Ok(&["y"])),
        ("heads/x", &["--tags=type=raw,value={{date 'HH' tz='Nope/Nope'}}"], Ok(&["00"])),
        ("heads/x", &["--tags=type=raw,value={{date}}"], Err(2)),
        ("heads/x", &["--tags=type=raw,value=a,priority=x", "--tags=type=raw,value=b"], Ok(&["a", "b"])),
        ("heads/x", &["--tags=-a", &format!("--tags={long_rule}")], Ok(&["-a", &long])),
        ("heads/gh-readonly-queue/main/pr-12-abc", &[], Ok(&["gh-readonly-queue-main-pr-12-abc"])),
        ("tags/v1.2.3-rc.1", &["--tags=type=semver,pattern={{major}}"], Ok(&["1.2.3-rc.1"])),
        ("tags/v1.2.3+build.5", &["--tags=type=semver,pattern={{version}}"], Ok(&["1.2.3", "latest"])),
        ("tags/v1.2.3+build.5", &["--tags=type=semver,pattern={{raw}}"], Ok(&["v1.2.3-build.5", "latest"])),
        ("tags/sometag", &["--tags=type=semver,pattern={{version}}"], Ok(&[])),
        ("tags/v1.2.3", &["--tags=type=semver,pattern={{version}},match=v.*"], Err(2)),
        (
            "tags/worker/v1.2.3",
            &["--tags=type=semver,pattern={{version}},match=worker/v(.*)"],
            Ok(&["1.2.3", "latest"]),
        ),
        ("tags/v1.2.3", &["--tags=type=match,\"pattern=v(\\d{1,2}).\""], Err(2)),
        ("heads/v1.2.3", &["--tags=type=match,pattern=v("], Ok(&[])),
        ("tags/rel-7", &["--tags=type=match,pattern=/(?<=REL-)(?<n>\\d)/i,group=1"], Ok(&["7", "latest"])),
        ("tags/v1", &["--flavor=suffix=-alpine,onlatest=true"], Ok(&["v1-alpine", "latest-alpine"])),
        ("heads/latest", &[], Ok(&["latest"])),
    ];
    let scratch = Scratch::new();
    for (reference, inputs, expected) in cases {
        let run = testkit::bin(BIN)
            .args(["compute", "--compat", "--format=json"])
            .args(*inputs)
            .dir(scratch.path());
        let run = run.env("GITHUB_REF", format!("refs/{reference}")).env("SOURCE_DATE_EPOCH", "0").run();
        match expected {
            Ok(names) => {
                assert_eq!(run.succeeds().json()["result"]["tags"], serde_json::json!(names), "{inputs:?}");
            }
            Err(status) => _ = run.exits(*status),
        }
    }
}
