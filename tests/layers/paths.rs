//! Every path that a source file names, groups expanded, macro bodies included.

use std::iter::Peekable;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One path, as it was written or as its group and its chain of `super` resolve.
#[derive(Debug)]
pub(crate) struct Named {
    /// Without `crate`, `fullsend` or `super` where `root` says that it begins at the root.
    pub(crate) segments: Vec<String>,
    /// Whether it stands in a `use` or an `extern crate`.
    pub(crate) imported: bool,
    pub(crate) line: usize,
    root: bool,
    declared: bool,
}

impl Named {
    /// The segments after the crate's root; nothing for a path that begins elsewhere.
    pub(crate) fn after_root(&self) -> Option<&[String]> {
        self.root.then_some(self.segments.as_slice())
    }

    /// The name that this brings into the file: a module's, or the last of an import.
    pub(crate) fn bound(&self) -> Option<&str> {
        let is_inner = self.declared || (self.imported && self.segments.len() > 1);
        is_inner.then(|| self.segments.last().map(String::as_str))?
    }
}

/// Reads the paths of `text`, which is the file of `module`.
pub(crate) fn in_source(text: &str, module: &[String]) -> Result<Vec<Named>, String> {
    let tokens: TokenStream = text
        .parse()
        .map_err(|error| format!("cannot be read: {error}"))?;
    let mut reader = Reader {
        found: Vec::new(),
        problem: None,
    };
    reader.read(
        tokens,
        &Context {
            module: module.to_vec(),
            ..Context::default()
        },
    );
    match reader.problem {
        Some(problem) => Err(problem),
        None => Ok(reader.found),
    }
}

#[derive(Clone, Default)]
struct Context {
    module: Vec<String>,
    /// What a group of an import is preceded by.
    prefix: Vec<String>,
    imported: bool,
}

struct Reader {
    found: Vec<Named>,
    problem: Option<String>,
}

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

impl Reader {
    fn read(&mut self, stream: TokenStream, context: &Context) {
        let mut context = context.clone();
        let outer = context.imported;
        let mut after_dot = false;
        let mut tokens = stream.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let was_after_dot = std::mem::take(&mut after_dot);
            match token {
                TokenTree::Ident(word) => match word.to_string().as_str() {
                    "use" | "extern" => context.imported = true,
                    "mod" => self.module(&mut tokens, &context),
                    // A new name, and no path: `use a::b as c`.
                    "as" if context.imported => drop(tokens.next()),
                    // In `extern crate self`, `self` is the root.
                    "crate" if context.imported && is_ident(tokens.peek(), "self") => {
                        self.push(&context, vec!["crate".to_owned()], line_of(&word));
                    }
                    _ if was_after_dot => {}
                    first => self.path(first, line_of(&word), &mut tokens, &context),
                },
                TokenTree::Group(group) => {
                    // `use` ends at a semicolon or, `extern "C" { }`, at a block.
                    let inner = Context {
                        imported: outer && context.imported,
                        ..context.clone()
                    };
                    self.refuse_path_attribute(&group);
                    self.read(group.stream(), &inner);
                }
                TokenTree::Punct(mark) => match mark.as_char() {
                    ';' => context.imported = outer,
                    '.' => after_dot = true,
                    '*' if context.imported && !context.prefix.is_empty() => {
                        self.push(&context, vec!["*".to_owned()], mark.span().start().line);
                    }
                    _ => {}
                },
                TokenTree::Literal(_) => {}
            }
        }
    }

    /// `mod name;` or `mod name { ... }`, after the keyword.
    fn module(&mut self, tokens: &mut Tokens, context: &Context) {
        let Some(TokenTree::Ident(name)) = tokens.next() else {
            return;
        };
        self.found.push(Named {
            segments: vec![name.to_string()],
            imported: false,
            line: line_of(&name),
            root: false,
            declared: true,
        });
        if let Some(TokenTree::Group(body)) = tokens.peek() {
            let mut inner = context.clone();
            inner.module.push(name.to_string());
            let body = body.stream();
            tokens.next();
            self.read(body, &inner);
        }
    }

    /// The path that begins with `first`, to its end or into its group.
    fn path(&mut self, first: &str, line: usize, tokens: &mut Tokens, context: &Context) {
        let mut segments = vec![plain(first)];
        while eat_colons(tokens) {
            match tokens.peek() {
                Some(TokenTree::Ident(word)) => segments.push(plain(&word.to_string())),
                Some(TokenTree::Punct(mark)) if mark.as_char() == '*' => {
                    segments.push("*".to_owned());
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let mut inner = context.clone();
                    inner.prefix.extend(segments);
                    let stream = group.stream();
                    tokens.next();
                    return self.read(stream, &inner);
                }
                _ => break,
            }
            tokens.next();
        }
        self.push(context, segments, line);
    }

    fn push(&mut self, context: &Context, segments: Vec<String>, line: usize) {
        let mut written = context.prefix.clone();
        written.extend(segments);
        // `a::{self}` is `a`.
        if written.len() > 1 && written.last().is_some_and(|last| last == "self") {
            written.pop();
        }
        let (root, segments) = resolve(&context.module, written);
        let imported = context.imported;
        self.found.push(Named {
            segments,
            imported,
            line,
            root,
            declared: false,
        });
    }

    fn refuse_path_attribute(&mut self, group: &proc_macro2::Group) {
        let mut tokens = group.stream().into_iter();
        if group.delimiter() == Delimiter::Bracket
            && is_ident(tokens.next().as_ref(), "path")
            && matches!(tokens.next(), Some(TokenTree::Punct(mark)) if mark.as_char() == '=')
        {
            self.problem = Some("#[path] hides which room a module is of".to_owned());
        }
    }
}

/// Whether the path begins at the crate's root, and what follows it there.
fn resolve(module: &[String], written: Vec<String>) -> (bool, Vec<String>) {
    let is_relative = matches!(written.first().map(String::as_str), Some("self" | "super"));
    match written.first().map(String::as_str) {
        Some("crate" | "fullsend") => (true, written[1..].to_vec()),
        _ if is_relative => {
            let steps = written
                .iter()
                .take_while(|word| *word == "self" || *word == "super");
            let ups = steps.clone().filter(|word| *word == "super").count();
            let rest = &written[steps.count()..];
            let base = &module[..module.len().saturating_sub(ups)];
            (true, [base, rest].concat())
        }
        _ => (false, written),
    }
}

/// Takes `::` if it is next.
fn eat_colons(tokens: &mut Tokens) -> bool {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    // A single colon is a type's; only a joint one begins `::`.
    let is_joint = matches!(tokens.peek(), Some(TokenTree::Punct(mark))
        if mark.as_char() == ':' && mark.spacing() == proc_macro2::Spacing::Joint);
    if !is_joint {
        return false;
    }
    tokens.next();
    is_colon(tokens.next().as_ref())
}

fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(word)) if *word == name)
}

fn line_of(word: &proc_macro2::Ident) -> usize {
    word.span().start().line
}

fn plain(word: &str) -> String {
    word.trim_start_matches("r#").to_owned()
}
