//! `fullsend validate`: what is wrong with the files of an installation.

use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::PossibleValue};
use rayon::prelude::*;

use super::{
    findings,
    job::{self, ReportFile},
    selection::{Exclude, MAX_FILE_BYTES, Selected, Selection, Wanted},
    simulate::{self, SimulateArgs},
};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    model::{chain::chain, exit_code},
    report::{
        Style, excerpt,
        finding::{Finding, Findings, Rule, Severity},
        sarif, step_summary,
    },
    seam::files::{FileError, OnDisk},
    validate::{self, Checked, Kind, Problem, UNREADABLE},
};

/// The options of `fullsend validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Files and folders [default: the repository around the working directory]
    #[arg(value_name = "PATHS")]
    paths: Vec<PathBuf>,
    /// What the named files are, whatever their names say
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// Leaves out files, and folders with all below them, by their paths from the repository's root
    #[arg(long, value_name = "GLOB", value_parser = Exclude::parse)]
    exclude: Vec<Exclude>,
    /// Only findings that matter this much
    #[arg(long, value_enum, default_value_t = Severity::Note, value_name = "SEVERITY")]
    min_severity: Severity,
    /// Makes the mends that are safe, and keeps every other byte
    #[arg(long)]
    fix: bool,
    /// Where the JSON document goes as well, whatever the format on stdout
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Where the findings go as SARIF as well
    #[arg(long, value_name = "FILE")]
    sarif_file: Option<PathBuf>,
    /// Prints every rule, and looks at no file
    #[arg(long, conflicts_with_all = ["paths", "kind", "exclude", "fix", "report", "sarif_file"])]
    pub(super) list_rules: bool,
    #[command(flatten)]
    pub(super) simulate: SimulateArgs,
}

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for Severity {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Note, Self::Warning, Self::Error]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

pub(super) fn run(args: &ValidateArgs, context: &Context) -> Outcome {
    if args.list_rules {
        return list_rules(context);
    }
    if args.simulate.is_given() {
        return simulate::run(&args.simulate, &args.paths, context);
    }
    let report = ReportFile::open(args.report.as_ref())?;
    let sarif = ReportFile::open(args.sarif_file.as_ref())?;
    let wanted = Wanted {
        is_candidate: validate::is_candidate,
        exclude: &args.exclude,
    };
    let selection = Selection::of(&args.paths, wanted)?;
    let files = selection.files.par_iter();
    let mut judged: Vec<Judged> = files.map(|file| judge(file, args, context)).collect();
    say_unknown(&selection, &judged, context)?;
    // Not before every file was judged: some are judged by others.
    let failures = write_mends(&selection, &mut judged, context);
    let count = judged.iter().filter(|judged| judged.is_known).count();
    let findings = judged.into_iter().flat_map(|judged| judged.findings);
    let findings = findings
        .chain(selection.unread(&UNREADABLE.about))
        .filter(|finding| finding.severity >= args.min_severity)
        .collect();
    let findings = Findings::new(findings);
    let text = |style: Style| excerpt::text(&findings, count, style.color);
    findings::print(context, &findings, &rules(), text, &findings)?;
    report.write(&findings)?;
    sarif.write(&sarif::document(&findings, &rules()))?;
    say_failures(failures, context)?;
    let is_bad = |finding: &Finding| finding.severity >= Severity::Warning;
    let exit_code = if findings.findings.iter().any(is_bad) {
        exit_code::FINDINGS
    } else {
        exit_code::OK
    };
    let summary = step_summary::markdown("validate", &findings, count);
    job::tell_github(context, &format!("exit-code={exit_code}\n"), &summary);
    Ok(exit_code)
}

fn rules() -> Vec<&'static Rule> {
    validate::rules().map(|rule| &rule.about).collect()
}

/// What came of one file.
#[derive(Default)]
struct Judged {
    findings: Vec<Finding>,
    is_known: bool,
    mends: Option<Mends>,
}

/// A file with every safe mend made.
struct Mends {
    /// The bytes that were read.
    read: Vec<u8>,
    text: String,
    /// What is wrong once `text` is written.
    findings: Vec<Finding>,
}

