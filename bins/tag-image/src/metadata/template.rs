//! Templates in the part of Handlebars that docker/metadata-action's inputs use: expressions, `if` and `unless`; never what an expression is worth.
//!
//! Source: handlebarsjs.com, "Language features". Of one line only, so the rules about lines that hold nothing but a tag are left out.

mod parser;

use crate::metadata::trouble::Trouble;

/// A text with expressions in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Template(Vec<Node>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Text(String),
    Value { call: Call, escaping: Escaping },
    Choice { test: Call, wanted: Truth, then: Vec<Node>, otherwise: Vec<Node> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escaping {
    Html,
    Raw,
}

/// An empty value is false, every other one true, `false` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    True,
    False,
}

/// One expression: `date 'YYYY' tz='UTC'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// What is asked for.
    pub(crate) name: String,
    /// What follows without a name.
    pub(crate) words: Vec<Word>,
    /// What follows with one.
    pub(crate) named: Vec<(String, Word)>,
}

/// What follows the name of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// In quotes.
    Text(String),
    /// Without: the name of something that nothing here has.
    Name(String),
}

/// Where expressions get their values.
pub(crate) trait Scope {
    /// The value, or none if there is no such thing.
    ///
    /// # Errors
    /// [`Trouble`] if the expression can't be followed.
    fn value(&self, call: &Call) -> Result<Option<String>, Trouble>;
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`Trouble::Template`].
    pub(crate) fn parse(text: &str) -> Result<Self, Trouble> {
        parser::nodes(text).map(Self)
    }

    /// Whether the template is one expression of this name and nothing else.
    pub(crate) fn is_only(&self, name: &str) -> bool {
        matches!(&self.0[..], [Node::Value { call, .. }] if call.name == name)
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this expression is anywhere in it.
    pub(crate) fn asks(&self, name: &str) -> bool {
        self.calls().iter().any(|call| call.name == name)
    }

    /// Every expression in it.
    pub(crate) fn calls(&self) -> Vec<&Call> {
        let mut calls = Vec::new();
        collect(&self.0, &mut calls);
        calls
    }

    /// The text with the values in their places.
    ///
    /// # Errors
    /// [`Trouble`] if an expression can't be followed.
    pub(crate) fn render(&self, scope: &dyn Scope) -> Result<String, Trouble> {
        let mut out = String::new();
        render(&self.0, scope, &mut out)?;
        Ok(out)
    }
}

fn collect<'n>(nodes: &'n [Node], calls: &mut Vec<&'n Call>) {
    for node in nodes {
        match node {
            Node::Text(_) => {}
            Node::Value { call, .. } => calls.push(call),
            Node::Choice { test, then, otherwise, .. } => {
                calls.push(test);
                collect(then, calls);
                collect(otherwise, calls);
            }
        }
    }
}

fn render(nodes: &[Node], scope: &dyn Scope, out: &mut String) -> Result<(), Trouble> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Value { call, escaping } => {
                let value = match scope.value(call)? {
                    Some(value) => value,
                    None if call.words.is_empty() && call.named.is_empty() => String::new(),
                    None => return Err(Trouble::UnknownExpression { name: call.name.clone(), known: "" }),
                };
                match escaping {
                    Escaping::Html => out.push_str(&escaped(&value)),
                    Escaping::Raw => out.push_str(&value),
                }
            }
            Node::Choice { test, wanted, then, otherwise } => {
                let holds = scope.value(test)?.is_some_and(|value| !value.is_empty());
                render(if holds == (*wanted == Truth::True) { then } else { otherwise }, scope, out)?;
            }
        }
    }
    Ok(())
}

/// The value as Handlebars writes it for HTML.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            '`' => out.push_str("&#x60;"),
            '=' => out.push_str("&#x3D;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Two;

    impl Scope for Two {
        fn value(&self, call: &Call) -> Result<Option<String>, Trouble> {
            Ok(match call.name.as_str() {
                "branch" => Some("a&b='x'".to_owned()),
                "none" => Some(String::new()),
                "no" => Some("false".to_owned()),
                "date" => Some(format!("{:?} {:?}", call.words, call.named)),
                _ => None,
            })
        }
    }

    fn rendered(text: &str) -> String {
        Template::parse(text).and_then(|template| template.render(&Two)).unwrap()
    }

    #[test]
    fn values_are_escaped_for_html_unless_asked_otherwise() {
        assert_eq!(rendered("x-{{branch}}"), "x-a&amp;b&#x3D;&#x27;x&#x27;");
        assert_eq!(rendered("{{{branch}}}|{{& branch}}|{{{ this.branch }}}"), "a&b='x'|a&b='x'|a&b='x'");
        assert_eq!(rendered("{{nope}}{{! a comment }}{{!-- of }} two --}}a }} \\{{b}}"), "a }} {{b}}");
        assert_eq!(rendered(r"a\\{{no}}"), r"a\false");
        assert_eq!(rendered("a {{~ no ~}} b"), "afalseb");
    }

    #[test]
    fn an_empty_value_is_false_and_the_word_false_is_not() {
        assert_eq!(rendered("{{#if no}}yes{{else}}no{{/if}}"), "yes");
        assert_eq!(
            rendered("{{#if none}}1{{else if branch}}2{{else}}3{{/if}}{{#unless nope}}4{{/unless}}"),
            "24"
        );
        assert_eq!(rendered("{{#if branch}}{{#if none}}1{{^}}2{{/if}}{{/if}}"), "2");
    }

    #[test]
    fn words_are_told_from_names() {
        assert_eq!(
            rendered("{{{date 'YYYY MM' tz=\"Asia/Tokyo\" YY}}}"),
            r#"[Text("YYYY MM"), Name("YY")] [("tz", Text("Asia/Tokyo"))]"#
        );
    }

    #[test]
    fn what_is_not_closed_is_told() {
        for text in [
            "{{a",
            "{{{a}}",
            "{{#if a}}b",
            "{{/if}}",
            "{{else}}",
            "{{#each a}}{{/each}}",
            "{{}}",
            "{{date 'a}}",
            "{{#if a}}{{/unless}}",
            "{{> a}}",
            "{{(a)}}",
            "{{a}}}",
            "{{{a}}}}",
        ] {
            assert!(matches!(Template::parse(text), Err(Trouble::Template(_))), "{text}");
        }
        assert!(Template::parse(&"{{#if a}}".repeat(100_000)).is_err());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_it_panic(text in r"(\{\{|\}\}|#if |else|/if|[a'~=&!ä\\ {}-]){0,24}") {
            let _ = Template::parse(&text).and_then(|template| template.render(&Two));
        }
    }
}
