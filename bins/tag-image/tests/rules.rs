//! The rules in the strict manner, as people and runners meet them: what is given, what is refused and where it stands.

use testkit::{
    Cmd, Level, Run, Scratch,
    http::{Reply, Server},
};

const BIN: &str = env!("CARGO_BIN_EXE_tag-image");
const EVENT: &str = r#"{"repository": {"name": "app", "description": "An app", "html_url": "https://github.com/acme/app",
    "license": {"spdx_id": "MIT"}, "default_branch": "main"}}"#;

/// A step of a run about this reference, whose event says everything.
fn step(scratch: &Scratch, reference: &str) -> Cmd {
    testkit::bin(BIN)
        .args(["compute", "--images", "ghcr.io/acme/app"])
        .dir(scratch.path())
        .on_runner()
        .env("GITHUB_REF", reference)
        .env("GITHUB_API_URL", "http://127.0.0.1:9")
        .env("GITHUB_EVENT_PATH", scratch.file("event.json", EVENT))
        .env("RUNNER_TEMP", scratch.path())
        .env("SOURCE_DATE_EPOCH", "1578616200")
}

fn with_rules(reference: &str, rules: &[&str]) -> Run {
    let scratch = Scratch::new();
    step(&scratch, reference).args(rules.iter().map(|rule| format!("--tags={rule}"))).run()
}

