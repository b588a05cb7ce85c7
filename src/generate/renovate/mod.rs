//! `renovate`: a repository's renovate.json, and the presets of a fleet.

mod fleet;
#[cfg(test)]
mod tests;

pub use fleet::{FLEET, presets};

use super::{Draft, GenerateError, Kind, Request, Setting, Values, setting::refused};
use crate::{
    config::Config,
    model::{
        image::Repository,
        remote::{is_github_repository, is_gitlab_project},
        skew::OWN_ACTION,
    },
    template::renovate::{Hold, Repository as Context},
};

pub(super) static KIND: Kind = Kind {
    name: "renovate",
    about: "a first renovate.json; with `--fleet`, the presets of fleet.yaml's rings",
    settings: SETTINGS,
    path: Some(PATH),
    draft,
};

/// Where Renovate looks first.
const PATH: &str = "renovate.json";

const SETTINGS: &[Setting] = &[
    Setting {
        key: "presets",
        help: "Where our presets are; a tag behind `#` keeps them at one version",
        default: "github>fullsend-ai/fullsend//renovate",
        values: Values::Text("PLACE"),
    },
    Setting {
        key: "fleet",
        help: "Where the presets are that `--fleet` makes, such as github>acme/fleet//renovate",
        default: "",
        values: Values::Text("PLACE"),
    },
    Setting {
        key: "ring",
        help: "Which ring of the fleet the repository is in",
        default: "",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "only",
        help: "The packages that Renovate may move, where it is to leave all others alone",
        default: "",
        values: Values::List("NAME"),
    },
    Setting {
        key: "action-name",
        help: "The action that starts the images, which `hold` of fullsend.yaml keeps with them",
        default: OWN_ACTION,
        values: Values::Text("OWNER/NAME"),
    },
    Setting {
        key: "components",
        help: "The project of the fleet's components, which `hold` keeps with the images",
        default: "",
        values: Values::Text("GROUP/NAME"),
    },
    Setting {
        key: "automerge",
        help: "Whether small updates of other images and actions merge by themselves",
        default: "false",
        values: Values::Flag,
    },
];

/// What no version is.
const NO_VERSION: &str = "/^none$/";

/// The preset that every repository needs.
///
/// As an entry of `extends`, for whoever has a configuration already.
pub const DEFAULT_PRESET: &str = "github>fullsend-ai/fullsend//renovate/default";

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let presets = Place::of("presets", settings.get("presets"))?;
    let only: Vec<String> = settings
        .list("only")
        .iter()
        .map(|it| (*it).to_owned())
        .collect();
    // What suits a whole repository brings a dashboard and more, for packages that stay.
    let recommended = only.is_empty().then(|| "config:recommended".to_owned());
    let mut extends: Vec<String> = recommended.into_iter().collect();
    extends.push(presets.preset("default"));
    if settings.flag("automerge") {
        extends.push(presets.preset("automerge"));
    }
    match (settings.given("fleet"), settings.given("ring")) {
        (Some(fleet), Some(ring)) => {
            let fleet = Place::of("fleet", fleet)?;
            extends.push(fleet.preset(&format!("ring-{}", ring_name(ring)?)));
            extends.push(fleet.preset("deny"));
        }
        (None, None) => {}
        (Some(_), None) => {
            let hint = "name the ring: `--set ring=NAME`";
            return Err(refused("fleet", "says nothing without a ring", hint));
        }
        (None, Some(_)) => {
            let hint = "say where the fleet's presets are: `--set fleet=PLACE`";
            return Err(refused("ring", "says nothing without a fleet", hint));
        }
    }
    let context = Context {
        about: vec!["Which presets keep this repository's images and actions current.".to_owned()],
        extends,
        only: only.iter().map(|name| format!("!{name}")).collect(),
        hold: hold(request)?,
    };
    Ok(vec![Draft::new(PATH, &context)?])
}

/// The preset `name` in the folder `place`, as an entry of `extends`.
pub fn preset(place: &str, name: &str) -> Result<String, GenerateError> {
    Ok(Place::of("fleet", place)?.preset(name))
}

/// Whether `preset` is our default one, from our repository or a mirror of it, at any tag.
pub fn is_default(preset: &str) -> bool {
    let named = preset.split('#').next().unwrap_or_default();
    let Some((_, path)) = DEFAULT_PRESET.split_once("//") else {
        return false;
    };
    let of_web = ["https://", "http://"];
    if let Some(address) = of_web.iter().find_map(|scheme| named.strip_prefix(scheme)) {
        return address.ends_with(&format!("/{path}.json"));
    }
    let named = named.split_once("//").map(|(_, path)| path);
    named.is_some_and(|named| named.strip_suffix(".json").unwrap_or(named) == path)
}

