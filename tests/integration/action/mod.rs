//! The GitHub Action: its files judged by the real tools, its steps run by act, which stands in for
//! GitHub's runner, and its scripts run by themselves.
//!
//! A machine without them fails these tests: skipping would look like passing.

mod cancel;
mod files;
mod install;
mod job;
mod modes;