#[test]
fn a_release_has_its_names_labels_and_files_without_a_question_to_anybody() {
    let scratch = Scratch::new();
    let rules = "type=semver,pattern={{version}}\ntype=semver,pattern={{major}}.{{minor}},suffix=-{{sha}}\n";
    let run = step(&scratch, "refs/tags/v1.2.3").env("INPUT_TAGS", rules).run().succeeds();
    insta::assert_snapshot!(run.stdout, @r"
    ghcr.io/acme/app:1.2.3
    ghcr.io/acme/app:1.2-0123456
    ");
    insta::assert_snapshot!(run.observed().outputs["labels"], @r"
    org.opencontainers.image.created=2020-01-10T00:30:00.000Z
    org.opencontainers.image.description=An app
    org.opencontainers.image.licenses=MIT
    org.opencontainers.image.revision=0123456789abcdef0123456789abcdef01234567
    org.opencontainers.image.source=https://github.com/acme/app
    org.opencontainers.image.title=app
    org.opencontainers.image.url=https://github.com/acme/app
    org.opencontainers.image.version=1.2.3
    ");
    let notices: Vec<String> = run.observed().annotations.iter().map(ToString::to_string).collect();
    assert!(notices.len() == 1 && notices[0].contains("`latest` is not given"), "{notices:?}");
    let again = step(&scratch, "refs/tags/v1.2.3").env("INPUT_TAGS", rules).run().succeeds();
    assert_eq!(run.observed().outputs["bake-file"], again.observed().outputs["bake-file"]);
    assert_eq!(run.observed().env["DOCKER_METADATA_OUTPUT_VERSION"], "1.2.3");
}

#[test]
fn what_would_be_ignored_is_told_with_its_place() {
    for (rule, code) in [
        ("type=sha,fromat=long", "tag-attribute-unknown"),
        ("type=edge,main", "tag-attribute-unknown"),
        ("type=raw,value={{brunch}}", "tag-expression-unknown"),
        ("type=semver,pattern={{version}}-{{sha}}", "tag-expression-unknown"),
        ("type=raw,value={{date 'YYYY' tz='Mars/Base'}}", "time-zone-unknown"),
        ("type=raw,value={{date YYYY}}", "tag-expression-invalid"),
        ("type=raw,value={{branch}", "tag-expression-invalid"),
        ("type=raw,value=x,enable=True", "tag-rule-invalid"),
        ("type=raw,value=x,priority=high", "tag-rule-invalid"),
        ("type=nope", "tag-rule-invalid"),
        ("type=match,\"pattern=v(\\d{1,2})\"", "tag-pattern-invalid"),
        ("type=match,pattern=x,group=1", "tag-rule-gives-nothing"),
        ("type=semver,pattern={{version}},match=x(.*)", "tag-rule-gives-nothing"),
        ("type=semver,pattern={{version}},value=1.2", "tag-rule-gives-nothing"),
        ("type=pep440,pattern={{version}},value=x", "tag-rule-gives-nothing"),
        ("type=raw,value={{branch}}", "tag-rule-gives-nothing"),
        ("type=raw,value=-x", "tag-invalid"),
        (&format!("type=raw,value={}", "x".repeat(129)), "tag-invalid"),
        ("type=semver,pattern={{version}},value=1.2.3+5", "version-has-build-metadata"),
        ("type=pep440,pattern={{version}},value=1.2.3+local", "version-has-build-metadata"),
        ("type=pep440,pattern={{major}},value=1.2.post1", "tag-rule-gives-nothing"),
    ] {
        with_rules("refs/tags/v1.2.3", &["type=sha", rule]).fails(2, code);
    }
    insta::assert_snapshot!(with_rules("refs/tags/v1.2.3", &["type=sha", "type=sha,fromat=long"]).stderr, @r"
    ::error title=tag-attribute-unknown::rule 2 of tags can't be followed: `type=sha,fromat=long`%0Awhy: there is no attribute `fromat` here, only type, format, priority, enable, prefix, suffix%0Afix: correct its name, or leave it out: docker/metadata-action ignores it too
    error[tag-attribute-unknown]: rule 2 of tags can't be followed: `type=sha,fromat=long`
      why: there is no attribute `fromat` here, only type, format, priority, enable, prefix, suffix
      fix: correct its name, or leave it out: docker/metadata-action ignores it too
      see: docs/failures.md#tag-attribute-unknown
    ");
}

#[test]
fn a_rule_about_another_event_is_no_mistake_but_no_name_at_all_is() {
    let rules =
        ["type=schedule", "type=ref,event=pr", "type=semver,pattern={{version}}", "type=edge,branch=dev"];
    with_rules("refs/heads/main", &rules).fails(2, "tags-empty");
    let run = with_rules("refs/heads/main", &[&rules[..], &["type=ref,event=branch"]].concat()).succeeds();
    assert_eq!(run.stdout, "ghcr.io/acme/app:main\n");
    assert_eq!(with_rules("refs/heads/main", &["type=edge"]).succeeds().stdout, "ghcr.io/acme/app:edge\n");
}

#[test]
fn a_prerelease_is_named_only_by_whom_wants_it() {
    for rule in [
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}",
        "type=pep440,pattern={{version}}",
    ] {
        with_rules("refs/tags/v1.2.3-rc.1", &[rule]).fails(1, "version-is-prerelease");
    }
    let run = with_rules("refs/tags/v1.2.3-rc.1", &["type=semver,pattern={{raw}}"]).succeeds();
    assert_eq!(run.stdout, "ghcr.io/acme/app:v1.2.3-rc.1\n");
}

#[test]
fn latest_is_given_only_for_a_reason() {
    for (reference, rule) in [
        ("refs/heads/latest", "type=ref,event=branch"),
        ("refs/heads/feat/latest", "type=ref,event=branch"),
        ("refs/tags/v1.2.3", "type=raw,value=latest"),
        ("refs/tags/v1.2.3", "type=raw,value=Latest,suffix=-alpine"),
        ("refs/tags/v1.2.3", "latest"),
    ] {
        with_rules(reference, &[rule]).fails(1, "latest-refused");
    }
    let scratch = Scratch::new();
    let flavored = |more: &[&str]| {
        let rule = "--tags=type=semver,pattern={{version}}";
        step(&scratch, "refs/tags/v1.2.3").args([rule]).args(more).run()
    };
    flavored(&["--flavor=latest=true"]).fails(1, "latest-refused");
    let dropped = flavored(&["--flavor=suffix=-alpine,onlatest=true"]).succeeds();
    assert_eq!(dropped.stdout, "ghcr.io/acme/app:1.2.3-alpine\n");
    let notice = &dropped.observed().annotations[0];
    assert!(
        notice.level == Level::Notice && notice.message.contains("`latest-alpine` is not given"),
        "{notice}"
    );
    let allowed =
        flavored(&["--flavor=latest=true", "--allow-latest", "the docs say docker pull acme/app"]).succeeds();
    assert_eq!(allowed.stdout, "ghcr.io/acme/app:1.2.3\nghcr.io/acme/app:latest\n");
    assert!(allowed.observed().annotations[0].message.contains("docker pull acme/app"));
}

#[test]
fn github_is_asked_only_for_what_the_event_does_not_say() {
    let scratch = Scratch::new();
    let api = Server::script([Reply::json(&EVENT[r#"{"repository": "#.len()..EVENT.len() - 1])]);
    let empty = scratch.file("empty.json", "{}");
    let ask = |more: &[&str]| {
        let step = step(&scratch, "refs/heads/main").env("GITHUB_EVENT_PATH", &empty);
        step.env("GITHUB_API_URL", api.url("")).arg("--tags=type=sha").args(more)
    };
    let run = ask(&[]).env("INPUT_GITHUB-TOKEN", "ghs_0123456789").secret("ghs_0123456789").run().succeeds();
    assert_eq!(api.requests().len(), 1);
    assert_eq!(api.requests()[0].target, "/repos/acme/app");
    assert_eq!(api.requests()[0].header("authorization"), Some("Bearer ghs_0123456789"));
    assert!(run.observed().outputs["labels"].contains("image.title=app"), "{}", run.transcript());
    let own: Vec<String> = ["title", "description", "url", "source", "licenses"]
        .iter()
        .flat_map(|name| {
            ["labels", "annotations"].map(|list| format!("--{list}=org.opencontainers.image.{name}=x"))
        })
        .collect();
    ask(&own.iter().map(String::as_str).collect::<Vec<_>>()).run().succeeds();
    assert_eq!(api.requests().len(), 1, "everything was given");
    let refusing = Server::script([Reply::status(404)]);
    ask(&[]).env("GITHUB_API_URL", refusing.url("")).run().fails(3, "repository-unknown");
}

#[test]
fn a_laptop_has_no_event_and_needs_none() {
    let scratch = Scratch::new();
    scratch.file("app", "one\n");
    let commit = scratch.git_commit("first");
    let compute = |rules: &[&str]| {
        let rules = rules.iter().map(|rule| format!("--tags={rule}"));
        testkit::bin(BIN).dir(scratch.path()).args(["compute", "--images=ghcr.io/acme/app"]).args(rules).run()
    };
    let before = scratch.tree(&[".git"]);
    let branch = scratch.git(&["symbolic-ref", "--short", "HEAD"]);
    let run =
        compute(&["type=sha", "type=ref,event=branch", "type=raw,value={{commit_date 'YYYY'}}"]).succeeds();
    let year = &scratch.git(&["show", "-s", "--format=%cd", "--date=format:%Y"])[..4];
    let names = [branch.trim(), year, &format!("sha-{}", &commit[..7])]
        .map(|name| format!("ghcr.io/acme/app:{name}\n"));
    assert_eq!(run.stdout, names.concat());
    scratch.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    scratch.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    compute(&["type=edge"]).fails(2, "tags-empty");
    scratch.git(&["checkout", "--quiet", "-b", "trunk"]);
    assert_eq!(compute(&["type=edge"]).succeeds().stdout, "ghcr.io/acme/app:edge\n");
    scratch.git(&["checkout", "--quiet", "--detach"]);
    scratch.git(&["tag", "v1.2.3"]);
    assert_eq!(compute(&["type=semver,pattern={{version}}"]).succeeds().stdout, "ghcr.io/acme/app:1.2.3\n");
    assert_eq!(before.difference(&scratch.tree(&[".git"])), "", "no place was given for files");
}

#[test]
fn the_checkout_is_asked_where_that_is_wanted() {
    let scratch = Scratch::new();
    scratch.file("app", "one\n");
    let commit = scratch.git_commit("first");
    scratch.git(&["tag", "v2.0.0"]);
    scratch.git(&["checkout", "--quiet", "--detach"]);
    let of_git = |more: &[&str]| {
        let rules = ["--tags=type=sha,format=long", "--tags=type=ref,event=tag", "--context=git"];
        step(&scratch, "refs/heads/other")
            .without_env("GITHUB_REPOSITORY")
            .args(rules)
            .args(more)
            .run()
            .succeeds()
    };
    let names = format!("ghcr.io/acme/app:v2.0.0\nghcr.io/acme/app:sha-{commit}\n");
    assert_eq!(of_git(&[]).stdout, names);
    assert_eq!(of_git(&["--compat"]).stdout, names + "ghcr.io/acme/app:latest\n");
    let nowhere = Scratch::new();
    step(&nowhere, "refs/heads/main").args(["--compat", "--context=git"]).run().fails(2, "commit-unknown");
}

#[test]
fn wrong_input_around_the_rules_is_told() {
    let scratch = Scratch::new();
    let fails = |name: &str, value: &str, code: &str| {
        step(&scratch, "refs/heads/main").arg("--tags=type=sha").env(name, value).run().fails(2, code);
    };
    fails("DOCKER_METADATA_SHORT_SHA_LENGTH", "seven", "metadata-variable-invalid");
    fails("DOCKER_METADATA_SET_OUTPUT_ENV", "maybe", "metadata-variable-invalid");
    fails("GITHUB_EVENT_PATH", "none.json", "event-payload-unreadable");
    fails("GITHUB_EVENT_PATH", "/dev/null", "event-payload-unreadable");
    fails("INPUT_LABELS", "maintainer", "tag-rule-invalid");
    fails("INPUT_FLAVOR", "tastes=good", "tag-attribute-unknown");
    fails("INPUT_ANNOTATIONS", "\"open", "tag-rule-invalid");
    fails("INPUT_COMPONENT", "app", "naming-ambiguous");
    for image in ["ghcr.io/acme/app:1.0", "Äpp", "a//b"] {
        let compute = ["compute", "--tags=type=sha", "--images", image];
        testkit::bin(BIN).dir(scratch.path()).args(compute).run().fails(2, "tag-rule-invalid");
    }
}

#[test]
fn a_value_of_several_lines_survives_the_way_through_the_variable() {
    let scratch = Scratch::new();
    let labels = "a=1\n\"b=two\n\n  lines\"\n# no label\nc={{{branch}}}";
    let step = step(&scratch, "refs/heads/a&b").arg("--tags=type=sha").env("INPUT_LABELS", labels);
    let run = step.env("INPUT_SEP-LABELS", "|").run().succeeds();
    assert!(
        run.observed().outputs["labels"].starts_with("a=1|b=two\n\n  lines|c=a&b|org."),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_component_is_named_by_what_its_project_declares() {
    let scratch = Scratch::new();
    scratch.file("release.toml", "[components.worker]\nimage = \"ghcr.io/acme/all\"\nprefix = \"worker\"\n");
    scratch.file("Cargo.toml", "[package]\nname = \"worker\"\nversion = \"1.2.3\"\n");
    let compute = |reference: &str| {
        let compute = ["compute", "--component=worker", "--version-from=cargo", "--tag-prefix=worker/"];
        testkit::bin(BIN).dir(scratch.path()).on_runner().args(compute).env("GITHUB_REF", reference).run()
    };
    assert_eq!(compute("refs/heads/main").succeeds().stdout, "ghcr.io/acme/all:worker-1.2.3-0123456\n");
    compute("refs/tags/worker/v1.2.3").succeeds();
    compute("refs/tags/worker/v1.2.4").fails(1, "version-contradiction");
    scratch.file("Cargo.toml", "[package]\nname = \"worker\"\nversion = \"1.2.3-dev\"\n");
    compute("refs/heads/main").fails(1, "version-is-prerelease");
}
