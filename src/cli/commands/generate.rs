//! `fullsend generate`: writes the files of an installation, and says which have drifted.

use std::path::{Path, PathBuf};

use clap::{Args, builder::PossibleValuesParser};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    configuration::{self, working_directory},
    generate_renovate,
    generate_report::{json, listed},
    selection::MAX_FILE_BYTES,
};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format, patch::patch},
    config::FLEET_FILE,
    generate::{self, Dropped, GeneratedFile, Given, KINDS, Kind, Pins, Standing},
    model::{chain::chain, exit_code, files::Files},
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
        default_missing_value = FLEET_FILE,
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
    pub(super) file: GeneratedFile,
}

pub(super) fn run(args: &GenerateArgs, context: &Context) -> Outcome {
    let kind = args.kind.as_deref().and_then(Kind::named);
    let Some(kind) = kind.filter(|_| !args.list_settings) else {
        Terminal::print(&listed(kind, context.global.format)?)?;
        return Ok(exit_code::OK);
    };
    let places = places(kind, args, context)?;
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

/// The files of `kind`, and what lies in their places.
fn places(kind: &Kind, args: &GenerateArgs, context: &Context) -> Result<Vec<Place>, CliFailure> {
    let output = output(args)?;
    let files = files_of(kind, &output, args, context)?;
    let is_one = files.len() == 1;
    let place = |file: GeneratedFile| {
        let path = path_of(&file.path, &output, is_one)?;
        Ok(Place { path, file })
    };
    files.into_iter().map(place).collect()
}

fn files_of(
    kind: &Kind,
    output: &Output,
    args: &GenerateArgs,
    context: &Context,
) -> Result<Vec<GeneratedFile>, CliFailure> {
    let pins = if args.repin {
        Pins::Renewed
    } else {
        Pins::Kept
    };
    let existing = InPlace(output);
    let is_renovate = kind.name == generate_renovate::KIND;
    if let Some(path) = &args.fleet {
        if is_renovate {
            let drafts = generate_renovate::presets(path)?;
            if let Output::Folder(folder) = output {
                generate_renovate::warn_of_left(&drafts, folder, context)?;
            }
            return Ok(generate::settle(drafts, &existing, pins)?);
        }
        return Err(CliFailure::usage_with(
            format!("`--fleet` makes nothing of the kind {}", kind.name),
            "write `fullsend generate renovate --fleet`",
        ));
    }
    if is_renovate && let Output::Folder(folder) = output {
        generate_renovate::refuse_beside_another(folder)?;
    }
    let config = configuration::load_checkout(context)?.config;
    let given = Given {
        settings: &args.set,
        today: Timestamp::now().to_zoned(TimeZone::UTC).date(),
    };
    let made = generate::regenerate(kind, &config, given, &existing, pins)?;
    if let Some(dropped) = made.dropped {
        warn_of_dropped(&dropped, output, context)?;
    }
    Ok(made.files)
}

/// What lies where the files go.
struct InPlace<'a>(&'a Output);

impl Files for InPlace<'_> {
    fn read(&self, own: &Path) -> Result<Option<Vec<u8>>, String> {
        let path = match self.0 {
            Output::Stdout => return Ok(None),
            Output::Folder(folder) => folder.join(own),
            Output::File(path) => path.clone(),
        };
        match files::read(&path, MAX_FILE_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(chain(&error)),
        }
    }
}

/// Warns of the settings that a file has and the command line leaves out.
fn warn_of_dropped(
    dropped: &Dropped,
    output: &Output,
    context: &Context,
) -> Result<(), CliFailure> {
    let settings = dropped.settings.iter();
    let settings: Vec<String> = settings
        .map(|(key, value)| format!("`{key}={value}`"))
        .collect();
    context.terminal.warn(&format!(
        "{}: made with {} too, which `--set` without them leaves out: give them again to keep them",
        path_of(&dropped.path, output, true)?.display(),
        settings.join(" and ")
    ));
    Ok(())
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
        if place.file.existing.as_deref() == Some(&place.file.text) {
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
        Some(path) if path == Path::new(FLEET_FILE) => " --fleet".to_owned(),
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
            .file
            .existing
            .as_deref()
            .map(|old| old.replace("\r\n", "\n"));
        patch(&self.path, old.as_deref(), &self.file.text)
    }
}
