//! Which repositories belong to the fleet.

use std::{fmt, str::FromStr};

use super::raw;
use crate::config::{
    checker::{Checker, text},
    one_of,
    pattern::Glob,
    value::ValueError,
    yaml::Field,
};

/// Which repositories belong to the fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// One of these must match a repository's name; none at all stands for every name.
    pub include: Vec<Glob>,
    /// None of these may match.
    pub exclude: Vec<Glob>,
    /// A repository must have one of these topics; none at all stands for every repository.
    pub topics: Vec<String>,
    /// Who may see it.
    pub visibility: Visibility,
}

/// Who may see a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// Whoever it is.
    #[default]
    Any,
    /// Everybody.
    Public,
    /// Members of the organisation.
    Internal,
    /// Those who were let in.
    Private,
}

impl Selection {
    /// Whether a repository of this name can belong to the fleet: `name` is below the owner or
    /// group, whose letters' case does not count. Topics and visibility are asked of the forge.
    pub fn takes_name(&self, name: &str) -> bool {
        let included = self.include.is_empty() || self.include.iter().any(|it| it.matches(name));
        included && !self.exclude.iter().any(|it| it.matches(name))
    }

    pub(super) fn check(written: &Field<raw::Select>, checker: &mut Checker) -> Self {
        let Some(written) = written.get() else {
            return Self::default();
        };
        let raw = &written.value;
        let topics = raw.topics.get().map_or(&[][..], |list| &list.value);
        let mut globs = |field| -> Vec<Glob> {
            let globs = checker.list::<Glob>(field).into_iter();
            globs.map(Glob::ignoring_case).collect()
        };
        Self {
            include: globs(&raw.include),
            exclude: globs(&raw.exclude),
            topics: topics
                .iter()
                .filter_map(|topic| checker.value(topic, text))
                .collect(),
            visibility: checker.parse(&raw.visibility).unwrap_or_default(),
        }
    }
}

impl Visibility {
    pub(super) const WORDS: [&str; 4] = ["any", "public", "internal", "private"];
}

impl FromStr for Visibility {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            "public" => Ok(Self::Public),
            "internal" => Ok(Self::Internal),
            "private" => Ok(Self::Private),
            other => Err(one_of("visibility", other, &Self::WORDS)),
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Private => "private",
        })
    }
}
