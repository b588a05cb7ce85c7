//! `fullsend generate`: writes the files of an installation, and says which have drifted.

use std::path::{Path, PathBuf};

use clap::{Args, builder::PossibleValuesParser};

use super::{
    configuration::{self, working_directory},
    generate_renovate,
    generate_report::{json, listed},
    selection::MAX_FILE_BYTES,
};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format, patch::patch},
    config::Config,
    generate::{self, Draft, GeneratedFile, KINDS, Kind, Settings, Stamp, Standing},
    model::exit_code,
    seam::files,
};

/// The options of `fullsend generate`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// What to write
    #[arg(
        required_unless_present = "list_settings",
        value_parser = PossibleValuesParser::new(KINDS.iter().map(|kind| kind.name)),
    )]
    kind: Option<String>,
    /// Where: a file, a folder to put the files in, or `-` for stdout [default: where the platform
    /// looks for it]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Writes nothing, and exits with 1 and a diff where a file is not as it would be written
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Overwrites what a person wrote or changed, too
    #[arg(long)]
    force: bool,
    /// Takes versions and digests from this program and fullsend.yaml, not from the existing file
    #[arg(long)]
    repin: bool,
    /// One setting; without any, those of the existing file hold
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// For renovate: the presets of the rings of fleet.yaml, or of FILE
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        default_missing_value = generate_renovate::FLEET,
        conflicts_with = "set"
    )]
    fleet: Option<PathBuf>,
    /// Prints the settings of KIND, or of every kind
    #[arg(long, conflicts_with_all = ["output", "check", "force", "repin", "set", "fleet"])]
    list_settings: bool,
}

/// What `--output` says.
enum Output {
    Stdout,
    /// Below the working directory, or in another folder.
    Folder(PathBuf),
    /// The one file.
    File(PathBuf),
}

/// One file with what lies in its place.
pub(super) struct Place {
    /// As the user would name it.
    pub(super) path: PathBuf,
    existing: Option<String>,
    pub(super) file: GeneratedFile,
}

pub(super) fn run(args: &GenerateArgs, context: &Context) -> Outcome {
    let kind = args.kind.as_deref().and_then(Kind::named);
    let Some(kind) = kind.filter(|_| !args.list_settings) else {
        Terminal::print(&listed(kind, context.global.format)?)?;
        return Ok(exit_code::OK);
    };
    let drafts = drafts(kind, args, context)?;
    let places = places(drafts, args)?;
    if matches!(output(args)?, Output::Stdout) {
        Terminal::print(&one_stream(&places)?)?;
        return Ok(exit_code::OK);
    }
    if args.check {
        return check(&places, args, context);
    }
    write(&places, args, context)
}

