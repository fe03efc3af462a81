//! Alembic and Django, which run their migrations themselves: one half with them, one half with us, and back; and what becomes of it when
//! something goes wrong in the middle.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use testkit::{Cmd, Scratch, tools::tool};

use crate::{
    EPOCH,
    cluster::{Cluster, PASSWORD, SHARED},
    migrate,
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres");
const MEMBERS: &str = "4f1c0a9d2b7e";
const POSTS: &str = "81d5e6c0aa34";
const NAMES: &str = "b07f3312c9de";
const INDEX: &str = "c4419ed8f6a2";
const LAST: &str = "d90a57be1f08";

/// A copy of a fixture.
pub(crate) fn project(name: &str) -> Scratch {
    fn copy(scratch: &Scratch, from: &Path, to: &str) {
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{to}{}", path.file_name().unwrap().to_str().unwrap());
            match path.is_dir() {
                true if name.ends_with("__pycache__") => {}
                true => copy(scratch, &path, &format!("{name}/")),
                false => _ = scratch.file(&name, ci::files::read_text(&path).unwrap()),
            }
        }
    }
    let scratch = Scratch::new();
    copy(&scratch, &Path::new(FIXTURES).join(name), "");
    scratch
}

fn words_of(name: &str) -> String {
    let words = if name == "django" { "\nmanage.py" } else { "" };
    format!("{}{words}", tool(name).display())
}

/// One of our commands, with the program that script/setup has installed.
pub(crate) fn ours(scratch: &Scratch, name: &str, url: &str, args: &[&str]) -> Cmd {
    migrate(scratch, url, args).args(["--tool", &words_of(name)])
}

