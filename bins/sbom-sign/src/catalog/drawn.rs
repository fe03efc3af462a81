//! What the tests of all catalogers share: a catalog as a drawing, fixtures, files in memory. It is not shipped.

use std::{collections::BTreeMap, path::Path};

use ci::files::FileError;

use super::{Catalog, Package, Part, Scope, tree, tree::Files};

/// `reference licences hashes → needs; needs for development`, a line each; the root has a star, and what is optional a question mark.
pub(crate) fn drawn(catalog: &Catalog) -> String {
    let reference = |place: &usize| catalog.packages[*place].reference.as_str();
    let line = |(place, package): (usize, &Package)| {
        let mut words = Vec::new();
        words.extend((place == catalog.root).then(|| "*".to_owned()));
        words.extend((package.scope == Scope::Optional).then(|| "?".to_owned()));
        words.push(package.reference.clone());
        words.extend(package.licences.iter().map(|licence| format!("({licence})")));
        words.extend((!package.hashes.is_empty()).then(|| format!("#{}", package.hashes.len())));
        let needs: Vec<&str> = package.needs.iter().map(reference).collect();
        let development: Vec<&str> = package.development.iter().map(reference).collect();
        if !needs.is_empty() {
            words.push(format!("→ {}", needs.join(" ")));
        }
        if !development.is_empty() {
            words.push(format!("; {}", development.join(" ")));
        }
        words.join(" ") + "\n"
    };
    catalog.packages.iter().enumerate().map(line).collect()
}

/// The same of one part.
pub(crate) fn drawn_part(part: Part) -> String {
    drawn(&Catalog::of_tree(vec![part]))
}

/// The catalog of a tree below `tests/trees`.
pub(crate) fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees").join(name);
    let parts = tree::read(&path, &[]).unwrap_or_else(|error| panic!("{error:?}"));
    drawn(&Catalog::of_tree(parts))
}

/// Files in memory, by their paths.
#[derive(Default)]
pub(crate) struct Memory {
    texts: BTreeMap<String, String>,
    manifests: Vec<String>,
}

impl Memory {
    /// These files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let texts: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let manifests = texts.keys().filter(|path| path.ends_with("package.json")).cloned().collect();
        Self { texts, manifests }
    }
}

impl Files for Memory {
    fn text(&self, path: &str) -> Result<Option<String>, FileError> {
        Ok(self.texts.get(path).cloned())
    }

    fn manifests(&self) -> &[String] {
        &self.manifests
    }
}
