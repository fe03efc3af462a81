//! One line of the input `tags`: what all kinds of rules share; what each kind means lives in a file of its own.

mod edge;
mod matching;
mod pep440;
mod raw;
mod reference;
mod schedule;
mod semver;
mod sha;

use std::collections::BTreeMap;

use crate::metadata::{
    Manner, csv,
    expressions::{Everything, Vocabulary},
    facts::Facts,
    flavor::Flavor,
    template::Template,
    trouble::Trouble,
};

/// The rules that count where none is given.
pub(crate) const DEFAULTS: [&str; 4] =
    ["type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr"];

/// A rule that may give a tag.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Rules of a higher one come first; `NaN` where nobody can say (compatible manner only).
    pub(crate) priority: f64,
    enable: Template,
    prefix: Option<Template>,
    suffix: Option<Template>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Schedule(schedule::Schedule),
    Semver(semver::Semver),
    Pep440(pep440::Pep440),
    Match(matching::Match),
    Edge(edge::Edge),
    Ref(reference::Ref),
    Raw(raw::Raw),
    Sha(sha::Sha),
}

/// What a rule says about this event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is about other events.
    NotMeant,
    /// It is about this one and gives nothing, for this reason.
    Nothing(String),
    /// It gives a name.
    Name {
        /// The name, not yet as a tag may be written.
        name: String,
        /// Whether `latest` follows it where the flavor leaves that to the rules.
        latest: bool,
    },
}

/// What a rule is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'f> {
    pub(crate) facts: &'f Facts,
    pub(crate) manner: Manner,
}

impl Scene<'_> {
    fn render(&self, template: &Template) -> Result<String, Trouble> {
        template.render(&Everything(self.facts, self.manner))
    }

    /// What a rule about versions looks at: its own value, else the git tag of the run.
    fn value_or_tag(&self, value: &Template) -> Result<Option<String>, Trouble> {
        if value.is_empty() {
            Ok(self.facts.run.tag().map(str::to_owned))
        } else {
            self.render(value).map(Some)
        }
    }
}

/// The attributes of a rule by name, as they are taken out one by one.
struct Attributes {
    all: BTreeMap<String, String>,
    known: Vec<&'static str>,
    manner: Manner,
}

impl Attributes {
    fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.all.remove(name)
    }

    fn needed(&mut self, name: &'static str) -> Result<String, Trouble> {
        self.take(name).ok_or_else(|| Trouble::Invalid(format!("the attribute `{name}` is missing")))
    }

    fn template(&mut self, name: &'static str) -> Result<Option<Template>, Trouble> {
        let manner = self.manner;
        self.take(name).map(|text| Vocabulary::Everything.template(&text, manner)).transpose()
    }

    /// Nothing may be left, except where it always was ignored.
    fn end(self) -> Result<(), Trouble> {
        match self.all.into_keys().next() {
            Some(name) if self.manner == Manner::Strict => {
                Err(Trouble::UnknownAttribute { name, known: self.known.join(", ") })
            }
            _ => Ok(()),
        }
    }
}

impl Rule {
    /// Reads one line.
    ///
    /// # Errors
    /// [`Trouble`] for what can't be understood, and in the strict manner for what would be ignored.
    pub(crate) fn parse(line: &str, manner: Manner) -> Result<Self, Trouble> {
        let mut kind = None;
        let mut all = BTreeMap::new();
        for field in csv::fields(line)? {
            // A field that begins with `=` has no name.
            match field.split_once('=').filter(|(name, _)| !name.is_empty()) {
                None => _ = all.insert("value".to_owned(), field.trim().to_owned()),
                Some((name, value)) => match name.trim().to_lowercase().as_str() {
                    "type" => kind = Some(value.trim().to_owned()),
                    name => _ = all.insert(name.to_owned(), value.trim().to_owned()),
                },
            }
        }
        let mut attributes = Attributes { all, known: vec!["type"], manner };
        let (kind, priority, usual_prefix) = Kind::read(kind.as_deref().unwrap_or("raw"), &mut attributes)?;
        let rule = Self {
            kind,
            priority: attributes
                .take("priority")
                .map_or(Ok(priority), |text| self::priority(&text, manner))?,
            enable: attributes.template("enable")?.map_or_else(|| Template::parse("true"), Ok)?,
            prefix: attributes.template("prefix")?.or(Some(usual_prefix).filter(|usual| !usual.is_empty())),
            suffix: attributes.template("suffix")?,
        };
        attributes.end()?;
        Ok(rule)
    }

