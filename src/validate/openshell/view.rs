//! A policy as its rules see it.

use std::{cell::OnceCell, ops::Range};

use super::{
    Generation, is_policy,
    walk::{self, Fault},
};
use crate::{
    document::{
        Source,
        yaml::{Node, Yaml},
    },
    validate::Subject,
};

/// A policy file as rules see it.
pub(in crate::validate) struct Policy<'a> {
    /// The text and the other files.
    pub(super) subject: Subject<'a>,
    /// The policy; nothing for an empty file.
    pub(super) root: Option<Node<'a>>,
    /// How many documents the file has.
    pub(super) documents: usize,
    /// What it is written for, if the file tells.
    pub(super) generation: Option<Generation>,
    /// Its network policies, in the file's order.
    pub(super) networks: Vec<Network<'a>>,
    faults: OnceCell<Vec<Fault>>,
}

/// One of the `network_policies`.
#[derive(Clone, Debug)]
pub(super) struct Network<'a> {
    /// Its key.
    pub(super) key: &'a str,
    /// The key's bytes.
    pub(super) at: Range<usize>,
    /// What stands under the key.
    pub(super) node: Node<'a>,
    /// The places that may be reached.
    pub(super) endpoints: Vec<Endpoint<'a>>,
    /// The programs that may reach them.
    pub(super) binaries: Vec<Node<'a>>,
}

/// One of the `endpoints`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoint<'a> {
    pub(super) node: Node<'a>,
}

impl<'a> Policy<'a> {
    pub(super) fn new(subject: Subject<'a>, tree: &'a Yaml) -> Self {
        let documents: Vec<Node<'a>> = tree.documents().collect();
        let policy = documents.iter().find(|root| is_policy(root));
        let root = policy.or(documents.first()).copied();
        Self {
            subject,
            root,
            documents: documents.len(),
            generation: Generation::of(subject.source, root.as_ref()),
            networks: root.as_ref().map(networks).unwrap_or_default(),
            faults: OnceCell::new(),
        }
    }

    /// Every endpoint.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = &Endpoint<'a>> {
        self.networks.iter().flat_map(|network| &network.endpoints)
    }

    /// Whether the file says that it is for `generation`.
    pub(super) fn is_for(&self, generation: Generation) -> bool {
        self.generation == Some(generation)
    }

    /// Where the text departs from what a policy is made of; found once.
    pub(super) fn faults(&self) -> &[Fault] {
        self.faults.get_or_init(|| {
            self.root
                .map(|root| walk::walk(self, root))
                .unwrap_or_default()
        })
    }

    /// Whether `node` stands for nothing.
    pub(super) fn is_null(&self, node: &Node<'_>) -> bool {
        is_null(self.subject.source, node)
    }
}

/// Whether `node` stands for nothing: neither text nor a list nor a mapping, though empty ones.
fn is_null(source: &Source<'_>, node: &Node<'_>) -> bool {
    node.scalar().is_none() && !node.is_mapping() && !is_list(source, node)
}

/// Whether `node` is a list, though an empty one.
pub(super) fn is_list(source: &Source<'_>, node: &Node<'_>) -> bool {
    node.items().next().is_some()
        || (node.scalar().is_none()
            && !node.is_mapping()
            && source.slice(node.at()).starts_with('['))
}

/// The last value of `key`, which is the one that counts where it stands twice.
pub(super) fn last<'a>(node: &Node<'a>, key: &str) -> Option<Node<'a>> {
    node.all(key).pop()
}

fn networks<'a>(root: &Node<'a>) -> Vec<Network<'a>> {
    let Some(map) = last(root, "network_policies") else {
        return Vec::new();
    };
    let list = |node: &Node<'a>, key| {
        let list = last(node, key);
        list.map(|list| list.items().collect::<Vec<_>>())
            .unwrap_or_default()
    };
    let entries = map.entries().into_iter();
    entries
        .filter_map(|(key, node)| {
            let endpoints = list(&node, "endpoints").into_iter();
            Some(Network {
                key: key.text()?,
                at: key.at(),
                node,
                endpoints: endpoints.map(|node| Endpoint { node }).collect(),
                binaries: list(&node, "binaries"),
            })
        })
        .collect()
}

impl<'a> Network<'a> {
    /// What audit logs call it.
    pub(super) fn name(&self) -> &'a str {
        let name = last(&self.node, "name").and_then(|name| name.text());
        name.filter(|name| !name.is_empty()).unwrap_or(self.key)
    }

    /// The paths of its programs.
    pub(super) fn programs(&self) -> impl Iterator<Item = (&'a str, Range<usize>)> + '_ {
        let paths = self.binaries.iter().filter_map(|node| last(node, "path"));
        paths.filter_map(|path| path.scalar().map(|path| (path.value, path.at)))
    }
}

impl<'a> Endpoint<'a> {
    /// The value of `key`.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        last(&self.node, key)
    }

    /// The text of `key`; empty where there is none.
    pub(super) fn text(&self, key: &str) -> &'a str {
        self.get(key)
            .and_then(|node| node.text())
            .unwrap_or_default()
    }

    /// The items of the list `key`.
    pub(super) fn list(&self, key: &str) -> Vec<Node<'a>> {
        let list = self.get(key);
        list.map(|list| list.items().collect()).unwrap_or_default()
    }

    /// The ports, `ports` before `port`, with their bytes.
    pub(super) fn ports(&self) -> Vec<(u16, Range<usize>)> {
        let port = |node: &Node<'_>| Some((node.text()?.parse::<u16>().ok()?, node.at()));
        let listed: Vec<_> = self.list("ports").iter().filter_map(port).collect();
        if !listed.is_empty() {
            return listed;
        }
        self.get("port")
            .as_ref()
            .and_then(port)
            .into_iter()
            .collect()
    }

    /// The protocol by which requests are looked at, in small letters; empty where they are not.
    pub(super) fn inspection(&self) -> String {
        let protocol = self.text("protocol").to_ascii_lowercase();
        if protocol == "tcp" {
            String::new()
        } else {
            protocol
        }
    }

    /// What its rules allow, and its deny rules, each with what it holds.
    pub(super) fn allowed(&self) -> Vec<Node<'a>> {
        let rules = self.list("rules").into_iter();
        rules.filter_map(|rule| last(&rule, "allow")).collect()
    }

    /// Its rules and deny rules alike.
    pub(super) fn matchers(&self) -> Vec<Node<'a>> {
        let mut matchers = self.allowed();
        matchers.extend(self.list("deny_rules"));
        matchers
    }

    /// `host:port` for people.
    pub(super) fn shown(&self) -> String {
        let host = self.text("host");
        let host = if host.is_empty() { "any host" } else { host };
        let ports: Vec<String> = self
            .ports()
            .iter()
            .map(|(port, _)| port.to_string())
            .collect();
        let path = self.text("path");
        format!("{host}:{}{path}", ports.join(","))
    }

    /// Where a finding about it points: the host, else the whole of it.
    pub(super) fn at(&self) -> Range<usize> {
        let host = self.get("host").and_then(|host| host.scalar());
        host.map_or_else(|| first_line(self.node), |host| host.at)
    }
}

/// The key that a mapping begins with, rather than all of it.
fn first_line(node: Node<'_>) -> Range<usize> {
    let first = node.own_entries().next();
    first.map_or_else(|| node.at(), |(key, _)| key.at())
}
