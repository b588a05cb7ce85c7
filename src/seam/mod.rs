//! The only doors to the world outside: files, the environment, processes, HTTP.
//!
//! Everything that comes through a door is bounded in size and time at the door.

pub mod environment;
pub mod exchange;
pub mod files;
pub mod folder;
pub mod git;
pub mod github_urls;
pub mod http;
pub mod job_tokens;
pub mod process;
mod proxy;
pub mod retry;
pub mod shared_folder;
pub mod signals;
pub mod stdio;
pub mod stop;
pub mod walk;
