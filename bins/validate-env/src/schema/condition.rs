//! What decides at check time: conditions and the texts they compare; never reads an environment itself.
//!
//! The functions are env-spec's: `forEnv`, `eq`, `not`, `isEmpty`, `if`. There is no `exec`, and there never will be.

use super::{
    flaw::Flaw,
    formats,
    written::{Argument, Quote, Written},
};

/// The functions of conditions.
const CONDITIONS: [&str; 5] = ["forEnv", "eq", "not", "isEmpty", "if"];

/// The functions of env-spec that bring in what we do not read, or would have to run.
const FOREIGN: [&str; 14] = [
    "ref",
    "concat",
    "exec",
    "fallback",
    "remap",
    "ifs",
    "regex",
    "randomInt",
    "randomFloat",
    "randomUuid",
    "randomHex",
    "randomString",
    "cache",
    "varlock",
];

/// A text made of texts and variables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Expression {
    Text(String),
    Variable(String),
    Joined(Vec<Expression>),
    Choice(Box<Condition>, Box<Expression>, Box<Expression>),
    Truth(Box<Condition>),
}

/// A question whose answer depends on the environment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Condition {
    Always,
    Never,
    ForEnvironment(Vec<String>),
    Equal(Expression, Expression),
    Not(Box<Condition>),
    Empty(Expression),
    Choice(Box<Condition>, Box<Condition>, Box<Condition>),
    /// The variable says so: not empty, and no word for no.
    Holds(String),
}

/// What a question asks for by name, which a typo would make it ask in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Name<'c> {
    Variable(&'c str),
    Environment(&'c str),
    /// The word that a variable is compared with.
    Word {
        variable: &'c str,
        word: &'c str,
    },
}

/// Why a question has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unanswered {
    /// Nothing says which environment this is.
    Environment,
    /// The schema is at fault.
    Flaw(Flaw),
}

/// What questions are asked about.
pub(crate) trait Scope {
    /// The environment's name.
    fn environment(&mut self) -> Result<&str, Unanswered>;
    /// The value of a variable, empty where it has none.
    fn value(&mut self, name: &str) -> Result<String, Unanswered>;
}

impl Condition {
    /// Understands a condition.
    pub(crate) fn read(written: &Written) -> Result<Self, Flaw> {
        if let Some(name) = written.reference() {
            return Ok(Self::Holds(name.to_owned()));
        }
        match written {
            Written::Text(text, _) => match formats::boolean(text) {
                Some(true) => Ok(Self::Always),
                Some(false) => Ok(Self::Never),
                None => Err(Flaw::Value {
                    place: "a condition".to_owned(),
                    wanted: "true, false, $VARIABLE, forEnv(…), eq(…), not(…), isEmpty(…) or if(…)",
                    found: text.clone(),
                }),
            },
            Written::Call(name, arguments) => Self::call(name, arguments),
        }
    }

    fn call(name: &str, arguments: &[Argument]) -> Result<Self, Flaw> {
        let values = positional(name, arguments)?;
        let wrong = |wanted| Err(Flaw::Arguments(name.to_owned(), wanted));
        match (name, values.as_slice()) {
            ("forEnv", []) => wrong("the names of environments"),
            ("forEnv", names) => names
                .iter()
                .map(|name| match name {
                    Written::Text(text, _) => Ok(text.clone()),
                    Written::Call(..) => {
                        Err(Flaw::Arguments("forEnv".to_owned(), "the names of environments"))
                    }
                })
                .collect::<Result<_, _>>()
                .map(Self::ForEnvironment),
            ("eq", [left, right]) => Ok(Self::Equal(Expression::read(left)?, Expression::read(right)?)),
            ("eq", _) => wrong("two values"),
            ("not", [inner]) => Ok(Self::Not(Box::new(Self::read(inner)?))),
            ("not", _) => wrong("one condition"),
            ("isEmpty", [value]) => Ok(Self::Empty(Expression::read(value)?)),
            ("isEmpty", _) => wrong("one value"),
            ("if", [question, yes, no]) => Ok(Self::Choice(
                Box::new(Self::read(question)?),
                Box::new(Self::read(yes)?),
                Box::new(Self::read(no)?),
            )),
            ("if", [question]) => Self::read(question),
            ("if", _) => wrong("a condition, and what holds if it does and if it does not"),
            _ => Err(unknown_function(name)),
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, scope: &mut impl Scope) -> Result<bool, Unanswered> {
        Ok(match self {
            Self::Always => true,
            Self::Never => false,
            Self::ForEnvironment(names) => {
                let environment = scope.environment()?;
                names.iter().any(|name| name == environment)
            }
            Self::Equal(left, right) => same(&left.text(scope)?, &right.text(scope)?),
            Self::Not(inner) => !inner.holds(scope)?,
            Self::Empty(value) => value.text(scope)?.is_empty(),
            Self::Choice(question, yes, no) => {
                if question.holds(scope)? {
                    yes.holds(scope)?
                } else {
                    no.holds(scope)?
                }
            }
            Self::Holds(name) => {
                let value = scope.value(name)?;
                !value.is_empty() && formats::boolean(&value) != Some(false)
            }
        })
    }

    /// Everything it asks for by name.
    pub(crate) fn names<'c>(&'c self, found: &mut Vec<Name<'c>>) {
        match self {
            Self::Always | Self::Never => {}
            Self::ForEnvironment(names) => found.extend(names.iter().map(|name| Name::Environment(name))),
            Self::Equal(left, right) => {
                if let (Expression::Variable(variable), Expression::Text(word))
                | (Expression::Text(word), Expression::Variable(variable)) = (left, right)
                {
                    found.push(Name::Word { variable, word });
                }
                left.names(found);
                right.names(found);
            }
            Self::Not(inner) => inner.names(found),
            Self::Empty(value) => value.names(found),
            Self::Choice(question, yes, no) => {
                for part in [question, yes, no] {
                    part.names(found);
                }
            }
            Self::Holds(name) => found.push(Name::Variable(name)),
        }
    }
}

