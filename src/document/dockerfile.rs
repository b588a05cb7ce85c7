//! Dockerfiles as `BuildKit` splits them: directives, instructions, heredocs.

use std::ops::Range;

use super::{DocumentError, Problem, Source};

/// A Dockerfile's instructions, and the frontend that it asks for.
#[derive(Clone, Debug, Default)]
pub struct Dockerfile {
    /// The value of `# syntax=`.
    pub syntax: Option<Word>,
    /// The instructions in order.
    pub instructions: Vec<Instruction>,
    /// The bytes of each comment; those of directives are none.
    pub comments: Vec<Range<usize>>,
}

/// One instruction, its continued lines joined.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// The name in upper case; what `ONBUILD` registers is an instruction of its own.
    pub name: String,
    /// The words that begin with `--`, before all others.
    pub flags: Vec<Word>,
    /// The other words, quotes kept.
    pub words: Vec<Word>,
}

/// A word and the bytes of the file from its first character to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text, without what continues a line.
    pub text: String,
    /// Where it stands.
    pub at: Range<usize>,
}

impl Word {
    /// What follows the first `prefix` bytes.
    #[must_use]
    pub fn after(&self, prefix: usize) -> Self {
        Self {
            text: self.text.get(prefix..).unwrap_or_default().to_owned(),
            at: (self.at.start + prefix).min(self.at.end)..self.at.end,
        }
    }

    /// The word without the quotes that enclose it.
    #[must_use]
    pub fn unquoted(&self) -> Self {
        let inner = ['"', '\'']
            .iter()
            .find_map(|quote| self.text.strip_prefix(*quote)?.strip_suffix(*quote));
        match inner {
            Some(inner) => Self {
                text: inner.to_owned(),
                at: self.at.start + 1..self.at.end - 1,
            },
            None => self.clone(),
        }
    }
}

/// Splits `source` into its instructions, of whatever name.
pub fn parse(source: &Source<'_>) -> Result<Dockerfile, DocumentError> {
    let (body, base) = source.body();
    let mut lines = Lines {
        rest: body,
        at: base,
    };
    let mut file = Dockerfile::default();
    let escape = directives(&mut lines, &mut file);
    while let Some(logical) = logical_line(&mut lines, escape, &mut file.comments) {
        let words = split(&logical, escape);
        for heredoc in heredocs(&words) {
            skip_heredoc(&mut lines, &heredoc, source)?;
        }
        file.instructions.extend(instruction(words));
    }
    Ok(file)
}

/// The lines that are left, with the place of the first.
struct Lines<'a> {
    rest: &'a str,
    at: usize,
}

/// A line without its end, and where it begins.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let text = self.rest.split('\n').next()?;
        let text = text.strip_suffix('\r').unwrap_or(text);
        Some(Line { text, at: self.at })
    }

    fn next(&mut self) -> Option<Line<'a>> {
        let line = self.peek()?;
        let length = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
        self.rest = &self.rest[length..];
        self.at += length;
        Some(line)
    }
}

/// Reads the parser directives, which stand before all else, and returns the escape character.
fn directives(lines: &mut Lines<'_>, file: &mut Dockerfile) -> char {
    let mut escape = '\\';
    while let Some(line) = lines.peek() {
        let Some((name, value)) = directive(line.text) else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "syntax" => {
                // What follows the name are arguments of the frontend.
                let text = &line.text[value.clone()];
                let text = text.split_whitespace().next().unwrap_or_default();
                let start = line.at + value.start;
                file.syntax = Some(Word {
                    text: text.to_owned(),
                    at: start..start + text.len(),
                });
            }
            "escape" if &line.text[value.clone()] == "`" => escape = '`',
            "escape" | "check" => {}
            _ => break,
        }
        lines.next();
    }
    escape
}

/// The name and the place of the value in `# name = value`.
fn directive(line: &str) -> Option<(&str, Range<usize>)> {
    let (name, value) = line.trim_start().strip_prefix('#')?.split_once('=')?;
    let name = name.trim();
    let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let start = line.len() - value.trim_start().len();
    let value = start..start + value.trim().len();
    (named && !value.is_empty()).then_some((name, value))
}

/// A logical line: its characters, each with its place in the file.
type Logical = Vec<(char, usize)>;

/// Joins the next instruction's lines; comments and blank lines between them do not end it.
fn logical_line(
    lines: &mut Lines<'_>,
    escape: char,
    comments: &mut Vec<Range<usize>>,
) -> Option<Logical> {
    let mut logical = Logical::new();
    let mut started = false;
    while let Some(line) = lines.next() {
        let trimmed = line.text.trim_start();
        if trimmed.starts_with('#') {
            let end = line.at + line.text.len();
            comments.push(end - trimmed.len()..end);
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        started = true;
        let (kept, continues) = continuation(line.text, escape);
        logical.extend(kept.char_indices().map(|(at, c)| (c, line.at + at)));
        if !continues {
            break;
        }
    }
    started.then_some(logical)
}

/// The line without its trailing escape character, and whether there is one.
fn continuation(line: &str, escape: char) -> (&str, bool) {
    match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
        // An escaped escape character is one itself.
        Some(kept) if !kept.ends_with(escape) => (kept, true),
        _ => (line, false),
    }
}

/// The words of a logical line; blanks in quotes do not part them.
fn split(logical: &Logical, escape: char) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut inside = false;
    let mut quote = None;
    let mut escaped = false;
    for &(c, at) in logical {
        if c.is_whitespace() && quote.is_none() {
            inside = false;
            continue;
        }
        match quote {
            _ if escaped => {}
            Some(open) if open == c => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        escaped = c == escape && !escaped && quote != Some('\'');
        match words.last_mut().filter(|_| inside) {
            Some(word) => {
                word.text.push(c);
                word.at.end = at + c.len_utf8();
            }
            None => words.push(Word {
                text: c.to_string(),
                at: at..at + c.len_utf8(),
            }),
        }
        inside = true;
    }
    words
}

