//! The keywords of GitLab CI, as GitLab 18 reads them.

use super::{
    shape::{Keys, Mapping, One, Shape},
    vocabulary::{
        ACCESS, ACTION, AFTER, ANY, BOOL, CACHE_POLICY, COMPONENT_FACT, COVERAGE_FORMAT, DURATION,
        IDENTITY, INHERITED, INPUT_TYPE, INTEGER, LINK, NESTED_TEXT, NESTED_TEXTS, NEVER_OR_ALWAYS,
        ON_JOB_FAILURE, ON_NEW_COMMIT, PULL_POLICY, RETRY_WHEN, RULE_WHEN, SCALAR, SCALARS,
        STRATEGY, TEXT, TEXT_OR_NUMBER, TEXT_OR_TEXTS, TEXTS, TIER, WHEN, keys,
    },
};

static PULL_POLICIES: Shape = PULL_POLICY.or_list(&PULL_POLICY);

keys!(
    IMAGE_OF_DOCKER,
    "`docker`",
    [("platform", TEXT), ("user", TEXT)]
);
keys!(
    IMAGE_OF_KUBERNETES,
    "`kubernetes`",
    [("user", TEXT_OR_NUMBER)]
);
keys!(
    IMAGE_KEYS,
    "`image`",
    [
        ("name", TEXT),
        ("entrypoint", TEXT_OR_TEXTS),
        ("docker", Shape::mapping(&IMAGE_OF_DOCKER)),
        ("kubernetes", Shape::mapping(&IMAGE_OF_KUBERNETES)),
        ("pull_policy", PULL_POLICIES),
        ("ports", ANY),
    ],
    needs[["name"]]
);
static IMAGE: Shape = Shape::one(One::Text).or_mapping(&IMAGE_KEYS);
keys!(
    SERVICE_KEYS,
    "a service",
    [
        ("name", TEXT),
        ("alias", TEXT),
        ("entrypoint", TEXT_OR_TEXTS),
        ("command", TEXT_OR_TEXTS),
        ("docker", Shape::mapping(&IMAGE_OF_DOCKER)),
        ("kubernetes", Shape::mapping(&IMAGE_OF_KUBERNETES)),
        ("pull_policy", PULL_POLICIES),
        ("ports", ANY),
        ("variables", VARIABLES),
    ],
    needs[["name"]]
);
static SERVICE: Shape = Shape::one(One::Text)
    .or_mapping(&SERVICE_KEYS)
    .or_list(&SERVICE);
static SERVICES: Shape = Shape::list(&SERVICE);

static SCRIPT: Shape = Shape::one(One::Text).or_list(&NESTED_TEXT);
keys!(HOOKS, "`hooks`", [("pre_get_sources_script", SCRIPT)]);

static PLAIN_VARIABLES: Shape = Shape::mapping(&Mapping::Any(&SCALAR));
keys!(
    VARIABLE_KEYS,
    "a variable",
    [
        ("value", SCALAR),
        ("description", TEXT),
        ("options", SCALARS),
        ("expand", BOOL),
    ]
);
static VARIABLES: Shape = Shape::mapping(&Mapping::Any(
    &Shape::one(One::Scalar).or_mapping(&VARIABLE_KEYS),
));

keys!(
    CACHE_KEY_KEYS,
    "`key` of a cache",
    [("files", TEXTS), ("files_commits", TEXTS), ("prefix", TEXT),]
);
keys!(
    CACHE_KEYS,
    "`cache`",
    [
        ("key", Shape::one(One::CacheKey).or_mapping(&CACHE_KEY_KEYS)),
        ("paths", NESTED_TEXTS),
        ("policy", CACHE_POLICY),
        ("unprotect", BOOL),
        ("untracked", BOOL),
        ("when", AFTER),
        ("fallback_keys", TEXTS),
    ]
);
static CACHE_ITEM: Shape = Shape::mapping(&CACHE_KEYS).or_list(&CACHE_ITEM);
static CACHE: Shape = Shape::mapping(&CACHE_KEYS).or_list(&CACHE_ITEM);

