//! `fullsend validate`: what is wrong with the files of an installation.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use clap::{Args, ValueEnum, builder::PossibleValue};
use rayon::prelude::*;

use super::{
    job::{self, ReportFile},
    selection::{Selected, Selection},
    simulate::{self, SimulateArgs},
};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    document::{
        MAX_BYTES,
        edit::{self, Edit},
    },
    model::{chain::chain, exit_code},
    report::{
        annotation, code_quality, excerpt,
        finding::{Finding, Findings, Rule, Severity},
        sarif, step_summary,
    },
    seam::{
        files::{self, FileError},
        walk,
    },
    validate::{self, Checked, Files, Kind, Problem, UNREADABLE},
};

/// A file is mended in so many rounds at most: one mend can lay bare another.
const MAX_ROUNDS: usize = 5;

/// Longer files are not read; those of more than [`MAX_BYTES`] are told and not parsed.
const MAX_FILE_BYTES: u64 = 2 * MAX_BYTES as u64;

/// The options of `fullsend validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Files and folders [default: the repository around the working directory]
    #[arg(value_name = "PATHS")]
    paths: Vec<PathBuf>,
    /// What the named files are, whatever their names say
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
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
    #[arg(long, conflicts_with_all = ["paths", "kind", "fix", "report", "sarif_file"])]
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
    let selection = Selection::of(&args.paths, validate::is_candidate)?;
    let judged: Vec<Judged> = selection
        .files
        .par_iter()
        .map(|file| {
            let mut judged = judge(file, args);
            if context.global.format != Format::Human {
                // Ten thousand files have many lines that nobody is shown.
                judged.findings.iter_mut().for_each(|it| it.excerpt = None);
            }
            judged
        })
        .collect();
    settle(&selection, &judged, context)?;
    let count = judged.iter().filter(|judged| judged.is_known).count();
    let findings = judged.into_iter().flat_map(|judged| judged.findings);
    let findings = findings
        .chain(unread(&selection))
        .filter(|finding| finding.severity >= args.min_severity)
        .collect();
    let findings = Findings::new(findings);
    print(&findings, count, context)?;
    report.write(&findings)?;
    sarif.write(&sarif_of(&findings))?;
    let is_bad = |finding: &Finding| finding.severity >= Severity::Warning;
    let exit_code = if findings.findings.iter().any(is_bad) {
        exit_code::FINDINGS
    } else {
        exit_code::OK
    };
    let summary = step_summary::markdown(&findings, count);
    job::tell_github(context, &format!("exit-code={exit_code}\n"), &summary);
    Ok(exit_code)
}

fn sarif_of(findings: &Findings) -> serde_json::Value {
    let rules: Vec<&'static Rule> = validate::rules().map(|rule| &rule.about).collect();
    sarif::document(findings, &rules)
}

/// What came of one file.
#[derive(Default)]
struct Judged {
    findings: Vec<Finding>,
    is_known: bool,
    /// The bytes that were read, and the text with every safe mend made, where there is one.
    mended: Option<(Vec<u8>, String)>,
}

fn judge(file: &Selected, args: &ValidateArgs) -> Judged {
    let disk = &OnDisk { root: &file.root };
    let bytes = match files::read(&file.path, MAX_FILE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => return unreadable(file, args, &error),
    };
    let kind = args.kind.filter(|_| file.is_named);
    let mut checked = validate::check(&file.name, &bytes, kind, disk);
    let mended = args
        .fix
        .then(|| mended(file, &bytes, &checked, kind, disk))
        .flatten();
    if let Some(text) = &mended {
        checked = validate::check(&file.name, text.as_bytes(), kind, disk);
    }
    let problems = checked.problems.into_iter();
    Judged {
        findings: problems
            .map(|problem| Finding {
                file: file.shown.clone(),
                ..problem.finding
            })
            .collect(),
        is_known: checked.kind.is_some(),
        mended: mended.map(|text| (bytes, text)),
    }
}

/// A file that is too large, or may not be read: an error where its kind is known without reading.
fn unreadable(file: &Selected, args: &ValidateArgs, error: &FileError) -> Judged {
    let finding = Finding::whole_file(&UNREADABLE.about, &file.shown, chain(error));
    let is_known = file.is_named || args.kind.or_else(|| Kind::of_path(&file.name)).is_some();
    Judged {
        findings: vec![if is_known {
            finding
        } else {
            finding.severity(Severity::Note)
        }],
        is_known,
        mended: None,
    }
}

