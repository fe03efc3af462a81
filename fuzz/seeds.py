#!/usr/bin/env python3
"""Makes what the fuzz targets begin with, from the fixtures of the tests: seeds.py DIRECTORY [TARGET...]; never a fixture of its own."""

import gzip
import hashlib
import io
import json
import pathlib
import re
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOG = "bins/sbom-sign/src/catalog"
TREES = "bins/sbom-sign/tests/trees"
# What parts two files in one input; fuzz/src/lib.rs has the same.
SCISSORS = b"\n--8<--\n"
# A longer seed makes each try slower than it is worth.
SEED_BYTES_MAX = 32 << 10

STRING = re.compile(r'r(#*)"(.*?)"\1(?!#)|"((?:\\.|[^"\\])*)"', re.S)
ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|\n\s*|(.))", re.S)


def unescaped(text):
    """A string of Rust as it is meant."""
    letters = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}

    def one(found):
        code = found[1] or found[2]
        if code:
            return chr(int(code, 16))
        return letters.get(found[3], found[3] or "")

    return ESCAPE.sub(one, text)


def files(*patterns):
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern)) if path.is_file()]


def contents(*patterns):
    return [path.read_bytes() for path in files(*patterns)]


def strings(*patterns):
    """The strings that these tests feed to a parser, and some more."""
    found = []
    for path in files(*patterns):
        for match in STRING.finditer(path.read_text()):
            text = match[2] if match[2] is not None else unescaped(match[3])
            # A pattern of `format!` doubles its braces.
            found += [text] if "{{" not in text else [text, text.replace("{{", "{").replace("}}", "}")]
    return [text.encode() for text in found if len(text) > 3]


def beside(locks, manifest):
    """Lock files, each with the manifest that lies there."""
    pairs = [(lock, lock.parent / manifest) for lock in files(*locks)]
    return [lock.read_bytes() + b"\0" + (other.read_bytes() if other.is_file() else b"") for lock, other in pairs]


def migrations():
    """Directories of the examples, and the files that the tests of each layout name."""
    directories = [files("examples/quickstart/versions/v3/migrations/*.sql"), files("bins/migrate-db/tests/postgres/kifu/*.sql")]
    alembic = files("bins/migrate-db/tests/postgres/alembic/migrations/versions/*.py")
    seeds = [[(path.name, path.read_text()) for path in one] for one in directories]
    seeds.append([("versions/" + path.name, path.read_text()) for path in alembic])
    seeds += [[("verify.toml", text.decode())] for text in contents("bins/migrate-db/tests/postgres/kifu/verify.toml")]
    seeds += [[("migrations/alembic.ini", text.decode())] for text in contents("bins/migrate-db/tests/postgres/alembic/alembic.ini")]
    pair = re.compile(r'\(\s*"([^"\n]+\.(?:sql|conf|toml|py))",\s*(?:r#*"|")((?:\\.|[^"\\])*)"', re.S)
    for path in files("bins/migrate-db/src/layout/**/*.rs"):
        named = [(name, unescaped(text)) for name, text in pair.findall(path.read_text())]
        seeds += [named] + [[one] for one in named]
    for text in strings("bins/migrate-db/src/layout/flyway/config.rs"):
        name = "flyway.toml" if text.startswith(b"[") else "flyway.conf"
        seeds.append([(name, text.decode()), ("V1__a.sql", "CREATE TABLE a (b int);")])
    rows = "1\tfirst\tabc\t2023-11-14 22:13:20\t5\tt\t-\t-\t-\n2\tsecond\t-\t1700000000000\t1\tf\t-\t-\t-"
    join = lambda seed: "\n--8<--\n".join([rows] + [f"{name}\n{text}" for name, text in seed]).encode()
    return [join(seed) for seed in seeds if seed]


