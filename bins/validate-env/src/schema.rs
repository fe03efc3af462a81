//! The schema: what each variable must be, and when it must be there; never where its value comes from.

mod condition;
mod data_type;
mod flaw;
mod formats;
mod syntax;
mod written;

use std::collections::BTreeMap;

pub(crate) use condition::{Condition, Expression, Name, Scope, Unanswered};
pub(crate) use data_type::DataType;
pub(crate) use flaw::{At, Flaw};

use syntax::{Decorator, Given, Item};
use written::{Argument, Written};

/// Decorators of the whole file.
const ROOT_DECORATORS: [&str; 3] = ["currentEnv", "defaultRequired", "defaultSensitive"];

/// Decorators of the whole file that say how varlock runs a program or what it writes, and nothing of what a value must be.
const ROOT_REMARKS: [&str; 4] = ["generateTypes", "redactLogs", "preventLeaks", "cache"];

/// Decorators of the whole file that bring in what we do not read.
const ROOT_FOREIGN: [&str; 5] = ["import", "disable", "setValuesBulk", "plugin", "envFlag"];

/// Decorators of a variable.
const ITEM_DECORATORS: [&str; 5] = ["required", "optional", "sensitive", "public", "type"];

/// Decorators that say something to people or to other tools.
const ITEM_REMARKS: [&str; 11] = [
    "example",
    "docs",
    "docsUrl",
    "icon",
    "tag",
    "deprecated",
    "placeholder",
    "internal",
    "dynamic",
    "auditIgnore",
    "proxy",
];

/// What an environment must have.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    /// The variable that says which environment this is.
    pub(crate) current_environment: Option<String>,
    pub(crate) variables: Vec<Variable>,
    by_name: BTreeMap<String, usize>,
}

/// What one variable must be.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// Its line in the schema, counted from 1.
    pub(crate) line: usize,
    pub(crate) required: Condition,
    pub(crate) exposure: Exposure,
    pub(crate) data_type: DataType,
    pub(crate) default: Expression,
}

/// Whether a value may be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exposure {
    Public,
    Sensitive,
}

/// What holds for variables that do not say it themselves; the defaults are env-spec's.
#[derive(Default)]
struct Defaults {
    required: DefaultRequired,
    sensitive: DefaultSensitive,
}

#[derive(Default)]
enum DefaultRequired {
    #[default]
    All,
    /// Those that have a default.
    Infer,
    Says(Condition),
}

#[derive(Default)]
enum DefaultSensitive {
    #[default]
    All,
    None,
    /// All whose names do not begin so.
    ExceptPrefix(String),
}

impl Schema {
    /// Reads a schema in env-spec syntax.
    pub(crate) fn parse(text: &str) -> Result<Self, At> {
        let source = syntax::parse(text)?;
        let mut defaults = Defaults::default();
        let mut current = None;
        once(&source.header)?;
        for decorator in &source.header {
            root(decorator, &mut defaults, &mut current).map_err(|flaw| flaw.at(decorator.line))?;
        }
        let mut schema = Self { current_environment: None, variables: Vec::new(), by_name: BTreeMap::new() };
        for item in source.items {
            let mut variable = variable(&item, &defaults)?;
            // Which environment this is stands in every report; hiding it would star half the words.
            if current.as_ref().is_some_and(|(name, _)| *name == item.name) && !says_sensitive(&item) {
                variable.exposure = Exposure::Public;
            }
            if let Some(first) = schema.by_name.insert(item.name.clone(), schema.variables.len()) {
                return Err(Flaw::Twice(item.name, schema.variables[first].line).at(item.line));
            }
            schema.variables.push(variable);
        }
        if let Some((name, line)) = current {
            schema.known(&name).map_err(|flaw| flaw.at(line))?;
            schema.current_environment = Some(name);
        }
        schema.check_references()?;
        Ok(schema)
    }

