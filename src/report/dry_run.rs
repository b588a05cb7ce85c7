//! What `fullsend exec --dry-run` prints.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    limits::{ByteSize, Limits},
    text::printable,
};

/// The launch that would be made, as far as arguments and configuration tell.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DryRun {
    /// 1.
    pub schema_version: u8,
    /// The agent's name.
    pub agent: String,
    /// The image that is asked for.
    pub image: String,
    /// The policy rule that would apply, counted from 0; null where none matches, so that the
    /// image would be refused.
    pub rule: Option<usize>,
    /// The configuration file.
    pub config: Option<String>,
    /// The command; null is the image's own.
    pub command: Option<Vec<String>>,
    /// The names of the variables that would be passed on.
    pub env: Vec<String>,
    /// What would be mounted.
    pub mounts: Vec<String>,
    /// The folder that would be mounted at /workspace.
    pub workspace: Option<String>,
    /// `image`, `host` or numbers; null is the default.
    pub user: Option<String>,
    /// The network.
    pub network: String,
    /// Whether the image's own files would be unchangeable.
    pub read_only: bool,
    /// CPUs.
    pub cpus: f64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Wall time in seconds.
    pub timeout_seconds: f64,
}

impl DryRun {
    /// A launch of `agent` in `image` within `limits`, with nothing else said.
    pub fn new(agent: String, image: String, limits: Limits) -> Self {
        Self {
            schema_version: 1,
            agent,
            image,
            rule: None,
            config: None,
            command: None,
            env: Vec::new(),
            mounts: Vec::new(),
            workspace: None,
            user: None,
            network: String::new(),
            read_only: false,
            cpus: limits.cpus.as_f64(),
            memory_bytes: limits.memory.as_bytes(),
            pids: limits.pids,
            timeout_seconds: limits.timeout.duration().as_secs_f64(),
        }
    }

    /// The plan for people, one line a fact.
    pub fn to_text(&self) -> String {
        let none = || "none".to_owned();
        let list = |items: &[String]| {
            if items.is_empty() {
                none()
            } else {
                items.join(" ")
            }
        };
        let rule = self.rule.map_or_else(
            || "no rule matches the image: it would be refused".to_owned(),
            |rule| format!("number {rule}"),
        );
        let limits = format!(
            "{} CPUs, {}, {} processes, {} s",
            self.cpus,
            ByteSize::bytes(self.memory_bytes),
            self.pids,
            self.timeout_seconds
        );
        let root = if self.read_only {
            "read-only"
        } else {
            "writable"
        };
        let mut text = String::new();
        for (name, value) in [
            ("agent", self.agent.clone()),
            ("image", self.image.clone()),
            ("rule", rule),
            ("config", self.config.clone().unwrap_or_else(none)),
            (
                "command",
                self.command
                    .as_ref()
                    .map_or("the image's own".to_owned(), |it| list(it)),
            ),
            ("limits", limits),
            ("env", list(&self.env)),
            ("mounts", list(&self.mounts)),
            ("workspace", self.workspace.clone().unwrap_or_else(none)),
            (
                "user",
                self.user
                    .clone()
                    .unwrap_or_else(|| "the default".to_owned()),
            ),
            ("network", self.network.clone()),
            ("root", root.to_owned()),
        ] {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name:<10} {}", printable(&value));
        }
        text
    }
}