def archive(entries):
    """A layer: names with their content, `>` before the target of a symbolic link and `=` before that of a hard one."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            if content[:1] in (b">", b"="):
                entry.type = tarfile.SYMTYPE if content[:1] == b">" else tarfile.LNKTYPE
                entry.linkname = content[1:].decode()
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    # Python fills an archive up to 10 KiB.
    return out.getvalue().rstrip(b"\0") + b"\0" * 1024


def layers():
    """Images of what the tests have as files of images, with whiteouts and links, compressed in each way."""
    first = lambda pattern: max(strings(pattern), key=len)
    status, installed = first(f"{CATALOG}/dpkg/tests.rs"), first(f"{CATALOG}/apk/tests.rs")
    manifest = contents(f"{TREES}/npm-v3/package.json")[0]
    lower = archive([
        ("var/lib/dpkg/status", status),
        ("lib/apk/db/installed", installed),
        ("usr/lib/os-release", b"ID=debian\nVERSION_ID=12\n"),
        ("etc/os-release", b">../usr/lib/os-release"),
        ("app/node_modules/a/package.json", manifest),
        ("app/node_modules/b/package.json", b"=app/node_modules/a/package.json"),
        ("app/x-1.dist-info/METADATA", first(f"{CATALOG}/dist_info/tests.rs")),
        ("usr/bin/" + "long-name/" * 20, b""),
    ])
    upper = archive([
        ("app/node_modules/.wh.a", b""),
        ("app/.wh..wh..opq", b""),
        ("lib", b">usr/lib"),
        ("var/lib/dpkg/status", status[: len(status) // 2]),
        ("usr/bin/program", program()),
    ])
    squeezed = subprocess.run(["zstd", "-q", "-c"], input=upper, stdout=subprocess.PIPE, check=True).stdout
    zipped = gzip.compress(upper, mtime=0)
    return [lower, upper, zipped, squeezed, lower + SCISSORS + upper, lower + SCISSORS + zipped, lower + SCISSORS + squeezed]


def program():
    """A small program of this machine's compiler, with what Go and `cargo auditable` would leave in it."""
    crates = {"packages": [
        {"name": "a", "version": "1.0.0", "source": "local", "root": True, "dependencies": [1]},
        {"name": "b", "version": "2.0.0", "source": "crates.io", "kind": "build"},
    ]}
    modules = b"0" * 16 + b"path\texample.com/a\nmod\texample.com/a\tv1.0.0\ndep\texample.com/b\tv2.0.0\n" + b"1" * 16
    information = b"\xff Go buildinf:\x08\x02" + b"\0" * 16 + bytes([8]) + b"go1.26.1" + bytes([len(modules)]) + modules
    with tempfile.TemporaryDirectory() as directory:
        at = pathlib.Path(directory)
        (at / "a.c").write_text("void _start(void) {}\n")
        (at / "crates").write_bytes(zlib.compress(json.dumps(crates).encode()))
        (at / "modules").write_bytes(information)
        run = lambda *words: subprocess.run(words, cwd=at, check=True)
        run("cc", "-nostdlib", "-static", "-s", "-Wl,--build-id=none,-n", "-o", "a", "a.c")
        run("objcopy", "--add-section", ".dep-v0=crates", "--add-section", ".go.buildinfo=modules",
            "--set-section-alignment", ".go.buildinfo=16", "a", "b")
        return (at / "b").read_bytes()


def headers():
    """Headers of packages, of which one needs the other by name, file and condition."""
    def header(name, requires, provides, file):
        text = lambda *words: "".join(word + "\0" for word in words).encode()
        values = [(1000, 6, text(name)), (1001, 6, text("1.0")), (1002, 6, text("1")), (1003, 4, b"\0\0\0\2"), (1014, 6, text("MIT")),
                  (1022, 6, text("noarch")), (1044, 6, text(name + "-1.0-1.src.rpm")), (1047, 8, text(*provides)), (1049, 8, text(*requires)),
                  (1116, 4, b"\0\0\0\0"), (1117, 8, text(file)), (1118, 8, text("/usr/bin/")), (5096, 6, text("a:b"))]
        values.sort(key=lambda value: value[1] != 4)  # Numbers stand at multiples of four.
        index, data = b"", b""
        for tag, kind, content in values:
            index += struct.pack(">4I", tag, kind, len(data), content.count(b"\0") if kind == 8 else 1)
            data += content
        return struct.pack(">2I", len(values), len(data)) + index + data

    return [header("app", ["/usr/bin/tool", "(gone or lib)"], ["app"], "app"), header("tool", ["tool"], ["tool", "lib"], "tool")]


