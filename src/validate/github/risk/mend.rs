//! Moves values out of scripts into `env:`, where that surely keeps what the script does.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::LazyLock,
};

use regex::Regex;

use super::{author::Author, code::Code, injection::Injection};
use crate::{
    document::{Source, column, edit::Edit, yaml::Node},
    validate::github::{
        Workflow,
        view::{Job, Step},
    },
};

/// The most values of one step that are moved at once, and the most names that are tried.
const MOST: usize = 100;

/// Commands for which an argument is a text, and never a program.
const PLAIN: [&str; 8] = ["[", "[[", "echo", "export", "gh", "git", "printf", "test"];

/// Words that a command may follow at once.
const KEYWORDS: [&str; 9] = [
    "!", "{", "do", "elif", "else", "if", "then", "until", "while",
];

/// What may read a text as a program, and what is not read here: here-documents, quotes in quotes.
static OTHERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let others = r#"<<|`|\\"|\s-[a-z]*[ce]\b|\s-(?:eq|gt|lt|q|v)\b|--exec|-filter|\b(?:awk|bash|dash|eval|foreach|gawk|graphql|jq|ksh|node|perl|php|python3?|ruby|sed|sh|source|ssh|trap|xargs|zsh)\b"#;
    Regex::new(others).ok()
});

/// Whether a POSIX shell runs `step`.
fn runs_in_shell(workflow: &Workflow<'_>, job: &Job<'_>, step: &Step<'_>) -> bool {
    let shells = [
        step.node.get("shell"),
        default_shell(&job.node),
        default_shell(&workflow.root),
    ];
    if let Some(shell) = shells.into_iter().flatten().next() {
        return matches!(shell.text(), Some("bash" | "sh"));
    }
    let runner = job.node.get("runs-on").and_then(|it| it.text());
    runner.is_some_and(|it| it.starts_with("ubuntu-") || it.starts_with("macos-"))
}

fn default_shell<'a>(holder: &Node<'a>) -> Option<Node<'a>> {
    holder.get("defaults")?.get("run")?.get("shell")
}

/// Replaces those of `found`, all of one step of `job`, that stand in double quotes of a plain
/// script.
pub(super) fn edits(
    workflow: &Workflow<'_>,
    job: &Job<'_>,
    found: &[Injection<'_, '_>],
) -> Vec<Edit> {
    let Some(step) = found.first().map(|first| first.step) else {
        return Vec::new();
    };
    let shell = runs_in_shell(workflow, job, step);
    let Some(run) = step.run.as_ref().filter(|_| shell) else {
        return Vec::new();
    };
    let source = workflow.subject.source;
    let quoted = double_quoted(run.value);
    let mut variables = BTreeMap::new();
    let mut edits = Vec::new();
    let mut usable = HashMap::new();
    for injection in found.iter().filter(|it| it.code == Code::Run) {
        if edits.len() == MOST || usable.len() == MOST {
            break;
        }
        let expression = injection.expression;
        let stands = quoted.binary_search(&expression.found.whole.start).is_ok();
        // What people of the repository write may be meant to be read by the shell.
        if !stands || injection.foreign.author != Author::Anyone {
            continue;
        }
        let origin = expression
            .origin
            .get_or_init(|| expression.scalar.origin(source));
        let Some(at) = origin.exact(expression.found.whole.clone()) else {
            continue;
        };
        let inside = &run.value[expression.found.inside.clone()];
        let Some(name) = variable(inside.trim()) else {
            continue;
        };
        let by_env = injection.foreign.by_env;
        let is_usable = usable.entry((name.clone(), by_env)).or_insert_with(|| {
            // Shells tell large letters from small ones; expressions do not.
            let holders = [step.node, job.node, workflow.root];
            let sets = |it: &Node<'_>| it.get("env").is_some_and(|env| env.get(&name).is_some());
            if by_env {
                holders.iter().any(sets)
            } else {
                // A name that is there already means something else.
                !run.value.contains(&name)
            }
        });
        if !*is_usable {
            continue;
        }
        if !by_env {
            variables.insert(name.clone(), inside.trim().to_owned());
        }
        edits.push(Edit {
            at,
            text: format!("${{{name}}}"),
        });
    }
    if !variables.is_empty() {
        let Some(declaration) = declare(source, step, &variables) else {
            return Vec::new();
        };
        edits.push(declaration);
    }
    edits
}

/// The edit that sets `variables` for `step`; nothing where there is no safe one.
fn declare(
    source: &Source<'_>,
    step: &Step<'_>,
    variables: &BTreeMap<String, String>,
) -> Option<Edit> {
    let key = |wanted: &str| {
        let mut entries = step.node.own_entries();
        entries.find(|(key, _)| key.text() == Some(wanted))
    };
    let (holder, at, before, deeper) = match key("env") {
        // One that a merge key brings would be lost.
        None if step.node.get("env").is_some() => return None,
        None => (step.node, key("run")?.0.at().start, "env:", "  "),
        Some((_, env)) => {
            let taken = |name: Node<'_>| name.text().is_none_or(|it| variables.contains_key(it));
            if env.own_entries().any(|(name, _)| taken(name)) {
                return None;
            }
            (env, env.own_entries().next()?.0.at().start, "", "")
        }
    };
    let within = step.node.at().contains(&at);
    let (column, line_end) = margin(source, &holder, at).filter(|_| within)?;
    let pad = format!("{line_end}{:column$}", "");
    let lines = variables
        .iter()
        .map(|(name, value)| format!("{deeper}{name}: ${{{{ {value} }}}}"));
    let head = Some(before.to_owned()).filter(|head| !head.is_empty());
    let lines: Vec<_> = head.into_iter().chain(lines).collect();
    Some(Edit {
        at: at..at,
        text: lines.join(&pad) + &pad,
    })
}

