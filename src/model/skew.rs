//! Which versions of things that are released apart go together.
//!
//! An action starts an image, and an image reads a policy. Each is released by itself, and each of
//! these rules says how far apart the two may be.

use semver::Version;

/// Our action, which starts the image, as workflows name it.
pub const OWN_ACTION: &str = "fullsend-ai/sandbox";

/// Two versions that do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skew {
    /// The action starts images of another major version.
    #[error("action {action} and image {image} are of different major versions")]
    Major {
        /// The action's version.
        action: Version,
        /// The image's version.
        image: Version,
    },
    /// The policy's syntax is older than the one before the reader's own.
    #[error("a policy of syntax {policy} is too old for what reads {reader}")]
    PolicyTooOld {
        /// The syntax that the policy is written in.
        policy: u32,
        /// The newest syntax that is understood.
        reader: u32,
    },
    /// The policy's syntax is newer than any that the reader knows.
    #[error("a policy of syntax {policy} is too new for what reads {reader}")]
    PolicyTooNew {
        /// The syntax that the policy is written in.
        policy: u32,
        /// The newest syntax that is understood.
        reader: u32,
    },
}

impl Skew {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Major { action, .. } => format!("take an image of version {}", action.major),
            Self::PolicyTooOld { reader, .. } => format!("write the policy in syntax {reader}"),
            Self::PolicyTooNew { .. } => {
                "take a newer image first, and the policy after it".to_owned()
            }
        }
    }
}

/// Whether an action of version `action` starts an image of version `image`: their major versions
/// are the same.
pub fn action_and_image(action: &Version, image: &Version) -> Result<(), Skew> {
    if action.major == image.major {
        return Ok(());
    }
    Err(Skew::Major {
        action: action.clone(),
        image: image.clone(),
    })
}

/// Whether what reads policies of the syntax `reader` reads one of the syntax `policy`: its own
/// and the one before, so that a policy can be rewritten after the upgrade.
pub fn policy_syntax(reader: u32, policy: u32) -> Result<(), Skew> {
    if policy > reader {
        return Err(Skew::PolicyTooNew { policy, reader });
    }
    if reader - policy > 1 {
        return Err(Skew::PolicyTooOld { policy, reader });
    }
    Ok(())
}

/// Reads a version as tags write it: whole, with or without a leading `v`.
pub fn of_tag(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_one_major_version() {
        let of = |text: &str| of_tag(text).unwrap();
        assert_eq!(action_and_image(&of("v1.4.0"), &of("1.9.2")), Ok(()));
        let skew = action_and_image(&of("v2.0.0"), &of("1.9.2")).unwrap_err();
        assert_eq!(
            skew.to_string(),
            "action 2.0.0 and image 1.9.2 are of different major versions"
        );
        assert_eq!(skew.hint(), "take an image of version 2");
        assert!(action_and_image(&of("0.4.0"), &of("1.0.0-rc.1")).is_err());
    }

    #[test]
    fn a_policy_may_be_one_syntax_behind() {
        for (reader, policy, is_read) in [
            (2, 2, true),
            (2, 1, true),
            (2, 0, false),
            (2, 3, false),
            (0, 0, true),
            (0, u32::MAX, false),
            (u32::MAX, 0, false),
        ] {
            assert_eq!(policy_syntax(reader, policy).is_ok(), is_read);
        }
    }

    #[test]
    fn tags_are_whole_versions() {
        assert_eq!(of_tag("v1.2.3"), of_tag("1.2.3"));
        for bad in ["", "v", "1", "v1.2", "latest", "vv1.2.3", "1.2.3-"] {
            assert_eq!(of_tag(bad), None, "{bad}");
        }
    }
}
