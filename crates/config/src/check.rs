//! What must agree between keys of `release.toml`; never what a single key may hold (`shape`).

use contract::{ComponentName, EnvironmentName};

use crate::{Config, Contradiction, Environment, Gate};

/// Finds the first contradiction, in the order of the file's names.
pub(crate) fn check(config: &Config) -> Result<(), Contradiction> {
    if config.components.is_empty() {
        return Err(Contradiction::NoComponents);
    }
    if config.release.verify_key.is_some() && config.release.verify_identity.is_some() {
        return Err(Contradiction::TwoSigners);
    }
    for (name, component) in &config.components {
        if component.image.selector().is_some() {
            return Err(Contradiction::NotARepository(name.clone()));
        }
    }
    for (name, environment) in &config.environments {
        components(config, name, environment)?;
        order(config, name, environment)?;
        keys(config, name, environment)?;
        overridable(name, environment)?;
    }
    Ok(())
}

fn components(config: &Config, name: &EnvironmentName, at: &Environment) -> Result<(), Contradiction> {
    let crate::Target::Exec(exec) = &at.target;
    let named = |key: &'static str| move |component: &ComponentName| (key, component.clone());
    let all = at.images.keys().map(named("images")).chain(exec.env_files.keys().map(named("env-files")));
    for (key, component) in all {
        if !config.components.contains_key(&component) {
            return Err(Contradiction::UnknownComponent { environment: name.clone(), key, component });
        }
    }
    match at.images.iter().find(|(_, image)| image.selector().is_some()) {
        Some((component, _)) => Err(Contradiction::NotARepository(component.clone())),
        None => Ok(()),
    }
}

fn order(config: &Config, name: &EnvironmentName, at: &Environment) -> Result<(), Contradiction> {
    let tests = at.require.smoke_tests.keys().map(|other| (format!("smoke-test@{other}"), other));
    for (key, other) in at.after.iter().map(|other| ("after".to_owned(), other)).chain(tests) {
        if !config.environments.contains_key(other) {
            let (environment, other) = (name.clone(), other.clone());
            return Err(Contradiction::UnknownEnvironment { environment, key, other });
        }
    }
    if at.require.smoke_tests.contains_key(name) {
        return Err(Contradiction::OwnSmokeTest(name.clone()));
    }
    if at.soak.is_some() && at.after.is_empty() {
        return Err(Contradiction::SoakAfterNothing(name.clone()));
    }
    // Everything that comes before, until nothing new does: a circle leads back here.
    let mut before: Vec<&EnvironmentName> = at.after.iter().collect();
    let mut next = 0;
    while let Some(earlier) = before.get(next).and_then(|name| config.environments.get(*name)) {
        next += 1;
        for other in &earlier.after {
            if !before.contains(&other) {
                before.push(other);
            }
        }
    }
    if before.contains(&name) { Err(Contradiction::Cycle(name.clone())) } else { Ok(()) }
}

fn keys(config: &Config, name: &EnvironmentName, at: &Environment) -> Result<(), Contradiction> {
    match at
        .gates()
        .into_iter()
        .find(|gate| Environment::needs_signer(gate) && config.signer(at, gate).is_none())
    {
        Some(gate) => Err(Contradiction::NoKey { environment: name.clone(), gate }),
        None => Ok(()),
    }
}

fn overridable(name: &EnvironmentName, at: &Environment) -> Result<(), Contradiction> {
    let asked = at.gates();
    for gate in &at.overridable {
        if *gate == Gate::Signature {
            return Err(Contradiction::OverridableSignature(name.clone()));
        }
        if !asked.contains(gate) {
            return Err(Contradiction::OverridableUnasked { environment: name.clone(), gate: gate.clone() });
        }
    }
    Ok(())
}
