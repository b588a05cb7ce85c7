//! Projects as REST lists them.

use serde::{Deserialize, de::IgnoredAny};

use super::super::{BranchRules, MergeMethods, Repository};
use crate::config::Visibility;

/// The longest name of a branch that is believed: git's own files bound it to about this.
const BRANCH: usize = 1024;

/// A project, as far as it matters here. What a token may not see is left out.
#[derive(Debug, Deserialize)]
pub(super) struct Project {
    pub(super) id: u64,
    pub(super) path_with_namespace: String,
    #[serde(default)]
    default_branch: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    visibility: String,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    mirror: Option<bool>,
    #[serde(default, rename = "forked_from_project")]
    origin: Option<IgnoredAny>,
    #[serde(default)]
    marked_for_deletion_on: Option<String>,
    #[serde(default)]
    repository_access_level: Option<String>,
    #[serde(default)]
    merge_requests_enabled: Option<bool>,
    #[serde(default)]
    merge_requests_access_level: Option<String>,
    #[serde(default)]
    merge_method: Option<String>,
    #[serde(default)]
    squash_option: Option<String>,
    #[serde(default)]
    remove_source_branch_after_merge: Option<bool>,
    #[serde(default)]
    merge_trains_enabled: Option<bool>,
    #[serde(default)]
    empty_repo: bool,
}

impl Project {
    /// The project as a repository of `group`; none where it lies elsewhere. What only GraphQL
    /// tells is no yet.
    pub(super) fn repository(&self, group: &str) -> Option<Repository> {
        Some(Repository {
            id: self.id.to_string(),
            name: below(group, &self.path_with_namespace)?.to_owned(),
            full_name: self.path_with_namespace.clone(),
            default_branch: self.default_branch(),
            is_archived: self.archived,
            is_disabled: self.marked_for_deletion_on.is_some()
                || is_off(self.repository_access_level.as_ref()),
            is_fork: self.origin.is_some(),
            is_mirror: self.mirror.unwrap_or(false),
            topics: self.topics.clone(),
            visibility: self.visibility(),
            may_push: false,
            takes_requests: false,
            methods: self.methods(),
            rules: BranchRules::default(),
        })
    }

    /// Whether requests can be opened in it, by those who may.
    pub(super) fn takes_requests(&self) -> bool {
        self.merge_requests_enabled.unwrap_or(true)
            && !is_off(self.merge_requests_access_level.as_ref())
    }

    /// None where the repository is empty.
    fn default_branch(&self) -> Option<String> {
        let name = self.default_branch.clone().filter(|_| !self.empty_repo);
        name.filter(|name| !name.is_empty() && name.len() <= BRANCH)
    }

    /// What is not told is taken for the strictest.
    fn visibility(&self) -> Visibility {
        match self.visibility.as_str() {
            "public" => Visibility::Public,
            "internal" => Visibility::Internal,
            _ => Visibility::Private,
        }
    }

    fn methods(&self) -> MergeMethods {
        let method = self.merge_method.as_deref().unwrap_or("merge");
        MergeMethods {
            merge: matches!(method, "merge" | "rebase_merge"),
            squash: self.squash_option.as_deref() != Some("never"),
            rebase: matches!(method, "ff" | "rebase_merge"),
            auto: true,
            queue: self.merge_trains_enabled.unwrap_or(false),
            deletes_branch: self.remove_source_branch_after_merge.unwrap_or(false),
        }
    }
}

/// The part of a project's path below its group; GitLab ignores the case of letters.
fn below<'a>(group: &str, path: &'a str) -> Option<&'a str> {
    let (head, rest) = path.split_at_checked(group.len())?;
    let name = rest.strip_prefix('/').filter(|name| !name.is_empty())?;
    head.eq_ignore_ascii_case(group).then_some(name)
}

fn is_off(level: Option<&String>) -> bool {
    level.is_some_and(|level| level == "disabled")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn project(more: &serde_json::Value) -> Project {
        let mut value = json!({"id": 7, "path_with_namespace": "acme/team/api"});
        let fields = value.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_name_is_the_path_below_the_group() {
        for (group, path, name) in [
            ("acme", "acme/api", Some("api")),
            ("Acme", "acme/team/api", Some("team/api")),
            ("acme/team", "acme/team/api", Some("api")),
            ("acme", "acme-two/api", None),
            ("acme", "acme/", None),
            ("acme", "acme", None),
            ("acmé", "acm\u{301}", None),
        ] {
            assert_eq!(below(group, path), name, "{group} {path}");
        }
    }

    #[test]
    fn little_is_told_to_a_weak_token() {
        let weak = project(&json!({}));
        assert!(weak.takes_requests());
        let weak = weak.repository("acme").unwrap();
        assert_eq!(weak.visibility, Visibility::Private);
        assert_eq!(weak.default_branch, None);
        assert!(!weak.takes_requests && !weak.may_push && weak.methods.merge);
    }

    #[test]
    fn settings_are_read() {
        let strict = project(&json!({
            "default_branch": "main", "visibility": "internal", "mirror": true,
            "forked_from_project": {"id": 1}, "marked_for_deletion_on": "2026-01-01",
            "merge_method": "ff", "squash_option": "never", "merge_trains_enabled": true,
            "merge_requests_access_level": "disabled", "archived": true,
        }));
        assert!(!strict.takes_requests());
        let strict = strict.repository("acme").unwrap();
        assert_eq!(strict.visibility, Visibility::Internal);
        assert!(strict.is_mirror && strict.is_fork && strict.is_disabled && strict.is_archived);
        let methods = strict.methods;
        assert!(methods.rebase && methods.queue && !methods.merge && !methods.squash);
        let empty = project(&json!({"default_branch": "main", "empty_repo": true}));
        assert_eq!(empty.repository("acme").unwrap().default_branch, None);
        let endless = project(&json!({"default_branch": "x".repeat(2000)}));
        assert_eq!(endless.repository("acme").unwrap().default_branch, None);
    }
}