/// All files as one text, which only YAML can be.
fn one_stream(places: &[Place]) -> Result<String, CliFailure> {
    let is_yaml = |place: &Place| {
        let extension = place.file.path.extension();
        extension.is_some_and(|extension| extension == "yaml" || extension == "yml")
    };
    if places.len() > 1 && !places.iter().all(is_yaml) {
        return Err(CliFailure::usage_with(
            "these are several files, which cannot be told apart on stdout",
            "name a folder with `--output FOLDER/`",
        ));
    }
    let texts = places.iter().map(|place| place.file.text.as_str());
    Ok(texts.collect::<Vec<_>>().join("---\n"))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("write KEY=VALUE; `fullsend generate --list-settings` shows the keys")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn output(args: &GenerateArgs) -> Result<Output, CliFailure> {
    let here = working_directory()?;
    let Some(path) = &args.output else {
        return Ok(Output::Folder(PathBuf::new()));
    };
    if path == Path::new("-") {
        return Ok(Output::Stdout);
    }
    let is_folder =
        path.as_os_str().as_encoded_bytes().ends_with(b"/") || files::is_folder(&here.join(path));
    Ok(if is_folder {
        Output::Folder(path.clone())
    } else {
        Output::File(path.clone())
    })
}

/// The texts of `kind` before they meet the files that exist.
fn drafts(kind: &Kind, args: &GenerateArgs, context: &Context) -> Result<Vec<Draft>, CliFailure> {
    let is_renovate = kind.name == generate_renovate::KIND;
    if let Some(path) = &args.fleet {
        if is_renovate {
            let drafts = generate_renovate::presets(path)?;
            if let Output::Folder(folder) = output(args)? {
                generate_renovate::warn_of_left(&drafts, &folder, context)?;
            }
            return Ok(drafts);
        }
        return Err(CliFailure::usage_with(
            format!("`--fleet` makes nothing of the kind {}", kind.name),
            "write `fullsend generate renovate --fleet`",
        ));
    }
    let output = output(args)?;
    if is_renovate && let Output::Folder(folder) = &output {
        generate_renovate::refuse_beside_another(folder)?;
    }
    let config = configuration::load_checkout(context)?.config;
    let given = kind.settings(args.set.iter().map(|(key, value)| (&**key, &**value)))?;
    let Some((path, stamp)) = stamped(kind, &config, &given, &output)? else {
        return Ok(generate::draft(kind, &config, &given)?);
    };
    if args.set.is_empty() {
        let pairs = stamp.settings.iter();
        let remembered = kind.settings(pairs.map(|(key, value)| (&**key, &**value)))?;
        return Ok(generate::draft(kind, &config, &remembered)?);
    }
    warn_of_dropped(&path, &stamp, args, context);
    Ok(generate::draft(kind, &config, &given)?)
}

/// The files with what lies in their places.
fn places(drafts: Vec<Draft>, args: &GenerateArgs) -> Result<Vec<Place>, CliFailure> {
    let output = output(args)?;
    let is_one = drafts.len() == 1;
    let place = |draft: Draft| {
        let path = path_of(draft.path(), &output, is_one)?;
        let existing = existing(&path, &output)?;
        let pinned = existing.as_deref().filter(|_| !args.repin);
        let file = draft.settle(existing.as_deref(), pinned)?;
        Ok(Place {
            path,
            existing,
            file,
        })
    };
    drafts.into_iter().map(place).collect()
}

/// What the header of the first file that exists says, and where that is.
fn stamped(
    kind: &Kind,
    config: &Config,
    given: &Settings,
    output: &Output,
) -> Result<Option<(PathBuf, Stamp)>, CliFailure> {
    // There may be no draft without the settings that are looked for.
    let paths = if let Some(path) = kind.path {
        vec![PathBuf::from(path)]
    } else {
        let drafts = generate::draft(kind, config, given)?;
        drafts.iter().map(|draft| draft.path().to_owned()).collect()
    };
    for own in &paths {
        let path = path_of(own, output, paths.len() == 1)?;
        let Some(text) = existing(&path, output)? else {
            continue;
        };
        if let Some((stamp, _)) = generate::read_header(own, &text)
            && stamp.kind == kind.name
        {
            return Ok(Some((path, stamp)));
        }
    }
    Ok(None)
}

/// Warns of the settings that the file at `path` has and the command line leaves out: given one, the
/// others go back to their defaults.
fn warn_of_dropped(path: &Path, stamp: &Stamp, args: &GenerateArgs, context: &Context) {
    let is_given = |key: &str| args.set.iter().any(|(given, _)| given == key);
    let old = stamp.settings.iter();
    let dropped: Vec<String> = old
        .filter(|(key, _)| !is_given(key))
        .map(|(key, value)| format!("`{key}={value}`"))
        .collect();
    if !dropped.is_empty() {
        context.terminal.warn(&format!(
            "{}: made with {} too, which `--set` without them leaves out: give them again to keep \
             them",
            path.display(),
            dropped.join(" and ")
        ));
    }
}

fn path_of(own: &Path, output: &Output, is_one: bool) -> Result<PathBuf, CliFailure> {
    match output {
        Output::Stdout => Ok(own.to_owned()),
        Output::Folder(folder) => Ok(folder.join(own)),
        Output::File(path) if is_one => Ok(path.clone()),
        Output::File(path) => Err(CliFailure::usage_with(
            format!("there is more than one file for {}", path.display()),
            "name a folder: end its name with `/`",
        )),
    }
}

fn existing(path: &Path, output: &Output) -> Result<Option<String>, CliFailure> {
    if matches!(output, Output::Stdout) {
        return Ok(None);
    }
    match files::read(path, MAX_FILE_BYTES) {
        // What is no text was written by nobody of us, and stays what it is until forced.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn write(places: &[Place], args: &GenerateArgs, context: &Context) -> Outcome {
    let kept: Vec<&Place> = places
        .iter()
        .filter(|place| place.is_someones() && !args.force)
        .collect();
    if !kept.is_empty() {
        for place in kept {
            context.terminal.say(&format!(
                "{}: {}, so nothing is written",
                place.path.display(),
                place.said()
            ));
        }
        context.terminal.say(
            "help: `--check` shows what would change; `--force` overwrites it, `--output` names \
             another file",
        );
        return Ok(exit_code::FINDINGS);
    }
    for place in places {
        if place.existing.as_deref() == Some(&place.file.text) {
            continue;
        }
        files::make_parents(&place.path)?;
        files::AtomicFile::open(&place.path)?.commit(place.file.text.as_bytes())?;
        context
            .terminal
            .note(&format!("wrote {}", place.path.display()));
    }
    if context.global.format == Format::Json {
        Terminal::print(&json(places)?)?;
    }
    Ok(exit_code::OK)
}

fn check(places: &[Place], args: &GenerateArgs, context: &Context) -> Outcome {
    let drifted: Vec<&Place> = places
        .iter()
        .filter(|place| place.file.standing != Standing::Current)
        .collect();
    if context.global.format == Format::Json {
        Terminal::print(&json(places)?)?;
    } else {
        for place in &drifted {
            Terminal::print(&place.diff())?;
        }
    }
    for place in &drifted {
        context
            .terminal
            .say(&format!("{}: {}", place.path.display(), place.said()));
    }
    if drifted.is_empty() {
        return Ok(exit_code::OK);
    }
    let force = if drifted.iter().any(|place| place.is_someones()) {
        " --force"
    } else {
        ""
    };
    let kind = args.kind.as_deref().unwrap_or_default();
    let fleet = match &args.fleet {
        Some(path) if path == Path::new(generate_renovate::FLEET) => " --fleet".to_owned(),
        Some(path) => format!(" --fleet {}", path.display()),
        None => String::new(),
    };
    context.terminal.say(&format!(
        "help: `fullsend generate {kind}{fleet}{force}` writes it"
    ));
    Ok(exit_code::FINDINGS)
}

impl Place {
    /// Whether a person wrote or changed what would be overwritten.
    fn is_someones(&self) -> bool {
        matches!(self.file.standing, Standing::Edited | Standing::Foreign)
    }

    fn said(&self) -> &'static str {
        match self.file.standing {
            Standing::Absent => "there is no such file yet",
            Standing::Current => "is as generated",
            Standing::Outdated => "the template, the settings or fullsend.yaml have changed since",
            Standing::Edited => "a person changed it after it was generated",
            Standing::Foreign => "it was not generated by this program",
        }
    }

    /// From what is there to what would be.
    pub(super) fn diff(&self) -> String {
        // Line ends alone are no drift.
        let old = self
            .existing
            .as_deref()
            .map(|old| old.replace("\r\n", "\n"));
        patch(&self.path, old.as_deref(), &self.file.text)
    }
}
