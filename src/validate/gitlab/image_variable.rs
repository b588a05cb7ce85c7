//! Images that a variable names.

use super::{Pipeline, fault::brief, image};
use crate::{
    model::digest::Digest,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-image-variable",
        summary: "A variable decides which image runs",
        help: "Write the image out, with its digest.",
        severity: Severity::Note,
        page: "docs/rules/gitlab-image-variable.md",
    },
    why: "Who starts a pipeline by hand, by a schedule or by a trigger sets its variables, and \
          these win over every variable of the file: they choose the image, and so what runs \
          with the job's secrets. What an earlier job verified may be another image altogether.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "triage:\n  image: $SANDBOX\n  timeout: 10 minutes\n  script: [fullsend run triage]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "triage:\n  image: alpine:3.22@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n  timeout: 10 minutes\n  script: [fullsend run triage]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    for found in image::all(pipeline) {
        let text = &found.reference.written;
        // An input is put in while the pipeline is made, and a digest holds whatever stands before.
        let bare = text.replace("$[[", "");
        let digest = bare.rsplit_once('@').map(|(_, digest)| digest);
        let is_held = digest.is_some_and(|digest| digest.parse::<Digest>().is_ok());
        if !bare.contains('$') || is_held {
            continue;
        }
        let message = format!("a variable decides which image `{}` is", brief(text));
        let problem = report.at(&RULE, found.reference.span.bytes(), message);
        if found.of_agent {
            problem.severity(Severity::Warning);
        }
    }
}
