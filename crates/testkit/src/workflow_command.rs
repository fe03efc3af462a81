//! One line of output as the runner's `ActionCommand.cs` reads it; knows nothing of the lines before and after.

/// How a command was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `::name props::data`, at the start of a line.
    Current,
    /// `##[name props]data`, anywhere in a line.
    Legacy,
}

/// A workflow command, still escaped: the strict reading wants to see how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// How it was written.
    pub syntax: Syntax,
    /// The name, as written: the runner compares names without case.
    pub name: &'a str,
    /// Each `key=value`, as written; `None` for a value that has no `=`, which the runner drops.
    pub properties: Vec<(&'a str, Option<&'a str>)>,
    /// What follows the second `::`, as written.
    pub data: &'a str,
}

/// The names a runner listens to. `stop-commands` is handled before the others but parsed like them.
pub const REGISTERED: [&str; 15] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];

/// Whether the runner listens to this name; case does not matter.
pub fn is_registered(name: &str) -> bool {
    REGISTERED.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Reads a line; `None` means that the runner prints it as it is. `known` says which names are commands right now.
pub fn parse(line: &str, known: impl Fn(&str) -> bool) -> Option<Command<'_>> {
    current(line)
        .filter(|command| known(command.name))
        .or_else(|| legacy(line).filter(|command| known(command.name)))
}

/// The `::name props::data` form whatever the name is, so that a misspelt command can be noticed.
pub fn current(line: &str) -> Option<Command<'_>> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = split_head(head);
    Some(Command { syntax: Syntax::Current, name, properties: pairs(properties.trim(), ','), data })
}

fn legacy(line: &str) -> Option<Command<'_>> {
    let (_, command) = line.split_once("##[")?;
    let (head, data) = command.split_once(']')?;
    let (name, properties) = split_head(head);
    Some(Command { syntax: Syntax::Legacy, name, properties: pairs(properties, ';'), data })
}

fn split_head(head: &str) -> (&str, &str) {
    head.split_once(' ').unwrap_or((head, ""))
}

fn pairs(properties: &str, separator: char) -> Vec<(&str, Option<&str>)> {
    properties
        .split(separator)
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').map_or((pair, None), |(key, value)| (key, Some(value))))
        .collect()
}

impl Command<'_> {
    /// The data, unescaped.
    pub fn text(&self) -> String {
        match self.syntax {
            Syntax::Current => unescape_data(self.data),
            Syntax::Legacy => {
                unescape(self.data, &[("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%")])
            }
        }
    }

    /// A property's value, unescaped; keys are compared without case.
    pub fn property(&self, key: &str) -> Option<String> {
        let (_, value) = self.properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        value.map(unescape_property)
    }
}

/// `%0D`, `%0A` and last `%25`: lower-case digits are not recognised.
pub fn unescape_data(text: &str) -> String {
    unescape(text, &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")])
}

/// As [`unescape_data`], and `%3A` and `%2C`.
pub fn unescape_property(text: &str) -> String {
    unescape(text, &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")])
}

fn unescape(text: &str, table: &[(&str, &str)]) -> String {
    table.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Lines as the runner's `StreamReader.ReadLine` cuts them: `\n`, `\r\n`, and `\r` alone, so that a progress bar's
/// carriage return starts a line that may hold a command.
pub fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> =
        text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r')).collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
}
