//! Which contexts and functions GitHub offers to the expressions of which place.

/// A place of a file, as far as expressions are concerned.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The keys that lead there, as GitHub's documentation writes them: `jobs.<job_id>.if`.
    pub(super) name: &'static str,
    contexts: u16,
    functions: u8,
}

/// Every context that GitHub knows; the bit of each is its index.
pub(super) const CONTEXTS: [&str; 12] = [
    "github", "inputs", "vars", "needs", "strategy", "matrix", "secrets", "steps", "job", "runner",
    "env", "jobs",
];

const GITHUB: u16 = 1;
const INPUTS: u16 = 1 << 1;
const VARS: u16 = 1 << 2;
const NEEDS: u16 = 1 << 3;
const STRATEGY: u16 = 1 << 4;
const MATRIX: u16 = 1 << 5;
const SECRETS: u16 = 1 << 6;
const STEPS: u16 = 1 << 7;
const JOB: u16 = 1 << 8;
const RUNNER: u16 = 1 << 9;
const ENV: u16 = 1 << 10;
const JOBS: u16 = 1 << 11;

/// `always`, `cancelled`, `failure` and `success`.
const STATUS: u8 = 1;
/// `hashFiles`.
const HASH: u8 = 2;

/// What a whole run knows before any job.
const RUN: u16 = GITHUB | INPUTS | VARS;
/// What a job knows before it has a runner.
const PLANNED: u16 = RUN | NEEDS | STRATEGY | MATRIX;
/// What a job knows on its runner, but for its secrets.
const RUNNING: u16 = PLANNED | STEPS | JOB | RUNNER | ENV;
/// What a composite action knows.
const COMPOSITE: u16 = GITHUB | INPUTS | STRATEGY | MATRIX | STEPS | JOB | RUNNER | ENV;

const fn place(name: &'static str, contexts: u16, functions: u8) -> Place {
    Place {
        name,
        contexts,
        functions,
    }
}

pub(super) static RUN_NAME: Place = place("run-name", RUN, 0);
pub(super) static CALL_DEFAULT: Place = place("on.workflow_call.inputs.<input_id>.default", RUN, 0);
pub(super) static CALL_OUTPUT: Place =
    place("on.workflow_call.outputs.<output_id>.value", RUN | JOBS, 0);
pub(super) static ENVIRONMENT: Place = place("env", RUN | SECRETS, 0);
pub(super) static CONCURRENCY: Place = place("concurrency", RUN, 0);

pub(super) static JOB_NAME: Place = place("jobs.<job_id>.name", PLANNED, 0);
pub(super) static JOB_IF: Place = place("jobs.<job_id>.if", RUN | NEEDS, STATUS);
pub(super) static JOB_STRATEGY: Place = place("jobs.<job_id>.strategy", RUN | NEEDS, 0);
pub(super) static JOB_RUNS_ON: Place = place("jobs.<job_id>.runs-on", PLANNED, 0);
pub(super) static JOB_TIMEOUT: Place = place("jobs.<job_id>.timeout-minutes", PLANNED, 0);
pub(super) static JOB_CONTINUE: Place = place("jobs.<job_id>.continue-on-error", PLANNED, 0);
pub(super) static JOB_ENV: Place = place("jobs.<job_id>.env", PLANNED | SECRETS, 0);
pub(super) static JOB_ENVIRONMENT: Place = place("jobs.<job_id>.environment", PLANNED, 0);
pub(super) static JOB_ENVIRONMENT_URL: Place = place("jobs.<job_id>.environment.url", RUNNING, 0);
pub(super) static JOB_CONCURRENCY: Place = place("jobs.<job_id>.concurrency", PLANNED, 0);
pub(super) static JOB_OUTPUT: Place =
    place("jobs.<job_id>.outputs.<output_id>", RUNNING | SECRETS, 0);
