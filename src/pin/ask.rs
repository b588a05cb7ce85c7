//! Asks registries and forges.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::facts::{ActionAt, Fact, Facts, Known, Question, Tagged};
use crate::{
    document::{MAX_BYTES, Source, yaml},
    forge::{GitHosts, RemoteRepository},
    model::{commit::CommitId, digest::Digest, image::ImageReference, pinning::ReferenceKind},
    reference::references,
    registry::{Manifest, Registry},
    seam::{
        exchange::Exchange,
        http::{Request, Url, header::HeaderMap, is_loopback},
    },
};

/// So many questions are on their way at the same time.
const PARALLEL: usize = 32;

/// The largest file that a pipeline includes from the web.
const MAX_CONTENT: u64 = 4 << 20;

/// How long such a file may take in all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything outside that can be asked.
pub struct World<'w> {
    /// About images.
    pub registry: &'w Registry,
    /// About commits, tags and branches.
    pub hosts: &'w GitHosts,
    /// About files of the web.
    pub web: &'w Exchange,
    /// About signatures.
    pub judge: Option<&'w dyn Judge>,
}

/// Judges images by the policy.
#[async_trait(?Send)]
pub trait Judge {
    /// Why the policy refuses `image`; nothing where it accepts it.
    async fn refusal(&self, image: &ImageReference) -> Known<Option<String>>;
}

/// What goes out as one request.
enum Errand {
    One(Question),
    /// The times of several commits of one repository.
    Times(RemoteRepository, Vec<CommitId>),
}

impl World<'_> {
    /// Answers `questions`; a failure is an answer too.
    pub(super) async fn ask(&self, questions: BTreeSet<Question>, known: &Facts) -> Vec<Fact> {
        let errands = errands(questions).into_iter().map(|it| self.run(it, known));
        let answers = stream::iter(errands).buffer_unordered(PARALLEL);
        answers.collect::<Vec<_>>().await.concat()
    }

    async fn run(&self, errand: Errand, known: &Facts) -> Vec<Fact> {
        match errand {
            Errand::One(question) => vec![self.answer(question, known).await],
            Errand::Times(of, commits) => self.times(of, commits).await,
        }
    }

    async fn answer(&self, question: Question, known: &Facts) -> Fact {
        match question {
            Question::Refs(of) => {
                let refs = self.hosts.refs(&of).await;
                Fact::Refs(of, refs.map_err(|error| error.with_hint()))
            }
            Question::Reach(of, commit) => {
                let reach = match known.refs(&of) {
                    Ok(refs) => {
                        let reach = self.hosts.reach(&of, refs, &commit).await;
                        reach.map_err(|error| error.with_hint())
                    }
                    Err(_) => Err("its tags and branches are not known".to_owned()),
                };
                Fact::Reach(of, commit, reach)
            }
            Question::CommitTime(of, commit) => {
                let why = "it was not asked for".to_owned();
                Fact::CommitTime(of, commit, Err(why))
            }
            Question::Digest(of) => {
                let found = self.digest(&of).await;
                Fact::Digest(of, found)
            }
            Question::Tags(of) => {
                let tags = self.registry.tags(&of).await;
                Fact::Tags(of, tags.map_err(|error| error.with_hint()))
            }
            Question::Created(of) => {
                let created = self.registry.created(&of).await;
                Fact::Created(of, created.map_err(|error| error.with_hint()))
            }
            Question::Verdict(of) => {
                let refusal = match self.judge {
                    Some(judge) => judge.refusal(&of).await,
                    None => Err("there is no policy".to_owned()),
                };
                Fact::Verdict(of, refusal)
            }
            Question::Content(of) => {
                let content = self.content(&of).await;
                Fact::Content(of, content)
            }
            Question::Uses(of) => {
                let uses = self.uses(&of).await;
                Fact::Uses(of, uses)
            }
        }
    }

    async fn digest(&self, image: &ImageReference) -> Known<Option<Tagged>> {
        match self.registry.manifest(image).await {
            Ok(found) => Ok(Some(Tagged {
                platforms: match &found.parsed {
                    Manifest::Index(index) => {
                        index.manifests.iter().map(|it| it.digest.clone()).collect()
                    }
                    Manifest::Image(_) => Vec::new(),
                },
                digest: found.digest,
            })),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.with_hint()),
        }
    }

    async fn content(&self, url: &str) -> Known<Digest> {
        Ok(Digest::of(&self.fetch(url, MAX_CONTENT).await?))
    }

    /// Reads the action's own file, as the host shows it to everybody.
    async fn uses(&self, of: &ActionAt) -> Known<bool> {
        let path = of.path.as_ref();
        let folder = path.map_or_else(String::new, |path| format!("{path}/"));
        let (repository, commit) = (&of.repository, &of.commit);
        let mut failure = String::new();
        for name in ["action.yml", "action.yaml"] {
            let url = format!("{repository}/raw/{commit}/{folder}{name}");
            match self.fetch(&url, MAX_BYTES as u64).await {
                Ok(bytes) => {
                    let uses = uses_others(Path::new(name), &bytes);
                    return uses.map_err(|reason| format!("{url}: {reason}"));
                }
                Err(reason) => failure = reason,
            }
        }
        Err(failure)
    }

    async fn fetch(&self, url: &str, limit: u64) -> Known<Bytes> {
        let parsed = Url::parse(url).map_err(|error| format!("`{url}` is no URL: {error}"))?;
        if parsed.scheme() != "https" && !is_loopback(&parsed) {
            return Err(format!(
                "{url} is not encrypted: anybody between could change it"
            ));
        }
        let request = Request::get(parsed, HeaderMap::new());
        let until = Instant::now() + PATIENCE;
        let fetched = self.web.fetch(&request, limit, until).await;
        fetched.map_err(|error| format!("could not get {url}: {error}"))
    }

    async fn times(&self, of: RemoteRepository, commits: Vec<CommitId>) -> Vec<Fact> {
        let times = self.hosts.commit_times(&of, &commits).await;
        let known = |commit: &CommitId| match &times {
            Ok(times) => Ok(times.get(commit).copied()),
            Err(error) => Err(error.with_hint()),
        };
        let facts = commits
            .iter()
            .map(|commit| Fact::CommitTime(of.clone(), commit.clone(), known(commit)));
        facts.collect()
    }
}

/// Whether the action that `bytes` describe uses other actions.
fn uses_others(name: &Path, bytes: &[u8]) -> Known<bool> {
    let source = Source::decode(name, bytes).map_err(|error| error.problem.to_string())?;
    let tree = yaml::parse(&source).map_err(|error| error.problem.to_string())?;
    let root = tree.documents().next();
    let using = root.and_then(|root| root.get("runs")?.get("using"));
    match using.and_then(|using| using.text()) {
        Some("composite") => {
            let named = references(name, bytes).map_err(|error| error.problem.to_string())?;
            Ok(named.iter().any(|it| it.kind() == ReferenceKind::Action))
        }
        Some(_) => Ok(false),
        None => Err("no action is described there".to_owned()),
    }
}

/// The times of all commits of a repository go out together.
fn errands(questions: BTreeSet<Question>) -> Vec<Errand> {
    let mut times: BTreeMap<RemoteRepository, Vec<CommitId>> = BTreeMap::new();
    let mut errands = Vec::new();
    for question in questions {
        match question {
            Question::CommitTime(of, commit) => times.entry(of).or_default().push(commit),
            other => errands.push(Errand::One(other)),
        }
    }
    errands.extend(
        times
            .into_iter()
            .map(|(of, commits)| Errand::Times(of, commits)),
    );
    errands
}