/// A text that follows an instruction, up to a line that is `end`.
struct Heredoc {
    end: String,
    /// `<<-`: tabs before the end are not minded.
    tabs: bool,
    at: usize,
}

fn heredocs(words: &[Word]) -> Vec<Heredoc> {
    let name = |word: &Word| word.text.to_ascii_uppercase();
    let own = words.iter().skip_while(|word| name(word) == "ONBUILD");
    let mut own = own.peekable();
    let takes = own
        .next()
        .is_some_and(|word| matches!(name(word).as_str(), "RUN" | "COPY" | "ADD"));
    own.filter(|_| takes).filter_map(heredoc).collect()
}

fn heredoc(word: &Word) -> Option<Heredoc> {
    let rest = word.text.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.strip_prefix("<<")?;
    let (tabs, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let end: String = rest.chars().filter(|c| !matches!(c, '"' | '\'')).collect();
    (!end.is_empty() && !rest.contains('<')).then_some(Heredoc {
        end,
        tabs,
        at: word.at.start,
    })
}

fn skip_heredoc(
    lines: &mut Lines<'_>,
    heredoc: &Heredoc,
    source: &Source<'_>,
) -> Result<(), DocumentError> {
    while let Some(line) = lines.next() {
        let text = if heredoc.tabs {
            line.text.trim_start_matches('\t')
        } else {
            line.text
        };
        if text == heredoc.end {
            return Ok(());
        }
    }
    let problem = Problem::syntax("Dockerfile", "a heredoc has no end");
    Err(source.error(heredoc.at, problem))
}

fn instruction(words: Vec<Word>) -> Option<Instruction> {
    let mut words = words
        .into_iter()
        .skip_while(|word| word.text.eq_ignore_ascii_case("ONBUILD"))
        .peekable();
    let name = words.next()?.text.to_ascii_uppercase();
    let mut flags = Vec::new();
    while let Some(flag) = words.next_if(|word| word.text.starts_with("--")) {
        flags.push(flag);
    }
    Some(Instruction {
        name,
        flags,
        words: words.collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Each instruction's name and words, after checking that each stands where it says.
    fn read(text: &str) -> Vec<String> {
        let source = Source::decode(Path::new("Dockerfile"), text.as_bytes()).unwrap();
        let file = parse(&source).unwrap();
        let shown = |instruction: &Instruction| {
            let words = instruction.flags.iter().chain(&instruction.words);
            let texts: Vec<&str> = words
                .inspect(|word| {
                    let written = source.slice(word.at.clone());
                    assert!(written == word.text || written.contains('\n'), "{written}");
                })
                .map(|word| word.text.as_str())
                .collect();
            format!("{} {}", instruction.name, texts.join("|"))
        };
        file.instructions.iter().map(shown).collect()
    }

    #[test]
    fn lines_are_continued_as_by_buildkit() {
        let text = "from \\\n  # a comment\n\n  alpine:3 \\ \t\r\n as  b\r\nRUN a \\\\\nFROM c\n";
        assert_eq!(read(text), ["FROM alpine:3|as|b", "RUN a|\\\\", "FROM c"]);
        assert_eq!(read("FROM al\\\npine:3"), ["FROM alpine:3"]);
        assert_eq!(
            read("# escape=`\nFROM `\na:1 \\\nRUN b"),
            ["FROM a:1|\\", "RUN b"]
        );
        assert_eq!(read("\u{feff}FROM a:1"), ["FROM a:1"]);
        assert_eq!(read(""), [""; 0]);
        assert_eq!(read("FROM a \\"), ["FROM a"]);
    }

    #[test]
    fn heredocs_are_no_instructions() {
        let text =
            "RUN <<EOF cat <<-\"B C\" && x\nFROM evil:1\nEOF\nFROM evil:2\n\tB C\nFROM a:1\n";
        assert_eq!(read(text).len(), 2);
        let kept = "RUN cat <<<x $((1<<2)) a<<b\nFROM a:1\nENV X=<<EOF\nFROM b:1";
        assert_eq!(read(kept).len(), 4);
        let escaped = "RUN echo \\\" \\' <<E\nFROM evil:1\nE\n";
        assert_eq!(read(escaped).len(), 1);
        assert_eq!(
            read("ONBUILD RUN <<E\nFROM evil:1\nE\nONBUILD COPY --from=a b c").len(),
            2
        );
        let source = Source::decode(Path::new("D"), b"\nRUN <<E\nFROM a").unwrap();
        let error = parse(&source).unwrap_err();
        assert!(error.to_string().starts_with("D:2:5: "), "{error}");
    }

    #[test]
    fn directives_stand_before_all_else() {
        let syntax = |text: &str| {
            let source = Source::decode(Path::new("D"), text.as_bytes()).unwrap();
            let word = parse(&source).unwrap().syntax?;
            assert_eq!(source.slice(word.at.clone()), word.text);
            Some(word.text)
        };
        assert_eq!(syntax("#syntax=a/b:1\r\nFROM c").as_deref(), Some("a/b:1"));
        let late = "# escape=`\n#  SYNTAX =  a/b:1 --x \n";
        assert_eq!(syntax(late).as_deref(), Some("a/b:1"));
        assert_eq!(syntax("# hello\n# syntax=a:1\n"), None);
        assert_eq!(syntax("\n# syntax=a:1\n"), None);
        assert_eq!(syntax("# other=b\n# syntax=a:1\n"), None);
    }
}
