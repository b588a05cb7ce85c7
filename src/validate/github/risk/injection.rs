//! Values of others that become part of a program, in workflows and in actions.

use super::{
    author::{Author, Authors, Foreign},
    code::{self, Code},
};
use crate::{
    model::text::excerpt,
    validate::github::view::{Expression, Step},
};

/// A value that becomes part of a program.
pub(super) struct Injection<'w, 'a> {
    pub(super) expression: &'w Expression<'a>,
    pub(super) step: &'w Step<'a>,
    pub(super) code: Code,
    pub(super) foreign: Foreign,
}

/// Finds them in the order of the file; `step` knows the step of an expression.
pub(super) fn find<'w, 'a>(
    expressions: &'w [Expression<'a>],
    authors: &Authors,
    step: impl Fn(&Expression<'a>) -> Option<&'w Step<'a>>,
) -> Vec<Injection<'w, 'a>> {
    let found = expressions.iter().filter_map(|expression| {
        let step = step(expression)?;
        let code = code::of(expression, step)?;
        let foreign = authors.foreign(expression)?;
        Some(Injection {
            expression,
            step,
            code,
            foreign,
        })
    });
    found.collect()
}

impl Injection<'_, '_> {
    /// What is wrong, for people.
    pub(super) fn message(&self) -> String {
        let value = self.expression.scalar.value.get(self.foreign.at.clone());
        let value = excerpt(value.unwrap_or_default());
        let program = match self.code {
            Code::Run => "the script before the shell reads it",
            Code::Input => "the program before it is read",
        };
        let who = match self.foreign.author {
            Author::Anyone => "whoever writes it, which anybody can, runs commands here",
            Author::Caller => "a caller that takes it from anybody lets them run commands here",
            Author::Writer => "whoever chooses it runs commands here",
        };
        format!("`{value}` becomes part of {program}: {who}")
    }

    /// The mend where the rule's own does not fit.
    pub(super) fn help(&self) -> Option<String> {
        if self.code == Code::Input {
            let help = "Put it into `env:` and let the program read that variable: in JavaScript \
                        `process.env.NAME`.";
            return Some(help.to_owned());
        }
        if !self.foreign.by_env {
            return None;
        }
        let help = "Write the variable as the shell does, `\"$NAME\"`: `${{ env.NAME }}` puts its \
                    text into the script.";
        Some(help.to_owned())
    }
}
