//! `go.mod` and `go.sum` (go.dev/ref/mod): the modules of the build with the hashes of their trees; it holds no graph.

use std::collections::BTreeMap;

use semver::Version;

use super::{Faulty, Malformed, Package, Part, Purl, PurlType, beside, tree::Files};

/// The property with the hash of a module's tree, in Go's own form (`h1:` and base64).
const TREE_HASH: &str = "seaworthy:go:sum";

/// The property of modules that only others need.
const INDIRECT: &str = "seaworthy:go:indirect";

/// Since this version of Go `go.mod` names every module of the build (go.dev/ref/mod, "Lazy module loading").
const COMPLETE: (u64, u64) = (1, 17);

/// What `go.mod` says.
#[derive(Default)]
struct File {
    module: Option<String>,
    go: Option<(u64, u64)>,
    required: Vec<(usize, Module, bool)>,
    replaced: Vec<(String, Option<String>, String, Option<String>)>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Module {
    path: String,
    version: String,
}

/// Reads the text of a `go.mod`, with the hashes of the `go.sum` beside it.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    let here = |source| Faulty::at(path, source);
    let mut file = parse(text).map_err(here)?;
    let sums = match beside(path, "go.sum") {
        Some(sum) => match files.text(&sum)? {
            Some(text) => sums(&text).map_err(|source| Faulty::at(&sum, source))?,
            None => BTreeMap::new(),
        },
        None => BTreeMap::new(),
    };
    if file.go.is_none_or(|version| version < COMPLETE) {
        add_unnamed(&mut file, &sums);
    }
    let mut part = Part::default();
    for (line, module, indirect) in &file.required {
        let mut package =
            package(&file, module, &sums).map_err(|error| here(Malformed::in_line(*line, error.why)))?;
        if *indirect {
            package.properties.insert(INDIRECT.to_owned(), "true".to_owned());
        }
        part.packages.push(package);
    }
    let needs = (0..part.packages.len()).collect();
    let module = file.module.ok_or_else(|| here(Malformed::whole("it names no module")))?;
    let purl = Purl::new(PurlType::Golang, &module).map_err(|error| here(error.into()))?;
    part.packages.push(Package { needs, ..Package::member(purl).named(&module) });
    Ok(part)
}

/// A `go.mod` of an older Go leaves out what only others need: the highest version that `go.sum` has a tree of is the one built with
/// (go.dev/ref/mod, "Minimal version selection").
fn add_unnamed(file: &mut File, sums: &BTreeMap<Module, String>) {
    let mut highest: BTreeMap<&str, &Module> = BTreeMap::new();
    for module in sums.keys() {
        let there = highest.entry(&module.path).or_insert(module);
        if precedence(&module.version) > precedence(&there.version) {
            *there = module;
        }
    }
    for module in highest.into_values() {
        if !file.required.iter().any(|(_, required, _)| required.path == module.path) {
            file.required.push((1, module.clone(), true));
        }
    }
}

fn precedence(version: &str) -> Option<Version> {
    Version::parse(version.trim_start_matches('v')).ok()
}

fn package(file: &File, module: &Module, sums: &BTreeMap<Module, String>) -> Result<Package, Malformed> {
    let replaced = file.replaced.iter().find(|(path, version, ..)| {
        *path == module.path && version.as_ref().is_none_or(|version| *version == module.version)
    });
    let real = match replaced {
        None => module.clone(),
        Some((.., path, Some(version))) => Module { path: path.clone(), version: version.clone() },
        Some(_) => {
            let purl = Purl::new(PurlType::Golang, &module.path)?;
            return Ok(Package::member(purl).named(&module.path));
        }
    };
    let purl = Purl::new(PurlType::Golang, &real.path)?.version(&real.version);
    let mut package = Package::new(purl).named(&real.path);
    if let Some(sum) = sums.get(&real) {
        package.properties.insert(TREE_HASH.to_owned(), sum.clone());
    }
    Ok(package)
}

fn parse(text: &str) -> Result<File, Malformed> {
    let mut file = File::default();
    let mut block: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let mut words: Vec<String> =
            code.split_whitespace().map(|word| word.trim_matches(['"', '`']).to_owned()).collect();
        match (&block, words.as_slice()) {
            (_, []) => continue,
            (Some(_), [end]) if end == ")" => {
                block = None;
                continue;
            }
            (None, [verb, open]) if open == "(" => {
                block = Some(verb.clone());
                continue;
            }
            (Some(verb), _) => words.insert(0, verb.clone()),
            (None, _) => {}
        }
        statement(&mut file, number, &words, comment.trim())?;
    }
    match block {
        Some(verb) => Err(Malformed::whole(format!("the block `{verb} (` is not closed"))),
        None => Ok(file),
    }
}

fn statement(file: &mut File, line: usize, words: &[String], comment: &str) -> Result<(), Malformed> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["module", path] => file.module = Some((*path).to_owned()),
        ["go", version] => file.go = numbers(version),
        ["require", path, version] => {
            let module = Module { path: (*path).to_owned(), version: (*version).to_owned() };
            let indirect = comment == "indirect" || comment.starts_with("indirect;");
            file.required.push((line, module, indirect));
        }
        ["replace", rest @ ..] => {
            let arrow = rest.iter().position(|word| *word == "=>");
            let (old, new) = match arrow {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => return Err(Malformed::in_line(line, "a replace without `=>`")),
            };
            let (Some(path), Some(with)) = (old.first(), new.first()) else {
                return Err(Malformed::in_line(line, "a replace of nothing, or by nothing"));
            };
            let owned = |word: Option<&&str>| word.map(|word| (*word).to_owned());
            file.replaced.push((
                (*path).to_owned(),
                owned(old.get(1)),
                (*with).to_owned(),
                owned(new.get(1)),
            ));
        }
        ["exclude" | "retract" | "toolchain" | "godebug" | "tool" | "ignore", ..] => {}
        _ => {
            return Err(Malformed::in_line(line, format!("`{}` is no statement of go.mod", words.join(" "))));
        }
    }
    Ok(())
}

fn numbers(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split('.').map(|number| {
        let end = number.find(|one: char| !one.is_ascii_digit()).unwrap_or(number.len());
        number[..end].parse().ok()
    });
    Some((numbers.next()??, numbers.next()??))
}

/// The hashes of trees by module; those of `go.mod` files alone say nothing about what is built.
fn sums(text: &str) -> Result<BTreeMap<Module, String>, Malformed> {
    let mut sums = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            [] => {}
            [_, version, _] if version.ends_with("/go.mod") => {}
            [path, version, sum] => {
                let module = Module { path: (*path).to_owned(), version: (*version).to_owned() };
                sums.insert(module, (*sum).to_owned());
            }
            _ => return Err(Malformed::in_line(number + 1, "it is no module, version and hash")),
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests;
