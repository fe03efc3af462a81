//! What Alembic's revisions are read as.

use ci::Failure;

use super::*;

fn read_files(files: &[(&str, &str)]) -> Result<Vec<Migration>, &'static str> {
    let scratch = testkit::Scratch::new();
    for (name, text) in files {
        scratch.file(name, *text);
    }
    let tree = Tree::of_programs(scratch.path(), 0, |_| true).unwrap();
    read(&tree).map_err(|error| error.code().as_str())
}

fn file(name: &str, after: &str) -> String {
    format!(
        "\"\"\"about {name}\n\nRevises: x\n\"\"\"\nrevision: str = '{name}'\ndown_revision: Union[str, None] = {after}\n"
    )
}

fn order(files: &[(&str, &str)]) -> Result<Vec<String>, &'static str> {
    let files: Vec<(String, String)> =
        files.iter().map(|(name, after)| (format!("{name}.py"), file(name, after))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let read = read_files(&files)?;
    Ok(read.into_iter().map(|one| one.name).collect())
}

#[test]
fn revisions_stand_behind_those_they_follow() {
    assert_eq!(
        order(&[("a", "'b'"), ("b", "'c'"), ("c", "None")]),
        Ok(vec!["c".into(), "b".into(), "a".into()])
    );
    let merged = order(&[("base", "None"), ("l", "'base'"), ("m", "('l', 'r')"), ("r", "'base'")]);
    assert_eq!(merged.unwrap(), ["base", "l", "r", "m"]);
}

#[test]
fn what_alembic_could_not_order_is_refused() {
    assert_eq!(order(&[("a", "None"), ("b", "None")]), Err("migration-heads"));
    assert_eq!(order(&[("a", "'x'")]), Err("migration-unsupported"));
    assert_eq!(order(&[("a", "'b'"), ("b", "'a'")]), Err("migration-unsupported"));
    assert_eq!(
        order(&[("z", "None"), ("y", "'z'"), ("a", "'b'"), ("b", "'a'")]),
        Err("migration-unsupported")
    );
    assert_eq!(order(&[("a", "previous()")]), Err("migration-unsupported"));
    let option = read_files(&[("a.py", "revision = '--sql'\ndown_revision = None\n")]);
    assert_eq!(option.unwrap_err(), "migration-unsupported");
}

#[test]
fn values_are_read_as_python_writes_them() {
    for (text, wanted) in [
        (" None\n", Some(vec![])),
        (" 'a'  # comment\n", Some(vec!["a"])),
        (" \"a\"", Some(vec!["a"])),
        (" ('a', \"b\",)\n", Some(vec!["a", "b"])),
        (" (\n    'a',\n    'b',\n)\n", Some(vec!["a", "b"])),
        (" ['a']", Some(vec!["a"])),
        (" 'a", None),
        (" ('a'", None),
        (" f(x)", None),
    ] {
        let wanted = wanted.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(names(text), wanted, "{text}");
    }
    assert_eq!(assigned("x\nrevision : str = 'a'\n", "revision"), Some(" 'a'\n"));
    assert_eq!(assigned("    revision = 'a'\nrevisions = 1\n", "revision"), None);
}

#[test]
fn a_way_back_that_does_nothing_is_none() {
    for (body, expected) in [
        ("    pass\n", false),
        ("    \"\"\"doc\"\"\"\n    pass\n", false),
        ("    raise NotImplementedError\n", false),
        ("    # nothing\n    op.drop_table('t')\n", true),
        ("", false),
    ] {
        assert_eq!(
            goes_back(&format!("def upgrade():\n    x()\n\ndef downgrade() -> None:\n{body}")),
            expected
        );
    }
    assert!(!goes_back("def upgrade():\n    x()\n"));
}

#[test]
fn one_row_means_all_that_it_follows_and_applied_ones_come_first() {
    let texts = [("base", "None"), ("l", "'base'"), ("m", "('l', 'r')"), ("r", "'base'")];
    let files: Vec<(String, String)> =
        texts.iter().map(|(name, after)| (format!("{name}.py"), file(name, after))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let migrations = read_files(&files).unwrap();
    let row = |name: &str| vec![Some(name.to_owned())];
    let settled = Table.settled(&[row("r")], migrations);
    assert_eq!(settled.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["base", "r", "l", "m"]);
    let applied = |rows: &[Texts]| {
        let mut applied = Table.applied(rows, &settled).unwrap();
        applied.sort_by(|one, other| one.version.cmp(&other.version));
        applied.iter().map(|row| row.version.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(applied(&[row("r")]), ["base", "r"]);
    assert_eq!(applied(&[row("m")]), ["base", "r", "l", "m"]);
    assert_eq!(applied(&[row("r"), row("newer")]), ["base", "r", "newer"]);
}

#[test]
fn the_project_is_found_from_its_configuration_or_its_scripts() {
    let scratch = testkit::Scratch::new();
    scratch.file("a/alembic.ini", "[alembic]\nscript_location = %(here)s/db\n[x]\nscript_location = no\n");
    scratch.file("b/pyproject.toml", "[tool.alembic]\nscript_location = \"%(here)s/db\"\n");
    scratch.file("c/migrations/env.py", "");
    scratch.file("c/migrations/versions/x.py", "");
    scratch.file("d/pyproject.toml", "[tool.x]\n");
    scratch.file("e/alembic.ini", "[alembic]\nscript_location = app:db\n");
    scratch.file("f/alembic.ini", "[alembic]\nscript_location = db\nversion_locations = db/a db/b\n");
    let find = |name: &str| Project::find(&scratch.path().join(name));
    for (name, scripts) in [("a", "a/db"), ("b", "b/db"), ("c/migrations", "c/migrations")] {
        assert_eq!(find(name).unwrap().unwrap().scripts, scratch.path().join(scripts));
    }
    assert_eq!(find("c/migrations").unwrap().unwrap().home, scratch.path().join("c"));
    assert!(find("d").unwrap().is_none());
    assert!(find("e").is_err() && find("f").is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    #[test]
    fn no_text_makes_it_panic(text in "(revision|down_revision|=|:|'|\"|\\(|\\)|None|a|é|#|\n| ){0,24}") {
        let _ = (assigned(&text, "revision").map(names), assigned(&text, "down_revision").map(names), goes_back(&text), of_ini(&text, "a"));
    }
}