/// Writes what was mended, and says of which named files nothing is known.
fn settle(selection: &Selection, judged: &[Judged], context: &Context) -> Result<(), CliFailure> {
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
    for (file, judged) in selection.files.iter().zip(judged) {
        if let Some((read, text)) = &judged.mended {
            files::replace_if_unchanged(&file.root, &file.path, read, text.as_bytes())?;
            context
                .terminal
                .note(&format!("mended {}", file.shown.display()));
        }
    }
    Ok(())
}

/// The text of `file` with every safe mend made; nothing where there is none.
///
/// One mend can lay bare another, so that it is looked at again. A mend after which more is wrong
/// than before is none.
fn mended(
    file: &Selected,
    bytes: &[u8],
    checked: &Checked,
    kind: Option<Kind>,
    disk: &OnDisk<'_>,
) -> Option<String> {
    let mut text = std::str::from_utf8(bytes).ok()?.to_owned();
    let mut problems = checked.problems.clone();
    let mut is_changed = false;
    for _ in 0..MAX_ROUNDS {
        let Some(next) = edited(&text, &problems) else {
            break;
        };
        let after = validate::check(&file.name, next.as_bytes(), kind, disk).problems;
        if errors(&after) > errors(&problems) || after.iter().any(is_unreadable) {
            break;
        }
        is_changed = true;
        text = next;
        problems = after;
    }
    is_changed.then_some(text)
}

fn errors(problems: &[Problem]) -> usize {
    let errors = problems
        .iter()
        .filter(|it| it.finding.severity == Severity::Error);
    errors.count()
}

fn is_unreadable(problem: &Problem) -> bool {
    problem.finding.rule.id == UNREADABLE.about.id
}

/// `text` with the mends of `problems`, but for those that would touch another's bytes.
fn edited(text: &str, problems: &[Problem]) -> Option<String> {
    // By where each begins; those taken never touch, so that only the neighbours can.
    let mut taken: BTreeMap<(usize, usize), &Edit> = BTreeMap::new();
    for problem in problems {
        let is_free = |edit: &Edit| {
            let before = taken.range(..=(edit.at.end, usize::MAX)).next_back();
            before.is_none_or(|(_, other)| other.at.end < edit.at.start)
        };
        if problem.fix.iter().all(is_free) {
            let count = taken.len();
            let numbered = (count..).zip(&problem.fix);
            taken.extend(numbered.map(|(number, edit)| ((edit.at.start, number), edit)));
        }
    }
    let edits: Vec<Edit> = taken.into_values().cloned().collect();
    (!edits.is_empty()).then(|| edit::apply(text, &edits).ok())?
}

fn unread(selection: &Selection) -> Vec<Finding> {
    let finding = |file: &Path, reason: &str| Finding::whole_file(&UNREADABLE.about, file, reason);
    let unread = selection.unread.iter();
    let mut findings: Vec<_> = unread.map(|it| finding(&it.path, &it.reason)).collect();
    if selection.truncated {
        let reason = format!(
            "there are more than the {} files that are looked at",
            walk::MAX_FILES
        );
        findings.push(finding(Path::new("."), &reason));
    }
    findings
}

/// The repository on the disk.
struct OnDisk<'a> {
    root: &'a Path,
}

impl OnDisk<'_> {
    /// Where `path` lies; nothing where that is outside of the repository, be it by a link.
    fn within(&self, path: &Path) -> Option<PathBuf> {
        let is_below = path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let path = files::resolve(&self.root.join(path)).ok()?;
        (is_below && path.starts_with(self.root)).then_some(path)
    }
}

impl Files for OnDisk<'_> {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        files::read(&self.within(path)?, MAX_FILE_BYTES).ok()
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let Some(found) = self.within(folder) else {
            return Vec::new();
        };
        let names = files::names(&found).unwrap_or_default();
        names.into_iter().map(|name| folder.join(name)).collect()
    }
}

fn print(findings: &Findings, files: usize, context: &Context) -> Result<(), CliFailure> {
    let style = Terminal::stdout_style(&context.global, &context.environment);
    match context.global.format {
        Format::Human => Terminal::print(&excerpt::text(findings, files, style.color)),
        Format::Json => Terminal::print_json(findings),
        Format::Sarif => Terminal::print_json(&sarif_of(findings)),
        Format::Github => Terminal::print(&annotation::github(findings)),
        Format::Gitlab => Terminal::print_json(&code_quality::issues(findings)),
    }
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