def sqlite(page, rows):
    """A database by SQLite itself, and its log of a change that is not in it yet."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "rpmdb.sqlite"
        database = sqlite3.connect(path)
        database.execute(f"PRAGMA page_size = {page}")
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(row,) for row in rows])
        database.commit()
        whole = path.read_bytes()
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("DELETE FROM Packages WHERE hnum = 1")
        database.commit()
        log = path.with_name("rpmdb.sqlite-wal").read_bytes()
        database.close()
    return [whole, log]


def berkeley(order, pack, rows):
    """A hash by Berkeley DB itself, as perl can write it."""
    script = """use DB_File; my $info = DB_File::HASHINFO->new; ($info->{bsize}, $info->{lorder}) = (512, $ARGV[1]);
        tie my %hash, 'DB_File', $ARGV[0], O_RDWR|O_CREAT, 0644, $info or die; $hash{pack $ARGV[2], 0} = 'x';
        for my $row (3 .. $#ARGV) { $hash{pack $ARGV[2], $row} = pack 'H*', $ARGV[$row] }"""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "Packages"
        subprocess.run(["perl", "-e", script, path, order, pack, *(row.hex() for row in rows)], check=True)
        return path.read_bytes()


def ndb(rows):
    """A database of slots and blobs."""
    slots, blobs = struct.pack("<4s7I", b"RpmP", 0, 1, 1, 9, 0, 0, 0), b""
    for number, row in enumerate(rows, 1):
        blob = struct.pack("<4s3I", b"BlbS", number, 0, len(row)) + row
        blob += b"\0" * (-(len(blob) + 12) % 16)
        blob += struct.pack("<2I4s", zlib.adler32(blob), len(row), b"BlbE")
        slots += struct.pack("<4s3I", b"Slot", number, 256 + len(blobs) // 16, len(blob) // 16)
        blobs += blob
    return slots + struct.pack("<4s3I", b"Slot", 0, 0, 0) * (256 - len(slots) // 16) + blobs


def rpm():
    """RPM's databases in every format, with pages so small that they have chains, and the list in their place."""
    rows = headers()
    many = sqlite(512, rows * 6) + sqlite(4096, rows)
    hashes = [berkeley(order, pack, rows * times) for order, pack in (("1234", "V"), ("4321", "N")) for times in (1, 6)]
    return many + hashes + [ndb(rows), ndb([])] + strings("bins/sbom-sign/tests/cli/rpm.rs")


def advisories():
    """An SBOM, a policy and a record about what it lists, in the words of the tests."""
    check = "bins/sbom-sign/src/check"
    listed = [("npm", "npm", "a"), ("pypi", "PyPI", "a"), ("maven", "Maven", "g/a"), ("gem", "RubyGems", "a"), ("composer", "Packagist", "v/a"),
              ("nuget", "NuGet", "a"), ("deb/debian", "Debian:12", "a"), ("apk/alpine", "Alpine:v3.20", "a"), ("cargo", "crates.io", "a")]
    parts = [{"type": "library", "name": name, "version": "1.0.0", "purl": f"pkg:{kind}/{name}@1.0.0"} for kind, _, name in listed]
    bill = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts}).encode()
    policy = next(text for text in strings(f"{check}/policy.rs") if text.startswith(b"[[ignore]]"))

    def record(ecosystem, name, version):
        range_ = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}
        affected = [{"package": {"ecosystem": ecosystem, "name": name.replace("g/", "g:")}, "ranges": [range_], "versions": [version]}]
        severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
        return json.dumps({"id": "GHSA-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2026-1"], "severity": severity, "affected": affected}).encode()

    versions = [text.decode() for text in strings(f"{check}/versions/tests.rs") if re.fullmatch(rb"[0-9A-Za-z.+~:^-]{1,24}", text)]
    seeds = [(bill, policy, record(ecosystem, name, version)) for _, ecosystem, name in listed for version in versions[:12]]
    seeds += [(text, policy, record("npm", "a", "2.0.0")) for text in strings(f"{check}/bill/tests.rs") if text.startswith(b"{")]
    seeds += [(bill, text, record("npm", "a", "2.0.0")) for text in strings(f"{check}/policy.rs", f"{check}/licence.rs") if text.startswith(b"[")]
    seeds += [(bill, policy, text) for text in strings(f"{check}/osv.rs", f"{check}/affected/tests.rs") if text.startswith(b"{")]
    return [SCISSORS.join(seed) for seed in seeds]


def ledgers():
    """Lines of a ledger, of every event, with a head beside them."""
    image = {"image": "ghcr.io/acme/app", "digest": "sha256:" + "a" * 64}
    events = [{"event": "adopted"}, {"event": "intent"}, {"event": "deployed"}, {"event": "failed"}, {"event": "rolled-back", "from": 3, "to": 1}]
    line = lambda number, event: json.dumps({
        "schemaVersion": 1, "sequence": number, "previous": "sha256:" + hashlib.sha256(b"production").hexdigest(), "time": "2026-01-01T00:00:00Z",
        "actor": "a", **event, "release": {"version": "1.0.0"}, "components": {"app": image}})
    head = json.dumps({"sequence": 1, "digest": "sha256:" + "0" * 64})
    lines = "".join(line(number, event) + "\n" for number, event in enumerate(events, 1))
    return [(lines + "\0" + head).encode(), (line(1, events[0]) + "\n\0").encode()]


