//! Why a file cannot be generated.

use crate::{config::UnknownAgent, template::TemplateError};

/// Why a file cannot be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A setting that is not known, or a value that it cannot have.
    #[error("{message}")]
    Setting {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// An agent that is not there.
    #[error(transparent)]
    Agent(#[from] UnknownAgent),
    /// What fullsend.yaml says cannot be had in this kind of file.
    #[error("{message}")]
    Config {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A value that cannot be written where it belongs.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file that exists and cannot be read, so that nobody knows what would be lost.
    #[error("{message}")]
    Unreadable {
        /// Which file, and why.
        message: String,
    },
    /// Nobody says which version of it is to be used.
    #[error("no version of `{name}` is known")]
    NoPin {
        /// The action.
        name: String,
    },
}

impl GenerateError {
    /// What the user can do about it, where the message does not say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Setting { hint, .. } | Self::Config { hint, .. } => Some(hint.clone()),
            Self::Agent(error) => error.hint(),
            Self::Template(TemplateError::Value { .. }) => {
                Some("change the value in fullsend.yaml or behind --set".to_owned())
            }
            Self::Template(TemplateError::Broken { .. }) | Self::Unreadable { .. } => None,
            Self::NoPin { name } => Some(format!(
                "write `--set 'action={name}@<40 hexadecimal digits> # v1.2.3'`: the commit of a \
                 release; a file that exists keeps the version that it has"
            )),
        }
    }
}
