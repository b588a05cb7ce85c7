//! GitLab CI: pipelines, the files they include, and components.

use super::{NotEditable, Place, Spot, SpotPart, Target, gather::Gathered, target::is_variable};
use crate::document::yaml::Node;

/// Keys of a pipeline that are no jobs, so that what stands below them is no image.
const NO_JOBS: &[&str] = &[
    "after_script",
    "before_script",
    "cache",
    "image",
    "include",
    "services",
    "spec",
    "stages",
    "variables",
    "workflow",
];

/// What the file includes, and the images of the file itself, of `default` and of every job,
/// hidden ones included.
pub(super) fn pipeline(root: &Node<'_>, found: &mut Gathered<'_>) {
    included_by(root, found);
    of_job(root, found);
    for (key, job) in root.entries() {
        if key.text().is_some_and(|key| !NO_JOBS.contains(&key)) {
            of_job(&job, found);
            // The pipeline that a job starts is written as one that the file includes. A step that a
            // job runs (`run: [{step: host/path@v1}]`) is left out: it is no component, as its
            // path alone does not tell where the repository's ends.
            for trigger in job.all("trigger") {
                included_by(&trigger, found);
            }
        }
    }
}

fn included_by(holder: &Node<'_>, found: &mut Gathered<'_>) {
    for include in holder.all("include") {
        includes(&include, found);
    }
}

fn of_job(job: &Node<'_>, found: &mut Gathered<'_>) {
    for image in job.all("image") {
        named(&image, Place::GitlabImage, found);
    }
    for services in job.all("services") {
        // `!reference` is a list of keys, which lead to a place that is found by itself.
        let services = services.tag().is_none().then_some(services);
        for service in services.iter().flat_map(Node::items) {
            named(&service, Place::GitlabService, found);
        }
    }
}

/// An image by itself, or with options beside its `name`.
fn named(node: &Node<'_>, place: Place, found: &mut Gathered<'_>) {
    for name in node.all("name").into_iter().chain([*node]) {
        found.image(place, &name);
    }
}

/// `include`, whose entries may stand in lists of lists; `!reference` leads to a place that is found
/// by itself.
fn includes(node: &Node<'_>, found: &mut Gathered<'_>) {
    if node.tag().is_none() {
        included(node, found);
        node.items().for_each(|entry| includes(&entry, found));
    }
}

/// One entry of `include`; GitLab's own templates have no version.
fn included(entry: &Node<'_>, found: &mut Gathered<'_>) {
    if let Some(text) = entry.text() {
        if is_address(text) {
            let target = remote(text, None);
            return without(Place::GitlabRemote, entry, target, found);
        }
        return found.other(Place::GitlabLocal, entry, local(text));
    }
    for component in entry.all("component") {
        found.versioned(Place::GitlabComponent, &component, Target::component);
    }
    for file in entry.all("local") {
        if let Some(text) = file.text() {
            found.other(Place::GitlabLocal, &file, local(text));
        }
    }
    for (key, value) in entry.own_entries() {
        match key.text() {
            Some("project") => project(entry, &value, found),
            Some("remote") => of_address(entry, &key, &value, found),
            _ => {}
        }
    }
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn local(path: &str) -> Target {
    if is_variable(path) {
        Target::Variable
    } else {
        Target::Local
    }
}

fn remote(url: &str, integrity: Option<&str>) -> Target {
    if is_variable(url) {
        return Target::Variable;
    }
    Target::Remote {
        url: url.to_owned(),
        integrity: integrity.map(str::to_owned),
    }
}

/// An include that has no room for `integrity`.
fn without(place: Place, node: &Node<'_>, target: Target, found: &mut Gathered<'_>) {
    let Some(scalar) = node.scalar() else { return };
    let obstacle = match target {
        Target::Remote { .. } => NotEditable::NoIntegrity,
        _ => NotEditable::NoPin,
    };
    let text = found.scalar(&scalar);
    found.unpinned(place, &text, target, obstacle);
}

/// `project` with its `ref`.
fn project(entry: &Node<'_>, project: &Node<'_>, found: &mut Gathered<'_>) {
    let Some(scalar) = project.scalar() else {
        return;
    };
    let revision = own(entry, "ref");
    let reference = revision
        .and_then(|(_, value)| value.text())
        .filter(|text| !text.is_empty());
    let written = match reference {
        Some(reference) => format!("{}@{reference}", scalar.value),
        None => scalar.value.to_owned(),
    };
    let target = Target::project(scalar.value, reference);
    let pin = match revision {
        _ if target.name().is_none() => Err(NotEditable::NoPin),
        None => Err(NotEditable::NoRef),
        Some((key, value)) => match found.value_of(&key, &value, SpotPart::Revision) {
            Some(spot) => {
                let quote = usize::from(!spot.is_plain);
                let end = spot.at.end + quote;
                let mut spots = vec![spot];
                let comment = found.comment(end, reference.unwrap_or_default(), &mut spots);
                Ok((spots, comment))
            }
            None => Err(NotEditable::Escaped),
        },
    };
    found.add(Place::GitlabProject, written, &scalar.at, target, pin);
}

/// `remote` with its `integrity`.
fn of_address(entry: &Node<'_>, key: &Node<'_>, value: &Node<'_>, found: &mut Gathered<'_>) {
    let Some(scalar) = value.scalar() else { return };
    let integrity = own(entry, "integrity");
    let hash = integrity.and_then(|(_, value)| value.text());
    let target = remote(scalar.value, hash.filter(|text| !text.is_empty()));
    let spot = match integrity {
        Some((key, value)) => found.value_of(&key, &value, SpotPart::Integrity),
        None => inserted(entry, key, value, found),
    };
    let Some(spot) = spot.filter(|_| target.name().is_some()) else {
        return without(Place::GitlabRemote, value, target, found);
    };
    let spot = with_line(spot, found.source.text());
    let written = scalar.value.to_owned();
    found.add(
        Place::GitlabRemote,
        written,
        &scalar.at,
        target,
        Ok((vec![spot], None)),
    );
}

/// The mapping's own `key`, unless a merge key or two of them make it doubtful.
fn own<'t>(mapping: &Node<'t>, key: &str) -> Option<(Node<'t>, Node<'t>)> {
    mapping
        .own_entries()
        .find(|(name, _)| name.text() == Some(key))
}