    /// Whether the rule asks for this expression.
    pub(crate) fn asks(&self, expression: &str) -> bool {
        let kind = match &self.kind {
            Kind::Schedule(rule) => Some(&rule.pattern),
            Kind::Semver(rule) => Some(&rule.value),
            Kind::Pep440(rule) => Some(&rule.value),
            Kind::Match(rule) => Some(&rule.value),
            Kind::Raw(rule) => Some(&rule.value),
            Kind::Edge(_) | Kind::Ref(_) | Kind::Sha(_) => None,
        };
        let all = [Some(&self.enable), self.prefix.as_ref(), self.suffix.as_ref(), kind];
        all.into_iter().flatten().any(|template| template.asks(expression))
    }

    /// Whether the rule asks which branch is the default one.
    pub(crate) fn asks_default_branch(&self) -> bool {
        matches!(&self.kind, Kind::Edge(edge) if edge.branch.is_none())
    }

    /// What the rule says about this event.
    ///
    /// # Errors
    /// [`Trouble`] if it can't be followed.
    pub(crate) fn judge(&self, flavor: &Flavor, scene: Scene<'_>) -> Result<Verdict, Trouble> {
        match scene.render(&self.enable)?.as_str() {
            "true" => {}
            "false" => return Ok(Verdict::NotMeant),
            other => return Err(Trouble::Invalid(format!("`enable` is `{other}`, neither true nor false"))),
        }
        let verdict = match &self.kind {
            Kind::Schedule(rule) => rule.judge(scene),
            Kind::Semver(rule) => rule.judge(scene),
            Kind::Pep440(rule) => rule.judge(scene),
            Kind::Match(rule) => rule.judge(scene),
            Kind::Edge(rule) => Ok(rule.judge(scene)),
            Kind::Ref(rule) => Ok(rule.judge(scene)),
            Kind::Raw(rule) => rule.judge(scene),
            Kind::Sha(rule) => Ok(rule.judge(scene)),
        }?;
        let Verdict::Name { name, latest } = verdict else { return Ok(verdict) };
        let prefix = scene.render(self.prefix.as_ref().unwrap_or(&flavor.prefix))?;
        let suffix = scene.render(self.suffix.as_ref().unwrap_or(&flavor.suffix))?;
        let name = prefix + &name + &suffix;
        Ok(if name.is_empty() {
            Verdict::Nothing("its value is empty".to_owned())
        } else {
            Verdict::Name { name, latest }
        })
    }
}

impl Kind {
    /// The kind, its usual priority and its usual prefix.
    fn read(kind: &str, attributes: &mut Attributes) -> Result<(Self, f64, Template), Trouble> {
        let prefixed = |prefix: &str| Template::parse(prefix);
        Ok(match kind {
            "schedule" => {
                (Self::Schedule(schedule::Schedule::read(attributes)?), 1000.0, Template::default())
            }
            "semver" => (Self::Semver(semver::Semver::read(attributes)?), 900.0, Template::default()),
            "pep440" => (Self::Pep440(pep440::Pep440::read(attributes)?), 900.0, Template::default()),
            "match" => (Self::Match(matching::Match::read(attributes)?), 800.0, Template::default()),
            "edge" => (Self::Edge(edge::Edge::read(attributes)), 700.0, Template::default()),
            "ref" => {
                let rule = reference::Ref::read(attributes)?;
                let prefix = if rule == reference::Ref::PullRequest { "pr-" } else { "" };
                (Self::Ref(rule), 600.0, prefixed(prefix)?)
            }
            "raw" => (Self::Raw(raw::Raw::read(attributes)?), 200.0, Template::default()),
            "sha" => (Self::Sha(sha::Sha::read(attributes)?), 100.0, prefixed("sha-")?),
            _ => {
                let kinds = "schedule, semver, pep440, match, edge, ref, raw and sha";
                return Err(Trouble::Invalid(format!("there is no type `{kind}`, only {kinds}")));
            }
        })
    }
}

/// A number as JavaScript's `Number` reads the usual ones.
fn priority(text: &str, manner: Manner) -> Result<f64, Trouble> {
    let number = if text.is_empty() { 0.0 } else { text.parse().unwrap_or(f64::NAN) };
    if number.is_nan() && manner == Manner::Strict {
        return Err(Trouble::Invalid(format!("`priority` is `{text}`, which is no number")));
    }
    Ok(number)
}

/// Higher priorities first, and what is equal or can't be compared as it was typed.
pub(crate) fn sort<T>(rules: &mut [T], priority: impl Fn(&T) -> f64) {
    for end in 1..rules.len() {
        let lower = |rule: &T| priority(rule) < priority(&rules[end]);
        let place = (0..end).rev().take_while(|at| lower(&rules[*at])).last().unwrap_or(end);
        rules[place..=end].rotate_right(1);
    }
}
