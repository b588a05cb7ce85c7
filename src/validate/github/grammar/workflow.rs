//! The keys of a workflow.

use super::{
    ANY, BOOLEAN, CONDITION, FILLED, Map, NUMBER, ONE_OR_MORE, Part, Rest, Shape, TEXT, TEXTS,
    VALUES, Word, key,
};
use crate::validate::github::place;

/// A whole workflow.
pub(in crate::validate::github) static WORKFLOW: Shape = Shape::map(&Map {
    keys: &[
        key("on", &ON).required(),
        key("name", &TEXT),
        key("run-name", &TEXT).at(&place::RUN_NAME),
        key("defaults", &DEFAULTS),
        key("env", &VALUES).at(&place::ENVIRONMENT),
        key("permissions", &PERMISSIONS),
        key("concurrency", &CONCURRENCY).at(&place::CONCURRENCY),
        key("jobs", &JOBS).required(),
    ],
    rest: Rest::Refused,
    what: "a workflow",
});

/// Events are looked at by rules of their own; only what holds values has a grammar here.
static ON: Shape = Shape::scalar(Word::Filled).or_list(&FILLED).or_map(&Map {
    keys: &[
        key("workflow_call", &CALL),
        key("workflow_dispatch", &DISPATCH),
        key("schedule", &SCHEDULE),
    ],
    rest: Rest::Are(&ANY),
    what: "`on`",
});

static SCHEDULE: Shape = Shape::list(&Shape::map(&Map {
    keys: &[key("cron", &FILLED).required(), key("timezone", &FILLED)],
    rest: Rest::Refused,
    what: "an item of `schedule`",
}));

static CALL: Shape = Shape::map(&Map {
    keys: &[
        key("inputs", &CALL_INPUTS),
        key("secrets", &CALL_SECRETS),
        key("outputs", &CALL_OUTPUTS),
    ],
    rest: Rest::Refused,
    what: "`workflow_call`",
})
.or_null();

static CALL_INPUTS: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(&Shape::map(&Map {
        keys: &[
            key("description", &TEXT),
            key("deprecationMessage", &TEXT),
            key("type", &CALL_TYPE).required(),
            key("required", &BOOLEAN),
            key("default", &TEXT).at(&place::CALL_DEFAULT),
        ],
        rest: Rest::Refused,
        what: "an input of `workflow_call`",
    })),
    what: "`inputs`",
})
.or_null();

static CALL_TYPE: Shape = Shape::scalar(Word::OneOf(&["string", "boolean", "number"]));

static CALL_SECRETS: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(
        &Shape::map(&Map {
            keys: &[key("description", &TEXT), key("required", &BOOLEAN)],
            rest: Rest::Refused,
            what: "a secret of `workflow_call`",
        })
        .or_null(),
    ),
    what: "`secrets`",
})
.or_null();

static CALL_OUTPUTS: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(&Shape::map(&Map {
        keys: &[
            key("description", &TEXT),
            key("value", &TEXT).required().at(&place::CALL_OUTPUT),
        ],
        rest: Rest::Refused,
        what: "an output of `workflow_call`",
    })),
    what: "`outputs`",
})
.or_null();

static DISPATCH: Shape = Shape::map(&Map {
    keys: &[key("inputs", &DISPATCH_INPUTS)],
    rest: Rest::Refused,
    what: "`workflow_dispatch`",
})
.or_null();

/// GitHub is lenient here: it takes `required: 'true'` and an input of which nothing is said.
static DISPATCH_INPUTS: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(
        &Shape::map(&Map {
            keys: &[
                key("description", &TEXT),
                key("deprecationMessage", &TEXT),
                key("type", &DISPATCH_TYPE),
                key("required", &TEXT),
                key("default", &TEXT),
                key("options", &Shape::list(&TEXT)),
            ],
            rest: Rest::Refused,
            what: "an input of `workflow_dispatch`",
        })
        .or_null(),
    ),
    what: "`inputs`",
})
.or_null();

