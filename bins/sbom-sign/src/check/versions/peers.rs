//! The order of versions, as the ecosystem's own program answers for every pair of a list.

use std::process::Command;

use super::*;

const MAVEN: &[&str] = &[
    "0",
    "1",
    "1.0",
    "1-",
    "1.ga",
    "1-0",
    "1.final",
    "1-ga-1",
    "1-sp-1",
    "1-sp",
    "1-sp.1",
    "1-ga.1",
    "1.1",
    "1-1",
    "1.0.1",
    "1.10",
    "1-alpha",
    "1-alpha1",
    "1-a1",
    "1-alpha-1",
    "1-a",
    "1.alpha.1",
    "1-beta2",
    "1b",
    "1-m3",
    "1-milestone",
    "1-rc",
    "1-cr2",
    "1.RC1",
    "1.0.0.RC1",
    "1.0.0-RC2",
    "1.0.0.X1",
    "1-SNAPSHOT",
    "1.0-SNAPSHOT",
    "1-rc1-SNAPSHOT",
    "1-foo",
    "1.foo",
    "1-foo2",
    "1-foo10",
    "1.foo.2",
    "1-foo.2",
    "1-foo-2",
    "1.x",
    "1-x",
    "2.0.0.RELEASE",
    "30.1-jre",
    "30.1-android",
    "31.0-jre",
    "1.8.0_292",
    "20040616",
    "1.01",
    "1.001.2",
    "1-0-2",
    "1-2",
    "1-0.0-foo",
    "1.0.0-foo.0.0",
    "1..2",
    "1.-2",
    "99999999999999999999.1",
    "4.1.100.Final",
    "4.1.101.Final",
    "5.3.0.Beta1",
];

const GEM: &[&str] = &[
    "0",
    "1",
    "1.0",
    "1.0.0",
    "1.0.a.2",
    "1.0.a10",
    "1.0.a.10",
    "1.0.a9",
    "1.0.b1",
    "0.9",
    "1.0.1",
    "1.10",
    "1.0-1",
    "1.0-rc1",
    "1.0.rc1",
    "1.0.pre.rc1",
    "1.0.0.a.0",
    "1.a.0.0",
    "1.0--a",
    "1.A",
    "1.a",
    "1.0.beta.3",
    "1.0.beta3",
    "1.0.beta",
    "01.2",
    "1.2",
    "1.2.b1.0.1",
    "99999999999999999999.1",
    "1.2.3.4.5.6",
    "1.8.0.rc.10",
    "1.8.0.rc.9",
    "1.0.a1b2",
    "1.0.a.1.b",
];

const COMPOSER: &[&str] = &[
    "0",
    "1",
    "1.0",
    "1.0.0",
    "1.0.0.0",
    "1.0-dev",
    "1.0.0-alpha",
    "1.0a",
    "1.0.0-alpha3.1",
    "1.0.0-alpha-2.1-3",
    "1.0.0-alpha2",
    "1.0.0-b",
    "1.0.0-beta.5",
    "1.0.0-beta5-dev",
    "1.0.0-rc1",
    "1.0.0RC1dev",
    "1.0.0.RC.15-dev",
    "1.0.0-rC15-dev",
    "1.0.0-stable",
    "1.0.0-stable1",
    "1.0.0-p1",
    "1.0.0.pl3-dev",
    "1.0.0-patch",
    "1.0.0.1",
    "v1.0.0",
    "1.0.0+foo",
    "1.25.0-beta2.1",
    "1.25.0-b3",
    "2010-01-02",
    "2010.01.02",
    "20100102",
    "20100102-203040",
    "20100102-203040-p1",
    "2010-01-02.5",
    "1.01",
    "1.10.0",
    "2",
];

/// What the program answers for all pairs, each in a line of its own: `-1`, `0` or `1`.
fn answers(mut program: Command) -> Vec<i32> {
    let output =
        program.output().unwrap_or_else(|error| panic!("{program:?}, see script/setup --peers: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect()
}

#[track_caller]
fn agree(scheme: Scheme, list: &[&str], answers: &[i32]) {
    assert_eq!(answers.len(), list.len() * list.len());
    let pairs = list.iter().flat_map(|left| list.iter().map(move |right| (left, right)));
    let wrong: Vec<String> = pairs
        .zip(answers)
        .filter_map(|((left, right), theirs)| {
            let ours = scheme.compare(left, right).map(|order| order as i32);
            (ours != Ok(*theirs)).then(|| format!("{left} {right}: {ours:?}, there {theirs}"))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new(), "{scheme:?}");
}

#[test]
#[ignore = "peers: needs ruby, see script/setup --peers"]
fn peers_rubygems_puts_versions_in_the_same_order() {
    let script = "ARGV.each { |a| ARGV.each { |b| puts(Gem::Version.new(a) <=> Gem::Version.new(b)) } }";
    let mut ruby = Command::new("ruby");
    ruby.args(["-e", script, "--"]).args(GEM);
    agree(Scheme::Gem, GEM, &answers(ruby));
}

#[test]
#[ignore = "peers: needs php and composer's library, see script/setup --peers"]
fn peers_composer_puts_versions_in_the_same_order() {
    let script = r#"require "Composer/Semver/autoload.php";
        $all = array_slice($argv, 1);
        $parser = new Composer\Semver\VersionParser();
        foreach ($all as $a) foreach ($all as $b)
            echo version_compare($parser->normalize($a), $parser->normalize($b)), "\n";"#;
    let mut php = Command::new("php");
    php.args(["-d", "include_path=/usr/share/php", "-r", script, "--"]).args(COMPOSER);
    agree(Scheme::Composer, COMPOSER, &answers(php));
}

/// Maven's class compares each version with the next one on its command line.
#[test]
#[ignore = "peers: needs maven-artifact, see script/setup --peers"]
fn peers_maven_puts_versions_in_the_same_order() {
    let pairs = MAVEN.iter().flat_map(|left| MAVEN.iter().flat_map(move |right| [left, right]));
    let mut maven = Command::new(testkit::tools::tool("maven-version"));
    let output = maven.args(pairs).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let relations = said.lines().filter(|line| line.starts_with("   ")).step_by(2);
    let answers: Vec<i32> = relations
        .map(|line| match line.split_whitespace().nth(1) {
            Some("<") => -1,
            Some("==") => 0,
            Some(">") => 1,
            _ => panic!("{line}"),
        })
        .collect();
    agree(Scheme::Maven, MAVEN, &answers);
}
