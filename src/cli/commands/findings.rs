//! How a verb that has findings prints them, in each of the formats.

use serde::Serialize;

use crate::{
    cli::{Context, console::Terminal, failure::CliFailure, global::Format},
    report::{
        Style, annotation, code_quality,
        finding::{Findings, Rule},
        sarif,
    },
};

/// Prints `findings` in the format that is asked for: for people as the text `human`, as JSON the
/// verb's own `document`. SARIF lists all of `rules`, those without a finding included.
pub(super) fn print(
    context: &Context,
    findings: &Findings,
    rules: &[&'static Rule],
    human: impl FnOnce(Style) -> String,
    document: &impl Serialize,
) -> Result<(), CliFailure> {
    let Context {
        global,
        environment,
        ..
    } = context;
    match global.format {
        // A page is refused before, as verbs with findings have none.
        Format::Human | Format::Html => {
            Terminal::print(&human(Terminal::stdout_style(global, environment)))
        }
        Format::Json => Terminal::print_json(document),
        Format::Sarif => Terminal::print_json(&sarif::document(findings, rules)),
        Format::Github => Terminal::print(&annotation::github(findings)),
        Format::Gitlab => Terminal::print_json(&code_quality::issues(findings)),
    }
}
