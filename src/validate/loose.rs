//! Images that can change under the name that a file gives them.

use std::ops::Range;

use crate::{
    document::yaml::Node,
    model::image::ImageReferenceError,
    reference::{Malformed, Reference, Target},
};

/// Why the image that a file names is not always the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loose<'r> {
    /// Neither a tag nor a digest says which.
    Untagged,
    /// `latest` is what was pushed last.
    Latest,
    /// The tag can be moved.
    Tagged,
    /// What stands there holds nothing.
    Malformed(&'r Malformed),
}

impl<'r> Loose<'r> {
    /// Nothing for an image that a digest holds, for one that is only known when it runs, and for
    /// what is no image.
    pub(super) fn of(reference: &'r Reference) -> Option<Self> {
        match &reference.target {
            Target::Image(name) if name.digest.is_some() => None,
            Target::Image(name) => Some(match name.tag.as_deref() {
                None => Self::Untagged,
                Some("latest") => Self::Latest,
                Some(_) => Self::Tagged,
            }),
            // Somebody fills in the rest: `<name>`, `%s`, `{name}`.
            Target::Malformed(_) if reference.written.contains(['<', '%', '{', '[']) => None,
            Target::Malformed(reason) => Some(Self::Malformed(reason)),
            _ => None,
        }
    }

    /// Whether the next push to the registry changes it, whoever makes it.
    pub(super) fn moves(self) -> bool {
        matches!(self, Self::Untagged | Self::Latest)
    }
}

/// What is wrong with a reference that is none, which is `shown` so.
pub(super) fn malformed(shown: &str, reason: &Malformed) -> String {
    match reason {
        Malformed::Image(ImageReferenceError::Digest(error)) => {
            format!("`{shown}` names no digest: {error}")
        }
        _ => format!("`{shown}` is no image: {reason}"),
    }
}

/// Where the values of `keys` stand, also those that merge keys and aliases bring to `holder`.
pub(super) fn values_of<'k>(
    holder: &'k Node<'_>,
    keys: &'k [&str],
) -> impl Iterator<Item = Range<usize>> + 'k {
    let values = keys.iter().flat_map(|key| holder.all(key));
    values.map(|value| value.at())
}

/// Some bytes of a file, in order and none twice.
#[derive(Debug)]
pub(super) struct Places(Vec<Range<usize>>);

impl FromIterator<Range<usize>> for Places {
    fn from_iter<I: IntoIterator<Item = Range<usize>>>(places: I) -> Self {
        let mut all: Vec<_> = places.into_iter().collect();
        all.sort_by_key(|place| place.start);
        all.dedup_by(|next, last| {
            let meets = next.start <= last.end;
            if meets {
                last.end = last.end.max(next.end);
            }
            meets
        });
        Self(all)
    }
}

impl Places {
    /// Whether the reference stands there.
    pub(super) fn hold(&self, reference: &Reference) -> bool {
        let start = reference.span.start.offset;
        let next = self.0.partition_point(|place| place.end <= start);
        self.0.get(next).is_some_and(|place| place.start <= start)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::{model::files::NoFiles, validate::check};

    /// What the rules about unpinned images say of a file: the line and the message.
    #[track_caller]
    fn assert_said(path: &str, text: &str, expected: &[(usize, &str)]) {
        let problems = check(Path::new(path), text.as_bytes(), None, &NoFiles).problems;
        let found = problems.iter().map(|it| &it.finding);
        let found = found.filter(|it| {
            it.rule.id.contains("unpinned-image") || it.rule.id.contains("image-unpinned")
        });
        let found: Vec<_> = found
            .map(|it| (it.line.unwrap_or(0), it.message.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    const HEX: &str = "a sha256 digest has 64 lower-case hexadecimal digits";

    #[test]
    fn a_digest_that_is_none_holds_nothing() {
        let message = format!("`alpine:3@sha256:abc` names no digest: {HEX}");
        let said = |line| [(line, message.as_str())];
        let image = "alpine:3@sha256:abc";
        assert_said(
            ".github/workflows/a.yml",
            &format!("on: push\njobs:\n  a:\n    runs-on: x\n    container: {image}\n"),
            &said(5),
        );
        assert_said(
            ".github/workflows/a.yml",
            &format!(
                "on: push\njobs:\n  a:\n    steps:\n    - parallel:\n      - uses: docker://{image}\n"
            ),
            &said(6),
        );
        assert_said(
            "action.yml",
            &format!("name: a\nruns:\n  using: docker\n  image: docker://{image}\n"),
            &said(4),
        );
        assert_said(
            ".gitlab-ci.yml",
            &format!("a:\n  script: [b]\n  services: [{{name: {image}}}]\n"),
            &said(3),
        );
        let key = "concurrent = 1\n[[runners]]\n[runners.docker]\n";
        assert_said(
            "config.toml",
            &format!("{key}services = ['{image}']\n"),
            &said(4),
        );
        assert_said(
            "pod.yaml",
            &format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{namespace: fullsend}}\nspec:\n  containers:\n  - image: {image}\n"
            ),
            &said(6),
        );
    }

    #[test]
    fn every_image_of_a_runner_is_looked_at() {
        let pause = "concurrent = 1\n[[runners]]\n[runners.kubernetes]\n[runners.kubernetes.autoscaler]\npause_pod_image = 'pause'\n";
        assert_said(
            "config.toml",
            pause,
            &[(5, "`pause` is whatever was pushed last")],
        );
        // In a text of one line, no image has a place of its own.
        let values = "runners:\n  config: \"[[runners]]\\n[runners.docker]\\nimage = \\\"a/b:1\\\"\\nhelper_image = \\\"c/d:1\\\"\\n\"\n";
        assert_said(
            "values.yaml",
            values,
            &[
                (2, "`a/b:1` has no digest: its tag can be moved"),
                (2, "`c/d:1` has no digest: its tag can be moved"),
            ],
        );
    }

    #[test]
    fn what_somebody_fills_in_is_left_alone() {
        for image in ["<image>", "%s:1", "$IMAGE", "{{ .Values.image }}"] {
            let key = "concurrent = 1\n[[runners]]\n[runners.docker]\n";
            assert_said("config.toml", &format!("{key}image = '{image}'\n"), &[]);
        }
    }

    #[test]
    fn an_agents_image_matters_also_where_a_merge_key_brings_it() {
        let text = ".base: &base\n  image: alpine:3\na:\n  <<: *base\n  script: [fullsend run x]\n";
        let problems = check(Path::new(".gitlab-ci.yml"), text.as_bytes(), None, &NoFiles).problems;
        let of_rule = |id: &str| problems.iter().find(|it| it.finding.rule.id == id);
        let found = of_rule("gitlab-image-unpinned").unwrap();
        assert_eq!(
            found.finding.severity,
            crate::report::finding::Severity::Warning
        );
    }
}