/// Whether two texts say the same: `true` and `false` also in their other words, because `eq($X, true)` must see `X=1`.
fn same(left: &str, right: &str) -> bool {
    let truth = [left, right].iter().any(|one| ["true", "false"].contains(one));
    left == right
        || (truth && formats::boolean(left).is_some_and(|said| formats::boolean(right) == Some(said)))
}

impl Expression {
    /// Understands a text; within single quotes a `$` is a `$`.
    pub(crate) fn read(written: &Written) -> Result<Self, Flaw> {
        match written {
            Written::Text(text, Quote::Single) => Ok(Self::Text(text.clone())),
            Written::Text(text, _) => template(text),
            Written::Call(name, arguments) if name == "if" => {
                let values = positional(name, arguments)?;
                let (question, yes, no) = match values.as_slice() {
                    [question, yes] => (question, Self::read(yes)?, Self::Text(String::new())),
                    [question, yes, no] => (question, Self::read(yes)?, Self::read(no)?),
                    _ => return Err(Flaw::Arguments(name.clone(), "a condition and one or two values")),
                };
                Ok(Self::Choice(Box::new(Condition::read(question)?), Box::new(yes), Box::new(no)))
            }
            Written::Call(..) => Ok(Self::Truth(Box::new(Condition::read(written)?))),
        }
    }

    /// The text.
    pub(crate) fn text(&self, scope: &mut impl Scope) -> Result<String, Unanswered> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Variable(name) => scope.value(name)?,
            Self::Joined(parts) => {
                let mut joined = String::new();
                for part in parts {
                    joined.push_str(&part.text(scope)?);
                    limit(&joined)?;
                }
                joined
            }
            Self::Choice(question, yes, no) => {
                if question.holds(scope)? {
                    yes.text(scope)?
                } else {
                    no.text(scope)?
                }
            }
            Self::Truth(question) => question.holds(scope)?.to_string(),
        };
        limit(&text)?;
        Ok(text)
    }

    /// Everything it is made of by name.
    pub(crate) fn names<'c>(&'c self, found: &mut Vec<Name<'c>>) {
        match self {
            Self::Text(_) => {}
            Self::Variable(name) => found.push(Name::Variable(name)),
            Self::Joined(parts) => parts.iter().for_each(|part| part.names(found)),
            Self::Choice(question, yes, no) => {
                question.names(found);
                yes.names(found);
                no.names(found);
            }
            Self::Truth(question) => question.names(found),
        }
    }
}

/// The longest text a default may become, in bytes: defaults that repeat each other double with every line.
const TEXT_BYTES_MAX: usize = 1 << 16;

fn limit(text: &str) -> Result<(), Unanswered> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    Err(Unanswered::Flaw(Flaw::TooMuch(TEXT_BYTES_MAX, "bytes in a default")))
}

fn unknown_function(name: &str) -> Flaw {
    if FOREIGN.contains(&name) {
        return Flaw::Unsupported(format!("the function `{name}`"));
    }
    Flaw::unknown("the function", name, &CONDITIONS)
}

fn positional<'a>(name: &str, arguments: &'a [Argument]) -> Result<Vec<&'a Written>, Flaw> {
    match arguments.iter().find_map(|argument| argument.name.as_deref()) {
        Some(option) => Err(Flaw::unknown("the option", &format!("{name}({option}=…)"), &[])),
        None => Ok(arguments.iter().map(|argument| &argument.value).collect()),
    }
}

/// A text in which `$NAME` and `${NAME}` stand for values.
fn template(text: &str) -> Result<Expression, Flaw> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        let behind = &from[1..];
        if behind.starts_with('(') {
            return Err(Flaw::Unsupported("`$(…)`, which would run a command,".to_owned()));
        }
        let (name, after) = match behind.strip_prefix('{') {
            Some(inner) => inner.split_once('}').ok_or(Flaw::Expected("`}` behind `${`"))?,
            None => behind.split_at(name_length(behind)),
        };
        if name.len() != name_length(name) {
            return Err(Flaw::Unsupported("anything but a name in `${…}`".to_owned()));
        }
        match (name, parts.last_mut()) {
            // A lone `$` is a `$`.
            ("", Some(Expression::Text(last))) => last.extend([before, "$"]),
            ("", _) => parts.push(Expression::Text(format!("{before}$"))),
            _ => {
                parts.extend((!before.is_empty()).then(|| Expression::Text(before.to_owned())));
                parts.push(Expression::Variable(name.to_owned()));
            }
        }
        rest = after;
    }
    parts.extend((!rest.is_empty()).then(|| Expression::Text(rest.to_owned())));
    Ok(match parts.len() {
        0 => Expression::Text(String::new()),
        1 => parts.remove(0),
        _ => Expression::Joined(parts),
    })
}

fn name_length(text: &str) -> usize {
    match text.chars().next() {
        Some(first) if first.is_ascii_alphabetic() || first == '_' => {
            text.find(|one: char| !one.is_ascii_alphanumeric() && one != '_').unwrap_or(text.len())
        }
        _ => 0,
    }
}
