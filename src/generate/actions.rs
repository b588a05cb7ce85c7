//! The versions that a new file begins with; a file that exists keeps its own.

/// An action at one release.
#[derive(Clone, Copy, Debug)]
pub struct ActionVersion {
    /// `owner/name`.
    pub repository: &'static str,
    /// The release's tag.
    pub version: &'static str,
    /// The commit that the tag names.
    pub commit: &'static str,
}

/// Every action that a template uses, but our own: that is pinned by whoever generates.
pub const ACTIONS: &[ActionVersion] = &[
    action(
        "actions/attest",
        "v4.2.2",
        "1e69f48acb82d1966a394da916b4c1698aa569d6",
    ),
    action(
        "actions/cache",
        "v5.0.5",
        "27d5ce7f107fe9357f9df03efb73ab90386fccae",
    ),
    action(
        "actions/checkout",
        "v7.0.1",
        "3d3c42e5aac5ba805825da76410c181273ba90b1",
    ),
    action(
        "actions/download-artifact",
        "v8.0.1",
        "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
    ),
    action(
        "actions/upload-artifact",
        "v7.0.0",
        "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
    ),
    action(
        "anchore/sbom-action",
        "v0.24.0",
        "e22c389904149dbc22b58101806040fa8d37a610",
    ),
    action(
        "anchore/scan-action",
        "v7.4.0",
        "e1165082ffb1fe366ebaf02d8526e7c4989ea9d2",
    ),
    action(
        "docker/build-push-action",
        "v7.3.0",
        "53b7df96c91f9c12dcc8a07bcb9ccacbed38856a",
    ),
    action(
        "docker/login-action",
        "v4.1.0",
        "4907a6ddec9925e35a0a9e82d7399ccc52663121",
    ),
    action(
        "docker/metadata-action",
        "v6.2.0",
        "dc802804100637a589fabce1cb79ff13a1411302",
    ),
    action(
        "docker/setup-buildx-action",
        "v4.3.0",
        "37fe631027851001ddb9b187196cc803df7f5f0e",
    ),
    action(
        "docker/setup-qemu-action",
        "v4.2.0",
        "96fe6ef7f33517b61c61be40b68a1882f3264fb8",
    ),
    action(
        "github/codeql-action",
        "v4.36.2",
        "8aad20d150bbac5944a9f9d289da16a4b0d87c1e",
    ),
    action(
        "renovatebot/github-action",
        "v46.2.2",
        "e09d604f8f803bb527bd8321ed5be06c460b8682",
    ),
    action(
        "sigstore/cosign-installer",
        "v4.1.2",
        "6f9f17788090df1f26f669e9d70d6ae9567deba6",
    ),
];

/// The registry that an image is tested from before it is published.
pub(super) const TEST_REGISTRY: &str = "docker.io/library/registry:3.0.0@sha256:6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e";

const fn action(
    repository: &'static str,
    version: &'static str,
    commit: &'static str,
) -> ActionVersion {
    ActionVersion {
        repository,
        version,
        commit,
    }
}

/// The version of the action `name`, which may lie in a folder of its repository.
pub(super) fn version_of(name: &str) -> Option<&'static ActionVersion> {
    let mut parts = name.splitn(3, '/');
    let repository = format!("{}/{}", parts.next()?, parts.next()?);
    ACTIONS
        .iter()
        .find(|action| action.repository == repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_at_a_whole_version_and_commit() {
        for action in ACTIONS {
            let version = action.version.strip_prefix('v').unwrap();
            semver::Version::parse(version).unwrap();
            assert!(action.commit.len() == 40, "{}", action.repository);
            assert!(
                action
                    .commit
                    .bytes()
                    .all(|b| b"0123456789abcdef".contains(&b))
            );
        }
        assert!(ACTIONS.is_sorted_by_key(|action| action.repository));
        let in_folder = version_of("github/codeql-action/upload-sarif").unwrap();
        assert_eq!(in_folder.repository, "github/codeql-action");
        assert!(version_of("checkout").is_none());
    }
}
