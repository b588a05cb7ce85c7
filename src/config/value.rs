//! The error of a single value, wherever it was written: in a file or in an argument.

pub(super) use crate::model::text::{excerpt, printable};

/// Why a value is refused, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ValueError {
    problem: String,
    mend: Option<String>,
    conceals: bool,
}

impl ValueError {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self {
            problem: printable(&problem.into()),
            mend: None,
            conceals: false,
        }
    }

    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(printable(&mend.into()));
        self
    }

    /// Keeps what follows the first `=` of the value out of every message.
    pub(crate) fn conceal(mut self) -> Self {
        self.conceals = true;
        self
    }

    pub(crate) fn conceals(&self) -> bool {
        self.conceals
    }

    /// What to write instead.
    pub fn hint(&self) -> Option<String> {
        self.mend.clone()
    }
}
