//! The runner's configuration as rules see it: parsed once, read without regard to case.

use std::{cell::OnceCell, ops::Range};

use super::{Report, Rule, Subject, faults::Fault};
use crate::{
    document::{
        toml::{Data, Entry, Table, Value},
        yaml::Node,
    },
    reference::{self, Reference},
    validate::{Problem, secret},
};

/// How much of a configuration the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// A file that a runner can be started with.
    Whole,
    /// A piece of one, as documentation shows it and `--template-config` takes it.
    Fragment,
    /// The template in Helm values, to which the chart adds the rest.
    Helm,
}

/// The runner's configuration as rules see it.
pub(in crate::validate) struct RunnerConfig<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) extent: Extent,
    pub(super) root: Section<'a>,
    pub(super) runners: Vec<Runner<'a>>,
    /// The images that it names, in order.
    pub(super) references: Vec<Reference>,
    /// The Helm values that it stands in.
    pub(super) values: Option<Node<'a>>,
    /// The lines that may hold a secret.
    secrets: Vec<Range<usize>>,
    /// What the table of keys objects to, found by one walk.
    pub(super) faults: OnceCell<Vec<Fault<'a>>>,
}

/// One entry of `[[runners]]`.
pub(super) struct Runner<'a> {
    /// Its header.
    pub(super) at: Range<usize>,
    pub(super) section: Section<'a>,
}

/// The section of an executor that starts containers.
#[derive(Clone, Copy)]
pub(super) struct Containers<'a> {
    pub(super) section: Section<'a>,
    /// `docker` or `kubernetes`.
    pub(super) kind: &'static str,
}

/// A table whose keys are read as the runner reads them: without regard to case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a>(pub(super) &'a Table);

/// A text with its place.
#[derive(Clone, Debug)]
pub(super) struct Text<'a> {
    pub(super) value: &'a str,
    /// With its quotes.
    pub(super) at: Range<usize>,
}

impl<'a> RunnerConfig<'a> {
    pub(super) fn new(subject: Subject<'a>, root: &'a Table, extent: Extent) -> Self {
        let references = reference::in_runner_config(root, subject.source);
        let root = Section(root);
        let entries = root.0.get_ignoring_case("runners");
        let values = entries.flat_map(|entry| entry.value.items());
        let runners = values.filter_map(|value| {
            let section = Section(value.as_table()?);
            let at = value.at.clone();
            Some(Runner { at, section })
        });
        Self {
            subject,
            extent,
            root,
            runners: runners.collect(),
            references,
            values: None,
            secrets: secret::lines(subject.source.text()),
            faults: OnceCell::new(),
        }
    }

    /// Every section that starts containers.
    pub(super) fn containers(&self) -> impl Iterator<Item = Containers<'a>> {
        let runners = self.runners.iter();
        runners.flat_map(Runner::containers)
    }

    /// Says that `rule` found `message` at `at`, without the source line where that may hold a
    /// secret.
    pub(super) fn at<'r>(
        &self,
        report: &'r mut Report<'_>,
        rule: &'static Rule,
        at: Range<usize>,
        message: impl Into<String>,
    ) -> &'r mut Problem {
        let first = self.secrets.partition_point(|line| line.end <= at.start);
        let next = self.secrets.get(first);
        let secret = next.is_some_and(|line| line.start < at.end.max(at.start + 1));
        let problem = report.at(rule, at, message);
        if secret {
            problem.finding.excerpt = None;
        }
        problem
    }
}

impl<'a> Runner<'a> {
    /// The executor, in small letters as the runner compares it.
    pub(super) fn executor(&self) -> Option<Text<'a>> {
        self.section.text("executor")
    }

    /// Its sections that start containers.
    pub(super) fn containers(&self) -> impl Iterator<Item = Containers<'a>> + use<'a> {
        let section = self.section;
        ["docker", "kubernetes"]
            .into_iter()
            .filter_map(move |kind| {
                let section = section.section(kind)?;
                Some(Containers { section, kind })
            })
    }

    /// Whether every job gets a machine of its own that is thrown away.
    pub(super) fn is_disposable(&self) -> bool {
        let executor = self.executor().map_or("", |text| text.value);
        matches!(executor, "docker-autoscaler" | "docker+machine")
    }
}

impl<'a> Section<'a> {
    /// The first entry that is `key` but for case.
    pub(super) fn get(self, key: &str) -> Option<&'a Entry> {
        let entry = self.0.entries().iter();
        entry
            .filter(|entry| entry.key.len() == key.len())
            .find(|entry| entry.key.eq_ignore_ascii_case(key))
    }

    pub(super) fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn section(self, key: &str) -> Option<Self> {
        self.get(key)?.value.as_table().map(Self)
    }

    /// The sections of an array of tables; the one where there is no array.
    pub(super) fn sections(self, key: &str) -> impl Iterator<Item = Self> + use<'a> {
        let values = self.get(key).map_or(&[][..], |entry| entry.value.items());
        values.iter().filter_map(|value| value.as_table().map(Self))
    }

    pub(super) fn text(self, key: &str) -> Option<Text<'a>> {
        Text::of(&self.get(key)?.value)
    }

    /// The texts of an array, or the one that stands in its place.
    pub(super) fn texts(self, key: &str) -> impl Iterator<Item = Text<'a>> + use<'a> {
        let values = self.get(key).map_or(&[][..], |entry| entry.value.items());
        values.iter().filter_map(Text::of)
    }

    pub(super) fn number(self, key: &str) -> Option<(i64, Range<usize>)> {
        let value = &self.get(key)?.value;
        match value.data {
            Data::Integer(number) => Some((number, value.at.clone())),
            _ => None,
        }
    }

    /// The entry of `key` where it is `true`.
    pub(super) fn is_set(self, key: &str) -> Option<&'a Entry> {
        self.get(key)
            .filter(|entry| entry.value.data == Data::Boolean(true))
    }
}

impl<'a> Text<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        let at = value.at.clone();
        value.as_str().map(|value| Self { value, at })
    }

    /// Whether the value is only known once somebody fills it in: `$NAME`, `{{ .Values.name }}`,
    /// `<name>`, `%s`.
    pub(super) fn is_open(&self) -> bool {
        is_open(self.value)
    }

    /// A piece of it that is fit for a message.
    pub(super) fn shown(&self) -> String {
        shown(self.value)
    }
}

/// [`Text::is_open`].
pub(super) fn is_open(value: &str) -> bool {
    value.contains(['$', '<', '%']) || value.contains("{{")
}

/// At most a line's worth of `text`.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

/// The end of `entry`'s key and value.
pub(super) fn whole(entry: &Entry) -> Range<usize> {
    entry.key_at.start..entry.value.at.end.max(entry.key_at.end)
}
