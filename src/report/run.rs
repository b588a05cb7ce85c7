//! The report that `fullsend exec --report` writes.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::verification::Verification;
use crate::model::{
    limits::Limits,
    outcome::Outcome,
    signature::{Format, Method},
    verdict::Verdict,
};

/// One run, from its arguments to its end. Every key is always present, null when unknown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunReport {
    /// 1.
    pub schema_version: u8,
    /// A random identifier of this run, also on the container's labels.
    pub id: String,
    /// The version of the program that ran it.
    pub fullsend_version: String,
    /// The agent's name.
    pub agent: String,
    /// The machine's host name.
    pub host: Option<String>,
    /// When the program started, RFC 3339.
    pub started_at: String,
    /// When the outcome was known, RFC 3339.
    pub finished_at: String,
    /// The configuration file.
    pub config: ConfigFile,
    /// The CI job, where there is one.
    pub ci: CiJob,
    /// The image.
    pub image: Image,
    /// What verification concluded.
    pub verification: Verified,
    /// Where the container ran.
    pub runtime: Runtime,
    /// What ran in the container, entrypoint first; null before it is known.
    pub command: Option<Vec<String>>,
    /// The container's user: as asked for, else the image's; null where neither names one, which
    /// is root.
    pub user: Option<String>,
    /// The container's network.
    pub network: Option<String>,
    /// The limits that applied.
    pub limits: AppliedLimits,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one sentence, where the outcome alone does not tell.
    pub reason: Option<String>,
    /// What the program exited with.
    pub exit_code: u8,
    /// What the run used.
    pub usage: Usage,
    /// How long each step took, in milliseconds.
    pub timings_ms: Timings,
}

/// The configuration file that a run was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConfigFile {
    /// Its path.
    pub path: Option<String>,
    /// The SHA-256 of its bytes in hexadecimal.
    pub sha256: Option<String>,
    /// The commit that it was read from, as `NAME@COMMIT`; null for the disk.
    pub r#ref: Option<String>,
}

/// The CI job that a run belongs to.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct CiJob {
    /// `github` or `gitlab`.
    pub provider: Option<String>,
    /// The page of the run.
    pub run_url: Option<String>,
}

/// The image of a run.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Image {
    /// As it was asked for.
    pub requested: Option<String>,
    /// What that resolved to.
    pub digest: Option<String>,
    /// The platform's manifest.
    pub manifest_digest: Option<String>,
    /// The platform.
    pub platform: Option<String>,
}

/// The verdict on the image, and the signature that decided it.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Verified {
    /// The verdict; null where verification was never reached.
    pub verdict: Option<Verdict>,
    /// The policy rule that applied, counted from 0.
    pub rule: Option<usize>,
    /// What the deciding signature was made with.
    pub method: Option<Method>,
    /// How it is stored.
    pub format: Option<Format>,
    /// Who made it.
    pub identity: Option<String>,
    /// Who vouches for that identity; null for a key.
    pub issuer: Option<String>,
    /// When the transparency log took it in.
    pub logged_at: Option<String>,
}

/// The runtime of a run.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Runtime {
    /// `docker` or `podman`.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The container's identifier.
    pub container_id: Option<String>,
    /// How far init's record can be trusted.
    pub record_trust: Option<RecordTrust>,
}

/// How far init's record can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordTrust {
    /// Nothing that the agent may do can forge or lose it.
    Full,
    /// The agent holds capabilities with which it could forge it.
    Privileged,
    /// It went through a file in the container, which the agent could have filled or replaced.
    File,
}

/// The limits that applied.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct AppliedLimits {
    /// CPUs.
    pub cpus: Option<f64>,
    /// Memory in bytes; swap is off.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u32>,
    /// Wall time in seconds.
    pub timeout_seconds: Option<f64>,
    /// What was asked for where the machine has less; null where nothing was lowered.
    pub requested: Option<RequestedLimits>,
}

/// Limits that were lowered to what the machine has.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RequestedLimits {
    /// CPUs.
    pub cpus: f64,
    /// Memory in bytes.
    pub memory_bytes: u64,
}

/// What a run used; null where it could not be measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Usage {
    /// From the agent's start to its end.
    pub wall_seconds: Option<f64>,
    /// CPU time of all its processes.
    pub cpu_seconds: Option<f64>,
    /// The most memory that was in use at once.
    pub memory_peak_bytes: Option<u64>,
    /// How often the process limit refused a new process.
    pub pids_limit_hits: Option<u64>,
}

/// How long each step took, in milliseconds; null where it was not reached.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Timings {
    /// Tag or digest to manifest.
    pub resolve: Option<u64>,
    /// Signatures fetched and checked.
    pub verify: Option<u64>,
    /// Image fetched by the runtime; 0 where it was there.
    pub pull: Option<u64>,
    /// Container created and started, until the agent ran.
    pub launch: Option<u64>,
}

impl RunReport {
    /// The report of a run of `agent` of which nothing else is known yet.
    pub fn new(id: String, agent: &str, started_at: Timestamp) -> Self {
        Self {
            schema_version: 1,
            id,
            fullsend_version: env!("CARGO_PKG_VERSION").to_owned(),
            agent: agent.to_owned(),
            host: None,
            started_at: started_at.to_string(),
            finished_at: started_at.to_string(),
            config: ConfigFile::default(),
            ci: CiJob::default(),
            image: Image::default(),
            verification: Verified::default(),
            runtime: Runtime::default(),
            command: None,
            user: None,
            network: None,
            limits: AppliedLimits::default(),
            outcome: Outcome::Unknown {
                reason: "the run has not ended".to_owned(),
            },
            reason: None,
            exit_code: crate::model::exit_code::LAUNCH_FAILED,
            usage: Usage::default(),
            timings_ms: Timings::default(),
        }
    }

    /// Enters the verdict and the digests that it is about.
    pub fn set_verification(&mut self, verification: &Verification) {
        let accepted = verification.accepted();
        self.image.digest.clone_from(&verification.digest);
        self.image
            .manifest_digest
            .clone_from(&verification.manifest_digest);
        self.image.platform.clone_from(&verification.platform);
        self.verification = Verified {
            verdict: Some(verification.verdict),
            rule: verification.rule,
            method: accepted.and_then(|signature| signature.method),
            format: accepted.map(|signature| signature.format),
            identity: accepted.and_then(|signature| signature.identity.clone()),
            issuer: accepted.and_then(|signature| signature.issuer.clone()),
            logged_at: accepted
                .and_then(|signature| signature.log.as_ref())
                .and_then(|log| log.logged_at.clone()),
        };
        self.reason.clone_from(&verification.reason);
    }

    /// Enters the limits, and those asked for where they differ.
    pub fn set_limits(&mut self, applied: Limits, requested: Limits) {
        let lowered = applied.cpus != requested.cpus || applied.memory != requested.memory;
        self.limits = AppliedLimits {
            cpus: Some(applied.cpus.as_f64()),
            memory_bytes: Some(applied.memory.as_bytes()),
            pids: Some(applied.pids),
            timeout_seconds: Some(applied.timeout.duration().as_secs_f64()),
            requested: lowered.then(|| RequestedLimits {
                cpus: requested.cpus.as_f64(),
                memory_bytes: requested.memory.as_bytes(),
            }),
        };
    }

    /// Enters how the run ended.
    pub fn finish(&mut self, outcome: Outcome, finished_at: Timestamp) {
        self.exit_code = outcome.exit_code();
        self.outcome = outcome;
        self.finished_at = finished_at.to_string();
    }
}

/// A duration in the report's milliseconds, rounded down.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
