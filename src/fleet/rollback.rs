//! `rollback`: a release is taken back, at once.

use super::{
    drive::{
        Configuration, Crew, Drive, DriveError, Preview, Record, RollOptions, Rolled, is_needless,
    },
    rollout::{Kind, Rollout, State, Via, Wave},
};
use crate::{
    config::{Fleet, Release},
    model::skew,
};

/// What is taken back, and why.
pub(super) struct Undo {
    /// The release that goes.
    pub(super) from: Release,
    /// The release that comes back.
    pub(super) to: Release,
    /// The rollout that brought it.
    pub(super) undone: Option<Rollout>,
    /// For the deny list.
    pub(super) reason: String,
    /// Who asks the repositories back.
    pub(super) via: Via,
}

/// Takes the release of fleet.yaml back, to `to` or to the last good one, or goes on with that.
///
/// First what stops the bleeding, one commit to the configuration repository: the release is
/// denied, and every ring that stands on it goes back. Where that takes a request there, the rest
/// goes on meanwhile, and the rollout waits for it. Then the open requests to the release are
/// closed, and the repositories that have it are asked back, the last wave first.
///
/// Where the release of fleet.yaml was taken back before, an older target takes back what the rings
/// stand on since then; a rollback that is under way gives way to it.
///
/// Refuses a target that is denied, not proven, or of another major version, unless
/// [`RollOptions::force`] names it.
pub async fn rollback(
    crew: Crew<'_>,
    to: Option<&semver::Version>,
    options: &RollOptions,
) -> Result<Rolled, DriveError> {
    check_whole(options)?;
    let newest = Record::of(crew).newest().await?;
    if let Some(running) = &newest
        && goes_back_to(running, to)
    {
        let via = options.via.unwrap_or(running.via);
        let running = Rollout {
            via,
            ..running.clone()
        };
        return go_on(crew, &running, options).await;
    }
    let undo = undo(crew, newest.clone(), to, options.via).await?;
    if let Some(done) = newest.filter(|it| is_done(it, &undo)) {
        let fleet = Configuration::read(crew).await?.fleet;
        let rollout = begin(crew, &fleet, &undo, options).await?;
        if is_needless(crew, &rollout, options).await? {
            return Ok(Rolled::finished(done));
        }
    }
    take_back(crew, undo, options).await
}

impl Undo {
    /// What a rollback that is under way takes back.
    fn again(running: &Rollout) -> Self {
        Self {
            from: running.from.clone(),
            to: running.to.clone(),
            undone: None,
            reason: running.reason.clone().unwrap_or_default(),
            via: running.via,
        }
    }
}

fn goes_back(rollout: &Rollout) -> bool {
    (rollout.kind, rollout.state) == (Kind::Rollback, State::Running)
}

/// Whether `rollout` is a rollback that is under way, and to what is wanted.
fn goes_back_to(rollout: &Rollout, to: Option<&semver::Version>) -> bool {
    goes_back(rollout) && to.is_none_or(|to| to == rollout.to.version())
}

/// Whether `rollout` took it back to its end.
fn is_done(rollout: &Rollout, undo: &Undo) -> bool {
    (rollout.kind, rollout.state) == (Kind::Rollback, State::Finished)
        && (&rollout.from, &rollout.to) == (&undo.from, &undo.to)
}

/// What [`rollback`] would do, were it to begin now: nothing is proven, and nothing is written.
pub async fn preview_rollback(
    crew: Crew<'_>,
    to: Option<&semver::Version>,
    options: &RollOptions,
) -> Result<Preview, DriveError> {
    check_whole(options)?;
    let undo = match Record::of(crew).newest().await? {
        Some(running) if goes_back_to(&running, to) => Undo::again(&running),
        newest => undo(crew, newest, to, options.via).await?,
    };
    let fleet = Configuration::read(crew).await?.fleet;
    if options.force.as_ref() != Some(undo.to.version()) {
        check(&fleet, &undo)?;
    }
    let rollout = begin(crew, &fleet, &undo, options).await?;
    Box::pin(Drive::new(crew, rollout, options).preview()).await
}