keys!(
    COVERAGE_REPORT,
    "`coverage_report`",
    [("coverage_format", COVERAGE_FORMAT), ("path", TEXT)]
);
keys!(
    REPORTS,
    "`reports`",
    [
        ("accessibility", TEXT_OR_TEXTS),
        ("annotations", TEXT_OR_TEXTS),
        ("api_fuzzing", TEXT_OR_TEXTS),
        ("browser_performance", TEXT_OR_TEXTS),
        ("cluster_image_scanning", TEXT_OR_TEXTS),
        ("codequality", TEXT_OR_TEXTS),
        ("container_scanning", TEXT_OR_TEXTS),
        ("coverage_fuzzing", TEXT_OR_TEXTS),
        ("coverage_report", Shape::mapping(&COVERAGE_REPORT)),
        ("cyclonedx", TEXT_OR_TEXTS),
        ("dast", TEXT_OR_TEXTS),
        ("dependency_scanning", TEXT_OR_TEXTS),
        ("dotenv", TEXT_OR_TEXTS),
        ("junit", TEXT_OR_TEXTS),
        ("license_management", TEXT_OR_TEXTS),
        ("license_scanning", TEXT_OR_TEXTS),
        ("load_performance", TEXT_OR_TEXTS),
        ("lsif", TEXT_OR_TEXTS),
        ("metrics", TEXT_OR_TEXTS),
        ("performance", TEXT_OR_TEXTS),
        ("repository_xray", TEXT_OR_TEXTS),
        ("requirements", TEXT_OR_TEXTS),
        ("requirements_v2", TEXT_OR_TEXTS),
        ("sarif", TEXT_OR_TEXTS),
        ("sast", TEXT_OR_TEXTS),
        ("scip", TEXT_OR_TEXTS),
        ("secret_detection", TEXT_OR_TEXTS),
        ("terraform", TEXT_OR_TEXTS),
    ],
    gone[(
        "cobertura",
        "`coverage_report` with `coverage_format: cobertura`"
    )]
);
keys!(
    ARTIFACTS,
    "`artifacts`",
    [
        ("paths", NESTED_TEXTS),
        ("exclude", NESTED_TEXTS),
        ("expose_as", TEXT),
        ("name", TEXT),
        ("untracked", BOOL),
        ("when", AFTER),
        ("access", ACCESS),
        ("public", BOOL),
        ("expire_in", DURATION),
        ("reports", Shape::mapping(&REPORTS)),
    ]
);