/// A line for `integrity` behind that of `remote`, in a mapping whose keys have one each.
fn inserted(
    entry: &Node<'_>,
    key: &Node<'_>,
    value: &Node<'_>,
    found: &Gathered<'_>,
) -> Option<Spot> {
    let text = found.source.text();
    let scalar = value.scalar()?;
    let end = found
        .scalar(&scalar)
        .end
        .filter(|_| found.source.slice(scalar.at.clone()) == scalar.value)?;
    let is_flow = found.source.slice(entry.at()).starts_with('{');
    let start = text.get(..key.at().start)?;
    let line = &start[start.rfind('\n').map_or(0, |at| at + 1)..];
    let line = line.trim_start_matches('\u{feff}');
    let rest = text.get(end..)?;
    let rest = rest.split('\n').next().unwrap_or_default();
    let (rest, line_break) = match rest.strip_suffix('\r') {
        Some(rest) => (rest, "\r\n"),
        None => (rest, "\n"),
    };
    let blank = rest.trim_start_matches([' ', '\t']);
    let alone = blank.is_empty() || (blank.starts_with('#') && blank.len() < rest.len());
    let is_plain_line = line.chars().all(|c| matches!(c, ' ' | '-'));
    let at = end + rest.len();
    (!is_flow && alone && is_plain_line).then(|| Spot {
        lead: format!("{line_break}{}integrity: ", " ".repeat(line.len())),
        ..found.spot(SpotPart::Integrity, at..at)
    })
}

/// `spot` with the line that is its own, if nothing but the key stands there.
fn with_line(mut spot: Spot, text: &str) -> Spot {
    // One that is to be inserted brings its line.
    if spot.lead.contains('\n') {
        return spot;
    }
    let value = spot.value.clone();
    let start = text[..value.start].rfind('\n').unwrap_or(0);
    let before = &text[start..value.start];
    let rest = text[value.end..]
        .split(['\n', '\r'])
        .next()
        .unwrap_or_default();
    let key = before.trim_matches(['\n', ' ', '\t', '\'', '"']);
    let closing = rest.trim_matches(['\'', '"']);
    if start > 0
        && key
            .strip_suffix(':')
            .is_some_and(|key| key.trim_end() == "integrity")
        && closing.is_empty()
    {
        let start = if text[..start].ends_with('\r') {
            start - 1
        } else {
            start
        };
        spot.at = start..value.end + rest.len();
        text[spot.at.clone()].clone_into(&mut spot.text);
    }
    spot
}
