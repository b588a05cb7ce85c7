//! What a run says to the person who watches it, all on stderr.

/// Where a run's messages go; the agent's own output is not among them.
pub trait Console: Send + Sync {
    /// A step that was done; left out when quiet.
    fn note(&self, line: &str);
    /// Something that the person should know and that does not stop the run.
    fn warn(&self, line: &str);
    /// Text for the CI platform, as it is.
    fn raw(&self, text: &str);
    /// The state of a pull, in bytes; the total grows while layers begin.
    fn pull_progress(&self, done: u64, total: u64);
    /// The pull is over.
    fn pull_finished(&self);
}
