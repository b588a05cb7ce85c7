//! What is left in the end, in lines that can be compared.

use super::{object::Oid, repository::Repository, store::Store};

impl Store {
    /// Every branch and request of every repository, by name. Two forges on which the same was done
    /// have the same outline, whatever happened on the way: commits are told by their trees and
    /// messages, and neither numbers nor times are told.
    pub fn outline(&self) -> Vec<String> {
        let of = |repository| {
            let mut lines = self.branch_lines(repository);
            let mut requests = self.request_lines(repository);
            requests.sort();
            lines.extend(requests);
            lines
        };
        self.by_name().flat_map(of).collect()
    }

    fn branch_lines(&self, repository: &Repository) -> Vec<String> {
        let name = &repository.name;
        let line = |(branch, oid)| {
            let (tree, messages) = (self.tree_of(oid), self.messages(repository, oid));
            format!("{name}: branch {branch} is {tree}{messages}")
        };
        repository.branches().map(line).collect()
    }

    fn request_lines(&self, repository: &Repository) -> Vec<String> {
        let requests = repository.requests.values();
        let line = |it: &super::Request| {
            let (name, tree) = (&repository.name, self.tree_of(it.head));
            let super::Request {
                branch,
                base,
                state,
                title,
                body,
                author,
                ..
            } = it;
            format!(
                "{name}: request {branch} into {base} {state:?} by {author} is {tree}: {title:?} {body:?}"
            )
        };
        requests.map(line).collect()
    }

    fn tree_of(&self, commit: Oid) -> String {
        let commit = self.objects.commit(commit);
        commit.map(|it| it.tree.to_string()).unwrap_or_default()
    }

    /// The messages of a branch's commits that the default branch lacks, oldest first; of the
    /// default branch, all.
    fn messages(&self, repository: &Repository, oid: Oid) -> String {
        let ahead = match repository.head().filter(|head| *head != oid) {
            Some(head) => self.objects.ahead(head, oid),
            None => self.objects.ancestors([oid]),
        };
        let commits = ahead
            .into_iter()
            .rev()
            .filter_map(|it| self.objects.commit(it));
        let messages: Vec<String> = commits.map(|it| format!(" {:?}", it.message)).collect();
        messages.concat()
    }
}