pub(super) static JOB_DEFAULTS: Place = place("jobs.<job_id>.defaults.run", PLANNED | ENV, 0);
pub(super) static JOB_SNAPSHOT: Place = place("jobs.<job_id>.snapshot", PLANNED, 0);
pub(super) static JOB_SNAPSHOT_IF: Place =
    place("jobs.<job_id>.snapshot.if", RUNNING, STATUS | HASH);
pub(super) static JOB_WITH: Place = place("jobs.<job_id>.with.<with_id>", PLANNED, 0);
pub(super) static JOB_SECRETS: Place =
    place("jobs.<job_id>.secrets.<secrets_id>", PLANNED | SECRETS, 0);
pub(super) static CONTAINER: Place = place("jobs.<job_id>.container", PLANNED, 0);
pub(super) static CONTAINER_ENV: Place =
    place("jobs.<job_id>.container.env.<env_id>", RUNNING | SECRETS, 0);
pub(super) static CONTAINER_CREDENTIALS: Place = place(
    "jobs.<job_id>.container.credentials",
    PLANNED | SECRETS | ENV,
    0,
);
pub(super) static SERVICES: Place = place("jobs.<job_id>.services", PLANNED, 0);

pub(super) static STEP_NAME: Place = step("jobs.<job_id>.steps.name");
pub(super) static STEP_RUN: Place = step("jobs.<job_id>.steps.run");
pub(super) static STEP_ENV: Place = step("jobs.<job_id>.steps.env");
pub(super) static STEP_WITH: Place = step("jobs.<job_id>.steps.with");
pub(super) static STEP_TIMEOUT: Place = step("jobs.<job_id>.steps.timeout-minutes");
pub(super) static STEP_CONTINUE: Place = step("jobs.<job_id>.steps.continue-on-error");
pub(super) static STEP_DIRECTORY: Place = step("jobs.<job_id>.steps.working-directory");
pub(super) static STEP_IF: Place = place("jobs.<job_id>.steps.if", RUNNING, STATUS | HASH);

const fn step(name: &'static str) -> Place {
    place(name, RUNNING | SECRETS, HASH)
}

pub(super) static ACTION_DEFAULT: Place = place(
    "inputs.<input_id>.default",
    GITHUB | STRATEGY | MATRIX | JOB | RUNNER,
    HASH,
);
pub(super) static ACTION_OUTPUT: Place = place("outputs.<output_id>.value", COMPOSITE, 0);
pub(super) static ACTION_CONTAINER: Place = place("runs.args", INPUTS, 0);
pub(super) static ACTION_IF: Place = place("runs.pre-if", COMPOSITE, STATUS | HASH);
pub(super) static ACTION_STEP: Place = place("runs.steps", COMPOSITE, HASH);
pub(super) static ACTION_STEP_RUN: Place = place("runs.steps.run", COMPOSITE, HASH);
pub(super) static ACTION_STEP_ENV: Place = place("runs.steps.env", COMPOSITE, HASH);
pub(super) static ACTION_STEP_WITH: Place = place("runs.steps.with", COMPOSITE, HASH);
pub(super) static ACTION_STEP_IF: Place = place("runs.steps.if", COMPOSITE, STATUS | HASH);

impl Place {
    /// Whether the context `name`, one of [`CONTEXTS`] in small letters, can be used here.
    pub(super) fn offers(&self, name: &str) -> bool {
        let index = CONTEXTS.iter().position(|known| *known == name);
        index.is_some_and(|index| self.contexts & (1 << index) != 0)
    }

    /// The contexts that can be used here.
    pub(super) fn contexts(&self) -> impl Iterator<Item = &'static str> {
        CONTEXTS.into_iter().filter(|name| self.offers(name))
    }

    /// Whether `always`, `cancelled`, `failure` and `success` can be called here.
    pub(super) fn tells_status(&self) -> bool {
        self.functions & STATUS != 0
    }

    /// Whether `hashFiles` can be called here.
    pub(super) fn hashes_files(&self) -> bool {
        self.functions & HASH != 0
    }
}
