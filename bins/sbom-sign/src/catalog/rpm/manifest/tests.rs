//! Lists that are none.

#[test]
fn a_line_that_is_no_package_is_an_error() {
    let line = "a\t1-2\t0\t0\tv\t(none)\t0\tx86_64\t0\ta-1-2.src.rpm";
    let read = |line: &str| super::read(&format!("{line}\n"));
    assert_eq!(read(line).unwrap().len(), 1);
    assert_eq!(read("").unwrap(), []);
    for (wrong, why) in [
        (line.replace("1-2\t", "12\t"), "a package has no version"),
        (line.replace("1-2\t", "1-\t"), "a package has no release"),
        (
            line.replace("(none)\t0\tx", "1\t0\tx").replace("x86_64\t0", "x86_64\tone"),
            "an epoch is no number",
        ),
        (line.replace("a\t1", "\t1"), "a package has no name"),
        (line.replace("\t(none)", ""), "a package has 9 fields: expected 10 or more"),
    ] {
        let wrong = read(&format!("{line}\n{wrong}")).unwrap_err();
        assert_eq!((wrong.why.as_str(), wrong.line), (why, Some(2)));
    }
    assert_eq!(super::read(line).unwrap_err().why, "the last line has no end: it is cut off");
}
