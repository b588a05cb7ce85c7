//! The keys of an action's metadata.

use super::{ANY, BOOLEAN, CONDITION, FILLED, Map, Part, Rest, Shape, TEXT, VALUES, key};
use crate::{document::yaml::Node, validate::github::place};

/// The grammar of the action `root`, which its `runs.using` decides.
pub(in crate::validate::github) fn of(root: &Node<'_>) -> &'static Shape {
    let runs = root.get("runs");
    let using = runs.and_then(|runs| runs.get("using")?.text());
    match using.map(str::to_ascii_lowercase).as_deref() {
        Some("composite") => &COMPOSITE,
        Some("docker") => &DOCKER,
        Some(using) if using.starts_with("node") => &NODE,
        _ => &UNKNOWN,
    }
}

/// An action whose `runs:` is `$runs`.
macro_rules! action {
    ($runs:expr) => {
        Shape::map(&Map {
            keys: &[
                key("name", &TEXT).required(),
                key("author", &TEXT),
                key("description", &TEXT),
                key("inputs", &INPUTS),
                key("outputs", &OUTPUTS),
                key("runs", $runs).required(),
                key("branding", &BRANDING),
            ],
            rest: Rest::Ignored,
            what: "an action",
        })
    };
}

static COMPOSITE: Shape = action!(&Shape::map(&Map {
    keys: &[
        key("using", &FILLED).required(),
        key("steps", &Shape::list(&STEP)).required(),
    ],
    rest: Rest::Refused,
    what: "`runs` of a composite action",
}));

static DOCKER: Shape = action!(&Shape::map(&Map {
    keys: &[
        key("using", &FILLED).required(),
        key("image", &FILLED).required(),
        key("entrypoint", &FILLED),
        key("args", &Shape::list(&TEXT)).at(&place::ACTION_CONTAINER),
        key("env", &VALUES).at(&place::ACTION_CONTAINER),
        key("pre-entrypoint", &FILLED),
        key("pre-if", &CONDITION).at(&place::ACTION_IF),
        key("post-entrypoint", &FILLED),
        key("post-if", &CONDITION).at(&place::ACTION_IF),
    ],
    rest: Rest::Refused,
    what: "`runs` of a docker action",
}));

static NODE: Shape = action!(&Shape::map(&Map {
    keys: &[
        key("using", &FILLED).required(),
        key("main", &FILLED).required(),
        key("pre", &FILLED),
        key("pre-if", &CONDITION).at(&place::ACTION_IF),
        key("post", &FILLED),
        key("post-if", &CONDITION).at(&place::ACTION_IF),
    ],
    rest: Rest::Refused,
    what: "`runs` of a JavaScript action",
}));

/// Something newer, or `using` is wrong: a rule of its own says so.
static UNKNOWN: Shape = action!(&Shape::map(&Map {
    keys: &[key("using", &FILLED).required()],
    rest: Rest::Are(&ANY),
    what: "`runs`",
}));

static INPUTS: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(
        &Shape::map(&Map {
            keys: &[
                key("description", &TEXT),
                key("required", &TEXT),
                key("default", &TEXT).at(&place::ACTION_DEFAULT),
                key("deprecationMessage", &TEXT),
            ],
            rest: Rest::Ignored,
            what: "an input",
        })
        .or_null(),
    ),
    what: "`inputs`",
})
.or_null();

static OUTPUTS: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(
        &Shape::map(&Map {
            keys: &[
                key("description", &TEXT),
                key("value", &TEXT).at(&place::ACTION_OUTPUT),
            ],
            rest: Rest::Refused,
            what: "an output",
        })
        .or_null(),
    ),
    what: "`outputs`",
})
.or_null();

static BRANDING: Shape = Shape::map(&Map {
    keys: &[key("icon", &TEXT), key("color", &TEXT)],
    rest: Rest::Refused,
    what: "`branding`",
});

static STEP: Shape = Shape::map(&Map {
    keys: &[
        key("name", &TEXT).at(&place::ACTION_STEP),
        key("id", &FILLED),
        key("if", &CONDITION).at(&place::ACTION_STEP_IF),
        key("uses", &FILLED),
        key("with", &VALUES).at(&place::ACTION_STEP_WITH),
        key("run", &TEXT).at(&place::ACTION_STEP_RUN),
        key("shell", &TEXT).at(&place::ACTION_STEP),
        key("working-directory", &TEXT).at(&place::ACTION_STEP),
        key("env", &VALUES).at(&place::ACTION_STEP_ENV),
        key("continue-on-error", &BOOLEAN).at(&place::ACTION_STEP),
    ],
    rest: Rest::Refused,
    what: "a step",
})
.part(Part::Step);
