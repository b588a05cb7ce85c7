//! The project of components for GitLab.

use serde::Serialize;

use super::{Context, Template, gitlab_ci::CliBuild};

/// What every component depends on.
#[derive(Clone, Debug, Serialize)]
pub struct Components {
    /// The release of fullsend that is installed unless a pipeline asks for another.
    pub version: Option<String>,
    /// Its builds whose checksums are known.
    pub builds: Vec<CliBuild>,
    /// The folder of all releases.
    pub url: String,
    /// Where jobs run that launch nothing.
    pub tools_image: String,
    /// What the project's own pipeline is tested with.
    pub example_image: String,
    /// Stands for a checksum where no release is known.
    pub zeros: String,
}

/// The project's README.
#[derive(Clone, Debug, Serialize)]
pub struct Readme {
    /// The project's path.
    pub project: String,
    /// An image, as an example.
    pub example_image: String,
    /// Every component.
    pub components: Vec<About>,
}

/// What the README says of one component.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its inputs, as its own file declares them.
    pub inputs: Vec<Input>,
}

/// One row of a component's table.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its type, with the options.
    pub kind: String,
    /// What holds when nothing is given.
    pub default: String,
    /// What it decides.
    pub description: String,
}

macro_rules! component {
    ($name:ident, $file:literal, $about:literal) => {
        #[doc = $about]
        #[derive(Clone, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub Components);

        impl Context for $name {
            const TEMPLATE: Template = Template {
                name: concat!("gitlab/components/", $file),
                source: concat!(
                    include_str!("../../templates/gitlab/components/macros.j2"),
                    include_str!(concat!("../../templates/gitlab/components/", $file)),
                ),
                revision: 2,
            };
        }
    };
}

component!(Exec, "exec.yml.j2", "The component that runs an agent.");
component!(
    Verify,
    "verify.yml.j2",
    "The component that verifies an image."
);
component!(
    Validate,
    "validate.yml.j2",
    "The component that validates files."
);
component!(
    Image,
    "image.yml.j2",
    "The component that builds, signs and publishes an image."
);
component!(Pipeline, "gitlab-ci.yml.j2", "The project's own pipeline.");

impl Context for Readme {
    const TEMPLATE: Template = Template {
        name: "gitlab/components/README.md.j2",
        source: include_str!("../../templates/gitlab/components/README.md.j2"),
        revision: 1,
    };
}

/// The project's licence.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct License {}

impl Context for License {
    const TEMPLATE: Template = Template {
        name: "gitlab/components/LICENSE.j2",
        source: include_str!("../../LICENSE"),
        revision: 1,
    };
}
