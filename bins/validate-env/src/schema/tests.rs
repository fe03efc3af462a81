//! Schemas as tables: what is understood, and what is refused with its line.

use proptest::prelude::{ProptestConfig, proptest};

use super::{At, Condition, DataType, Exposure, Expression, Schema, Scope, Unanswered};

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|At { line, flaw }| panic!("line {line}: {flaw}\n{text}"))
}

/// `line: flaw; fix`.
fn refusal(text: &str) -> String {
    let At { line, flaw } = Schema::parse(text).expect_err(text);
    format!("{line}: {flaw}; {}", flaw.fix())
}

#[test]
fn the_header_sets_what_holds_for_all() {
    let schema = schema(
        "# Prose, with @mention and = signs.\n# @currentEnv=$APP_ENV\n# @defaultRequired=true @defaultSensitive=false # a remark\n# ---\n\n\
         APP_ENV=dev\n# @optional @sensitive\nA=\n",
    );
    assert_eq!(schema.current_environment.as_deref(), Some("APP_ENV"));
    let [environment, a] = schema.variables.as_slice() else { panic!("two variables") };
    assert_eq!((environment.line, &environment.required), (6, &Condition::Always));
    assert_eq!((environment.exposure, a.exposure), (Exposure::Public, Exposure::Sensitive));
    assert_eq!(a.required, Condition::Not(Box::new(Condition::Always)));
}

#[test]
fn without_a_header_env_specs_own_defaults_hold() {
    let schema = schema("A=1\nB=\nC=''\n");
    let required: Vec<_> = schema.variables.iter().map(|one| one.required == Condition::Always).collect();
    assert_eq!(required, [true, true, true], "varlock 1.20 wants each of them");
    assert!(schema.variables.iter().all(|one| one.exposure == Exposure::Sensitive));
}

#[test]
fn public_prefixes_are_public() {
    let schema =
        schema("# @defaultSensitive=inferFromPrefix(PUBLIC_)\n# ---\nPUBLIC_A=\nB=\n# @public\nC=\n");
    let exposed: Vec<_> = schema.variables.iter().map(|one| one.exposure).collect();
    assert_eq!(exposed, [Exposure::Public, Exposure::Sensitive, Exposure::Public]);
}