fn judge(file: &Selected, args: &ValidateArgs, context: &Context) -> Judged {
    let bytes = match file.read() {
        Ok(bytes) => bytes,
        Err(error) => return unreadable(file, args, &error),
    };
    let disk = OnDisk {
        root: &file.root,
        limit: MAX_FILE_BYTES,
    };
    let kind = args.kind.filter(|_| file.is_named);
    let checked = validate::check(&file.name, &bytes, kind, &disk);
    let mended = args
        .fix
        .then(|| validate::mend(&file.name, &bytes, kind, &disk, &checked))
        .flatten();
    Judged {
        is_known: checked.kind.is_some(),
        findings: findings_in(file, checked, context),
        mends: mended.map(|mended| Mends {
            read: bytes,
            text: mended.text,
            findings: findings_in(file, mended.checked, context),
        }),
    }
}

fn findings_in(file: &Selected, checked: Checked, context: &Context) -> Vec<Finding> {
    // Ten thousand files have many lines that nobody is shown.
    let shows_lines = context.global.format == Format::Human;
    let shown = |problem: Problem| Finding {
        file: file.shown.clone(),
        excerpt: problem.finding.excerpt.filter(|_| shows_lines),
        ..problem.finding
    };
    checked.problems.into_iter().map(shown).collect()
}

/// A file that is too large, or may not be read: an error where its kind is known without reading.
fn unreadable(file: &Selected, args: &ValidateArgs, error: &FileError) -> Judged {
    let finding = file.unread(&UNREADABLE.about, error);
    let is_known = file.is_named || args.kind.or_else(|| Kind::of_path(&file.name)).is_some();
    Judged {
        findings: vec![if is_known {
            finding
        } else {
            finding.severity(Severity::Note)
        }],
        is_known,
        mends: None,
    }
}

/// Says of which named files nothing is known; where that is all of them, there is no result.
fn say_unknown(
    selection: &Selection,
    judged: &[Judged],
    context: &Context,
) -> Result<(), CliFailure> {
    let is_known = |judged: &Judged| judged.is_known || !judged.findings.is_empty();
    let named = selection.files.iter().zip(judged);
    let named: Vec<_> = named.filter(|(file, _)| file.is_named).collect();
    if let Some((first, _)) = named.first()
        && named.len() == selection.files.len()
        && !named.iter().any(|(_, judged)| is_known(judged))
    {
        return Err(CliFailure::usage_with(
            format!("{} is of no kind that is validated", first.shown.display()),
            "say what it is with --kind",
        ));
    }
    for (file, judged) in named {
        if !is_known(judged) {
            let name = file.shown.display();
            let note =
                format!("{name} is of no kind that is validated: say what it is with --kind");
            context.terminal.note(&note);
        }
    }
    Ok(())
}

/// Writes what was mended. What could not be written is as wrong as it was.
fn write_mends(selection: &Selection, judged: &mut [Judged], context: &Context) -> Vec<FileError> {
    let mut failures = Vec::new();
    for (file, judged) in selection.files.iter().zip(judged) {
        let Some(mends) = judged.mends.take() else {
            continue;
        };
        match file.replace(&mends.read, mends.text.as_bytes()) {
            Ok(()) => {
                let note = format!("mended {}", file.shown.display());
                context.terminal.note(&note);
                judged.findings = mends.findings;
            }
            Err(error) => failures.push(error),
        }
    }
    failures
}

/// Says which files could not be written, the last one as what ends the command.
fn say_failures(mut failures: Vec<FileError>, context: &Context) -> Result<(), CliFailure> {
    let last = failures.pop();
    for failure in failures {
        context.terminal.warn(&chain(&failure));
    }
    last.map_or(Ok(()), |failure| Err(failure.into()))
}

/// A rule as `--list-rules` prints it.
#[derive(serde::Serialize)]
struct Listed {
    rule: &'static str,
    kind: Option<&'static str>,
    severity: Severity,
    summary: &'static str,
}

fn list_rules(context: &Context) -> Outcome {
    let rules: Vec<Listed> = validate::rules()
        .map(|rule| Listed {
            rule: rule.about.id,
            kind: rule.kind().map(Kind::as_str),
            severity: rule.about.severity,
            summary: rule.about.summary,
        })
        .collect();
    let document = serde_json::json!({"schema_version": 1, "rules": rules});
    Terminal::print_document(context.global.format, &document, || {
        let line = |rule: &Listed| {
            let kind = rule.kind.unwrap_or("every kind");
            let severity = rule.severity.as_str();
            format!("{:40} {kind:16} {severity:8} {}\n", rule.rule, rule.summary)
        };
        rules.iter().map(line).collect()
    })?;
    Ok(exit_code::OK)
}
