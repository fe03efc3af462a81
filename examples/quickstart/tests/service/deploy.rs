//! The deploy script, with programs in place of ours that only write down what they were given.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy.sh");

/// Unpacks a service that tells its environment and stays.
const TAG_IMAGE: &str = r#"#!/bin/sh
mkdir -p "$4"
cat >"$4/notes" <<'END'
#!/bin/sh
env >given
echo '{"event":"listening","address":"127.0.0.1:1"}'
exec sleep 60
END
chmod +x "$4/notes"
"#;

fn deploy(place: &Path, word: &str) {
    let path = format!("{}:{}", place.display(), env!("PATH"));
    let status = Command::new("sh")
        .args([SCRIPT, word].into_iter().filter(|word| !word.is_empty()))
        .current_dir(place)
        .env("PATH", path)
        .env("ENVIRONMENT", "staging")
        .env("NOTES_IMAGE", format!("oci:registry/notes@sha256:{}", "0".repeat(64)))
        .env("NOTES_ENV_FILE", "staging.env")
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("sh starts").success(), "deploy.sh {word}");
}

#[test]
fn the_last_line_of_an_env_file_once_was_lost_without_its_end() {
    let place = tempfile::tempdir().expect("a directory");
    let place = place.path();
    fs::write(place.join("tag-image"), TAG_IMAGE).expect("written");
    fs::set_permissions(place.join("tag-image"), Permissions::from_mode(0o755)).expect("made a program");
    fs::write(place.join("staging.env"), "# here\nFIRST=$(id)\nLAST=there").expect("written");
    deploy(place, "");
    let given = fs::read_to_string(place.join("given")).expect("it was started");
    deploy(place, "stop");
    let line = |wanted: &str| given.lines().filter(|line| *line == wanted).count();
    assert_eq!([line("FIRST=$(id)"), line("LAST=there")], [1, 1], "{given}");
}
