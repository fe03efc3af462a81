//! One stream of a step's output, read line by line as the runner's `ActionCommandManager` does and held to our
//! stricter rules; looks for no leaks, which need all streams together.

use crate::violation::Violation;
use crate::workflow_command::{self, Command, Syntax};

/// Longer messages are cut by the runner, so the end of ours would be lost.
pub const MESSAGE_UNITS_MAX: usize = 4096;
/// More annotations of one level in one step are dropped by the runner.
pub const ANNOTATIONS_MAX: usize = 10;
/// A shorter token can be guessed by the text that it fences in.
pub const STOP_TOKEN_CHARS_MIN: usize = 16;
/// Masking a shorter text would star out innocent words everywhere.
pub const MASK_CHARS_MIN: usize = 4;

/// How loud an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `::error::`
    Error,
    /// `::warning::`
    Warning,
    /// `::notice::`
    Notice,
}

impl Level {
    /// The command's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// What a runner would show beside the code and on the run's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// error, warning or notice.
    pub level: Level,
    /// The message, unescaped.
    pub message: String,
    /// The properties, unescaped, in the order written: title, file, line, endLine, col, endColumn.
    pub properties: Vec<(String, String)>,
}

impl Annotation {
    /// A property's value, if it was given.
    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Display for Annotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.level.name())?;
        for (key, value) in &self.properties {
            write!(f, " {key}={value}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// What one stream said.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) masks: Vec<String>,
    pub(crate) relayed: Vec<String>,
    pub(crate) violations: Vec<Violation>,
    /// Every line except masks: where a secret must not be.
    pub(crate) said: String,
    pub(crate) commands: usize,
    pub(crate) stops: usize,
}

/// Reads a whole stream; `stream` names it in violations.
pub(crate) fn read(stream: &str, bytes: &[u8]) -> Log {
    let mut reader = Reader { place: stream.to_owned(), ..Reader::default() };
    let text = String::from_utf8_lossy(bytes);
    if matches!(text, std::borrow::Cow::Owned(_)) {
        reader.note("not-utf8", "the stream is not UTF-8");
    }
    for (index, line) in workflow_command::lines(&text).into_iter().enumerate() {
        reader.place = format!("{stream}:{}", index + 1);
        reader.line(line);
    }
    stream.clone_into(&mut reader.place);
    if reader.stopped_by.is_some() {
        reader.note("never-resumed", "stop-commands is still in force at the end");
    }
    if reader.group.is_some() {
        reader.note("unclosed-group", "a group is still open at the end");
    }
    reader.log
}

#[derive(Default)]
struct Reader {
    place: String,
    log: Log,
    stopped_by: Option<String>,
    tokens: Vec<String>,
    group: Option<String>,
}

impl Reader {
    fn note(&mut self, rule: &'static str, what: impl Into<String>) {
        self.log.violations.push(Violation::new(rule, self.place.clone(), what));
    }

    fn line(&mut self, line: &str) {
        if let Some(token) = self.stopped_by.clone() {
            self.keep(line);
            let is_token = |name: &str| name.eq_ignore_ascii_case(&token);
            let command =
                workflow_command::parse(line, |name| is_token(name) || workflow_command::is_registered(name));
            if command.is_some_and(|command| is_token(command.name)) {
                self.stopped_by = None;
            } else {
                self.log.relayed.push(line.to_owned());
            }
            return;
        }
        let Some(command) = workflow_command::parse(line, workflow_command::is_registered) else {
            self.keep(line);
            if let Some(command) =
                workflow_command::current(line).filter(|command| looks_like_a_name(command.name))
            {
                self.note("unknown-command", format!("the runner knows no command {:?}", command.name));
            }
            return;
        };
        self.log.commands += 1;
        self.escapes(&command);
        let name = command.name.to_ascii_lowercase();
        if name == "add-mask" {
            return self.mask(&command.text());
        }
        self.keep(line);
        if command.syntax == Syntax::Legacy {
            self.note(
                "legacy-command",
                format!("##[{name}] is only ever relayed text: fence it with stop-commands"),
            );
        }
        match name.as_str() {
            "error" => self.annotate(&command, Level::Error),
            "warning" => self.annotate(&command, Level::Warning),
            "notice" => self.annotate(&command, Level::Notice),
            "stop-commands" => self.stop(&command.text()),
            "group" => self.open_group(&command.text()),
            "endgroup" if self.group.take().is_none() => {
                self.note("endgroup-without-group", "no group is open");
            }
            "endgroup" | "debug" | "echo" | "add-matcher" | "remove-matcher" => {}
            _ => self.note(
                "deprecated-command",
                format!("{name} is disabled or deprecated: write the file instead"),
            ),
        }
    }

    fn keep(&mut self, line: &str) {
        self.log.said.push_str(line);
        self.log.said.push('\n');
    }

    fn escapes(&mut self, command: &Command<'_>) {
        if command.syntax == Syntax::Legacy {
            return;
        }
        let values = command.properties.iter().filter_map(|(_, value)| *value);
        let stray = stray_percent(command.data, &["%25", "%0D", "%0A"])
            || values.clone().any(|value| stray_percent(value, &["%25", "%0D", "%0A", "%3A", "%2C"]));
        let colon = values.clone().any(|value| value.contains(':'));
        if stray {
            self.note("unescaped-percent", format!("a % in {} is not written as %25", command.name));
        }
        if colon {
            self.note(
                "unescaped-property",
                format!("a colon in a property of {} is not written as %3A", command.name),
            );
        }
    }

    fn mask(&mut self, value: &str) {
        if value.trim().is_empty() {
            return self.note("empty-mask", "add-mask without a value masks nothing");
        }
        if value.trim().chars().count() < MASK_CHARS_MIN {
            return self.note("short-mask", "a value this short would star out innocent text");
        }
        let lines: Vec<&str> =
            value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.iter().any(|line| line.chars().count() < MASK_CHARS_MIN) {
            self.note(
                "short-mask",
                "the runner also masks each line of a value, and one of them is too short",
            );
        }
        let parts = std::iter::once(value).chain(lines).filter(|part| part.chars().count() >= MASK_CHARS_MIN);
        for part in parts {
            if !self.log.masks.iter().any(|known| known == part) {
                self.log.masks.push(part.to_owned());
            }
        }
    }

    fn stop(&mut self, token: &str) {
        self.log.stops += 1;
        if token.is_empty() || token == "pause-logging" || workflow_command::is_registered(token) {
            return self.note("refused-stop-token", "a token must not be empty or a command's name");
        }
        let distinct: std::collections::BTreeSet<char> = token.chars().collect();
        if token.chars().count() < STOP_TOKEN_CHARS_MIN || distinct.len() < STOP_TOKEN_CHARS_MIN / 3 {
            self.note("guessable-stop-token", "the fenced text could contain the token");
        }
        if token.contains(':') || token.contains(char::is_whitespace) {
            self.note("refused-stop-token", "a token with spaces or colons can never be read back");
        }
        if self.tokens.iter().any(|used| used == token) {
            self.note("reused-stop-token", "the text fenced before has seen this token");
        }
        self.tokens.push(token.to_owned());
        self.stopped_by = Some(token.to_owned());
    }

    fn open_group(&mut self, title: &str) {
        if self.group.replace(title.to_owned()).is_some() {
            self.note("nested-group", "a group inside a group closes the outer one");
        }
    }

    fn annotate(&mut self, command: &Command<'_>, level: Level) {
        let mut properties: Vec<(String, String)> = Vec::new();
        for (key, value) in &command.properties {
            let Some(value) = *value else {
                self.note("bad-property", format!("{key:?} has no value"));
                continue;
            };
            if value.is_empty() {
                self.note("empty-property", format!("{key} is empty: leave it out"));
            }
            if !["file", "line", "endLine", "col", "endColumn", "title"].contains(key) {
                self.note("bad-property", format!("{} has no property {key:?}", command.name));
            }
            if properties.iter().any(|(known, _)| known.eq_ignore_ascii_case(key)) {
                self.note("bad-property", format!("{key} is given twice"));
            }
            properties.push(((*key).to_owned(), workflow_command::unescape_property(value)));
        }
        let annotation = Annotation { level, message: command.text(), properties };
        self.position(&annotation);
        if annotation.message.trim().is_empty() {
            self.note("empty-message", "an annotation without a message says nothing");
        }
        if annotation.message.encode_utf16().count() > MESSAGE_UNITS_MAX {
            self.note("long-message", format!("the runner cuts a message at {MESSAGE_UNITS_MAX} characters"));
        }
        self.log.annotations.push(annotation);
    }

    fn position(&mut self, annotation: &Annotation) {
        let number = |key| {
            annotation.property(key).map(|value| value.parse::<u32>().ok().filter(|number| *number > 0))
        };
        let (line, end_line) = (number("line"), number("endLine"));
        let (col, end_column) = (number("col"), number("endColumn"));
        if [line, end_line, col, end_column].contains(&Some(None)) {
            return self.note("bad-position", "lines and columns are whole numbers from 1");
        }
        if line.is_none() && (end_line.is_some() || col.is_some() || end_column.is_some()) {
            self.note("bad-position", "endLine, col and endColumn need a line");
        }
        if end_line.is_some() && end_line < line {
            self.note("bad-position", "endLine is before line");
        }
        if end_line.is_some() && end_line != line && (col.is_some() || end_column.is_some()) {
            self.note("bad-position", "the runner drops columns when line and endLine differ");
        }
        if end_column.is_some() && (col.is_none() || end_column < col) {
            self.note("bad-position", "endColumn is before col");
        }
        if line.is_some() && annotation.property("file").is_none() {
            self.note("bad-position", "a line needs a file");
        }
    }
}

/// `::std::io` in a sentence is no command; `::set-ouput name=x::` is one that the runner does not know.
fn looks_like_a_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
}

fn stray_percent(text: &str, known: &[&str]) -> bool {
    text.match_indices('%').any(|(at, _)| !known.iter().any(|escape| text[at..].starts_with(escape)))
}