/// A folder of presets, as `extends` names it.
struct Place<'a> {
    folder: &'a str,
    tag: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(key: &str, text: &'a str) -> Result<Self, GenerateError> {
        let (folder, tag) = match text.split_once('#') {
            Some((folder, tag)) => (folder, Some(tag)),
            None => (text, None),
        };
        let known = ["github>", "gitlab>", "gitea>", "forgejo>", "local>"];
        let of_forge = known.iter().any(|start| {
            let rest = folder.strip_prefix(start);
            rest.is_some_and(|rest| rest.contains('/'))
        });
        let of_web = folder.starts_with("https://") || folder.starts_with("http://");
        let plain = |c: char| c.is_ascii_graphic() && !"\"'`{}()".contains(c);
        if !text.chars().all(plain) || !(of_forge || of_web) || tag == Some("") {
            let hint = "write for example `github>acme/fleet//renovate`, or `local>` for the \
                        forge that Renovate runs on";
            return Err(refused(key, "is no place of presets", hint));
        }
        let folder = folder.trim_end_matches('/');
        Ok(Self { folder, tag })
    }

    fn preset(&self, name: &str) -> String {
        let Self { folder, tag } = self;
        // An address is taken as it is, while a forge's files are known to be JSON.
        let end = if folder.starts_with("http") {
            ".json"
        } else {
            ""
        };
        let tag = tag.map(|tag| format!("#{tag}")).unwrap_or_default();
        format!("{folder}/{name}{end}{tag}")
    }
}

fn ring_name(text: &str) -> Result<&str, GenerateError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if text.chars().all(plain) {
        return Ok(text);
    }
    let hint = "write it as fleet.yaml does";
    Err(refused("ring", "is no name of a ring", hint))
}

/// Lets the images of fullsend.yaml go to the held version alone, as long as the hold is in force;
/// the action that starts them, and the components, stay where they are: which of their versions
/// was tested with the held one only the fleet knows.
///
/// A hold goes before the ring, as the last `allowedVersions` counts, but not before a denial: a
/// rollback does not ask what is allowed.
fn hold(request: &Request<'_>) -> Result<Vec<Hold>, GenerateError> {
    let config = request.config;
    let hold = config.hold.as_ref();
    let Some(hold) = hold.filter(|it| it.is_in_force(request.today)) else {
        return Ok(Vec::new());
    };
    let version = &hold.version;
    let held = format!("fullsend.yaml holds version {version} until {}", hold.until);
    let mut rules = Vec::new();
    let images = images(config);
    // A rule without names would be about everything.
    if !images.is_empty() {
        rules.push(Hold {
            about: format!("{held}: {}", hold.reason),
            matcher: "matchPackageNames",
            packages: images,
            allowed: format!("/^v?{}$/", version.tag().replace('.', "\\.")),
        });
    }
    let mut stays = |what: &str, matcher, name: &str| {
        rules.push(Hold {
            about: format!("{held}: {what}"),
            matcher,
            packages: vec![name.to_owned()],
            allowed: NO_VERSION.to_owned(),
        });
    };
    let settings = request.settings;
    let action = settings.get("action-name");
    if !is_github_repository(action) {
        let hint = "write `OWNER/NAME`";
        return Err(refused("action-name", "is no action", hint));
    }
    stays("the action stays where it is", "matchPackageNames", action);
    if let Some(components) = settings.given("components") {
        if !is_gitlab_project(components) {
            let hint = "write `GROUP/NAME`";
            return Err(refused("components", "is no project", hint));
        }
        stays(
            "the components stay where they are",
            "matchDepNames",
            components,
        );
    }
    Ok(rules)
}

/// The images of fullsend.yaml under all of their names.
fn images(config: &Config) -> Vec<String> {
    let agents = config.agents.values();
    let own = agents.filter_map(|agent| agent.image.as_ref());
    let images = config.image.iter().chain(own);
    let mut packages: Vec<String> = images.flat_map(|image| names(image.repository())).collect();
    packages.sort();
    packages.dedup();
    packages
}

/// The names under which files write an image; Docker Hub's host may be left out.
pub(crate) fn names(repository: &Repository) -> Vec<String> {
    let mut names = vec![repository.to_string()];
    if repository.host() == "docker.io" {
        let path = repository.path();
        names.push(path.strip_prefix("library/").unwrap_or(path).to_owned());
    }
    names
}