    /// The variable of this name.
    pub(crate) fn variable(&self, name: &str) -> Option<&Variable> {
        self.by_name.get(name).map(|at| &self.variables[*at])
    }

    /// The names of all variables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|variable| variable.name.as_str())
    }

    fn known(&self, name: &str) -> Result<(), Flaw> {
        if self.by_name.contains_key(name) {
            return Ok(());
        }
        Err(Flaw::unknown("the variable", name, &self.names().collect::<Vec<_>>()))
    }

    /// A word that an enum's own list leaves out is a typo: a condition on it would never hold.
    fn admits(&self, variable: &str, what: &'static str, word: &str) -> Result<(), Flaw> {
        match self.variable(variable).map(|variable| &variable.data_type) {
            Some(DataType::Choice(words)) if !word.is_empty() && !words.iter().any(|one| one == word) => {
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                Err(Flaw::unknown(what, word, &words))
            }
            _ => Ok(()),
        }
    }

    fn check_references(&self) -> Result<(), At> {
        for variable in &self.variables {
            let mut names = Vec::new();
            variable.required.names(&mut names);
            variable.default.names(&mut names);
            let known = |name: &Name| match name {
                Name::Variable(name) => self.known(name),
                Name::Environment(name) => {
                    let current = self.current_environment.as_deref();
                    current.map_or(Ok(()), |current| self.admits(current, "the environment", name))
                }
                Name::Word { variable, word } => self.admits(variable, "the word", word),
            };
            names.iter().try_for_each(known).map_err(|flaw| flaw.at(variable.line))?;
        }
        Ok(())
    }
}

/// Refuses a decorator that is there twice: one of them would silently do nothing. Remarks may be.
fn once(decorators: &[Decorator]) -> Result<(), At> {
    let remark = |name: &str| ITEM_REMARKS.contains(&name) || ROOT_REMARKS.contains(&name);
    for (at, decorator) in decorators.iter().enumerate().filter(|(_, one)| !remark(&one.name)) {
        if let Some(first) = decorators[..at].iter().find(|before| before.name == decorator.name) {
            return Err(Flaw::Twice(format!("`@{}`", decorator.name), first.line).at(decorator.line));
        }
    }
    Ok(())
}

fn root(
    decorator: &Decorator,
    defaults: &mut Defaults,
    current: &mut Option<(String, usize)>,
) -> Result<(), Flaw> {
    match decorator.name.as_str() {
        "currentEnv" => {
            let name = match &decorator.value {
                Given::Value(value) => value.reference(),
                _ => None,
            };
            let name = name.ok_or_else(|| wrong(decorator, "$VARIABLE"))?;
            *current = Some((name.to_owned(), decorator.line));
        }
        "defaultRequired" => {
            defaults.required = match &decorator.value {
                Given::Value(Written::Text(word, _)) if word == "infer" => DefaultRequired::Infer,
                _ => DefaultRequired::Says(condition(decorator)?),
            };
        }
        "defaultSensitive" => {
            defaults.sensitive = match &decorator.value {
                Given::Value(Written::Call(name, arguments)) if name == "inferFromPrefix" => {
                    prefix(arguments)?
                }
                _ => match exposure(decorator)? {
                    Exposure::Sensitive => DefaultSensitive::All,
                    Exposure::Public => DefaultSensitive::None,
                },
            };
        }
        name if ROOT_REMARKS.contains(&name) => {}
        name if ROOT_FOREIGN.contains(&name) => return Err(Flaw::Unsupported(format!("`@{name}`"))),
        name if ITEM_DECORATORS.contains(&name) => return Err(Flaw::Unattached(name.to_owned())),
        name => return Err(Flaw::unknown("the decorator of a file", name, &ROOT_DECORATORS)),
    }
    Ok(())
}

fn prefix(arguments: &[Argument]) -> Result<DefaultSensitive, Flaw> {
    match arguments {
        [Argument { name: None, value: Written::Text(prefix, _) }] if !prefix.is_empty() => {
            Ok(DefaultSensitive::ExceptPrefix(prefix.clone()))
        }
        _ => Err(Flaw::Arguments("inferFromPrefix".to_owned(), "the beginning of public names")),
    }
}