def environments():
    """Schemas of the examples and the tests, each with env files of the tests."""
    schemas = contents("examples/**/.env.schema", "bins/validate-env/tests/**/*.schema")
    schemas += [text for text in strings("bins/validate-env/src/schema/tests.rs", "bins/validate-env/src/check/tests.rs") if b"=" in text]
    values = strings("bins/validate-env/src/dotenv/tests.rs")
    return [schema + SCISSORS + values[number % len(values)] for number, schema in enumerate(schemas)] + [
        b"A=\nB=\n" + SCISSORS + value for value in values]


def names():
    """Rules of the tests, each at a branch and at a tag."""
    rules = [text for text in strings("bins/tag-image/tests/rules.rs", "bins/tag-image/src/metadata/plan/tests.rs") if text.startswith(b"type=")]
    rest = [b"latest=false\nprefix=x-", b"a=b", b'{"repository": {"name": "app", "default_branch": "main"}}']
    references = [b"refs/tags/v1.2.3", b"refs/heads/main", b"refs/pull/7/merge"]
    return [SCISSORS.join([rule, reference, *rest]) for rule in rules for reference in references]


SEEDS = {
    "bundle": lambda: contents("crates/trust/testdata/keyless/*.json", "crates/trust/testdata/*.pub", "crates/trust/testdata/p*.key", "crates/trust/testdata/sec1*"),
    "cargo": lambda: strings(f"{CATALOG}/cargo/tests.rs"),
    "config": lambda: contents("examples/*/release.toml", "bins/promote/src/init/release.toml") + strings("crates/config/tests/mistakes.rs"),
    "env": environments,
    "go": lambda: beside([f"{TREES}/go/go.mod", "tests/referrers-registry/go.mod"], "go.sum") + strings(f"{CATALOG}/go_mod/tests.rs"),
    "image": layers,
    "installed": lambda: [text + end for end in (b"", b"\0ID=debian\nVERSION_ID=12\n") for text in strings(
        *(f"{CATALOG}/{name}" for name in ("dpkg/tests.rs", "apk/tests.rs", "dist_info/tests.rs", "node_modules/tests.rs", "dep5.rs", "os_release.rs")))],
    "javascript": lambda: beside([f"{TREES}/{lock}" for lock in ("*/package-lock.json", "*/pnpm-lock.yaml", "*/yarn.lock", "*/bun.lock")], "package.json")
    + strings(*(f"{CATALOG}/{name}/tests.rs" for name in ("npm", "pnpm", "yarn", "bun", "package_json"))),
    "key": lambda: contents("crates/trust/testdata/*.key", "crates/trust/testdata/*.pub"),
    "layout": migrations,
    "ledger": ledgers,
    "names": names,
    "osv": advisories,
    "program": lambda: [program(), b"+" + program()],
    "purl": lambda: contents("bins/sbom-sign/testdata/purl-spec.txt")[0].split(),
    "python": lambda: beside([f"{TREES}/{lock}" for lock in ("pip/*.txt", "*/poetry.lock", "*/pdm.lock", "*/uv.lock", "*/Pipfile.lock")], "pyproject.toml")
    + strings(*(f"{CATALOG}/{name}/tests.rs" for name in ("requirements", "poetry", "pdm", "uv", "pipfile", "pyproject"))),
    "rpm": rpm,
    "sql": lambda: contents("examples/**/*.sql", "bins/migrate-db/tests/**/*.sql")
    + strings("bins/migrate-db/src/statement/**/tests.rs", "bins/migrate-db/src/effect/**/*.rs", "bins/migrate-db/src/layout/directive.rs"),
    "suite": lambda: contents("examples/**/smoke/*.yaml") + strings("bins/smoke-test/src/suite/**/*.rs"),
    "unpack": layers,
    "url": lambda: strings("bins/migrate-db/src/database/url.rs", "bins/migrate-db/src/database/url/*.rs"),
    "workflow": lambda: contents(".github/workflows/*.yml", "actions/*/action.yml", "action.yml") + strings(f"{CATALOG}/workflow/tests.rs"),
}


def main():
    directory, *wanted = sys.argv[1:]
    for target in wanted or SEEDS:
        place = pathlib.Path(directory) / target
        place.mkdir(parents=True, exist_ok=True)
        seeds = [seed for seed in SEEDS[target]() if 0 < len(seed) <= SEED_BYTES_MAX]
        if not seeds:
            sys.exit(f"fuzz/seeds.py: no seed for {target}: its fixtures have moved")
        for seed in seeds:
            (place / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


main()
