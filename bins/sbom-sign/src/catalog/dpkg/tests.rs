//! Databases of Debian packages.

use super::*;
use crate::catalog::os_release;

/// From `dpkg --status` of a Debian 12, cut down to what is read, and one package that was removed.
const STATUS_FILE: &str = "\
Package: libc6
Status: install ok installed
Priority: optional
Source: glibc
Version: 2.36-9+deb12u13
Architecture: amd64
Depends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~)
Description: GNU C Library: Shared libraries
 Contains the standard libraries that are used by nearly all programs on
 the system.

Package: libcrypt1
Status: install ok installed
Source: libxcrypt
Version: 1:4.4.33-2
Architecture: amd64
Depends: libc6 (>= 2.36)

Package: libgcc-s1
Status: install ok installed
Source: gcc-12 (12.2.0-14+deb12u1)
Version: 12.2.0-14+deb12u1
Architecture: amd64
Depends: gcc-12-base (= 12.2.0-14+deb12u1), libc6 (>= 2.35)
Provides: libgcc1 (= 1:12.2.0-14+deb12u1)

Package: mawk
Status: install ok half-configured
Version: 1.3.4.20200120-3.1
Architecture: amd64
Provides: awk
Pre-Depends: libc6:any (>= 2.34) | musl
Depends: gone | libgcc1

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: all
";

fn place() -> Place {
    Place { path: STATUS.to_owned(), layer: None }
}

fn listed(system: Option<&Release>) -> Part {
    let records = read(STATUS_FILE).unwrap().into_iter().map(|record| (record, place()));
    part(records.collect(), &|_| Few::new(), system)
}

#[test]
fn a_version_that_was_cut_off_was_taken_for_a_whole_one() {
    let cut = &STATUS_FILE[..STATUS_FILE.find("4.33-2").unwrap() + 3];
    let wrong = read(cut).unwrap_err();
    assert_eq!((wrong.why.as_str(), wrong.line), ("the last line has no end: it is cut off", Some(15)));
}

#[test]
fn a_database_becomes_a_graph() {
    let system = os_release::read("ID=debian\nVERSION_ID=12\n").unwrap();
    let part = listed(Some(&system));
    let told = part.packages.iter().map(|one| {
        let needs: Vec<&str> = one.needs.iter().map(|need| part.packages[*need].name.as_str()).collect();
        format!("{} needs {}\n", one.reference, needs.join(" "))
    });
    insta::assert_snapshot!(told.collect::<String>(), @r"
    pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64&distro=debian-12&upstream=glibc needs libcrypt1 libgcc-s1
    pkg:deb/debian/libcrypt1@1:4.4.33-2?arch=amd64&distro=debian-12&upstream=libxcrypt needs libc6
    pkg:deb/debian/libgcc-s1@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2.0-14%2Bdeb12u1 needs libc6
    pkg:deb/debian/mawk@1.3.4.20200120-3.1?arch=amd64&distro=debian-12 needs libc6 libgcc-s1
    ");
}

#[test]
fn without_a_system_a_package_is_debians() {
    assert_eq!(
        listed(None).packages[1].reference,
        "pkg:deb/debian/libcrypt1@1:4.4.33-2?arch=amd64&upstream=libxcrypt"
    );
}

#[test]
fn a_database_that_is_cut_off_is_told_with_its_line() {
    let cut = STATUS_FILE.find("Version: 1:4.4.33").unwrap();
    let wrong = read(&STATUS_FILE[..cut]).unwrap_err();
    assert_eq!((wrong.why.as_str(), wrong.line), ("a package has no Version", Some(12)));
    let garbled = STATUS_FILE.replacen("Priority: optional", "Priority", 1);
    assert_eq!(read(&garbled).unwrap_err().line, Some(3));
    assert_eq!(read("").unwrap(), []);
}

#[test]
fn parts_of_a_database_lie_in_their_directory() {
    for (path, wanted) in [
        ("var/lib/dpkg/status", true),
        ("var/lib/dpkg/status.d/base-files", true),
        ("var/lib/dpkg/status.d/base-files.md5sums", false),
        ("var/lib/dpkg/status-old", false),
        ("x/var/lib/dpkg/status", false),
    ] {
        assert_eq!(is_database(path), wanted, "{path}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "((Package|Version|Depends|Source|Status): ?[a-z(),|:=. ]{0,12}\n ?){0,12}") {
        if let Ok(records) = read(&text) {
            part(records.into_iter().map(|record| (record, place())).collect(), &|_| Few::new(), None);
        }
    }
}