fn variable(item: &Item, defaults: &Defaults) -> Result<Variable, At> {
    once(&item.decorators)?;
    let mut required = None;
    let mut exposed = None;
    let mut data_type = DataType::default();
    for decorator in &item.decorators {
        let mut read = || -> Result<(), Flaw> {
            match decorator.name.as_str() {
                "required" => set(&mut required, condition(decorator)?, decorator)?,
                "optional" => set(&mut required, Condition::Not(Box::new(condition(decorator)?)), decorator)?,
                "sensitive" => set(&mut exposed, exposure(decorator)?, decorator)?,
                "public" => set(&mut exposed, exposure(decorator)?.opposite(), decorator)?,
                "type" => match &decorator.value {
                    Given::Value(value) => data_type = DataType::read(value)?,
                    _ => return Err(wrong(decorator, "`=` and a type")),
                },
                name if ITEM_REMARKS.contains(&name) => {}
                name if ROOT_DECORATORS.contains(&name) => return Err(Flaw::Header(name.to_owned())),
                name => return Err(Flaw::unknown("the decorator of a variable", name, &ITEM_DECORATORS)),
            }
            Ok(())
        };
        read().map_err(|flaw| flaw.at(decorator.line))?;
    }
    let required = required.unwrap_or_else(|| match &defaults.required {
        DefaultRequired::Says(condition) => condition.clone(),
        DefaultRequired::Infer if item.value.is_empty() => Condition::Never,
        DefaultRequired::Infer | DefaultRequired::All => Condition::Always,
    });
    let exposure = exposed.unwrap_or(match &defaults.sensitive {
        DefaultSensitive::None => Exposure::Public,
        DefaultSensitive::ExceptPrefix(prefix) if item.name.starts_with(prefix) => Exposure::Public,
        DefaultSensitive::All | DefaultSensitive::ExceptPrefix(_) => Exposure::Sensitive,
    });
    let default = Expression::read(&item.value).map_err(|flaw| flaw.at(item.line))?;
    Ok(Variable { name: item.name.clone(), line: item.line, required, exposure, data_type, default })
}

fn says_sensitive(item: &Item) -> bool {
    item.decorators.iter().any(|decorator| decorator.name == "sensitive" || decorator.name == "public")
}

/// Sets what two decorators can say, and refuses the second.
fn set<T>(slot: &mut Option<T>, value: T, decorator: &Decorator) -> Result<(), Flaw> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Flaw::Opposite(decorator.name.clone())),
    }
}

impl Exposure {
    fn opposite(self) -> Self {
        match self {
            Self::Public => Self::Sensitive,
            Self::Sensitive => Self::Public,
        }
    }
}

/// `@name` alone says yes.
fn condition(decorator: &Decorator) -> Result<Condition, Flaw> {
    match &decorator.value {
        Given::Nothing => Ok(Condition::Always),
        Given::Value(value) => Condition::read(value),
        Given::Arguments(_) => Err(wrong(decorator, "`=` and a condition")),
    }
}

/// Whether a value may be shown is never a matter of the environment.
fn exposure(decorator: &Decorator) -> Result<Exposure, Flaw> {
    match condition(decorator)? {
        Condition::Always => Ok(Exposure::Sensitive),
        Condition::Never => Ok(Exposure::Public),
        _ => Err(wrong(decorator, "true or false")),
    }
}

fn wrong(decorator: &Decorator, wanted: &'static str) -> Flaw {
    let found = match &decorator.value {
        Given::Nothing => "nothing".to_owned(),
        Given::Value(value) => value.shown(),
        Given::Arguments(_) => "(…)".to_owned(),
    };
    Flaw::Value { place: format!("`@{}`", decorator.name), wanted, found }
}

#[cfg(test)]
mod tests;
