//! The entrypoint of the sandbox image: takes the control plane's variables and root's powers
//! away before the agent runs.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use nix::unistd::{Gid, Uid};

use crate::account::Account;
use crate::args::Entrypoint;
use crate::child::Launch;
use crate::outlet::Outlet;
use crate::supervise::{self, Plan};
use crate::sys::{Linux, Syscalls};
use crate::{StartError, environment};

/// What the control plane tells this program and the agent must not see.
const CONTROL_PLANE: [&str; 3] = ["SESSION_TOKEN", "CONTROL_PLANE_URL", "SESSION_ID"];
/// How the image names the agent; of no use to it either.
const OWN: [&str; 4] = ["AGENT_COMMAND", "AGENT_ARGS", "AGENT_USER", "AGENT_WORKDIR"];

type Environment = Vec<(OsString, OsString)>;

/// Runs the image's agent: supervised and without privileges where this is the container's root,
/// straight through otherwise.
pub(crate) fn run(wanted: Entrypoint) -> Result<ExitCode, StartError> {
    let mut environment: Environment = environment::of_process();
    let command = command(&wanted, &environment)?;
    let user = wanted.user.or_else(|| text(&environment, "AGENT_USER"));
    let folder = wanted
        .workdir
        .or_else(|| environment::get(&environment, "AGENT_WORKDIR"));
    environment.retain(|(name, _)| {
        let hidden = CONTROL_PLANE
            .iter()
            .chain(&OWN)
            .any(|hidden| name == hidden);
        !hidden && !wanted.strip.contains(name)
    });
    if nix::unistd::getpid().as_raw() != 1 || !Uid::effective().is_root() {
        return straight_through(&command, &environment, folder);
    }
    let account = Account::find(user.as_deref().unwrap_or("agent")).map_err(StartError::Account)?;
    if account.uid == 0 {
        return straight_through(&command, &environment, folder);
    }
    describe(&account, &mut environment);
    become_user(&Linux, &account)?;
    enter(folder)?;
    supervise::run(Plan {
        launch: Launch::new(&command, &environment).ok_or(StartError::NoCommand)?,
        terminal: std::io::IsTerminal::is_terminal(&std::io::stdin()),
        timeout: None,
        grace: Duration::ZERO,
        outlet: Outlet::Nowhere,
    })
}

/// The arguments' command, or else `AGENT_COMMAND` with `AGENT_ARGS`, one argument to a line.
fn command(
    wanted: &Entrypoint,
    environment: &[(OsString, OsString)],
) -> Result<Vec<OsString>, StartError> {
    if !wanted.command.is_empty() {
        return Ok(wanted.command.clone());
    }
    let program = environment::get(environment, "AGENT_COMMAND").filter(|name| !name.is_empty());
    let mut command = vec![program.ok_or(StartError::NoCommand)?];
    if let Some(arguments) = text(environment, "AGENT_ARGS") {
        command.extend(arguments.lines().map(OsString::from));
    }
    Ok(command)
}

fn text(environment: &[(OsString, OsString)], name: &str) -> Option<String> {
    environment::get(environment, name)?.into_string().ok()
}

/// Becomes the command without a fork: somebody else is PID 1, or has chosen the user.
fn straight_through(
    command: &[OsString],
    environment: &[(OsString, OsString)],
    folder: Option<OsString>,
) -> Result<ExitCode, StartError> {
    let launch = Launch::new(command, environment).ok_or(StartError::NoCommand)?;
    enter(folder)?;
    Linux
        .no_new_privileges()
        .map_err(|errno| StartError::System("no_new_privs", errno))?;
    Linux.reset_signals();
    Err(StartError::Exec(launch.exec(&Linux)))
}

fn enter(folder: Option<OsString>) -> Result<(), StartError> {
    let Some(folder) = folder.filter(|folder| !folder.is_empty()) else {
        return Ok(());
    };
    std::env::set_current_dir(Path::new(&folder)).map_err(|error| StartError::Folder(folder, error))
}

fn describe(account: &Account, environment: &mut Environment) {
    let home = account.home.as_deref().unwrap_or("/");
    let mut values = vec![("HOME", home)];
    if let Some(name) = account.name.as_deref() {
        values.extend([("USER", name), ("LOGNAME", name)]);
    }
    environment.retain(|(name, _)| !["HOME", "USER", "LOGNAME"].iter().any(|own| name == own));
    environment.extend(
        values
            .into_iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
}

/// Gives root up for good, in PID 1 itself: no process of root's stays in the container, and the
/// agent's signals can be forwarded without a capability.
fn become_user(sys: &impl Syscalls, account: &Account) -> Result<(), StartError> {
    let lacking = |capability| move |errno| StartError::Privileges(capability, errno);
    let groups: Vec<Gid> = account.groups.iter().copied().map(Gid::from_raw).collect();
    // First, because it is the last to be allowed: it needs CAP_SETPCAP.
    sys.empty_bounding_set().map_err(lacking("CAP_SETPCAP"))?;
    sys.give_streams(Uid::from_raw(account.uid));
    sys.set_groups(&groups).map_err(lacking("CAP_SETGID"))?;
    sys.set_group(Gid::from_raw(account.gid))
        .map_err(lacking("CAP_SETGID"))?;
    sys.set_user(Uid::from_raw(account.uid))
        .map_err(lacking("CAP_SETUID"))?;
    let system = |what| move |errno| StartError::System(what, errno);
    sys.clear_capabilities().map_err(system("capset"))?;
    sys.no_new_privileges().map_err(system("no_new_privs"))?;
    // A change of user may have set it again.
    sys.set_dumpable(false).map_err(system("dumpable"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::Double;

    fn account() -> Account {
        Account {
            uid: 1000,
            gid: 1001,
            groups: vec![7, 1001],
            name: None,
            home: None,
        }
    }

    #[test]
    fn root_is_given_up_in_the_only_order_that_works() {
        let sys = Double::default();
        become_user(&sys, &account()).unwrap();
        let expected = [
            "empty bounding set",
            "streams to 1000",
            "groups [7, 1001]",
            "group 1001",
            "user 1000",
            "clear capabilities",
            "no new privileges",
            "dumpable false",
        ];
        assert_eq!(sys.calls(), expected);
    }

    #[test]
    fn the_first_failure_ends_it() {
        for (step, capability) in [
            ("empty", "CAP_SETPCAP"),
            ("groups", "CAP_SETGID"),
            ("user", "CAP_SETUID"),
        ] {
            let sys = Double::refusing(step);
            let refusal = become_user(&sys, &account()).unwrap_err().to_string();
            assert!(refusal.contains(capability), "{refusal}");
            assert!(
                sys.calls()
                    .last()
                    .is_some_and(|call| call.starts_with(step))
            );
        }
    }
}