keys!(
    CHANGES,
    "`changes`",
    [
        ("paths", NESTED_TEXTS),
        ("compare_to", TEXT),
        ("regexp", TEXT)
    ]
);
keys!(
    EXISTS,
    "`exists`",
    [
        ("paths", NESTED_TEXTS),
        ("project", TEXT),
        ("ref", TEXT),
        ("regexp", TEXT),
    ]
);
static CHANGES_OR_PATHS: Shape = Shape::list(&NESTED_TEXT).or_mapping(&CHANGES);
static EXISTS_OR_PATHS: Shape = Shape::list(&NESTED_TEXT).or_mapping(&EXISTS);
keys!(
    RULE,
    "a rule",
    [
        ("if", TEXT),
        ("changes", CHANGES_OR_PATHS),
        ("exists", EXISTS_OR_PATHS),
        ("variables", PLAIN_VARIABLES),
        ("when", RULE_WHEN),
        ("start_in", DURATION),
        ("allow_failure", BOOL),
        ("needs", NEEDS),
        ("interruptible", BOOL),
        ("auto_cancel", ANY),
    ]
);
static RULE_ITEM: Shape = Shape::mapping(&RULE).or_list(&RULE_ITEM);
static RULES: Shape = Shape::list(&RULE_ITEM);
keys!(
    WORKFLOW_RULE,
    "a rule of `workflow`",
    [
        ("if", TEXT),
        ("changes", CHANGES_OR_PATHS),
        ("exists", EXISTS_OR_PATHS),
        ("variables", PLAIN_VARIABLES),
        ("when", NEVER_OR_ALWAYS),
        ("auto_cancel", AUTO_CANCEL),
    ]
);
static WORKFLOW_RULE_ITEM: Shape = Shape::mapping(&WORKFLOW_RULE).or_list(&WORKFLOW_RULE_ITEM);
keys!(
    AUTO_CANCEL_KEYS,
    "`auto_cancel`",
    [
        ("on_job_failure", ON_JOB_FAILURE),
        ("on_new_commit", ON_NEW_COMMIT),
    ]
);
static AUTO_CANCEL: Shape = Shape::mapping(&AUTO_CANCEL_KEYS);
keys!(
    WORKFLOW,
    "`workflow`",
    [
        ("name", TEXT),
        ("rules", Shape::list(&WORKFLOW_RULE_ITEM)),
        ("auto_cancel", AUTO_CANCEL),
    ]
);
keys!(
    INCLUDE_RULE,
    "a rule of `include`",
    [
        ("if", TEXT),
        ("changes", CHANGES_OR_PATHS),
        ("exists", EXISTS_OR_PATHS),
        ("when", NEVER_OR_ALWAYS),
    ]
);
static INCLUDE_RULE_ITEM: Shape = Shape::mapping(&INCLUDE_RULE).or_list(&INCLUDE_RULE_ITEM);
static INPUT_VALUES: Shape = Shape::mapping(&Mapping::Any(&ANY));
keys!(
    INCLUDE_KEYS,
    "`include`",
    [
        ("local", TEXT),
        ("project", TEXT),
        ("ref", TEXT),
        ("file", TEXT_OR_TEXTS),
        ("remote", TEXT),
        ("integrity", TEXT),
        ("cache", Shape::one(One::BoolOrText)),
        ("template", TEXT),
        ("component", TEXT),
        ("artifact", TEXT),
        ("job", TEXT),
        ("rules", Shape::list(&INCLUDE_RULE_ITEM)),
        ("inputs", INPUT_VALUES),
    ],
    needs[[
        "local",
        "project",
        "remote",
        "template",
        "component",
        "artifact"
    ]]
);
static INCLUDE_ITEM: Shape = Shape::one(One::Text)
    .or_mapping(&INCLUDE_KEYS)
    .or_list(&INCLUDE_ITEM);

keys!(
    MATRIX_OF_NEED,
    "`parallel`",
    [("matrix", MATRIX)],
    needs[["matrix"]]
);
static MATRIX: Shape = Shape::list(&MATRIX_ITEM);
static MATRIX_ITEM: Shape = Shape::mapping(&Mapping::Any(
    &Shape::one(One::Scalar).or_list(&MATRIX_VALUE),
))
.or_list(&MATRIX_ITEM);
static MATRIX_VALUE: Shape = Shape::one(One::Scalar).or_list(&MATRIX_VALUE);
keys!(
    NEED,
    "a need",
    [
        ("job", TEXT),
        ("artifacts", BOOL),
        ("optional", BOOL),
        ("pipeline", TEXT),
        ("project", TEXT),
        ("ref", TEXT),
        ("parallel", Shape::mapping(&MATRIX_OF_NEED)),
    ],
    needs[["job", "pipeline"]]
);
static NEED_ITEM: Shape = Shape::one(One::Text).or_mapping(&NEED).or_list(&NEED_ITEM);
static NEEDS: Shape = Shape::list(&NEED_ITEM);

keys!(
    ALLOW_FAILURE,
    "`allow_failure`",
    [("exit_codes", INTEGER.or_list(&INTEGER))],
    needs[["exit_codes"]]
);
keys!(
    RETRY,
    "`retry`",
    [
        ("max", Shape::one(One::Integer(0, 2))),
        ("when", RETRY_WHEN.or_list(&RETRY_WHEN)),
        ("exit_codes", INTEGER.or_list(&INTEGER)),
    ]
);
static RETRY_SHAPE: Shape = Shape::one(One::Integer(0, 2)).or_mapping(&RETRY);
keys!(
    PARALLEL,
    "`parallel`",
    [("matrix", MATRIX)],
    needs[["matrix"]]
);

keys!(
    FILTER,
    "`only` and `except`",
    [
        ("refs", NESTED_TEXTS),
        ("kubernetes", TEXT),
        ("variables", NESTED_TEXTS),
        ("changes", NESTED_TEXTS),
    ]
);
static FILTER_SHAPE: Shape = Shape::list(&NESTED_TEXT).or_mapping(&FILTER);

