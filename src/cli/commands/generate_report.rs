//! What `fullsend generate` prints: the state of files, and what it can be told.

use std::fmt::Write as _;

use serde::Serialize;

use super::generate::Place;
use crate::{
    cli::{failure::CliFailure, global::Format},
    generate::{KINDS, Kind, Standing},
    report::json,
};

#[derive(Serialize)]
struct GenerateReport {
    schema_version: u32,
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    path: String,
    state: &'static str,
    diff: Option<String>,
}

/// The files and their states.
pub(super) fn json(places: &[Place]) -> Result<String, CliFailure> {
    let file = |place: &Place| FileReport {
        path: place.path.display().to_string(),
        state: match place.file.standing {
            Standing::Absent => "absent",
            Standing::Current => "current",
            Standing::Outdated => "outdated",
            Standing::Edited => "edited",
            Standing::Foreign => "foreign",
        },
        diff: (place.file.standing != Standing::Current).then(|| place.diff()),
    };
    Ok(json::text(&GenerateReport {
        schema_version: 1,
        files: places.iter().map(file).collect(),
    })?)
}

#[derive(Serialize)]
struct KindReport {
    kind: &'static str,
    about: &'static str,
    settings: Vec<SettingReport>,
}

#[derive(Serialize)]
struct SettingReport {
    key: &'static str,
    values: String,
    default: &'static str,
    help: &'static str,
}

/// The settings of `only`, or of every kind.
pub(super) fn listed(only: Option<&Kind>, format: Format) -> Result<String, CliFailure> {
    let kinds = KINDS.iter().copied();
    let kinds = kinds.filter(|kind| only.is_none_or(|only| only.name == kind.name));
    let reports: Vec<KindReport> = kinds
        .map(|kind| KindReport {
            kind: kind.name,
            about: kind.about,
            settings: kind
                .settings
                .iter()
                .map(|setting| SettingReport {
                    key: setting.key,
                    values: setting.placeholder(),
                    default: setting.default,
                    help: setting.help,
                })
                .collect(),
        })
        .collect();
    if format == Format::Json {
        let document = serde_json::json!({"schema_version": 1, "kinds": reports});
        return Ok(json::text(&document)?);
    }
    let mut text = String::new();
    for report in &reports {
        let _ = writeln!(text, "{}: {}", report.kind, report.about);
        for setting in &report.settings {
            let _ = writeln!(text, "  {}={}", setting.key, setting.values);
            let _ = write!(text, "      {}", setting.help);
            if !setting.default.is_empty() {
                let _ = write!(text, " [default: {}]", setting.default);
            }
            text.push('\n');
        }
    }
    Ok(text)
}
