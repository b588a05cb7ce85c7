//! Our words to the person at the terminal: results on stdout, everything else on stderr.

use std::{
    error::Error,
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    sync::Mutex,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{
    failure::CliFailure,
    global::{Color, Format, GlobalArgs},
};
use crate::{
    launch::Console,
    model::text::printable,
    report::{Style, json},
    seam::environment::Environment,
};

const BOLD_RED: &str = "\x1b[1;31m";
const BOLD_YELLOW: &str = "\x1b[1;33m";
const BOLD_CYAN: &str = "\x1b[1;36m";
const RESET: &str = "\x1b[0m";

/// Bars of what has a number of bytes, of things, and of neither.
const PULL: &str = "pulling {bar:32} {bytes:>10} of {total_bytes} ({bytes_per_sec})";
const COUNTED: &str = "{msg} {bar:32} {pos} of {len}";
const ENDLESS: &str = "{msg} ({elapsed})";

/// The terminal, or whatever stands in for it.
#[derive(Debug)]
pub(super) struct Terminal {
    color: bool,
    quiet: bool,
    verbose: u8,
    /// How far long work is.
    bar: Mutex<Option<ProgressBar>>,
}

impl Terminal {
    pub(super) fn new(global: &GlobalArgs, environment: &Environment) -> Self {
        Self {
            color: wants_color(global, environment, io::stderr().is_terminal()),
            quiet: global.quiet,
            verbose: global.verbose,
            bar: Mutex::new(None),
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Shows what the libraries have to say, with `-v`.
    pub(super) fn start_tracing(&self) {
        let level = match self.verbose {
            0 => return,
            1 => tracing::Level::DEBUG,
            _ => tracing::Level::TRACE,
        };
        // A second subscriber, as in tests of the library, is not ours to insist on.
        let _ = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(io::stderr)
            .with_ansi(self.color)
            .try_init();
    }

    /// Writes a result to stdout. A reader that is gone needs no answer.
    pub(super) fn print(text: &str) -> Result<(), CliFailure> {
        let mut stdout = io::stdout().lock();
        match stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
        {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CliFailure::System("write to standard output", error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a patch: to a terminal such that nothing of it steers, elsewhere byte for byte.
    pub(super) fn print_patch(text: &str) -> Result<(), CliFailure> {
        if io::stdout().is_terminal() {
            return Self::print(&shown_patch(text));
        }
        Self::print(text)
    }

    /// Writes `document` as JSON where that is the format, else the text for people.
    ///
    /// Formats that are for findings alone do not come here: see `Command::check`.
    pub(super) fn print_document(
        format: Format,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliFailure> {
        match format {
            Format::Json => Self::print_json(document),
            _ => Self::print(&text()),
        }
    }

    /// Writes `document` as JSON.
    pub(super) fn print_json(document: &impl Serialize) -> Result<(), CliFailure> {
        Self::print(&json::text(document)?)
    }

    /// Says what ended the command, why, and what to do.
    pub(super) fn fail(&self, failure: &CliFailure) {
        if let CliFailure::Config(error) = failure {
            self.write(&error.render(self.color));
            return;
        }
        let message = printable(&failure.to_string());
        let mut text = format!("{} {message}", self.painted(BOLD_RED, "error:"));
        let mut cause = failure.source();
        while let Some(error) = cause {
            let _ = write!(text, "\n  because {}", printable(&error.to_string()));
            cause = error.source();
        }
        if let Some(hint) = failure.hint() {
            let help = self.painted(BOLD_CYAN, "help:");
            let _ = write!(text, "\n{help} {}", printable(&hint));
        }
        self.write(&text);
    }

    /// How results on stdout are laid out: by the terminal there, if there is one.
    pub(super) fn stdout_style(global: &GlobalArgs, environment: &Environment) -> Style {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let size = is_terminal.then(|| rustix::termios::tcgetwinsize(&stdout).ok());
        Style {
            color: wants_color(global, environment, is_terminal),
            width: size
                .flatten()
                .map(|size| usize::from(size.ws_col))
                .filter(|columns| *columns > 0),
        }
    }

    /// A line that is shown whatever happens.
    pub(super) fn say(&self, line: &str) {
        self.write(&printable(line));
    }

    /// A step that was done; left out when quiet.
    pub(super) fn note(&self, line: &str) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// Something that the person should know and that stops nothing.
    pub(super) fn warn(&self, line: &str) {
        let warning = self.painted(BOLD_YELLOW, "warning:");
        self.write(&format!("{warning} {}", printable(line)));
    }

    /// Says how far long work is: by a bar on a terminal, else by a line each time.
    ///
    /// `what` is for people: "reading files". Of no work at all nobody is told how much is done.
    pub(super) fn progress(&self, what: &str, done: usize, all: usize) {
        if self.quiet {
            return;
        }
        if io::stderr().is_terminal() {
            let template = if all == 0 { ENDLESS } else { COUNTED };
            self.show(template, what, done as u64, all as u64);
        } else if all == 0 {
            self.say(what);
        } else {
            self.say(&format!("{what}: {done} of {all}"));
        }
    }

    /// Whether progress is shown by a bar.
    pub(super) fn has_bar(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Takes the bar away.
    pub(super) fn progress_finished(&self) {
        if let Ok(mut bar) = self.bar.lock()
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }

    fn show(&self, template: &str, what: &str, done: u64, all: u64) {
        let Ok(mut bar) = self.bar.lock() else {
            return;
        };
        let bar = bar.get_or_insert_with(|| {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        });
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(printable(what));
        bar.set_length(all);
        bar.set_position(done);
    }

    fn painted(&self, style: &str, word: &str) -> String {
        if self.color {
            format!("{style}{word}{RESET}")
        } else {
            word.to_owned()
        }
    }

    /// Writes lines, already printable, in one piece, so that those of two processes do not mix.
    fn write(&self, text: &str) {
        let mut text = text.to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let write = || io::stderr().write_all(text.as_bytes());
        let bar = self.bar.lock().ok().and_then(|bar| bar.clone());
        // Without a stderr there is nobody to tell.
        let _ = match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
    }
}

/// A patch for a terminal: its lines hold the text of strangers.
fn shown_patch(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    let shown = lines.map(|line| {
        let (line, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |line| (line, "\n"));
        let line: Vec<String> = line.split('\t').map(printable).collect();
        line.join("\t") + end
    });
    shown.collect()
}

/// A run speaks as every verb does; only CI markers and a pull's progress are its own.
impl Console for Terminal {
    fn note(&self, line: &str) {
        self.note(line);
    }

    fn warn(&self, line: &str) {
        self.warn(line);
    }

    fn raw(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    fn pull_progress(&self, done: u64, total: u64) {
        if !self.quiet && io::stderr().is_terminal() {
            self.show(PULL, "", done, total);
        }
    }

    fn pull_finished(&self) {
        self.progress_finished();
    }
}

fn wants_color(global: &GlobalArgs, environment: &Environment, is_terminal: bool) -> bool {
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => environment.get("NO_COLOR").is_none() && is_terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_steers_no_terminal() {
        let patch = "+a\tb\n-\u{1b}]0;owned\u{7}\r\n \u{202e}c";
        let shown = "+a\tb\n-\u{fffd}]0;owned\u{fffd}\u{fffd}\n \u{fffd}c";
        assert_eq!(shown_patch(patch), shown);
    }
}