static DISPATCH_TYPE: Shape = Shape::scalar(Word::OneOf(&[
    "string",
    "boolean",
    "number",
    "choice",
    "environment",
]));

/// Its scopes and their values are looked at by rules of their own.
static PERMISSIONS: Shape = Shape::scalar(Word::Filled).or_map(&Map {
    keys: &[],
    rest: Rest::Are(&FILLED),
    what: "`permissions`",
});

static DEFAULTS: Shape = Shape::map(&Map {
    keys: &[key("run", &DEFAULTS_RUN)],
    rest: Rest::Refused,
    what: "`defaults`",
});

static DEFAULTS_RUN: Shape = Shape::map(&Map {
    keys: &[key("shell", &FILLED), key("working-directory", &FILLED)],
    rest: Rest::Refused,
    what: "`defaults.run`",
});

static JOB_DEFAULTS: Shape = Shape::map(&Map {
    keys: &[key("run", &DEFAULTS_RUN).at(&place::JOB_DEFAULTS)],
    rest: Rest::Refused,
    what: "`defaults`",
});

static CONCURRENCY: Shape = Shape::scalar(Word::Filled).or_map(&Map {
    keys: &[
        key("group", &FILLED).required(),
        key("cancel-in-progress", &BOOLEAN),
        key("queue", &QUEUE),
    ],
    rest: Rest::Refused,
    what: "`concurrency`",
});

static QUEUE: Shape = Shape::scalar(Word::OneOf(&["single", "max"]));

static JOBS: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(&JOB),
    what: "`jobs`",
});

/// A job of its own and one that calls a workflow; which of both is a rule's to tell.
static JOB: Shape = Shape::map(&Map {
    keys: &[
        key("name", &TEXT).at(&place::JOB_NAME),
        key("needs", &ONE_OR_MORE),
        key("if", &CONDITION).at(&place::JOB_IF),
        key("permissions", &PERMISSIONS),
        key("strategy", &STRATEGY).at(&place::JOB_STRATEGY),
        key("concurrency", &CONCURRENCY).at(&place::JOB_CONCURRENCY),
        key("runs-on", &RUNS_ON).at(&place::JOB_RUNS_ON),
        key("timeout-minutes", &NUMBER).at(&place::JOB_TIMEOUT),
        key("cancel-timeout-minutes", &NUMBER).at(&place::JOB_TIMEOUT),
        key("continue-on-error", &BOOLEAN).at(&place::JOB_CONTINUE),
        key("container", &CONTAINER).at(&place::CONTAINER),
        key("services", &SERVICES).at(&place::SERVICES),
        key("env", &VALUES).at(&place::JOB_ENV),
        key("environment", &ENVIRONMENT).at(&place::JOB_ENVIRONMENT),
        key("outputs", &VALUES).at(&place::JOB_OUTPUT),
        key("defaults", &JOB_DEFAULTS),
        key("snapshot", &SNAPSHOT).at(&place::JOB_SNAPSHOT),
        key("steps", &STEPS),
        key("uses", &FILLED),
        key("with", &VALUES).at(&place::JOB_WITH),
        key("secrets", &SECRETS).at(&place::JOB_SECRETS),
    ],
    rest: Rest::Refused,
    what: "a job",
})
.part(Part::Job);

static SECRETS: Shape = Shape::scalar(Word::OneOf(&["inherit"])).or_map(&Map {
    keys: &[],
    rest: Rest::Are(&TEXT),
    what: "`secrets`",
});

static STRATEGY: Shape = Shape::map(&Map {
    keys: &[
        key("fail-fast", &BOOLEAN),
        key("max-parallel", &NUMBER),
        key("matrix", &MATRIX),
    ],
    rest: Rest::Refused,
    what: "`strategy`",
});

