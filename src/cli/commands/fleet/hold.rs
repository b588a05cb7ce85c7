//! `fullsend hold` and `fullsend release`: keeps a repository on a version, or lets it go again.

use clap::Args;
use jiff::civil::Date;

use super::{
    FleetArgs,
    chosen::{Chosen, alone, look_at},
    go::{Manner, go},
    open_to_write,
    work::Work,
};
use crate::{
    cli::{
        Context, Outcome,
        commands::configuration::{shown, working_directory},
        console::Terminal,
        failure::CliFailure,
        global::Format,
        patch::patch,
        value::parse,
    },
    config::{CONFIG_FILE, Hold, MAX_FILE_BYTES, Version, parse_date},
    fleet::{Holding, Verb, Want, hold},
    model::{exit_code, text::printable},
    report::fleet::FleetReport,
    seam::{files, git::Repository},
};

/// The options of `fullsend hold`.
#[derive(Debug, Args)]
pub struct HoldArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// The version of the image to stay on
    #[arg(long, value_name = "V", value_parser = parse::<Version>)]
    version: Version,
    /// Why, for those who wonder
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    /// The last day of it, in UTC, as 2030-01-31
    #[arg(long, value_name = "DATE", value_parser = day)]
    until: Date,
}

/// The options of `fullsend release`.
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

/// Which repository is meant.
#[derive(Debug, Args)]
struct PlaceArgs {
    /// A repository of the fleet, which is asked by a request, or `.` for the one around the working
    /// directory, whose fullsend.yaml is edited
    #[arg(value_name = "REPO|.")]
    repository: String,
    #[command(flatten)]
    fleet: FleetArgs,
    /// Prints the change as a patch, and changes nothing
    #[arg(long)]
    dry_run: bool,
}

/// A reason, which fullsend.yaml or fleet.yaml will hold and requests will quote.
pub(super) fn reason(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || printable(text) != text {
        return Err("write why in one line, without control characters".to_owned());
    }
    Ok(text.to_owned())
}

fn day(text: &str) -> Result<Date, String> {
    parse_date(text).map_err(|error| match error.hint() {
        Some(hint) => format!("{error}: {hint}"),
        None => error.to_string(),
    })
}

pub(in crate::cli::commands) async fn hold(args: HoldArgs, context: &Context) -> Outcome {
    let hold = Hold {
        version: args.version,
        reason: args.reason,
        until: args.until,
    };
    if !hold.is_in_force(super::work::today()) {
        return Err(CliFailure::usage_with(
            format!("{} has passed", hold.until),
            "a hold ends on a day to come",
        ));
    }
    run(args.place, Some(hold), context).await
}

pub(in crate::cli::commands) async fn release(args: ReleaseArgs, context: &Context) -> Outcome {
    run(args.place, None, context).await
}

async fn run(args: PlaceArgs, wanted: Option<Hold>, context: &Context) -> Outcome {
    if !args.fleet.only.is_empty() {
        return Err(CliFailure::usage_with(
            "the repository is named twice",
            "leave out `--only`",
        ));
    }
    if args.repository == "." {
        return here(wanted.as_ref(), args.dry_run, context);
    }
    let (opened, stop) = open_to_write(&args.fleet, context).await?;
    let work = Work::begin(&opened, context, Verb::Hold, args.dry_run).await?;
    let holding = Holding::new(&opened.fleet, wanted, super::work::today());
    let wants: [&dyn Want; 1] = [&holding];
    let seen = look_at(&work, &args.repository, &holding).await?;
    let chosen = Chosen {
        members: alone(&opened, &seen),
        others: FleetReport::new(Vec::new()),
    };
    let manner = Manner {
        verb: Verb::Hold,
        dry_run: args.dry_run,
        repair: true,
    };
    go(&work, &wants, chosen, manner, &stop, context).await
}

/// Edits the fullsend.yaml of the repository around the working directory.
fn here(wanted: Option<&Hold>, dry_run: bool, context: &Context) -> Outcome {
    let folder = working_directory()?;
    let repository = Repository::around(&folder, true)?;
    let root = repository.as_ref().map_or(&*folder, Repository::root);
    let path = root.join(CONFIG_FILE);
    let name = shown(&path, &folder);
    let old = files::read(&path, MAX_FILE_BYTES as u64)?;
    let text = String::from_utf8(old.clone())
        .map_err(|_| CliFailure::usage(format!("{name} is not text")))?;
    let new = match wanted {
        Some(wanted) => hold::hold(&text, &name, wanted),
        None => hold::release(&text, &name),
    };
    let new = new.map_err(|error| match error {
        hold::HoldError::Config(error) => error.into(),
        other => CliFailure::usage_with(other.to_string(), other.hint().unwrap_or_default()),
    })?;
    if dry_run {
        Terminal::print_patch(&patch(
            path.strip_prefix(root).unwrap_or(&path),
            Some(&text),
            &new,
        ))?;
        return Ok(exit_code::OK);
    }
    if new != text {
        files::replace_if_unchanged(root, &path, &old, new.as_bytes())?;
    }
    let is_held = wanted.is_some();
    if context.global.format == Format::Json {
        Terminal::print_json(&serde_json::json!({
            "schema_version": 1,
            "path": name,
            "changed": new != text,
            "held": is_held,
        }))?;
    }
    context.terminal.note(&match (new == text, is_held) {
        (true, true) => format!("{name} has this hold already"),
        (true, false) => format!("{name} has no hold"),
        (false, _) => format!("wrote {name}"),
    });
    Ok(exit_code::OK)
}