/// What there is to take back.
async fn undo(
    crew: Crew<'_>,
    newest: Option<Rollout>,
    to: Option<&semver::Version>,
    via: Option<Via>,
) -> Result<Undo, DriveError> {
    let fleet = Configuration::read(crew).await?.fleet;
    let undone = match newest {
        Some(running) if goes_back(&running) => Some(superseded(&fleet, running, to)?),
        // An upgrade that runs may not have come to fleet.yaml yet.
        newest => newest.filter(|it| {
            let has_begun = it.to == fleet.release || it.state == State::Running;
            it.kind == Kind::Upgrade && has_begun
        }),
    };
    let undone_to = undone.as_ref().map(|it| &it.to);
    let from = undone_to.unwrap_or_else(|| stands_on(&fleet, to)).clone();
    let to = match to {
        Some(version) => known(&fleet, version)?,
        None => last_good(&fleet, &from, undone.as_ref())?,
    };
    Ok(Undo {
        from,
        to,
        undone,
        reason: "it was rolled back".to_owned(),
        via: via.unwrap_or(Via::Direct),
    })
}

/// The rollback `running`, in whose place one to an older release may come as soon as fleet.yaml
/// denies what it takes back: nothing of it is lost then.
fn superseded(
    fleet: &Fleet,
    running: Rollout,
    to: Option<&semver::Version>,
) -> Result<Rollout, DriveError> {
    let is_older = to.is_some_and(|to| to < running.to.version());
    if is_older && has_left(fleet, &running.from) {
        return Ok(running);
    }
    Err(running.into())
}

/// Whether the release is denied, and no ring stands on it.
fn has_left(fleet: &Fleet, release: &Release) -> bool {
    let mut rings = fleet.rings.iter();
    fleet.denial(release).is_some() && rings.all(|it| it.release.version() != release.version())
}

/// What a rollback to `to` takes back: the release to reach, or what the rings stand on since that
/// one was taken back.
fn stands_on<'f>(fleet: &'f Fleet, to: Option<&semver::Version>) -> &'f Release {
    let Some(to) = to.filter(|_| has_left(fleet, &fleet.release)) else {
        return &fleet.release;
    };
    let rings = fleet.rings.iter().map(|ring| &ring.release);
    let newer = rings.filter(|it| it.version() > to && fleet.denial(it).is_none());
    newer
        .max_by_key(|it| it.version())
        .unwrap_or(&fleet.release)
}

/// Takes a release back.
pub(super) async fn take_back(
    crew: Crew<'_>,
    undo: Undo,
    options: &RollOptions,
) -> Result<Rolled, DriveError> {
    let fleet = Configuration::read(crew).await?.fleet;
    accept(crew, &fleet, &undo, options).await?;
    let rollout = begin(crew, &fleet, &undo, options).await?;
    let undone = undo.undone.map(|it| Rollout {
        state: State::Stopped,
        ..it
    });
    let rollouts: Vec<&Rollout> = [&rollout].into_iter().chain(&undone).collect();
    Record::of(crew).save(&rollouts).await?;
    drive(crew, rollout, options).await
}

/// Goes on with a rollback, which has to be as good as on its first day: the branch that it is
/// written down on is open to many.
pub(super) async fn go_on(
    crew: Crew<'_>,
    running: &Rollout,
    options: &RollOptions,
) -> Result<Rolled, DriveError> {
    let fleet = Configuration::read(crew).await?.fleet;
    accept(crew, &fleet, &Undo::again(running), options).await?;
    drive(crew, running.clone(), options).await
}

/// Refuses what may not be gone back to, unless it is named.
async fn accept(
    crew: Crew<'_>,
    fleet: &Fleet,
    undo: &Undo,
    options: &RollOptions,
) -> Result<(), DriveError> {
    check_known(fleet, &undo.to)?;
    if options.force.as_ref() == Some(undo.to.version()) {
        return Ok(());
    }
    check(fleet, undo)?;
    let proven = crew.prover.prove(&undo.to).await;
    proven.map_err(|refused| DriveError::UnprovenTarget {
        refused,
        version: undo.to.version().clone(),
    })
}

