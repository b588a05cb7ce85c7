//! One run: facts, proof, plan, container, end, clean-up.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fullsend_init::Record;
use jiff::Timestamp;

use super::{
    ci::{self, Markers},
    console::Console,
    decide::{self, OurKill},
    failure::Failure,
    given::Given,
    labels::{self, Owner},
    plan::{self, Sandbox},
    proof::{Proof, Prover},
    request::ExecRequest,
    sandbox::{self, Entry, Io},
    supervise::Ended,
    terminal,
};
use crate::{
    checkout,
    config::RuntimeProfile,
    model::chain::chain,
    model::digest::Digest,
    model::{
        outcome::{LaunchFailure, Outcome},
        platform::Platform,
        verdict::Verdict,
    },
    registry::Secret,
    report::run::{RecordTrust, RunReport, Usage, millis},
    runtime::{self, LocalImage, PullRequest, RegistryCredential, Runtime, RuntimeError},
    seam::{environment::Environment, signals::Signals},
    signature::Verifier,
};

/// Runs `request` to its end and reports it; never fails, as every failure is an outcome.
pub async fn exec(
    request: &ExecRequest,
    environment: &Environment,
    console: &dyn Console,
) -> RunReport {
    let id = uuid::Uuid::new_v4().to_string();
    let mut report = RunReport::new(id, &request.name, Timestamp::now());
    report.host = Some(labels::host_name()).filter(|name| !name.is_empty());
    report.config = request.config.clone();
    report.ci = ci::job(environment);
    let image = &request.image;
    let run = Run {
        request,
        environment,
        console,
        verifier: Verifier::new(
            image.policy.clone(),
            image.registry.clone(),
            environment.clone(),
        ),
        markers: Markers::new(
            checkout::Platform::detect(environment),
            &report.id,
            request.allow_workflow_commands,
        ),
    };
    let outcome = match Box::pin(run.to_its_end(&mut report)).await {
        Ok(outcome) => outcome,
        Err(failure) => {
            report.reason = failure.reason;
            failure.outcome
        }
    };
    report.finish(outcome, Timestamp::now());
    report
}

struct Run<'a> {
    request: &'a ExecRequest,
    environment: &'a Environment,
    console: &'a dyn Console,
    verifier: Verifier,
    markers: Markers,
}

/// A verified image that the runtime has.
struct Ready {
    runtime: Arc<dyn Runtime>,
    image: LocalImage,
}