static MATRIX: Shape = Shape::map(&Map {
    keys: &[key("include", &COMBINATIONS), key("exclude", &COMBINATIONS)],
    rest: Rest::Are(&Shape::list(&ANY)),
    what: "`matrix`",
});

static COMBINATIONS: Shape = Shape::list(&Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(&ANY),
    what: "a combination",
}));

static RUNS_ON: Shape = Shape::scalar(Word::Filled).or_list(&FILLED).or_map(&Map {
    keys: &[key("group", &FILLED), key("labels", &ONE_OR_MORE)],
    rest: Rest::Refused,
    what: "`runs-on`",
});

static ENVIRONMENT: Shape = Shape::scalar(Word::Text).or_map(&Map {
    keys: &[
        key("name", &TEXT).required(),
        key("url", &TEXT).at(&place::JOB_ENVIRONMENT_URL),
        key("deployment", &BOOLEAN),
    ],
    rest: Rest::Refused,
    what: "`environment`",
});

static SNAPSHOT: Shape = Shape::scalar(Word::Filled).or_map(&Map {
    keys: &[
        key("image-name", &FILLED).required(),
        key("if", &CONDITION).at(&place::JOB_SNAPSHOT_IF),
        key("version", &FILLED),
    ],
    rest: Rest::Refused,
    what: "`snapshot`",
});

static CONTAINER: Shape = Shape::scalar(Word::Text).or_map(&Map {
    keys: &[
        key("image", &TEXT),
        key("options", &TEXT),
        key("env", &VALUES).at(&place::CONTAINER_ENV),
        key("ports", &TEXTS),
        key("volumes", &TEXTS),
        key("credentials", &CREDENTIALS).at(&place::CONTAINER_CREDENTIALS),
    ],
    rest: Rest::Refused,
    what: "`container`",
});

static SERVICES: Shape = Shape::map(&Map {
    keys: &[],
    rest: Rest::Are(&Shape::scalar(Word::Text).or_map(&Map {
        keys: &[
            key("image", &TEXT),
            key("options", &TEXT),
            key("entrypoint", &TEXT),
            key("command", &TEXT),
            key("env", &VALUES).at(&place::CONTAINER_ENV),
            key("ports", &TEXTS),
            key("volumes", &TEXTS),
            key("credentials", &CREDENTIALS).at(&place::CONTAINER_CREDENTIALS),
        ],
        rest: Rest::Refused,
        what: "a service",
    })),
    what: "`services`",
});

static CREDENTIALS: Shape = Shape::map(&Map {
    keys: &[key("username", &FILLED), key("password", &FILLED)],
    rest: Rest::Refused,
    what: "`credentials`",
});

static STEPS: Shape = Shape::list(&STEP);

/// Every kind of step; which keys go together is a rule's to tell.
static STEP: Shape = Shape::map(&Map {
    keys: &[
        key("name", &TEXT).at(&place::STEP_NAME),
        key("id", &FILLED),
        key("if", &CONDITION).at(&place::STEP_IF),
        key("uses", &FILLED),
        key("with", &VALUES).at(&place::STEP_WITH),
        key("run", &TEXT).at(&place::STEP_RUN),
        key("shell", &FILLED),
        key("working-directory", &TEXT).at(&place::STEP_DIRECTORY),
        key("env", &VALUES).at(&place::STEP_ENV),
        key("continue-on-error", &BOOLEAN).at(&place::STEP_CONTINUE),
        key("timeout-minutes", &NUMBER).at(&place::STEP_TIMEOUT),
        key("background", &BOOLEAN),
        key("wait", &ONE_OR_MORE),
        key("wait-all", &WAIT_ALL),
        key("cancel", &FILLED),
        key("parallel", &STEPS),
    ],
    rest: Rest::Refused,
    what: "a step",
})
.part(Part::Step);

static WAIT_ALL: Shape = Shape::scalar(Word::Boolean).or_null();
