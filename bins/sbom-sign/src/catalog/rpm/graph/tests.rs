//! What packages need, and who has it.

use super::*;
use crate::catalog::rpm::tests::{NUMBER, TEXT, TEXTS, header};

/// A package: its name, what it needs, what it provides, and its files.
type Told<'t> = (&'t str, &'t [&'t str], &'t [&'t str], &'t [(&'t str, &'t str)]);

/// Which needs which, by their places.
fn needs(packages: &[Told<'_>]) -> Vec<Vec<usize>> {
    let list =
        |words: &mut dyn Iterator<Item = &str>| words.map(|word| format!("{word}\0")).collect::<String>();
    let count = |length: usize| u32::try_from(length).unwrap();
    let blob = |(name, requires, provides, files): &Told<'_>| {
        let numbers: Vec<u8> = (0..count(files.len())).flat_map(u32::to_be_bytes).collect();
        header(&[
            (1000, TEXT, 1, format!("{name}\0").as_bytes()),
            (1116, NUMBER, count(files.len()), &numbers),
            (1047, TEXTS, count(provides.len()), list(&mut provides.iter().copied()).as_bytes()),
            (1049, TEXTS, count(requires.len()), list(&mut requires.iter().copied()).as_bytes()),
            (1117, TEXTS, count(files.len()), list(&mut files.iter().map(|file| file.1)).as_bytes()),
            (1118, TEXTS, count(files.len()), list(&mut files.iter().map(|file| file.0)).as_bytes()),
        ])
    };
    let blobs: Vec<Vec<u8>> = packages.iter().map(blob).collect();
    let headers: Vec<Header<'_>> = blobs.iter().map(|blob| Header::of(blob).unwrap()).collect();
    let mut graph = Graph::default();
    for header in &headers {
        graph.wants(header).unwrap();
    }
    graph.named(packages.iter().map(|package| package.0));
    for (place, header) in headers.iter().enumerate() {
        graph.has(place, header).unwrap();
    }
    graph.needs().into_iter().map(|needs| needs.into_iter().collect()).collect()
}

#[test]
fn packages_need_names_files_and_what_others_provide() {
    let found = needs(&[
        ("app", &["libx.so.1()(64bit)", "/bin/sh", "/usr/bin/tool", "nobody", "app", "own"], &["own"], &[]),
        (
            "first",
            &["own"],
            &["libx.so.1()(64bit)", "/bin/sh"],
            &[("/usr/bin/", "tools"), ("/usr/sbin/", "tool")],
        ),
        ("second", &["third"], &["libx.so.1()(64bit)", "third", "own"], &[("/usr/bin/", "tool")]),
        ("third", &["third"], &["third"], &[("/etc/", "a")]),
    ]);
    // What a package has itself it needs of nobody, and who has the name counts before who provides it.
    assert_eq!(found, [vec![1, 2], vec![0], vec![], vec![]]);
}

#[test]
fn conditions_are_needs_of_what_is_there() {
    for (requirement, wanted) in [
        ("a", "a"),
        ("(a or b)", "a|b"),
        ("(a and b)", "a b"),
        ("(gcc >= 11 with gcc < 12)", "gcc gcc"),
        ("(x(y) = 2.34-1 if z)", "x(y)"),
        ("((a or b) unless c)", "a|b"),
        ("(a without b)", "a"),
        ("(libc.so.6()(64bit) or (b and c))", "libc.so.6()(64bit)|b|c"),
        ("(", ""),
        ("()", ""),
        ("(a))", "a"),
    ] {
        let groups = alternatives(requirement.as_bytes());
        let text = |group: &Vec<&[u8]>| {
            group.iter().map(|name| String::from_utf8_lossy(name)).collect::<Vec<_>>().join("|")
        };
        assert_eq!(groups.iter().map(text).collect::<Vec<_>>().join(" "), wanted, "{requirement}");
    }
    assert_eq!(
        needs(&[
            ("a", &["(gone or c)", "(b if gone)"], &[], &[]),
            ("b", &[], &[], &[]),
            ("c", &[], &["c"], &[])
        ]),
        [vec![1, 2], vec![], vec![]]
    );
}

#[test]
fn more_needs_than_anybody_has_are_refused() {
    let many = u32::try_from(NAMES_MAX).unwrap() + 1;
    let blob = header(&[(1049, TEXTS, many, "\0".repeat(NAMES_MAX + 1).as_bytes())]);
    assert!(Graph::default().wants(&Header::of(&blob).unwrap()).is_err());
    // A layer of 60 kB took four gigabytes before it was counted.
    let long = format!("({}b)\0", "a ".repeat(REQUIREMENT_BYTES_MAX / 2));
    let wrong = Graph::default().wants(&Header::of(&header(&[(1049, TEXTS, 1, long.as_bytes())])).unwrap());
    assert!(wrong.unwrap_err().why.contains("65536 bytes"));
    let mut graph = Graph::default();
    graph.wants(&Header::of(&header(&[(1049, TEXTS, 1, b"/a/b\0")])).unwrap()).unwrap();
    let many = u32::try_from(DIRECTORIES_MAX).unwrap() + 1;
    let blob = header(&[(1118, TEXTS, many, "\0".repeat(DIRECTORIES_MAX + 1).as_bytes())]);
    assert!(graph.has(0, &Header::of(&blob).unwrap()).is_err());
}
