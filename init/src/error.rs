//! Why no agent was started, in words for the container's log.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;

use fullsend_init::{ExecFailure, Stage};
use nix::errno::Errno;

use crate::account::AccountError;

/// What went wrong before there was an agent to watch.
#[derive(Debug)]
pub(crate) enum StartError {
    /// The command line makes no sense.
    Usage(String),
    /// `run` outside a PID namespace of its own, where ending the tree would end the machine.
    NotPidOne,
    /// Neither an argument nor a variable names a command.
    NoCommand,
    /// The socket or file for the record is out of reach.
    Outlet(PathBuf, io::Error),
    /// The user to become is not known.
    Account(AccountError),
    /// Root cannot be given up for want of this capability.
    Privileges(&'static str, Errno),
    /// The agent's folder cannot be entered.
    Folder(OsString, io::Error),
    /// The agent's command cannot be executed.
    Exec(ExecFailure),
    /// A system call failed that should not.
    System(&'static str, Errno),
}

impl StartError {
    /// 126 and 127 as shells have them, 125 for everything else.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Exec(ExecFailure {
                stage: Stage::Lookup,
                ..
            }) => 127,
            Self::Exec(_) => 126,
            _ => 125,
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(reason) => out.write_str(reason),
            Self::NotPidOne => out.write_str("run works only as PID 1 of a container"),
            Self::NoCommand => out.write_str("no command: give one, or set AGENT_COMMAND"),
            Self::Outlet(path, error) => write!(out, "cannot open {}: {error}", path.display()),
            Self::Account(error) => write!(out, "{error}; refusing to run the agent as root"),
            Self::Privileges(capability, errno) => {
                let reason = errno.desc();
                write!(
                    out,
                    "cannot give up root ({reason}): the container lacks {capability}"
                )
            }
            Self::Folder(folder, error) => {
                write!(out, "cannot enter {}: {error}", folder.to_string_lossy())
            }
            Self::Exec(failure) => {
                let reason = Errno::from_raw(failure.errno).desc();
                match failure.stage {
                    Stage::Lookup => out.write_str("the command was not found"),
                    Stage::Interpreter => out.write_str("the command's interpreter is missing"),
                    _ => write!(out, "the command cannot be executed: {reason}"),
                }
            }
            Self::System(what, errno) => write!(out, "{what} failed: {}", errno.desc()),
        }
    }
}

impl fmt::Display for AccountError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownUser(user) => write!(out, "this image has no user {user:?}"),
            Self::Malformed(user) => write!(out, "{user:?} is no user name, UID or UID:GID"),
            Self::Unreadable(path, error) => write!(out, "cannot read {path}: {error}"),
        }
    }
}
