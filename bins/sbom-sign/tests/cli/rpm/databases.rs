//! Databases of RPM: real ones, by rpm itself and by Berkeley DB, and one by hand in the format that Debian's rpm was built without.

use std::{fs, path::PathBuf};

use testkit::Scratch;

use crate::contents::said;

/// The packages of the tests: with and without epoch, for one machine and for all, that need each other by name, file, library and condition.
const SPEC: &str = r"
%define debug_package %{nil}
Name: app
Epoch: 2
Version: 1.4
Release: 3.el9
Summary: x
License: GPLv2+ and MIT
ModularityLabel: app:rhel9:1:a
Requires: /usr/bin/tool, libtool.so.1()(64bit), (missing or data), gone
%description
x
%package -n tool
Epoch: 0
Version: 2.0
Summary: x
License: MIT
Provides: libtool.so.1()(64bit)
Requires: libtool.so.1()(64bit)
%description -n tool
x
%package -n data
Epoch: 2
Version: 7~rc1
Summary: x
License: Apache-2.0 OR MIT
BuildArch: noarch
Requires: (app if other)
%description -n data
x
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc
echo > %{buildroot}/usr/bin/tool
echo > %{buildroot}/etc/app.conf
%files
/etc/app.conf
%files -n tool
/usr/bin/tool
%files -n data
";

/// The header of each package, by its number.
pub(crate) type Headers = Vec<(u32, Vec<u8>)>;

/// How a database is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Backend {
    Sqlite,
    Ndb,
    /// Of a machine that puts the lowest byte first.
    Berkeley,
    /// Of one that puts the highest first, as s390x does.
    BerkeleyBig,
}

pub(crate) const BACKENDS: [Backend; 4] =
    [Backend::Sqlite, Backend::Ndb, Backend::Berkeley, Backend::BerkeleyBig];

impl Backend {
    /// The name of the file.
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Sqlite => "rpmdb.sqlite",
            Self::Ndb => "Packages.db",
            Self::Berkeley | Self::BerkeleyBig => "Packages",
        }
    }

    /// What rpm's own database is, in this form; `gone` were in it and were removed again.
    pub(crate) fn of(self, desk: &Scratch, gone: &Headers) -> Vec<u8> {
        match self {
            Self::Sqlite => desk.bytes("rpm/rpmdb.sqlite").unwrap(),
            Self::Ndb => ndb(&headers(desk), gone),
            Self::Berkeley => berkeley(desk, &headers(desk), gone, ("1234", "V")),
            Self::BerkeleyBig => berkeley(desk, &headers(desk), gone, ("4321", "N")),
        }
    }
}

/// Builds the packages, and so many more of growing length, and has rpm install them into the database `rpm`.
pub(crate) fn install(desk: &Scratch, many: usize) {
    let more = |number: usize| {
        let long = " long".repeat(3 * number);
        format!(
            "%package -n many{number}\nSummary: x{long}\n%description -n many{number}\nx\n%files -n many{number}\n"
        )
    };
    let spec = desk.file("app.spec", [SPEC.to_owned(), (0..many).map(more).collect()].concat());
    let top = format!("_topdir {}", desk.join("build").display());
    let spec = spec.to_str().unwrap();
    said("rpmbuild", &["--quiet", "-bb", "--target", "x86_64-linux", "--define", &top, spec], desk.path());
    let built = ["x86_64", "noarch"].map(|machine| desk.join(&format!("build/RPMS/{machine}")));
    let built = built.iter().flat_map(|directory| fs::read_dir(directory).unwrap());
    let mut built: Vec<PathBuf> = built.map(|one| one.unwrap().path()).collect();
    built.sort();
    let flags = ["--nodeps", "--nosignature", "--nodigest", "--ignorearch", "--ignoreos", "--install"];
    let built: Vec<&str> = built.iter().map(|path| path.to_str().unwrap()).collect();
    rpm(desk, &[&flags[..], &built].concat());
}

/// Has rpm take packages out of its database again.
pub(crate) fn remove(desk: &Scratch, names: &[&str]) {
    rpm(desk, &[&["--nodeps", "--erase"], names].concat());
}

fn rpm(desk: &Scratch, words: &[&str]) {
    let database = desk.join("rpm");
    // Debian's rpm is for the packages of others, and says so.
    let first = ["--dbpath", database.to_str().unwrap(), "--force-debian", "--justdb"];
    said("rpm", &[&first[..], words].concat(), desk.path());
}