/// How far the key at `at` of `holder` is indented, where no more than `-` stands before it on its
/// line, and how lines end; nothing where entries are parted by commas.
pub(super) fn margin<'s>(
    source: &Source<'s>,
    holder: &Node<'_>,
    at: usize,
) -> Option<(usize, &'s str)> {
    let text = source.text();
    let first = holder.own_entries().next()?.0.at().start;
    if text.get(holder.at().start..first)?.contains('{') {
        return None;
    }
    let column = column(text, at)?;
    let before = text.get(..at - column)?;
    let line_end = ["\r\n", "\n"].into_iter().find(|it| before.ends_with(it));
    Some((column, line_end?))
}

/// The name of the variable for `expression`: `PULL_REQUEST_TITLE`; of `env.X` that is `X`.
fn variable(expression: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if !expression.chars().all(plain) {
        return None;
    }
    if let Some(name) = expression.strip_prefix("env.") {
        return Some(name.to_owned());
    }
    let event = expression.strip_prefix("github.event.");
    let path = event.or_else(|| expression.strip_prefix("github."))?;
    Some(path.replace('.', "_").to_ascii_uppercase())
}

/// Where the expressions of `script` begin that stand in double quotes and nothing else, as the
/// arguments of plain commands.
///
/// None where anything in the script may read a text as a program.
fn double_quoted(script: &str) -> Vec<usize> {
    if OTHERS.as_ref().is_none_or(|it| it.is_match(script)) {
        return Vec::new();
    }
    Quotes {
        script,
        at: 0,
        within: None,
        command: 0,
        opened: 0,
        found: Vec::new(),
    }
    .read()
    .unwrap_or_default()
}

/// Whether `word` is `NAME=` with whatever follows.
fn is_assignment(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|it| it.chars().all(plain) && it.starts_with(|c: char| !c.is_ascii_digit()))
}

/// A script as far as its quotes are read.
struct Quotes<'s> {
    script: &'s str,
    at: usize,
    /// The quote that is open.
    within: Option<u8>,
    /// Where the command begins.
    command: usize,
    /// Where the last quote was opened.
    opened: usize,
    found: Vec<usize>,
}

impl Quotes<'_> {
    fn read(mut self) -> Option<Vec<usize>> {
        while let Some(byte) = self.script.as_bytes().get(self.at).copied() {
            let rest = self.script.as_bytes().get(self.at..)?;
            match (byte, self.within) {
                (b'$', _) if rest.starts_with(b"${{") => self.expression()?,
                (b'\'', Some(b'\'')) | (b'"', Some(b'"')) => self.within = None,
                (_, Some(b'\'')) => {}
                (b'\\', _) => self.at += 1,
                (b'$', Some(_)) if rest.starts_with(b"$(") || rest.starts_with(b"${") => {
                    self.plain_parameter()?;
                }
                (b'$', None) if rest.starts_with(b"$'") => return None,
                (b'\'' | b'"', None) => {
                    self.within = Some(byte);
                    self.opened = self.at;
                }
                (b'&', None) if self.follows_arrow() => {}
                (b'\n' | b';' | b'&' | b'|' | b'(' | b')', None) => self.command = self.at + 1,
                (b'#', None) if self.begins_word() => self.skip_line(),
                _ => {}
            }
            self.at += 1;
        }
        Some(self.found)
    }

    fn expression(&mut self) -> Option<()> {
        if self.within == Some(b'"') && self.is_plain() {
            self.found.push(self.at);
        }
        let rest = self.script.get(self.at..)?;
        self.at += rest.find("}}")? + 1;
        Some(())
    }

    /// Whether the command, read up to the open quote, takes it as a text.
    fn is_plain(&self) -> bool {
        let head = self.script.get(self.command..self.opened);
        let mut head = head.unwrap_or_default().trim_start();
        loop {
            let word = head.split(char::is_whitespace).next().unwrap_or_default();
            let rest = head.get(word.len()..).unwrap_or_default();
            if KEYWORDS.contains(&word) {
                head = rest.trim_start();
                continue;
            }
            let mut next = rest.split_whitespace();
            let talks = word != "gh" || matches!(next.next(), Some("issue" | "pr"));
            let assigns = rest.is_empty() && is_assignment(word);
            return assigns || (!rest.is_empty() && PLAIN.contains(&word) && talks);
        }
    }

    /// Whether this is the `&` of `>&2`.
    fn follows_arrow(&self) -> bool {
        let before = self.script.as_bytes()[..self.at].last();
        matches!(before, Some(b'>' | b'<'))
    }

    /// Passes `${NAME}`; what is more than a name may hold quotes of its own.
    fn plain_parameter(&mut self) -> Option<()> {
        let inside: Range<usize> =
            self.at + 2..self.at + 2 + self.script.get(self.at + 2..)?.find('}')?;
        let name = self.script.get(inside.clone())?;
        let plain = name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_');
        self.at = inside.end;
        plain.then_some(())
    }

    fn begins_word(&self) -> bool {
        let before = self.script.as_bytes()[..self.at].last();
        before.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b';'))
    }

    fn skip_line(&mut self) {
        let rest = &self.script.as_bytes()[self.at..];
        let line = rest.iter().position(|byte| *byte == b'\n');
        self.at += line.unwrap_or(rest.len());
        self.command = self.at + 1;
    }
}
