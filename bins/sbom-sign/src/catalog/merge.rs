//! Several findings as one graph: each package once, all of it below one root, the same for the same findings; never what a format says.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::{Catalog, Kind, Origin, Package, Part, Scope};

/// What a tree is called if it is not one package: no lock file names it, and the directory's name is the machine's.
const WORKSPACE: &str = "workspace";

impl Catalog {
    /// A source tree. Its root is the one package of the tree that nothing else needs, else `workspace`.
    pub fn of_tree(parts: Vec<Part>) -> Self {
        let Merged { mut packages, tops, development, .. } = Merged::of(None, parts);
        let mut all = tops.union(&development);
        match (all.next(), all.next()) {
            (Some(top), None) if packages[*top].origin == Origin::Tree => {
                let root = *top;
                packages[root].kind = Kind::Application;
                Self::rooted(packages, root)
            }
            _ => {
                let reference = WORKSPACE.to_owned();
                let named = Package::other(Kind::Application, WORKSPACE, None);
                let root = Package { reference, needs: tops, development, origin: Origin::Tree, ..named };
                packages.push(root);
                let root = packages.len() - 1;
                Self::rooted(packages, root)
            }
        }
    }

    /// An image, which is the root.
    pub fn of_image(root: Package, parts: Vec<Part>) -> Self {
        let Merged { mut packages, root, tops, development } = Merged::of(Some(root), parts);
        let root = root.unwrap_or_default();
        packages[root].needs.extend(tops);
        packages[root].development.extend(development);
        Self::rooted(packages, root)
    }

    /// Sorts the packages and finds out their scope.
    fn rooted(packages: Vec<Package>, root: usize) -> Self {
        let mut order: Vec<usize> = (0..packages.len()).collect();
        order.sort_by(|one, other| packages[*one].reference.cmp(&packages[*other].reference));
        let mut places = vec![0; packages.len()];
        for (new, old) in order.iter().enumerate() {
            places[*old] = new;
        }
        let moved = |needs: &BTreeSet<usize>| needs.iter().map(|place| places[*place]).collect();
        let mut sorted: Vec<Option<Package>> = vec![None; packages.len()];
        for (old, mut package) in packages.into_iter().enumerate() {
            package.needs = moved(&package.needs);
            package.development = moved(&package.development);
            package.development = package.development.difference(&package.needs).copied().collect();
            sorted[places[old]] = Some(package);
        }
        let mut packages: Vec<Package> = sorted.into_iter().flatten().collect();
        let root = places[root];
        let mut required = vec![false; packages.len()];
        reach(root, &mut required, |place| packages[place].needs.iter().copied());
        for (package, required) in packages.iter_mut().zip(required) {
            // A member is in the tree, whoever needs it.
            let needed = required || package.origin == Origin::Tree;
            package.scope = if needed { Scope::Required } else { Scope::Optional };
        }
        Self { packages, root }
    }
}

/// All packages, each once, and what the root needs.
struct Merged {
    packages: Vec<Package>,
    root: Option<usize>,
    tops: BTreeSet<usize>,
    development: BTreeSet<usize>,
}

impl Merged {
    fn of(root: Option<Package>, parts: Vec<Part>) -> Self {
        let mut merged =
            Self { packages: Vec::new(), root: None, tops: BTreeSet::new(), development: BTreeSet::new() };
        let mut known = BTreeMap::new();
        merged.root = root.map(|root| merged.add(root, &mut known));
        for Part { packages, tops, development } in parts {
            let edges: Vec<_> =
                packages.iter().map(|one| (one.needs.clone(), one.development.clone())).collect();
            let places: Vec<usize> =
                packages.into_iter().map(|package| merged.add(package, &mut known)).collect();
            for (place, (needs, development)) in places.iter().zip(edges) {
                let package = &mut merged.packages[*place];
                // Two entries of one package, such as pdm's with and without an extra, are one here, and it does not need itself.
                let others = |needs: BTreeSet<usize>| {
                    let needs = needs.into_iter().filter_map(|need| places.get(need).copied());
                    needs.filter(|need| need != place).collect::<Vec<_>>()
                };
                package.needs.extend(others(needs));
                package.development.extend(others(development));
            }
            merged.tops.extend(tops.iter().filter_map(|top| places.get(*top)));
            merged.development.extend(development.iter().filter_map(|top| places.get(*top)));
        }
        merged.tell_apart();
        merged.root_the_rest();
        merged
    }

    /// The place of this package, with what was known of it before.
    fn add(&mut self, package: Package, known: &mut BTreeMap<(String, String), usize>) -> usize {
        let bare = Package { needs: BTreeSet::new(), development: BTreeSet::new(), ..package };
        match known.entry((bare.reference.clone(), bare.name.clone())) {
            Entry::Vacant(place) => {
                self.packages.push(bare);
                *place.insert(self.packages.len() - 1)
            }
            Entry::Occupied(place) => {
                let there = &mut self.packages[*place.get()];
                there.hashes.extend(bare.hashes);
                there.licences.extend(bare.licences);
                there.places.extend(bare.places);
                there.properties.extend(bare.properties);
                *place.get()
            }
        }
    }

    /// Names that differ only in what a package URL leaves out (npm's JSONStream and jsonstream) are packages of their own.
    fn tell_apart(&mut self) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for package in &mut self.packages {
            match seen.get(&package.reference) {
                Some(name) if *name != package.name => {
                    package.reference = format!("{}#{}", package.reference, package.name);
                }
                _ => {
                    seen.insert(package.reference.clone(), package.name.clone());
                }
            }
        }
    }

    /// Whatever is not reached yet hangs below the root: members first, then what nothing needs, then what only a circle needs.
    fn root_the_rest(&mut self) {
        let packages = &self.packages;
        let both = |place: usize| packages[place].needs.iter().chain(&packages[place].development).copied();
        let mut reached = vec![false; packages.len()];
        let known = self.root.iter().chain(&self.tops).chain(&self.development);
        for place in known.copied() {
            reach(place, &mut reached, both);
        }
        let mut needed = vec![false; packages.len()];
        for place in (0..packages.len()).flat_map(both) {
            needed[place] = true;
        }
        let mut rest: Vec<usize> = (0..packages.len()).filter(|place| !reached[*place]).collect();
        rest.sort_by_key(|place| {
            let package = &packages[*place];
            (needed[*place], package.origin, &package.reference)
        });
        for place in rest {
            if !reached[place] {
                self.tops.insert(place);
                reach(place, &mut reached, both);
            }
        }
    }
}

/// Marks all that can be reached from here.
fn reach<N: Iterator<Item = usize>>(from: usize, reached: &mut [bool], needs: impl Fn(usize) -> N) {
    let mut next = vec![from];
    while let Some(place) = next.pop() {
        if !std::mem::replace(&mut reached[place], true) {
            next.extend(needs(place));
        }
    }
}

#[cfg(test)]
mod tests;