/// `name@version` of all packages, as rpm itself lists a database below a directory.
pub(crate) fn listed_by_rpm(desk: &Scratch, directory: &str, backend: &str) -> Vec<String> {
    let backend = format!("_db_backend {backend}");
    let format = "%{NAME}@%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n";
    let directory = desk.join(directory);
    let words =
        ["--define", &backend, "--dbpath", directory.to_str().unwrap(), "-qa", "--queryformat", format];
    let mut all: Vec<String> = said("rpm", &words, desk.path()).lines().map(str::to_owned).collect();
    all.sort();
    all
}

/// What is in rpm's database.
pub(crate) fn headers(desk: &Scratch) -> Headers {
    let rows = "SELECT hnum || ' ' || hex(blob) FROM Packages ORDER BY hnum";
    let rows = said("sqlite3", &["-readonly", "rpm/rpmdb.sqlite", rows], desk.path());
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let row = |line: &str| {
        let (number, blob) = line.split_once(' ').unwrap();
        (number.parse().unwrap(), blob.as_bytes().chunks(2).map(byte).collect())
    };
    rows.lines().map(row).collect()
}

/// A hash by Berkeley DB itself, which perl can speak to; with rpm's counter of packages.
fn berkeley(desk: &Scratch, headers: &Headers, gone: &Headers, (order, pack): (&str, &str)) -> Vec<u8> {
    const SCRIPT: &str = "use DB_File;
        my ($rows, $file, $order, $pack) = @ARGV;
        my $info = DB_File::HASHINFO->new;
        ($info->{bsize}, $info->{lorder}) = (4096, $order);
        tie my %hash, 'DB_File', $file, O_RDWR|O_CREAT, 0644, $info or die $!;
        open my $in, '<', $rows or die $!;
        while (<$in>) {
            my ($number, $blob) = split;
            my $key = pack $pack, $number;
            if ($blob eq '-') { delete $hash{$key} } else { $hash{$key} = pack 'H*', $blob }
        }";
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let row = |(number, blob): &(u32, Vec<u8>)| format!("{number} {}\n", hex(blob));
    let mut rows = String::from("0 01000000\n");
    rows.extend(headers.iter().chain(gone).map(row));
    rows.extend(gone.iter().map(|(number, _)| format!("{number} -\n")));
    let rows = desk.file("rows", rows);
    let file = desk.join("hash");
    let _ = fs::remove_file(&file);
    let (rows, path) = (rows.to_str().unwrap(), file.to_str().unwrap());
    said("perl", &["-e", SCRIPT, rows, path, order, pack], desk.path());
    fs::read(file).unwrap()
}

/// A database of slots and blobs, with free slots and holes where packages were.
fn ndb(headers: &Headers, gone: &Headers) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let mut all: Vec<(&(u32, Vec<u8>), bool)> = headers.iter().map(|one| (one, true)).collect();
    all.extend(gone.iter().map(|one| (one, false)));
    all.sort();
    let pages = (all.len() + 2).div_ceil(256);
    let mut slots = [&b"RpmP"[..], &number(0), &number(7), &number(pages), &number(9999), &[0; 12]].concat();
    let mut blobs = Vec::new();
    for ((package, header), there) in all {
        let package = usize::try_from(*package).unwrap();
        let mut blob = [&b"BlbS"[..], &number(package), &number(0), &number(header.len()), header].concat();
        blob.resize((blob.len() + 12).next_multiple_of(16) - 12, 0);
        let (one, two) = blob.iter().fold((1, 0), |(one, two), byte| {
            let one = (one + u32::from(*byte)) % 65521;
            (one, (two + one) % 65521)
        });
        blob.extend([&(two << 16 | one).to_le_bytes()[..], &number(header.len()), b"BlbE"].concat());
        let place =
            [package, pages * 256 + blobs.len() / 16, blob.len() / 16].map(|one| if there { one } else { 0 });
        slots.extend([&b"Slot"[..], &number(place[0]), &number(place[1]), &number(place[2])].concat());
        blobs.extend(if there { blob } else { vec![0; blob.len()] });
    }
    while slots.len() < pages * 4096 {
        slots.extend([&b"Slot"[..], &[0; 12]].concat());
    }
    [slots, blobs].concat()
}
