//! The exec target against real scripts: obedient, failing, lying, hanging, talkative.

#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

use std::time::Duration;

use ci::{Common, Env, Failure, Format, Session};
use config::{Exec, Program, Target as Configured};
use contract::{Digest, EnvironmentName, ImageRef, Span};
use deploy::{Running, Wanted};
use testkit::Scratch;

/// Records what it is told and says that it runs.
const OBEDIENT: &str = r#"
cd "$(dirname "$0")" || exit 9
case "$1" in
observe) if [ -f running ]; then cat running; fi ;;
*) env | LC_ALL=C sort | grep -vE '^(PWD|SHLVL|OLDPWD|_|LLVM_PROFILE_FILE)=' >told
   echo "app=$APP_IMAGE" >running ;;
esac
"#;

fn session(variables: &[(&str, &str)]) -> Session {
    let common = Common { dry_run: false, format: Format::Human, release_file: "release.json".into() };
    Session::new(Env::of([("PATH", "/usr/bin:/bin")].iter().chain(variables).copied()), common)
}

fn exec(scratch: &Scratch, script: &str) -> Exec {
    let name = scratch.script("deploy.sh", script).display().to_string();
    Exec {
        command: Program { name: name.clone(), arguments: Vec::new() },
        observe: Program { name, arguments: vec!["observe".into()] },
        env_files: [("app".parse().unwrap(), scratch.file("app.env", "A=1\n"))].into(),
        inherit: vec!["UPLOADS_DIR".into()],
        timeout: Span::of(Duration::from_secs(20)),
    }
}

fn wanted(content: &str) -> Wanted {
    let image: ImageRef = "oci:registry/app".parse().unwrap();
    Wanted {
        release: "1.2.3".into(),
        commit: Some("860c1904a1ce19322e91ac35af1ab07466440c37".parse().unwrap()),
        images: [("app".parse().unwrap(), image.with_digest(Digest::of(content.as_bytes())))].into(),
    }
}

fn production() -> EnvironmentName {
    "production".parse().unwrap()
}

/// Switches by this configuration; the code of the failure, if any.
fn switched(exec: Exec) -> Result<(), &'static str> {
    let (session, configured) = (session(&[("UPLOADS_DIR", "/srv")]), Configured::Exec(exec));
    let environment = production();
    let target = deploy::target(&session, &environment, &configured);
    target
        .check()
        .and_then(|()| deploy::switch(&*target, &wanted("v1")))
        .map_err(|error| error.code().as_str())
}

#[test]
fn the_script_is_told_what_it_needs_and_nothing_else() {
    let scratch = Scratch::new();
    let configured = Configured::Exec(exec(&scratch, OBEDIENT));
    let session =
        session(&[("UPLOADS_DIR", "/srv"), ("COSIGN_PASSWORD", "hunter2"), ("GITHUB_OUTPUT", "/x")]);
    let environment = production();
    let target = deploy::target(&session, &environment, &configured);
    assert_eq!(target.observe().unwrap(), Running::new());
    deploy::switch(&*target, &wanted("v1")).unwrap();
    assert_eq!(target.observe().unwrap(), wanted("v1").digests());
    let told = scratch.read("told").replace(&scratch.path().display().to_string(), "[DIR]");
    insta::assert_snapshot!(told, @"
    APP_ENV_FILE=[DIR]/app.env
    APP_IMAGE=oci:registry/app@sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe
    ENVIRONMENT=production
    PATH=/usr/bin:/bin
    RELEASE=1.2.3
    RELEASE_COMMIT=860c1904a1ce19322e91ac35af1ab07466440c37
    UPLOADS_DIR=/srv
    ");
}

#[test]
fn each_way_to_misbehave_has_its_own_code() {
    for (script, code) in [
        ("echo no; exit 3", "deploy-failed"),
        ("[ \"$1\" = observe ] && exit 1; true", "observe-failed"),
        ("[ \"$1\" = observe ] && echo starting; true", "observe-unreadable"),
        ("true", "deployed-differs"),
        ("kill -9 $$", "deploy-failed"),
    ] {
        assert_eq!(switched(exec(&Scratch::new(), script)), Err(code), "{script}");
    }
}

#[test]
fn a_script_that_lies_is_found_out_and_both_digests_are_named() {
    let scratch = Scratch::new();
    let lie = format!("[ \"$1\" = observe ] && echo app=oci:registry/app@{}; true", Digest::of(b"v0"));
    let configured = Configured::Exec(exec(&scratch, &lie));
    let (session, environment) = (session(&[]), production());
    let target = deploy::target(&session, &environment, &configured);
    let error = deploy::switch(&*target, &wanted("v1")).unwrap_err();
    insta::assert_snapshot!(error, @"the environment runs something else than it was told to: app runs sha256:0270da4daac5… instead of sha256:3bfc269594ef…");
}

#[test]
fn a_script_that_hangs_is_ended_at_its_deadline() {
    let scratch = Scratch::new();
    let mut hanging = exec(&scratch, "sleep 600 & wait");
    hanging.timeout = Span::of(Duration::from_millis(100));
    assert_eq!(switched(hanging), Err("deploy-deadline"));
}

#[test]
fn a_program_that_is_not_there_and_a_file_that_is_not_there_are_told_apart() {
    let scratch = Scratch::new();
    let mut nowhere = exec(&scratch, "true");
    nowhere.command.name = "./no-such-script".into();
    assert_eq!(switched(nowhere), Err("program-not-started"));
    let mut without = exec(&scratch, "true");
    without.env_files = [("app".parse().unwrap(), scratch.join("none.env"))].into();
    assert_eq!(switched(without), Err("env-file-missing"));
    let mut unset = exec(&scratch, "true");
    unset.inherit = vec!["NOT_SET".into()];
    assert_eq!(switched(unset), Err("inherited-variable-missing"));
}
