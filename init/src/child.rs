//! From fork to exec: finding the command and becoming it.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use fullsend_init::{ExecFailure, Stage};
use nix::errno::Errno;

use crate::sys::Syscalls;

/// Where commands are looked for when the environment has no PATH.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A command made ready before the fork, so that nothing is left to decide after it.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The files to try, in order.
    candidates: Vec<CString>,
    /// Whether they come from PATH, rather than being the one file that was asked for.
    searched: bool,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Launch {
    /// Prepares a command, of at least one word, with its environment; `None` if there is none.
    pub(crate) fn new(command: &[OsString], environment: &[(OsString, OsString)]) -> Option<Self> {
        let program = command.first()?;
        let path = environment
            .iter()
            .find(|(name, _)| name == "PATH")
            .map(|(_, value)| value);
        let arguments = command.iter().filter_map(|word| c_string(word)).collect();
        let environment = environment.iter().filter_map(|(name, value)| {
            let mut pair = name.clone();
            pair.push("=");
            pair.push(value);
            CString::new(pair.into_vec()).ok()
        });
        Some(Self {
            candidates: candidates(program, path.map(OsString::as_os_str)),
            searched: !program.as_bytes().contains(&b'/'),
            arguments,
            environment: environment.collect(),
        })
    }

    /// Becomes the command. Returns only on failure.
    pub(crate) fn exec(&self, sys: &impl Syscalls) -> ExecFailure {
        let mut worst = ExecFailure {
            stage: Stage::Lookup,
            errno: Errno::ENOENT as i32,
        };
        for path in &self.candidates {
            let errno = sys.exec(path, &self.arguments, &self.environment);
            match errno {
                Errno::ENOENT if sys.exists(path) => {
                    return ExecFailure {
                        stage: Stage::Interpreter,
                        errno: errno as i32,
                    };
                }
                Errno::ENOENT | Errno::ENOTDIR => {}
                // A folder that this user may not search holds nothing for them.
                Errno::EACCES if self.searched && !sys.exists(path) => {}
                // As a shell does: remembered, and the next directory is tried.
                Errno::EACCES => {
                    worst = ExecFailure {
                        stage: Stage::Exec,
                        errno: errno as i32,
                    }
                }
                _ => {
                    return ExecFailure {
                        stage: Stage::Exec,
                        errno: errno as i32,
                    };
                }
            }
        }
        worst
    }
}

/// Leaves PID 1's ways behind and becomes the command. Returns only on failure.
pub(crate) fn start(sys: &impl Syscalls, launch: &Launch, terminal: bool) -> ExecFailure {
    // A process that is not dumpable may not write its own files under /proc.
    let _ = sys.set_dumpable(true);
    sys.volunteer_for_oom();
    if let Err(failure) = at(Stage::Setsid, sys.new_session()) {
        return failure;
    }
    if terminal && let Err(failure) = at(Stage::Terminal, sys.take_terminal()) {
        return failure;
    }
    if let Err(failure) = at(Stage::NoNewPrivileges, sys.no_new_privileges()) {
        return failure;
    }
    sys.shield_parent();
    sys.reset_signals();
    launch.exec(sys)
}

fn at(stage: Stage, result: Result<(), Errno>) -> Result<(), ExecFailure> {
    result.map_err(|errno| ExecFailure {
        stage,
        errno: errno as i32,
    })
}

/// The absolute entries of PATH; a relative one would run whatever the workspace holds.
fn candidates(program: &OsStr, path: Option<&OsStr>) -> Vec<CString> {
    let name = program.as_bytes();
    if name.is_empty() {
        return Vec::new();
    }
    if name.contains(&b'/') {
        return c_string(program).into_iter().collect();
    }
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH)).as_bytes();
    let folders = path
        .split(|byte| *byte == b':')
        .filter(|folder| folder.starts_with(b"/"));
    folders
        .filter_map(|folder| CString::new([folder, b"/", name].concat()).ok())
        .collect()
}

fn c_string(text: &OsStr) -> Option<CString> {
    CString::new(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::Double;

    fn launch(program: &str, path: &str) -> Launch {
        let environment = [(OsString::from("PATH"), OsString::from(path))];
        Launch::new(&[program.into(), "-x".into()], &environment).unwrap()
    }

    #[test]
    fn the_agent_is_unprivileged_before_signals_reach_it() {
        let sys = Double::default();
        start(&sys, &launch("a", "/bin"), true);
        let expected = [
            "dumpable true",
            "volunteer for oom",
            "new session",
            "take terminal",
            "no new privileges",
            "shield parent",
            "reset signals",
            "exec /bin/a",
        ];
        assert_eq!(sys.calls(), expected);
    }

    #[test]
    fn without_a_terminal_none_is_touched() {
        let sys = Double::default();
        start(&sys, &launch("a", "/bin"), false);
        assert!(!sys.calls().contains(&"take terminal".to_owned()));
    }

    #[test]
    fn only_absolute_entries_of_path_are_searched() {
        let sys = Double::default();
        launch("a", ":/one:two:./three:/four").exec(&sys);
        assert_eq!(sys.calls(), ["exec /one/a", "exec /four/a"]);
        launch("./a", "/one").exec(&sys);
        assert_eq!(sys.calls(), ["exec ./a"]);
    }

    #[test]
    fn a_file_that_is_there_lacks_its_interpreter() {
        let sys = Double::default();
        sys.exists.set(true);
        assert_eq!(
            launch("a", "/one:/two").exec(&sys).stage,
            Stage::Interpreter
        );
        assert_eq!(sys.calls(), ["exec /one/a"]);
    }
}
