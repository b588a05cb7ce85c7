//! What PID 1 of a sandbox and the CLI say to each other.
//!
//! `fullsend-init` connects the CLI's socket before it forks, says [`Event::Hello`], then
//! [`Event::Started`] once the agent's exec succeeded, and last the [`Record`]: how the agent
//! ended and what it used. The CLI sends an [`Order`] when the run must end early, and its end of
//! the connection is its sign of life. Everything is text, bounded, and written with std alone.

mod event;
mod order;
mod parse;
mod record;

pub use event::{Decoder, Event};
pub use order::Order;
pub use parse::RecordError;
pub use record::{Ending, ExecFailure, KilledBy, RECORD_LIMIT, Record, Stage, WaitStatus};

/// Where the program itself lies in every container.
pub const INIT_PATH: &str = "/run/fullsend/init";
/// Where the CLI's socket is mounted, when client and daemon share files.
pub const SOCKET_PATH: &str = "/run/fullsend/socket";
/// Where the record is left when no socket can reach the CLI.
pub const RECORD_PATH: &str = "/run/fullsend/record";
/// The longest line that either side sends or accepts outside the record, newline excluded.
pub const LINE_LIMIT: usize = 64;
/// The longest nonce that a record file may hold before the run; longer is a usage error.
pub const NONCE_LIMIT: usize = 128;