#[test]
fn values_come_in_all_their_quotes() {
    for (written, value) in [
        ("A=a b  # c", "a b"),
        ("A= \"a # b\" # c", "a # b"),
        ("A='$B \\n'", "$B \\n"),
        ("A=`a \"b\"`", "a \"b\""),
        (r#"A="a\nb\"""#, "a\nb\""),
        ("A=\"a\nb\"", "a\nb"),
        ("A=\"\"\"a\n\"b\" c\"\"\"", "a\n\"b\" c"),
        ("A=\"\"", ""),
        ("export A=1", "1"),
        ("A=\r\n", ""),
        ("\u{feff}A=pa$", "pa$"),
    ] {
        let found = &schema(written).variables[0].default;
        assert_eq!(*found, Expression::Text(value.to_owned()), "{written}");
    }
}

#[test]
fn decorators_may_stand_behind_a_value_and_go_over_lines() {
    let schema =
        schema("# @type=enum(\n#   one, # the first\n#   'two, three',\n# )\nA=one # @required @sensitive\n");
    let variable = &schema.variables[0];
    assert!(matches!(&variable.data_type, DataType::Choice(words) if words == &["one", "two, three"]));
    assert_eq!(
        (&variable.required, variable.exposure, variable.line),
        (&Condition::Always, Exposure::Sensitive, 5)
    );
}

struct Production;

impl Scope for Production {
    fn environment(&mut self) -> Result<&str, Unanswered> {
        Ok("production")
    }

    fn value(&mut self, name: &str) -> Result<String, Unanswered> {
        Ok(if name == "SET" { "on".to_owned() } else { String::new() })
    }
}

#[test]
fn conditions() {
    for (condition, holds) in [
        ("true", true),
        ("false", false),
        ("forEnv(staging, production)", true),
        ("forEnv(staging)", false),
        ("not(forEnv(staging))", true),
        ("eq($SET, on)", true),
        ("eq(${SET}, \"off\")", false),
        ("isEmpty($UNSET)", true),
        ("$SET", true),
        ("$UNSET", false),
        ("if($SET, forEnv(production), false)", true),
        ("if(eq($SET, on), if($UNSET, true, false), true)", false),
        ("if($SET)", true),
        ("eq(if($SET, a, b), a)", true),
        ("eq(forEnv(production), true)", true),
        ("eq($SET, true)", true),
        ("eq(false, $SET)", false),
        ("eq($UNSET, false)", false),
    ] {
        let schema = schema(&format!("# @required={condition}\nA=\nSET=\nUNSET=\n"));
        assert_eq!(schema.variables[0].required.holds(&mut Production), Ok(holds), "{condition}");
    }
}

#[test]
fn types_and_their_options() {
    for (data_type, good, bad) in [
        ("string(minLength=2, maxLength=3)", "äö", "x"),
        ("string(startsWith=sk-, endsWith=\"!\")", "sk-a!", "sk-a"),
        ("string(matches=regex(\"^a(b|c)$\"))", "ab", "abc"),
        ("string(matches='b')", "abc", "ac"),
        ("string(matches=regex(\"^\\d+$\"))", "12", "١٢"),
        ("string(matches=regex(\"^[^x]+é$\"))", "äé", "x"),
        ("string(matches=regex(\"^\\p{Greek}+$\"))", "αβ", "ab"),
        ("number(min=1, max=2.5)", "2.5", "0"),
        ("number(isInt=true)", "3", "3.5"),
        ("boolean", "True", "maybe"),
        ("url", "https://a.example", "a.example"),
        ("url(matches=regex(\"^postgresql(\\+psycopg)?://\"))", "postgresql+psycopg://h/db", "mysql://h/db"),
        ("enum(a, 'b c')", "b c", "b"),
        ("email", "a@b.c", "a"),
        ("port(min=1024)", "1024", "80"),
        ("ip", "::1", "localhost"),
        ("semver", "1.2.3", "1.2"),
        ("isoDate", "2026-01-31", "31.1.2026"),
        ("uuid", "0190f6a2-7c3e-7b4a-9a55-0d3f6a2b1c4d", "0190f6a2"),
        ("duration", "1h30m", "90"),
        ("array(url)", "https://a.example, https://b.example", "https://a.example,*"),
        ("array", "a,b", "a,,b"),
    ] {
        let schema = schema(&format!("# @type={data_type}\nA=\n"));
        let problems = |value| schema.variables[0].data_type.problems(value);
        assert_eq!(problems(good), Vec::<String>::new(), "{data_type}: {good}");
        assert_eq!(problems(bad).len(), 1, "{data_type}: {bad}: {:?}", problems(bad));
        assert!(
            problems(bad).iter().all(|problem| !problem.contains(&format!("{bad}`"))),
            "{data_type} shows the value"
        );
    }
}

#[test]
fn a_typo_never_switches_a_rule_off() {
    let said: Vec<String> = [
        "# @requird\nA=",
        "# @type=strng\nA=",
        "# @type=string(minLenght=32)\nA=",
        "# @type=number(minLength=3)\nA=",
        "# @type=boolean(strict=true)\nA=",
        "# @type=port(80)\nA=",
        "# @required=forEnvs(a)\nA=",
        "# @required=eq($TOEKN, 1)\nA=\nTOKEN=",
        "# @defaultRequird=true\n# ---\nA=",
        "# @currentEnv=$APP_EMV\n# ---\nAPP_ENV=",
        "# @currentEnv=$E\n# ---\n# @type=enum(staging, production)\nE=\n# @required=not(forEnv(prodcution))\nA=",
        "# @type=enum(local, s3)\nSTORE=\n# @required=if(eq(S3, $STORE), true, false)\nA=",
        "# validate-env: @forbidden(production)\nA=",
    ]
    .map(refusal)
    .into();
    insta::assert_snapshot!(said.join("\n"), @r"
    1: the decorator of a variable `requird` is not known; did you mean `required`?
    1: the type `strng` is not known; did you mean `string`?
    1: the option `minLenght` is not known; did you mean `minLength`?
    1: the option `minLength` is not known; use one of: isInt, min, max
    1: the option `strict` is not known; remove it: nothing can be set here
    1: the option `80` is not known; use one of: min, max
    1: the function `forEnvs` is not known; did you mean `forEnv`?
    2: the variable `TOEKN` is not known; did you mean `TOKEN`?
    1: the decorator of a file `defaultRequird` is not known; did you mean `defaultRequired`?
    1: the variable `APP_EMV` is not known; did you mean `APP_ENV`?
    6: the environment `prodcution` is not known; did you mean `production`?
    4: the word `S3` is not known; did you mean `s3`?
    1: `# validate-env:` lines are not known to this version; remove the line: a rule that is not understood must not look as if it were applied
    ");
}

#[test]
fn what_would_do_nothing_is_refused() {
    let said: Vec<String> = [
        "A=\n# @required\n\nB=",
        "# @required\n\nA=",
        "A=\n# @required",
        "# @required\n# ---\nA=",
        "# @defaultRequired=false\nA=",
        "# @required @required=false\nA=",
        "# @required @optional\nA=",
        "A=1\nB=\nA=2",
        "# @import(./.env.shared)\n# ---\nA=",
        "# @type=simple-object\nA=",
        "# @type=array(array(url))\nA=",
        "# @type=enum()\nA=",
        "# @type=number(min=2, max=1)\nA=",
        "# @type=string(minLength=2, minLength=1)\nA=",
        "# @sensitive=forEnv(production)\nA=",
        "# @devops owns this\nA=",
    ]
    .map(refusal)
    .into();
    insta::assert_snapshot!(said.join("\n"), @r"
    2: `@required` belongs to no variable: a blank line or a divider follows it; write it directly above its variable; decorators of the whole file come before the first
    1: `@required` belongs to no variable: a blank line or a divider follows it; write it directly above its variable; decorators of the whole file come before the first
    2: `@required` belongs to no variable: a blank line or a divider follows it; write it directly above its variable; decorators of the whole file come before the first
    1: `@required` belongs to no variable: a blank line or a divider follows it; write it directly above its variable; decorators of the whole file come before the first
    1: `@defaultRequired` speaks of the whole file, and stands at a variable; write it above the first variable, with a line `# ---` below
    1: `@required` is there twice, first on line 1; remove one of them
    1: `@optional` stands beside its opposite; remove one of them
    3: A is there twice, first on line 1; remove one of them
    1: `@import` is not supported, and leaving it out silently would change what the schema means; remove it, or put a plain text in quotes; docs/validate-env.md lists what is read
    1: the type `simple-object` is not known; use one of: string, number, boolean, url, enum, email, port, ip, semver, isoDate, uuid, array, duration
    1: array takes a type that is no array, and not `array`; correct this line; docs/validate-env.md has the syntax
    1: `enum` takes the words it admits; correct this line; docs/validate-env.md has the syntax
    1: the range of numbers admits nothing: its lowest is above its highest; correct this line; docs/validate-env.md has the syntax
    1: `string` takes each option once; correct this line; docs/validate-env.md has the syntax
    1: `@sensitive` takes true or false, and not `forEnv(…)`; correct this line; docs/validate-env.md has the syntax
    1: expected `#` before a remark behind a decorator; a remark of its own does not begin with `@`; correct this line; docs/validate-env.md has the syntax
    ");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let said: Vec<String> = [
        "A",
        "1A=",
        "A=\"x",
        "A=\"x\" y",
        "A=x#y",
        "A=$(rm -rf /)",
        "A=exec(\"rm -rf /\")",
        "A=${B",
        "# @type=string(matches=/^a(b|c)$/)\nA=",
        "# @type=string(matches=regex(\"a(?=b)\"))\nA=",
        "# @type=string(matches=regex(\"a(b\"))\nA=",
        "# @type=string(minLength=two)\nA=",
        "# @type=enum(a b)\nA=",
        "# @type=\nA=",
        "# @ required\nA=",
        "# @required=perhaps\nA=",
        "# @example={a=1}\nA=",
    ]
    .map(refusal)
    .into();
    insta::assert_snapshot!(said.join("\n"), @r"
    1: expected `NAME=`, with or without a default, or a comment; correct this line; docs/validate-env.md has the syntax
    1: expected `NAME=`, with or without a default, or a comment; correct this line; docs/validate-env.md has the syntax
    1: expected the end of the quoted text; correct this line; docs/validate-env.md has the syntax
    1: expected nothing but a comment behind the value; correct this line; docs/validate-env.md has the syntax
    1: expected quotes around a value that holds `#`, or a space before the comment; correct this line; docs/validate-env.md has the syntax
    1: `$(…)`, which would run a command, is not supported, and leaving it out silently would change what the schema means; remove it, or put a plain text in quotes; docs/validate-env.md lists what is read
    1: the function `exec` is not supported, and leaving it out silently would change what the schema means; remove it, or put a plain text in quotes; docs/validate-env.md lists what is read
    1: expected `}` behind `${`; correct this line; docs/validate-env.md has the syntax
    1: expected a value; one that holds a comma, a space or a parenthesis goes in quotes; correct this line; docs/validate-env.md has the syntax
    1: `a(?=b)` is no regular expression: look-around, including look-ahead and look-behind, is not supported; correct it (docs.rs/regex has the syntax; there is no lookaround)
    1: `a(b` is no regular expression: unclosed group; correct it (docs.rs/regex has the syntax; there is no lookaround)
    1: string(minLength=…) takes a number of characters, and not `two`; correct this line; docs/validate-env.md has the syntax
    1: expected `,` or `)` here; a value that holds a space or a parenthesis goes in quotes; correct this line; docs/validate-env.md has the syntax
    1: expected a value after `=`; correct this line; docs/validate-env.md has the syntax
    1: expected a decorator's name after `@`; correct this line; docs/validate-env.md has the syntax
    1: a condition takes true, false, $VARIABLE, forEnv(…), eq(…), not(…), isEmpty(…) or if(…), and not `perhaps`; correct this line; docs/validate-env.md has the syntax
    1: a list or object in a decorator is not supported, and leaving it out silently would change what the schema means; remove it, or put a plain text in quotes; docs/validate-env.md lists what is read
    ");
}

#[test]
fn nesting_ends_at_a_limit() {
    let deep = format!("# @required={}true{}\nA=", "not(".repeat(50_000), ")".repeat(50_000));
    assert!(refusal(&deep).starts_with("1: more than 16 functions"), "{}", refusal(&deep));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_it_panic(
        text in "\\PC{0,80}|(# |@|A=|required|type=|string|enum|eq|forEnv|\\(|\\)|,|=|\\$|\"|'|`|\n|#| |B){0,24}",
    ) {
        if let Err(At { line, flaw }) = Schema::parse(&text) {
            let _ = flaw.fix();
            proptest::prop_assert!(line >= 1 && line <= 1 + text.matches('\n').count());
        }
    }

    #[test]
    fn a_quoted_default_is_kept(value in "[^'\\\\]{0,40}") {
        let schema = Schema::parse(&format!("A='{value}'\n"));
        let kept = value.replace("\r\n", "\n");
        proptest::prop_assert!(schema.is_ok_and(|schema| schema.variables[0].default == Expression::Text(kept)));
    }
}