impl Run<'_> {
    async fn to_its_end(&self, report: &mut RunReport) -> Result<Outcome, Failure> {
        let given = Given::read(self.request, self.environment)?;
        let mut signals = Signals::listen().map_err(|error| {
            Failure::launch(
                LaunchFailure::StartFailed,
                format!("no signals can be received: {error}"),
            )
        })?;
        let title = format!("fullsend: preparing {}", self.request.name);
        let now = Timestamp::now().as_second();
        self.console
            .raw(&self.markers.preparation_begins(&title, now));
        let ready = tokio::select! {
            ready = self.prepare(report) => ready,
            signal = signals.next() => Err(Failure {
                outcome: Outcome::Interrupted { signal },
                reason: Some("before the agent was launched".to_owned()),
            }),
        };
        self.console.pull_finished();
        let now = Timestamp::now().as_second();
        self.console.raw(&self.markers.preparation_ends(now));
        self.launch(ready?, given, &mut signals, report).await
    }

    /// Proves the image and has the runtime fetch it. The runtime is asked for its facts
    /// meanwhile; without a proof, it is asked for nothing else.
    async fn prepare(&self, report: &mut RunReport) -> Result<Ready, Failure> {
        let prover = Prover {
            image: &self.request.image.image,
            hold: self.request.hold.as_ref(),
            verifier: &self.verifier,
            console: self.console,
        };
        report.image.requested = Some(self.request.image.image.to_string());
        let host = Platform::host();
        let (runtime, proof) = tokio::join!(
            runtime::connect(self.request.runtime, self.environment),
            prover.prove(&host),
        );
        // A refusal is the more important news.
        let mut proof = accepted(proof?, report)?;
        let runtime =
            runtime.map_err(|error| Failure::runtime(&error, LaunchFailure::RuntimeUnreachable))?;
        let facts = runtime.facts();
        report.runtime.name = Some(facts.name.as_str().to_owned());
        report.runtime.version = Some(facts.version.clone());
        if !facts.platform.accepts(&host) {
            proof = accepted(prover.prove(&facts.platform).await?, report)?;
        }
        for warning in facts.warnings() {
            self.console.warn(&warning);
        }
        self.say_proven(&proof, report);
        let image = self.fetch(&*runtime, &proof, report).await?;
        Ok(Ready { runtime, image })
    }

    fn say_proven(&self, proof: &Proof, report: &RunReport) {
        let by = report.verification.identity.as_deref().unwrap_or_default();
        let by = match report.verification.issuer {
            Some(_) => format!("by {by}"),
            None => format!("with key {}", by.get(..16).unwrap_or(by)),
        };
        let proven = proof.judgement.proven.first();
        let digest = proven.map_or("", Digest::as_str);
        self.console
            .note(&format!("verified {} ({digest}), signed {by}", proof.image));
    }

    /// The image that was proven: present already, or pulled by its digest.
    async fn fetch(
        &self,
        runtime: &dyn Runtime,
        proof: &Proof,
        report: &mut RunReport,
    ) -> Result<LocalImage, Failure> {
        let started = Instant::now();
        let platform = &runtime.facts().platform;
        let repository = proof.image.repository();
        let digests = &proof.judgement.proven;
        let failed = |error: RuntimeError| Failure::runtime(&error, LaunchFailure::PullFailed);
        let found = runtime
            .find_image(repository, digests, platform)
            .await
            .map_err(failed)?;
        let image = match (found, digests.first()) {
            (Some(image), _) => {
                report.timings_ms.pull = Some(0);
                return Ok(image);
            }
            (None, Some(_)) if !self.verifier.registry().may_reach(repository.host()) => {
                let host = repository.host();
                return Err(Failure::launch(
                    LaunchFailure::PullFailed,
                    format!("the image is not here, and --offline allows no connection to {host}"),
                ));
            }
            (None, Some(digest)) => {
                let credential = self
                    .verifier
                    .registry()
                    .credential(repository)
                    .await
                    .map_err(|error| {
                        Failure::launch(LaunchFailure::PullFailed, error.to_string())
                    })?;
                let credential = credential.map(|credential| match credential.secret {
                    Secret::Password(password) => RegistryCredential::Basic {
                        username: credential.username,
                        password,
                    },
                    Secret::IdentityToken(token) => RegistryCredential::IdentityToken(token),
                });
                let request = PullRequest {
                    repository,
                    digest,
                    platform,
                    credential: credential.as_ref(),
                };
                let mut progress = |state: runtime::PullProgress| {
                    self.console.pull_progress(state.done, state.total);
                };
                let pulled = runtime.pull(request, &mut progress).await;
                pulled.map_err(failed)?
            }
            (None, None) => {
                return Err(Failure::launch(
                    LaunchFailure::PullFailed,
                    "nothing is proven",
                ));
            }
        };
        report.timings_ms.pull = Some(millis(started.elapsed()));
        self.console.note(&format!("pulled {}", image.reference()));
        Ok(image)
    }

    async fn launch(
        &self,
        ready: Ready,
        given: Given,
        signals: &mut Signals,
        report: &mut RunReport,
    ) -> Result<Outcome, Failure> {
        let Ready { runtime, image } = ready;
        let entry = Entry::detect(&runtime, self.environment)
            .await
            .map_err(|error| Failure::runtime(&error, LaunchFailure::CreateFailed))?;
        let mounts = given.mounts(&entry)?;
        let sandbox = self.plan(&runtime, image, given, mounts, report)?;
        let event = checkout::event(self.environment).unwrap_or_else(|error| {
            self.console
                .warn(&format!("the CI event is not passed on: {}", chain(&error)));
            None
        });
        let io = Io {
            markers: &self.markers,
            console: self.console,
            event,
        };
        let started = Instant::now();
        let ran = sandbox::run(&runtime, &sandbox, &entry, io, signals).await?;
        report.runtime.container_id = Some(ran.container.to_string());
        report.runtime.record_trust = Some(match (sandbox.profile, ran.copied) {
            (RuntimeProfile::OpenShell, _) => RecordTrust::Privileged,
            (RuntimeProfile::Default, true) => RecordTrust::File,
            (RuntimeProfile::Default, false) => RecordTrust::Full,
        });
        let ended = ran.ended;
        report.timings_ms.launch = ended
            .agent_started
            .map(|at| millis(at.saturating_duration_since(started)));
        if let Ok(record) = &ended.record {
            report.usage = usage(record);
        }
        report.reason = reason(&ended, &sandbox.command);
        let limit = sandbox.limits.timeout.duration().as_secs_f64();
        let record = ended.record.as_ref().map_err(String::as_str);
        Ok(decide::outcome(record, ended.seen, ended.our_kill, limit))
    }

    /// Decides what goes into the container.
    fn plan(
        &self,
        runtime: &Arc<dyn Runtime>,
        image: LocalImage,
        given: Given,
        mounts: Vec<runtime::Mount>,
        report: &mut RunReport,
    ) -> Result<Sandbox, Failure> {
        let agent = &self.request.agent;
        let (limits, lowered) = plan::fit(agent.limits, runtime.facts());
        report.set_limits(limits, agent.limits);
        for sentence in lowered {
            if self.request.strict_limits {
                return Err(Failure::launch(LaunchFailure::RuntimeUnsuitable, sentence));
            }
            self.console.warn(&sentence);
        }
        let command = plan::command_line(agent, image.defaults());
        if command.is_empty() {
            return Err(Failure::launch(
                LaunchFailure::CommandNotFound,
                format!(
                    "the image has no command of its own: name one in agents.{}.command or after --",
                    self.request.name
                ),
            ));
        }
        report.command = Some(command.clone());
        report.user = given
            .user
            .clone()
            .or_else(|| Some(image.defaults().user.clone()).filter(|user| !user.is_empty()));
        let network = agent.network.as_ref().map(ToString::to_string);
        report.network = Some(network.clone().unwrap_or_else(|| "bridge".to_owned()));
        let on_ci = checkout::Platform::detect(self.environment).is_some();
        let grace = agent
            .grace
            .unwrap_or_else(|| plan::default_grace(on_ci))
            .duration();
        let labels = labels::of_run(
            &report.id,
            &self.request.name,
            &Owner::this_process(),
            &limits,
            grace,
            Timestamp::now().as_second(),
        );
        let tty = self.request.tty.unwrap_or_else(terminal::is_interactive);
        let workspace = self
            .request
            .workspace
            .as_ref()
            .map(|_| plan::WORKSPACE.to_owned());
        Ok(Sandbox {
            image,
            command,
            env: given.env,
            mounts,
            labels,
            limits,
            grace,
            user: given.user,
            workdir: agent
                .workdir
                .as_ref()
                .map(ToString::to_string)
                .or(workspace),
            network,
            read_only: agent.read_only,
            profile: agent.runtime_profile,
            tty,
        })
    }
}