keys!(
    ID_TOKEN,
    "an ID token",
    [("aud", TEXT_OR_TEXTS)],
    needs[["aud"]]
);
static ID_TOKENS: Shape = Shape::mapping(&Mapping::Any(&Shape::mapping(&ID_TOKEN)));
keys!(VAULT_ENGINE, "`engine`", [("name", TEXT), ("path", TEXT)], needs [["name"], ["path"]]);
keys!(VAULT, "`vault`", [
    ("engine", Shape::mapping(&VAULT_ENGINE)), ("path", TEXT), ("field", TEXT),
], needs [["engine"], ["path"], ["field"]]);
keys!(
    SECRET,
    "a secret",
    [
        ("vault", Shape::one(One::Text).or_mapping(&VAULT)),
        ("gcp_secret_manager", ANY),
        ("azure_key_vault", ANY),
        ("aws_secrets_manager", ANY),
        ("akeyless", ANY),
        ("gitlab_secrets_manager", ANY),
        ("file", BOOL),
        ("token", TEXT),
    ]
);
static SECRETS: Shape = Shape::mapping(&Mapping::Any(&Shape::mapping(&SECRET)));

keys!(
    ENVIRONMENT,
    "`environment`",
    [
        ("name", TEXT),
        ("url", TEXT),
        ("on_stop", TEXT),
        ("action", ACTION),
        ("auto_stop_in", TEXT),
        ("kubernetes", ANY),
        ("deployment_tier", TIER),
    ],
    needs[["name"]]
);
keys!(ASSET, "a link of a release", [
    ("name", TEXT), ("url", TEXT), ("filepath", TEXT), ("link_type", LINK),
], needs [["name"], ["url"]]);
keys!(
    ASSETS,
    "`assets`",
    [("links", Shape::list(&Shape::mapping(&ASSET)))]
);
keys!(RELEASE, "`release`", [
    ("tag_name", TEXT), ("tag_message", TEXT), ("description", TEXT), ("name", TEXT),
    ("ref", TEXT), ("milestones", TEXT_OR_TEXTS), ("released_at", TEXT),
    ("assets", Shape::mapping(&ASSETS)),
], needs [["tag_name"], ["description"]]);

keys!(
    FORWARD,
    "`forward`",
    [("yaml_variables", BOOL), ("pipeline_variables", BOOL)]
);
keys!(
    TRIGGER,
    "`trigger`",
    [
        ("project", TEXT),
        ("branch", TEXT),
        ("include", INCLUDE_ITEM),
        ("strategy", STRATEGY),
        ("forward", Shape::mapping(&FORWARD)),
        ("inputs", INPUT_VALUES),
    ],
    needs[["project", "include"]]
);
keys!(
    INHERIT,
    "`inherit`",
    [
        ("default", Shape::one(One::Bool).or_list(&INHERITED)),
        ("variables", Shape::one(One::Bool).or_list(&TEXT)),
    ]
);
keys!(
    PAGES,
    "`pages`",
    [
        ("path_prefix", TEXT),
        ("expire_in", DURATION),
        ("publish", TEXT)
    ]
);
keys!(
    STEP,
    "a step",
    [
        ("name", TEXT),
        ("env", PLAIN_VARIABLES),
        ("inputs", INPUT_VALUES),
        ("step", ANY),
        ("func", ANY),
        ("script", TEXT),
        ("action", TEXT),
    ]
);
keys!(
    DAST,
    "`dast_configuration`",
    [("site_profile", TEXT), ("scanner_profile", TEXT)]
);

keys!(
    INPUT_RULE,
    "a rule of an input",
    [("if", TEXT), ("options", SCALARS), ("default", ANY)]
);
keys!(
    INPUT,
    "an input",
    [
        ("type", INPUT_TYPE),
        ("description", TEXT),
        ("options", SCALARS),
        ("regex", TEXT),
        ("default", ANY),
        ("rules", Shape::list(&Shape::mapping(&INPUT_RULE))),
    ]
);
static INPUTS: Shape = Shape::mapping(&Mapping::Any(&Shape::mapping(&INPUT)));

