//! A sensitive value is in no stream and no file, whatever is wrong with it and wherever it stands.

use crate::{service, validate_env};

const SHORT: &str = "hunter2-not-long-enough";

#[test]
fn no_way_out_shows_a_sensitive_value() {
    for file in [
        format!("SESSION_SECRET={SHORT}\nPORT=${{SESSION_SECRET}}\n"),
        format!("SESSION_SECRET=\"{SHORT}\"\nAPP_ENV=x-$SESSION_SECRET-y\n"),
        format!("SESSION_SECRET='{SHORT}'\nUNKNOWN={SHORT}\n"),
        format!("SESSION_SECRET=first-{SHORT}\nSESSION_SECRET={SHORT}\n"),
    ] {
        let scratch = service(&file);
        for format in ["human", "json"] {
            let check =
                validate_env(&scratch, &["--env-file", "staging.env", "--format", format]).secret(SHORT);
            let run = check.clone().run().exits(1);
            assert!(
                run.violations().is_empty() && !run.transcript().contains("hunter2"),
                "{}",
                run.transcript()
            );
            // There the masks themselves name it, and the oracle looks at all the rest.
            let run = check.on_runner().run().exits(1);
            assert!(run.violations().is_empty() && !run.stdout.contains("hunter2"), "{}", run.transcript());
        }
    }
}

#[test]
fn a_broken_file_is_told_by_its_line_and_never_by_its_text() {
    for file in [
        format!("SESSION_SECRET=\"{SHORT}\n"),
        format!("SESSION_SECRET=x\n{SHORT}/+\n"),
        format!("SESSION_SECRET=${{{SHORT}\n"),
        format!("SESSION_SECRET=${{A:?{SHORT}}}\n"),
        format!("SESSION SECRET={SHORT}\n"),
    ] {
        let run =
            validate_env(&service(&file), &["--env-file", "staging.env"]).on_runner().secret(SHORT).run();
        let run = run.fails(2, "env-file-invalid");
        assert!(run.violations().is_empty() && !run.transcript().contains("hunter2"), "{}", run.transcript());
        assert_eq!(run.observed().annotations[0].property("file"), Some("staging.env"));
        assert!(run.observed().annotations[0].property("line").is_some());
    }
}

#[test]
fn a_secret_of_the_process_is_masked_too() {
    let scratch = service("");
    let check = validate_env(&scratch, &["check"]).env("SESSION_SECRET", SHORT).env("APP_ENV", SHORT);
    for run in [check.clone().secret(SHORT).run(), check.on_runner().secret(SHORT).run()] {
        let run = run.fails(1, "environment-invalid");
        assert!(run.violations().is_empty(), "{}", run.transcript());
    }
}

#[test]
fn nothing_is_executed() {
    let scratch = service("APP_ENV=$(touch made)\nSESSION_SECRET=\"`touch made`$(touch made)\"\n");
    validate_env(&scratch, &["--env-file", "staging.env"]).run().fails(1, "environment-invalid");
    scratch.file(".env.schema", "A=$(touch made)\n");
    validate_env(&scratch, &[]).run().fails(2, "schema-invalid");
    scratch.file(".env.schema", "A=exec(`touch made`)\n");
    validate_env(&scratch, &[]).run().fails(2, "schema-invalid");
    assert!(!scratch.has("made"));
}
