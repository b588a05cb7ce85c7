//! A system that does nothing but remember what it was asked.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Pid, Uid};

use crate::sys::{Reaped, Syscalls};

/// Records every call.
#[derive(Debug, Default)]
pub(crate) struct Double {
    calls: RefCell<Vec<String>>,
    refuses: Option<&'static str>,
    /// Whether files exist; none can be executed.
    pub(crate) exists: Cell<bool>,
    /// Whether the agent's group has members.
    pub(crate) group: Cell<bool>,
}

impl Double {
    /// One whose calls fail with `EPERM` if their record begins like this.
    pub(crate) fn refusing(step: &'static str) -> Self {
        Self {
            refuses: Some(step),
            ..Self::default()
        }
    }

    /// The calls since this was last asked.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.take()
    }

    fn note(&self, call: String) -> Result<(), Errno> {
        let refused = self
            .refuses
            .is_some_and(|refused| call.starts_with(refused));
        self.calls.borrow_mut().push(call);
        if refused { Err(Errno::EPERM) } else { Ok(()) }
    }
}

impl Syscalls for Double {
    fn set_dumpable(&self, dumpable: bool) -> Result<(), Errno> {
        self.note(format!("dumpable {dumpable}"))
    }

    fn volunteer_for_oom(&self) {
        let _ = self.note("volunteer for oom".into());
    }

    fn reset_signals(&self) {
        let _ = self.note("reset signals".into());
    }

    fn new_session(&self) -> Result<(), Errno> {
        self.note("new session".into())
    }

    fn take_terminal(&self) -> Result<(), Errno> {
        self.note("take terminal".into())
    }

    fn no_new_privileges(&self) -> Result<(), Errno> {
        self.note("no new privileges".into())
    }

    fn shield_parent(&self) {
        let _ = self.note("shield parent".into());
    }

    fn empty_bounding_set(&self) -> Result<(), Errno> {
        self.note("empty bounding set".into())
    }

    fn clear_capabilities(&self) -> Result<(), Errno> {
        self.note("clear capabilities".into())
    }

    fn set_groups(&self, groups: &[Gid]) -> Result<(), Errno> {
        let numbers: Vec<u32> = groups.iter().map(|group| group.as_raw()).collect();
        self.note(format!("groups {numbers:?}"))
    }

    fn set_group(&self, group: Gid) -> Result<(), Errno> {
        self.note(format!("group {group}"))
    }

    fn set_user(&self, user: Uid) -> Result<(), Errno> {
        self.note(format!("user {user}"))
    }

    fn give_streams(&self, user: Uid) {
        let _ = self.note(format!("streams to {user}"));
    }

    fn exec(&self, path: &CStr, _: &[CString], _: &[CString]) -> Errno {
        let _ = self.note(format!("exec {}", path.to_string_lossy()));
        Errno::ENOENT
    }

    fn exists(&self, _: &CStr) -> bool {
        self.exists.get()
    }

    fn signal_group(&self, leader: Pid, signal: Signal) {
        let _ = self.note(format!("group {leader} {signal}"));
    }

    fn signal_everything(&self, signal: Signal) {
        let _ = self.note(format!("everything {signal}"));
    }

    fn group_exists(&self, _: Pid) -> bool {
        self.group.get()
    }

    fn reap(&self) -> Reaped {
        Reaped::NoneDead
    }
}