/// A rollout that begins now.
async fn begin(
    crew: Crew<'_>,
    fleet: &Fleet,
    undo: &Undo,
    options: &RollOptions,
) -> Result<Rollout, DriveError> {
    let now = (crew.clock)();
    let version = undo.from.version();
    let id = Record::of(crew).free(Kind::Rollback, version, now).await?;
    let (from, to) = (undo.from.clone(), undo.to.clone());
    let mut rollout = Rollout::begin(id, Kind::Rollback, from, to, now);
    rollout.base = fleet.release.clone();
    rollout.by.clone_from(&crew.means.identity.login);
    rollout.via = undo.via;
    let reason = options.reason.as_ref().unwrap_or(&undo.reason);
    rollout.reason = Some(reason.clone());
    // Last in, first out.
    let rings = fleet.rings.iter().rev();
    rollout.waves = rings.map(|ring| Wave::new(&ring.name, 100)).collect();
    rollout.undoes = undo.undone.as_ref().map(|it| it.id.clone());
    Ok(rollout)
}

async fn drive(
    crew: Crew<'_>,
    rollout: Rollout,
    options: &RollOptions,
) -> Result<Rolled, DriveError> {
    Box::pin(Drive::new(crew, rollout, options).run()).await
}

fn refuse(reason: String, hint: impl Into<String>) -> DriveError {
    DriveError::Target {
        reason,
        hint: hint.into(),
    }
}

/// Refuses names of repositories: what is denied is denied everywhere.
fn check_whole(options: &RollOptions) -> Result<(), DriveError> {
    if options.only.is_empty() {
        return Ok(());
    }
    Err(refuse(
        "a release is taken back everywhere, not in one repository".to_owned(),
        "leave out `--only`; `fullsend hold REPO` keeps one repository on an older version",
    ))
}

/// Refuses a target that is no better.
fn check(fleet: &Fleet, undo: &Undo) -> Result<(), DriveError> {
    let (from, to) = (undo.from.version(), undo.to.version());
    let force = format!("name another version, or add `--force {to}`");
    if from == to {
        return Err(refuse(format!("{from} is what is taken back"), force));
    }
    if let Some(denied) = fleet.denial(&undo.to) {
        return Err(refuse(format!("{to} is denied: {}", denied.reason), force));
    }
    // Between the two requests of a repository, the newer action starts the older image.
    if let Err(skew) = skew::action_and_image(&undo.from.action.version, to) {
        return Err(refuse(format!("{to} is too old: {skew}"), force));
    }
    Ok(())
}

/// Refuses a release that fleet.yaml does not have, with this action and this digest.
fn check_known(fleet: &Fleet, to: &Release) -> Result<(), DriveError> {
    if fleet.releases().any(|it| it == to) {
        return Ok(());
    }
    let version = to.version();
    Err(refuse(
        format!("fleet.yaml has no release {version} of this action and image"),
        "remove `rollouts/current.json` on the branch `fullsend/state` if nobody knows where it \
         comes from; else add the release under `approved`",
    ))
}

fn known(fleet: &Fleet, version: &semver::Version) -> Result<Release, DriveError> {
    let mut releases = fleet.releases();
    let found = releases.find(|it| it.version() == version).cloned();
    found.ok_or_else(|| {
        let reason = format!("fleet.yaml knows no release of version {version}");
        refuse(reason, "add its action and image under `approved`")
    })
}

/// The release that was left, where it is good; else the newest good one that is older.
fn last_good(
    fleet: &Fleet,
    bad: &Release,
    undone: Option<&Rollout>,
) -> Result<Release, DriveError> {
    let left = undone.map(|it| &it.from);
    let approved = fleet.releases().filter(|it| it.version() < bad.version());
    let newest = approved
        .filter(|it| fleet.denial(it).is_none())
        .max_by_key(|it| it.version());
    let left = left.filter(|it| check_known(fleet, it).is_ok());
    let left = left.filter(|it| fleet.denial(it).is_none() && it.version() != bad.version());
    left.or(newest).cloned().ok_or_else(|| {
        let reason = "fleet.yaml knows no older release that is good".to_owned();
        refuse(
            reason,
            "add one under `approved`, with its action and image",
        )
    })
}
