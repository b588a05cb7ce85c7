//! What stands between the token and a verb: told before the first write, and by `--check-access`.

use jiff::Timestamp;

use super::{FleetArgs, Opened, chosen::Chosen, watched};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    fleet::{Access, Question, Verb, access, status},
    forge::{Identity, Permission, Seen, Watch},
    model::exit_code,
    report::fleet::{FleetReport, State},
};

/// Asks the forge who we are.
pub(super) async fn identify(opened: &Opened, context: &Context) -> Result<Identity, CliFailure> {
    let (forge, governor) = (opened.forge.as_ref(), &opened.governor);
    let identity = watched(governor, &context.terminal, forge.identity()).await?;
    if let Some(folder) = context.environment.state_folder() {
        governor.remember(&folder, forge.host(), &identity.login);
    }
    Ok(identity)
}

/// Refuses where the token is known not to be enough; tells what else stands in the way.
pub(super) fn check(
    opened: &Opened,
    identity: &Identity,
    verb: Verb,
    members: &[&Seen],
    configuration: Option<&Seen>,
) -> Result<Access, CliFailure> {
    let place = &opened.fleet.forge;
    let members = members.iter().copied();
    let access = access(verb, place, identity, members, configuration);
    if access.lacks.is_empty() {
        return Ok(access);
    }
    Err(CliFailure::usage_with(
        format!(
            "the token of {} may not {}",
            identity.login,
            listed(&access.lacks)
        ),
        "give it these permissions, or take another token",
    ))
}

/// What was found out of the fleet for `--check-access`.
pub(super) struct Checked {
    pub(super) access: Access,
    pub(super) identity: Identity,
    /// How many repositories were looked at.
    all: usize,
}

impl Checked {
    /// Looks at every repository that is meant, and at the configuration repository.
    pub(super) async fn of(
        opened: &Opened,
        verb: Verb,
        args: &FleetArgs,
        context: &Context,
    ) -> Result<Self, CliFailure> {
        let terminal = &context.terminal;
        let identity = identify(opened, context).await?;
        terminal.progress("looking at the repositories", 0, 0);
        let none = Watch::default();
        let survey = opened.forge.survey(&none);
        let seen = watched(&opened.governor, terminal, survey).await?;
        let chosen = Chosen::of(opened, &seen, &args.only)?;
        let members: Vec<&Seen> = chosen.members.iter().map(|it| it.seen).collect();
        let full_name = opened.config_repository.as_deref().unwrap_or_default();
        let configuration = seen
            .iter()
            .find(|it| it.repository.full_name.eq_ignore_ascii_case(full_name));
        let access = check(opened, &identity, verb, &members, configuration)?;
        let all = members.len();
        Ok(Self {
            access,
            identity,
            all,
        })
    }

    /// Tells it: sentences for people, or the document of the repositories.
    pub(super) async fn tell(
        &self,
        opened: &Opened,
        verb: Verb,
        args: &FleetArgs,
        context: &Context,
    ) -> Outcome {
        let login = &self.identity.login;
        for line in told(&self.access, login) {
            context.terminal.say(&line);
        }
        if context.global.format == Format::Json {
            Terminal::print_json(&self.document(opened, args).await?)?;
        } else {
            let may = if verb == Verb::Status {
                format!("{login} may see {} repositories\n", self.all)
            } else {
                let open = self.all.saturating_sub(self.access.closed.len());
                format!("{login} may write to {open} repositories\n")
            };
            Terminal::print(&may)?;
        }
        Ok(if self.access.is_open() {
            exit_code::OK
        } else {
            exit_code::FINDINGS
        })
    }

    /// How the repositories stand, those that we may not write to as blocked.
    async fn document(&self, opened: &Opened, args: &FleetArgs) -> Result<FleetReport, CliFailure> {
        let question = Question {
            fleet: &opened.fleet,
            configuration: opened.config_repository.as_deref(),
            only: &args.only,
            runs: false,
            now: Timestamp::now(),
        };
        let mut found = status(opened.forge.as_ref(), &question, &|_| {}).await?;
        for row in &mut found.repositories {
            if self.access.closed.contains(&row.name) {
                row.state = State::Blocked;
                row.reason = Some("no push is allowed to it".to_owned());
            }
        }
        Ok(FleetReport {
            left_out: found.left_out,
            unknown: found.unknown,
            ..FleetReport::new(found.repositories)
        })
    }
}

/// What of `access` a person should know, a line each.
pub(super) fn told(access: &Access, login: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if access.is_unknown {
        lines.push(format!(
            "the forge does not tell what the token of {login} may do; writes will show"
        ));
    }
    for (names, what) in [
        (&access.closed, "no push is allowed to"),
        (
            &access.signed,
            "commits have to be signed, as GraphQL does it and REST for an app alone, in",
        ),
    ] {
        if !names.is_empty() {
            lines.push(format!("{what}: {}", some(names)));
        }
    }
    if access.must_ask {
        lines.push(
            "the configuration repository's default branch takes no push from us: a rollback would \
             have to wait for a request there to be merged"
                .to_owned(),
        );
    }
    lines
}

fn some(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    shown.join(", ") + &more
}

fn listed(permissions: &[Permission]) -> String {
    let words = permissions.iter().map(|it| match it {
        Permission::Read => "read repositories",
        Permission::Contents => "push branches",
        Permission::Requests => "open requests",
        Permission::Workflows => "change workflows",
        Permission::Runs => "read runs",
        Permission::Start => "start runs",
    });
    words.collect::<Vec<_>>().join(", ")
}