/// The tool itself.
fn theirs(scratch: &Scratch, name: &str, url: &str, args: &[&str]) -> Output {
    let program = words_of(name);
    let mut words = program.lines();
    let mut command = Command::new(words.next().unwrap());
    let output = command.args(words).args(args).env("DATABASE_URL", url).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = output.current_dir(scratch.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// An address over TCP, with a password that needs escapes.
pub(crate) fn over_tcp(cluster: &Cluster, database: &str, scheme: &str) -> String {
    let password = PASSWORD.replace(' ', "%20").replace('\'', "%27").replace('@', "%40");
    format!("{scheme}://postgres:{password}@127.0.0.1:{}/{database}", cluster.port())
}

pub(crate) fn alembic() -> (Scratch, String, String) {
    let database = SHARED.database();
    let url = over_tcp(&SHARED, &database, "postgresql+psycopg");
    (project("alembic"), database, url)
}

/// A revision behind the last one. Printing its SQL runs its program, too: what takes time takes it only when it is really run.
fn revision(scratch: &Scratch, name: &str, after: &str, body: &str) {
    let text = format!(
        "# migrate-db: phase=expand\nimport os, time\nfrom alembic import op\nrevision = '{name}'\ndown_revision = '{after}'\n\n\
         def upgrade():\n    really = not op.get_context().as_sql\n    {body}\n\ndef downgrade():\n    pass\n"
    );
    scratch.file(&format!("migrations/versions/{name}.py"), text);
}

fn version(database: &str) -> String {
    SHARED.sql(database, "SELECT string_agg(version_num, ',') FROM alembic_version")
}

#[test]
fn half_with_alembic_half_with_us_and_back() {
    let (scratch, database, url) = alembic();
    theirs(&scratch, "alembic", &url, &["upgrade", MEMBERS]);
    let status = ours(&scratch, "alembic", &url, &["status", "--format", "json"]).run().succeeds().json();
    assert_eq!(
        (&status["result"]["version"], &status["result"]["layout"]),
        (&MEMBERS.into(), &"alembic".into())
    );
    let up =
        ours(&scratch, "alembic", &url, &["up", "--to", NAMES, "--format", "json"]).run().succeeds().json();
    assert_eq!(up["result"]["applied"], serde_json::json!([POSTS, NAMES]));
    assert_eq!(up["result"]["backup"]["proof"], "restored and compared");
    assert_eq!(
        SHARED.sql(&database, "SELECT string_agg(given_name, ',' ORDER BY id) FROM members"),
        "Ada,Grace"
    );
    theirs(&scratch, "alembic", &url, &["upgrade", INDEX]);
    ours(&scratch, "alembic", &url, &["rehearse"]).run().succeeds();
    assert_eq!(version(&database), INDEX, "the rehearsal must not touch it");
    ours(&scratch, "alembic", &url, &["up", "--environment", "e", "--predicate", "p.json"]).run().succeeds();
    assert_eq!(version(&database), LAST);
    let predicate: serde_json::Value = serde_json::from_str(&scratch.read("p.json")).unwrap();
    let phases: Vec<&str> =
        predicate["steps"].as_array().unwrap().iter().map(|step| step["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["expand", "expand", "expand", "expand", "contract"]);
    assert_eq!(
        (&predicate["compatible"], &predicate["steps"][4]["approval"]),
        (&false.into(), &"OPS-7".into())
    );
    ours(&scratch, "alembic", &url, &["status", "--require-current"]).run().succeeds();
    ours(&scratch, "alembic", &url, &["verify", "--drift"]).run().succeeds();
    let again = ours(&scratch, "alembic", &url, &["up"]).run().succeeds();
    assert!(again.stdout.contains("nothing to change"), "{}", again.stdout);
    ours(&scratch, "alembic", &url, &["down", "--to", MEMBERS]).run().succeeds();
    let current = theirs(&scratch, "alembic", &url, &["current"]);
    assert!(String::from_utf8_lossy(&current.stdout).contains(MEMBERS));
    theirs(&scratch, "alembic", &url, &["upgrade", "head"]);
    ours(&scratch, "alembic", &url, &["status", "--require-current"]).run().succeeds();
    ours(&scratch, "alembic", &url, &["down", "--to", "0"]).run().succeeds();
    assert_eq!(SHARED.sql(&database, "SELECT to_regclass('members') IS NULL"), "t");
}

#[test]
fn half_with_django_half_with_us_and_back() {
    let scratch = project("django");
    let database = SHARED.database();
    let url = over_tcp(&SHARED, &database, "postgres");
    theirs(&scratch, "django", &url, &["migrate", "--no-input", "shop", "0001"]);
    SHARED.sql(&database, "INSERT INTO shop_order (customer, total, note) VALUES ('a', 0, ''), ('b', 7, '')");
    let up = ours(&scratch, "django", &url, &["up", "--to", "shop.0003", "--format", "json"])
        .run()
        .succeeds()
        .json();
    let applied = up["result"]["applied"].as_array().unwrap();
    assert_eq!(applied.last().unwrap(), "shop.0003_free_orders_are_paid");
    assert_eq!(
        SHARED.sql(&database, "SELECT string_agg(paid::text, ',' ORDER BY id) FROM shop_order"),
        "true,false"
    );
    theirs(&scratch, "django", &url, &["migrate", "--no-input", "shop", "0004"]);
    let plan = ours(&scratch, "django", &url, &["plan"]).run().succeeds();
    assert!(
        plan.stdout.contains("apply shop.0005_without_notes without notes (contract, 1 statement)"),
        "{}",
        plan.stdout
    );
    ours(&scratch, "django", &url, &["rehearse"]).run().succeeds();
    ours(&scratch, "django", &url, &["up"]).run().succeeds();
    ours(&scratch, "django", &url, &["status", "--require-current"]).run().succeeds();
    ours(&scratch, "django", &url, &["verify", "--drift"]).run().succeeds();
    ours(&scratch, "django", &url, &["lint"]).run().succeeds();
    ours(&scratch, "django", &url, &["down", "--to", "shop.0002"]).run().succeeds();
    let shown = theirs(&scratch, "django", &url, &["showmigrations", "shop"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("[X] 0002_order_paid") && shown.contains("[ ] 0003"), "{shown}");
    theirs(&scratch, "django", &url, &["migrate", "--no-input"]);
    ours(&scratch, "django", &url, &["status", "--require-current"]).run().succeeds();
}

#[test]
fn alembic_on_sqlite_under_the_same_lock() {
    let scratch = project("alembic");
    let url = format!("sqlite:{}", scratch.join("app.db").display());
    // SQLite can't do what this one does to a column.
    fs::remove_file(scratch.join("migrations/versions/d90a57be1f08_without_full_names.py")).unwrap();
    ours(&scratch, "alembic", &url, &["up"]).run().succeeds();
    let status = ours(&scratch, "alembic", &url, &["status", "--require-current", "--format", "json"]);
    assert_eq!(status.run().succeeds().json()["result"]["version"], INDEX);
    ours(&scratch, "alembic", &url, &["verify", "--drift"]).run().succeeds();
    revision(&scratch, "slow", INDEX, "really and (open('begun', 'w').close(), time.sleep(4))");
    let mut run = spawned(&scratch, &url, &["up"]);
    wait_until(|| scratch.has("begun"));
    run.kill().unwrap();
    run.wait().unwrap();
    let early = ours(&scratch, "alembic", &url, &["up", "--lock-timeout", "200ms"]).run();
    early.fails(3, "database-locked");
    ours(&scratch, "alembic", &url, &["up"]).run().succeeds();
    ours(&scratch, "alembic", &url, &["status", "--require-current"]).run().succeeds();
}

#[test]
fn an_older_image_is_refused_and_told_where_the_way_down_runs() {
    let (scratch, database, url) = alembic();
    theirs(&scratch, "alembic", &url, &["upgrade", "head"]);
    fs::remove_file(scratch.join("migrations/versions/d90a57be1f08_without_full_names.py")).unwrap();
    for command in [vec!["up"], vec!["status"], vec!["down", "--to", POSTS]] {
        let run = ours(&scratch, "alembic", &url, &command).run().fails(1, "migration-missing");
        assert!(run.stderr.contains("take its steps down from there first"), "{}", run.stderr);
    }
    assert_eq!(version(&database), LAST);
}

#[test]
fn what_nobody_could_order_or_see_is_refused_before_anything_runs() {
    let (scratch, database, url) = alembic();
    theirs(&scratch, "alembic", &url, &["upgrade", POSTS]);
    revision(&scratch, "other", POSTS, "pass");
    ours(&scratch, "alembic", &url, &["up"]).run().fails(2, "migration-heads");
    fs::remove_file(scratch.join("migrations/versions/other.py")).unwrap();
    let file = "migrations/versions/b07f3312c9de_given_names.py";
    let text = scratch.read(file);
    scratch.file(file, text.replace("# migrate-db: phase=expand", "#"));
    let run = ours(&scratch, "alembic", &url, &["up"]).run().fails(1, "migration-unseen");
    assert!(run.stderr.contains(file), "{}", run.stderr);
    ours(&scratch, "alembic", &url, &["lint", "--since", POSTS]).run().fails(1, "lint-refused");
    assert_eq!(version(&database), POSTS);
    assert!(!scratch.has(".seaworthy/backups"), "nothing was begun");
    let contract = "migrations/versions/d90a57be1f08_without_full_names.py";
    scratch.file(file, text);
    scratch.file(contract, scratch.read(contract).replace("# migrate-db: phase=contract approve=OPS-7", ""));
    let run = ours(&scratch, "alembic", &url, &["up"]).run().fails(1, "migration-breaks");
    assert!(run.stderr.contains("ALTER TABLE members DROP COLUMN full_name"), "{}", run.stderr);
}

#[test]
fn a_revision_that_fails_leaves_those_before_it_or_none() {
    let (scratch, database, url) = alembic();
    ours(&scratch, "alembic", &url, &["up", "--to", INDEX]).run().succeeds();
    revision(&scratch, "wrong", LAST, "op.execute('SELECT nobody FROM members')");
    let run = ours(&scratch, "alembic", &url, &["up"])
        .secret("sea-worthy pass'word@1")
        .run()
        .fails(1, "tool-failed");
    assert!(run.stderr.contains("nobody"), "{}", run.stderr);
    // Alembic takes all in one transaction, as the project has it.
    assert_eq!(version(&database), INDEX);
    revision(&scratch, "wrong", LAST, "op.execute('SELECT id FROM members')");
    ours(&scratch, "alembic", &url, &["up"]).run().succeeds();
    assert_eq!(version(&database), "wrong");
}

#[test]
fn the_budget_stops_the_tool_and_its_session() {
    let (scratch, database, url) = alembic();
    ours(&scratch, "alembic", &url, &["up"]).run().succeeds();
    for (name, body) in
        [("sleeps", "really and time.sleep(60)"), ("queries", "op.execute('SELECT pg_sleep(60)')")]
    {
        revision(&scratch, name, LAST, &format!("op.execute('CREATE TABLE t (a int)'); {body}"));
        let begun = Instant::now();
        ours(&scratch, "alembic", &url, &["up", "--budget", "3s"]).run().fails(1, "budget-exceeded");
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert_eq!(version(&database), LAST);
        assert_eq!(SHARED.sql(&database, "SELECT to_regclass('t') IS NULL"), "t");
        // A session that has just ended is shown for a moment.
        SHARED.wait_for(&database, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        fs::remove_file(scratch.join(&format!("migrations/versions/{name}.py"))).unwrap();
    }
}

fn spawned(scratch: &Scratch, url: &str, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrate-db"));
    command
        .args(args)
        .args(["--database-url", url, "--tool", &words_of("alembic")])
        .env("SEAWORTHY_CLOCK", EPOCH);
    command.current_dir(scratch.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn wait_until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "it never happens");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn killed_in_the_middle_the_next_run_waits_for_the_tool_and_goes_on() {
    let (scratch, database, url) = alembic();
    ours(&scratch, "alembic", &url, &["up"]).run().succeeds();
    revision(
        &scratch,
        "slow",
        LAST,
        "op.execute('CREATE TABLE t (a int)'); really and (open('begun', 'w').close(), time.sleep(12))",
    );
    let mut run = spawned(&scratch, &url, &["up"]);
    wait_until(|| scratch.has("begun"));
    run.kill().unwrap();
    run.wait().unwrap();
    // The tool lives on without us: nobody starts a second one beside it.
    let early =
        ours(&scratch, "alembic", &url, &["up", "--lock-timeout", "200ms"]).run().fails(3, "database-locked");
    assert!(early.stderr.contains("an earlier run started"), "{}", early.stderr);
    ours(&scratch, "alembic", &url, &["up", "--lock-timeout", "30s"]).run().succeeds();
    assert_eq!(
        (version(&database).as_str(), SHARED.sql(&database, "SELECT count(*) FROM t").as_str()),
        ("slow", "0")
    );
}

#[test]
fn a_tool_killed_while_it_builds_an_index_leaves_no_half_of_it_to_the_next_run() {
    let (scratch, database, url) = alembic();
    ours(&scratch, "alembic", &url, &["up", "--to", NAMES]).run().succeeds();
    // A transaction that the index waits for.
    let mut holder = SHARED.session(
        &database,
        "BEGIN; INSERT INTO posts (member_id, title) VALUES (1, 'x'); SELECT pg_sleep(60)",
    );
    SHARED.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'posts'::regclass AND mode = 'RowExclusiveLock')");
    let mut run = spawned(&scratch, &url, &["up", "--to", INDEX]);
    SHARED.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_index WHERE NOT indisvalid)");
    run.kill().unwrap();
    run.wait().unwrap();
    SHARED.sql(&database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrate-db-tool' AND datname = current_database()");
    holder.kill().unwrap();
    holder.wait().unwrap();
    SHARED.sql(&database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid() AND datname = current_database()");
    assert_eq!(SHARED.sql(&database, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "1");
    ours(&scratch, "alembic", &url, &["up", "--to", INDEX]).run().succeeds();
    assert_eq!(
        SHARED.sql(&database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'posts_member'::regclass"),
        "t"
    );
}

#[test]
fn two_runs_at_once_go_the_way_once() {
    let (scratch, database, url) = alembic();
    thread::scope(|scope| {
        let run = || ours(&scratch, "alembic", &url, &["up", "--format", "json"]).run().succeeds().json();
        let runs = [scope.spawn(run), scope.spawn(run)];
        let applied: usize =
            runs.map(|run| run.join().unwrap()["result"]["applied"].as_array().unwrap().len()).iter().sum();
        assert_eq!(applied, 5);
    });
    assert_eq!(version(&database), LAST);
}

#[test]
fn a_tool_that_looks_elsewhere_is_found_out_before_it_changes_anything() {
    let (scratch, database, url) = alembic();
    ours(&scratch, "alembic", &url, &["up", "--to", POSTS]).run().succeeds();
    let env = scratch.read("migrations/env.py");
    scratch.file(
        "migrations/env.py",
        env.replace("os.environ[\"DATABASE_URL\"]", &format!("\"{}\"", url.replace('\'', "\\'"))),
    );
    ours(&scratch, "alembic", &url, &["backup"]).run().succeeds();
    ours(&scratch, "alembic", &url, &["rehearse"]).run().fails(1, "tool-elsewhere");
    ours(&scratch, "alembic", &url, &["verify", "--drift"]).run().fails(1, "tool-elsewhere");
    assert_eq!(version(&database), POSTS);
    let other = SHARED.database();
    let other_url = over_tcp(&SHARED, &other, "postgresql+psycopg");
    theirs(&scratch, "alembic", &url, &["current"]);
    ours(&scratch, "alembic", &other_url, &["up"]).run().fails(1, "tool-elsewhere");
}

#[test]
fn a_tool_that_is_not_there_is_named() {
    let (scratch, _, url) = alembic();
    let run = migrate(&scratch, &url, &["up", "--tool", "no-such-alembic"]).run().fails(3, "tool-not-run");
    assert!(run.stderr.contains("no-such-alembic"), "{}", run.stderr);
    migrate(&scratch, &url, &["up", "--tool", " "]).run().fails(2, "tool-unsaid");
    migrate(&scratch, &url, &["up", "--layout", "django"]).run().fails(2, "project-missing");
}

#[test]
fn what_is_there_already_is_entered_without_running_it() {
    let (scratch, database, url) = alembic();
    theirs(&scratch, "alembic", &url, &["upgrade", "head"]);
    SHARED.sql(&database, "DROP TABLE alembic_version");
    ours(&scratch, "alembic", &url, &["repair", "--applied", INDEX]).run().succeeds();
    let current = theirs(&scratch, "alembic", &url, &["current"]);
    assert!(String::from_utf8_lossy(&current.stdout).contains(INDEX));
}
