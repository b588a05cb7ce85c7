//! Where the fleet's repositories are.

use super::raw;
use crate::{
    config::{
        checker::Checker,
        forge::{is_path_part, secure_url},
        one_of,
        value::{ValueError, excerpt},
        yaml::{Field, Located},
    },
    model::remote::{ForgeKind, Remote},
};

/// A forge and the place on it that holds the repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FleetForge {
    /// GitHub, or an enterprise's own.
    GitHub {
        /// The organisation or user.
        owner: String,
        /// Its address, without a slash at the end.
        url: String,
    },
    /// GitLab.
    GitLab {
        /// The group, with its subgroups.
        group: String,
        /// Its address, without a slash at the end.
        url: String,
        /// The project that the components come from, on the same instance.
        component_source: Option<String>,
    },
}

impl FleetForge {
    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        match self {
            Self::GitHub { url, .. } | Self::GitLab { url, .. } => url,
        }
    }

    /// What it runs on.
    pub fn kind(&self) -> ForgeKind {
        match self {
            Self::GitHub { .. } => ForgeKind::GitHub,
            Self::GitLab { .. } => ForgeKind::GitLab,
        }
    }

    /// Its repository `full_name`, as git names remotes.
    pub fn remote(&self, full_name: &str) -> Option<Remote> {
        Remote::of(&format!("{}/{full_name}", self.url()), Some(self.kind()))
    }

    pub(super) fn check(written: &Located<raw::Forge>, checker: &mut Checker) -> Option<Self> {
        let raw = &written.value;
        if raw.kind.get().is_none() {
            checker.missing(&written.at, "kind", "add `kind: github` or `kind: gitlab`");
        }
        let url = checker.field(&raw.url, parse_url);
        if checker.field(&raw.kind, kind)? == "github" {
            strange(
                "group",
                &raw.group,
                "GitHub has owners: write `owner`",
                checker,
            );
            let mend = "only GitLab has components";
            strange("component_source", &raw.component_source, mend, checker);
            let owner = place(written, "owner", &raw.owner, parse_owner, checker);
            Some(Self::GitHub {
                owner: owner?,
                url: url.unwrap_or_else(|| "https://github.com".to_owned()),
            })
        } else {
            strange(
                "owner",
                &raw.owner,
                "GitLab has groups: write `group`",
                checker,
            );
            let group = place(written, "group", &raw.group, parse_group, checker);
            let source = &raw.component_source;
            Some(Self::GitLab {
                group: group?,
                url: url.unwrap_or_else(|| "https://gitlab.com".to_owned()),
                component_source: checker.field(source, crate::config::parse_gitlab_project),
            })
        }
    }
}

/// The key that says whose repositories they are.
fn place(
    forge: &Located<raw::Forge>,
    key: &str,
    field: &Field<String>,
    read: fn(&str) -> Result<String, ValueError>,
    checker: &mut Checker,
) -> Option<String> {
    if field.get().is_none() {
        checker.missing(&forge.at, key, &format!("add for example `{key}: acme`"));
    }
    checker.field(field, read)
}

/// Reports a key that the forge does not have.
fn strange(key: &str, field: &Field<String>, mend: &str, checker: &mut Checker) {
    checker.field(field, |_| {
        let message = format!("this forge has no `{key}`");
        Err::<(), _>(ValueError::new(message).mend(mend))
    });
}

fn kind(text: &str) -> Result<&'static str, ValueError> {
    const KNOWN: [&str; 2] = ["github", "gitlab"];
    let known = KNOWN.into_iter().find(|kind| *kind == text);
    known.ok_or_else(|| one_of("forge", text, &KNOWN))
}

fn parse_url(text: &str) -> Result<String, ValueError> {
    let url = secure_url(text).map(|url| url.trim_end_matches('/').to_owned());
    url.ok_or_else(|| {
        ValueError::new(format!("`{}` is not an https URL", excerpt(text)))
            .mend("write the forge's address, for example `https://gitlab.example.com`")
    })
}

fn parse_owner(text: &str) -> Result<String, ValueError> {
    if is_path_part(text) {
        return Ok(text.to_owned());
    }
    let error = ValueError::new(format!("`{}` is not an owner", excerpt(text)));
    Err(error.mend("write the name of an organisation or user, for example `acme`"))
}

fn parse_group(text: &str) -> Result<String, ValueError> {
    if text.split('/').all(is_path_part) {
        return Ok(text.to_owned());
    }
    let error = ValueError::new(format!("`{}` is not a group", excerpt(text)));
    Err(error.mend("write the group's path, for example `acme` or `acme/agents`"))
}
