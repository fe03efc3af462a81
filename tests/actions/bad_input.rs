//! What a person sees who gives an action a wrong input: one annotation with the failure's code, and a step that failed.

use crate::act::Log;
use crate::stage::Stage;

#[test]
fn a_wrong_input_of_any_action_is_an_annotation_and_a_failed_step() {
    let stage = Stage::of_one_job("bad-input.yml");
    let log = Log::of(&stage, "bad-input.yml", &["push"]);
    let cases = [
        ("validate-env", "file-missing", "no-such.schema does not exist"),
        ("tag-image", "latest-refused", "`latest`"),
        ("migrate-db", "migrations-unreadable", "no-such-directory"),
        ("smoke-test", "file-missing", "no-such-suite.yaml does not exist"),
        ("sbom-sign", "unknown-command", "atest"),
        ("promote", "environment-unknown", "no-such-environment"),
        ("rollback", "input-missing", "--reason"),
        ("seaworthy", "file-missing", "no-such-suite.yaml does not exist"),
        ("not-installed", "rollback is not installed", "SEAWORTHY_BIN_DIR"),
    ];
    for (step, title, words) in cases {
        assert_eq!(log.result(step), "failure", "{step}");
        let [one] = &*log.annotations(step) else { panic!("{step}: not one annotation\n{}", log.text()) };
        assert_eq!((one.level.as_str(), one.title.as_str()), ("error", title), "{step}");
        assert!(one.message.contains(words), "{step}: {}", one.message);
    }
    let outputs = log.outputs("seaworthy");
    assert_eq!((outputs["problems"], outputs["verdict"], outputs["rolled-back"]), ("0", "", "false"));
    for step in ["tag-image", "promote", "rollback"] {
        assert!(log.outputs(step).values().all(|value| value.is_empty()), "{step}: {:?}", log.outputs(step));
    }
}