/// Enters the verdict, and ends the run where it is not the one that is needed.
fn accepted(proof: Proof, report: &mut RunReport) -> Result<Proof, Failure> {
    let verification = &proof.judgement.verification;
    report.set_verification(verification);
    report.timings_ms.resolve = Some(millis(proof.judgement.resolve_time));
    report.timings_ms.verify = Some(millis(proof.judgement.verify_time));
    match verification.verdict {
        Verdict::Verified => Ok(proof),
        verdict => Err(Failure {
            outcome: Outcome::Refused { verdict },
            reason: verification.reason.clone(),
        }),
    }
}

fn usage(record: &Record) -> Usage {
    let cpu = record
        .cpu_user
        .zip(record.cpu_system)
        .map(|(user, system)| user + system);
    Usage {
        wall_seconds: Some(record.wall.as_secs_f64()),
        cpu_seconds: cpu.as_ref().map(Duration::as_secs_f64),
        memory_peak_bytes: record.memory_peak_bytes,
        pids_limit_hits: record.pids_limit_hits,
    }
}

/// What the outcome alone does not tell.
fn reason(ended: &Ended, command: &[String]) -> Option<String> {
    let name = command.first().map_or("", String::as_str);
    match (&ended.record, ended.our_kill) {
        (
            Ok(Record {
                ending: fullsend_init::Ending::NotStarted(failure),
                ..
            }),
            _,
        ) => {
            let error = std::io::Error::from_raw_os_error(failure.errno);
            Some(match failure.stage {
                fullsend_init::Stage::Lookup => {
                    format!("the command `{name}` is not in the image: {error}")
                }
                fullsend_init::Stage::Interpreter => {
                    format!("the interpreter or loader that `{name}` names is not in the image")
                }
                fullsend_init::Stage::Exec => format!("`{name}` cannot be executed: {error}"),
                stage => format!(
                    "the sandbox failed to start `{name}` ({}): {error}",
                    stage.name()
                ),
            })
        }
        (Err(_), None | Some(OurKill::Overdue)) => ended.error.clone(),
        (Ok(_) | Err(_), _) => None,
    }
}