keys!(
    JOB,
    "a job",
    [
        ("after_script", SCRIPT),
        (
            "allow_failure",
            Shape::one(One::Bool).or_mapping(&ALLOW_FAILURE)
        ),
        ("artifacts", Shape::mapping(&ARTIFACTS)),
        ("before_script", SCRIPT),
        ("cache", CACHE),
        ("coverage", TEXT),
        ("dast_configuration", Shape::mapping(&DAST)),
        ("dependencies", NESTED_TEXTS),
        (
            "environment",
            Shape::one(One::Text).or_mapping(&ENVIRONMENT)
        ),
        ("except", FILTER_SHAPE),
        ("extends", TEXT_OR_TEXTS),
        ("hooks", Shape::mapping(&HOOKS)),
        ("id_tokens", ID_TOKENS),
        ("identity", IDENTITY),
        ("image", IMAGE),
        ("inherit", Shape::mapping(&INHERIT)),
        ("inputs", INPUTS),
        ("interruptible", BOOL),
        ("manual_confirmation", TEXT),
        ("needs", NEEDS),
        ("only", FILTER_SHAPE),
        ("pages", Shape::one(One::Bool).or_mapping(&PAGES)),
        (
            "parallel",
            Shape::one(One::Integer(1, 200)).or_mapping(&PARALLEL)
        ),
        ("publish", TEXT),
        ("release", Shape::mapping(&RELEASE)),
        ("resource_group", TEXT),
        ("retry", RETRY_SHAPE),
        ("rules", RULES),
        ("run", Shape::list(&Shape::mapping(&STEP))),
        ("script", SCRIPT),
        ("secrets", SECRETS),
        ("services", SERVICES),
        ("stage", TEXT),
        ("start_in", DURATION),
        ("tags", NESTED_TEXTS),
        ("timeout", DURATION),
        ("trigger", Shape::one(One::Text).or_mapping(&TRIGGER)),
        ("variables", VARIABLES),
        ("when", WHEN),
    ],
    gone[("type", "`stage`")]
);
keys!(
    DEFAULT,
    "`default`",
    [
        ("after_script", SCRIPT),
        ("artifacts", Shape::mapping(&ARTIFACTS)),
        ("before_script", SCRIPT),
        ("cache", CACHE),
        ("hooks", Shape::mapping(&HOOKS)),
        ("id_tokens", ID_TOKENS),
        ("identity", IDENTITY),
        ("image", IMAGE),
        ("interruptible", BOOL),
        ("retry", RETRY_SHAPE),
        ("services", SERVICES),
        ("tags", NESTED_TEXTS),
        ("timeout", DURATION),
    ]
);
keys!(
    SPEC_INCLUDE,
    "`include` of `spec`",
    [
        ("local", TEXT),
        ("project", TEXT),
        ("ref", TEXT),
        ("file", TEXT_OR_TEXTS),
        ("remote", TEXT),
        ("integrity", TEXT),
        ("cache", Shape::one(One::BoolOrText)),
    ]
);
keys!(
    SPEC_KEYS,
    "`spec`",
    [
        ("inputs", INPUTS),
        ("include", Shape::list(&Shape::mapping(&SPEC_INCLUDE))),
        ("component", Shape::list(&COMPONENT_FACT)),
        ("description", TEXT),
    ]
);

/// What stands in the header of a file that takes inputs.
pub(super) static SPEC: Shape = Shape::mapping(&SPEC_KEYS);

/// A job.
pub(super) static JOB_SHAPE: Shape = Shape::mapping(&JOB);

/// The keywords of a pipeline that are no jobs.
pub(super) static GLOBAL: Keys = Keys {
    of: "a pipeline",
    known: &[
        ("after_script", &SCRIPT),
        ("before_script", &SCRIPT),
        ("cache", &CACHE),
        ("default", &Shape::mapping(&DEFAULT)),
        ("image", &IMAGE),
        ("include", &INCLUDE_ITEM),
        ("services", &SERVICES),
        ("stages", &NESTED_TEXTS),
        ("variables", &VARIABLES),
        ("workflow", &Shape::mapping(&WORKFLOW)),
    ],
    needed: &[],
    gone: &[("types", "`stages`")],
};

/// Whether a mapping with `key` may be a job.
pub(super) fn is_of_job(key: &str) -> bool {
    let Mapping::Known(job) = &JOB else {
        return false;
    };
    job.get(key).is_some()
}
