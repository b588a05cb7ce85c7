//! Manifests as their rules see them.

use std::ops::Range;

use crate::{
    document::{
        Source,
        yaml::{Node, Yaml},
    },
    reference::{self, FileKind, Reference},
    report::finding::Severity,
};

/// A file of manifests as rules see it.
pub(in crate::validate) struct Manifests<'a> {
    /// Every object, those of lists among them.
    pub(super) objects: Vec<Object<'a>>,
    /// The pods that the objects are or make.
    pub(super) pods: Vec<Pod<'a>>,
    /// The images of all pods, in order.
    pub(super) references: Vec<Reference>,
}

/// An object of the cluster.
#[derive(Clone, Debug)]
pub(in crate::validate) struct Object<'a> {
    pub(super) node: Node<'a>,
    /// `apps/v1`.
    pub(super) version: &'a str,
    pub(super) kind: &'a str,
    /// The bytes of its kind.
    pub(super) at: Range<usize>,
    /// Whether it is by its own words for agents.
    pub(super) is_agents: bool,
}

/// What a pod is made from.
#[derive(Clone, Debug)]
pub(super) struct Pod<'a> {
    pub(super) spec: Node<'a>,
    /// Those that run beside each other, and those that run before them.
    pub(super) containers: Vec<Node<'a>>,
    /// Whether an agent runs in it.
    pub(super) is_agent: bool,
}

/// Lists within lists are nobody's.
const MAX_DEPTH: usize = 3;

impl<'a> Manifests<'a> {
    pub(super) fn new(tree: &'a Yaml, source: &Source<'_>) -> Self {
        let mut objects = Vec::new();
        for root in tree.documents() {
            collect(root, 0, &mut objects);
        }
        let pods = objects.iter().filter_map(Pod::of).collect();
        Self {
            objects,
            pods,
            references: reference::in_tree(FileKind::Kubernetes, tree, source),
        }
    }

    /// The policies of Kyverno.
    pub(super) fn kyverno(&self) -> impl Iterator<Item = &Object<'a>> {
        self.objects.iter().filter(|object| object.is_kyverno())
    }
}

fn collect<'a>(node: Node<'a>, depth: usize, objects: &mut Vec<Object<'a>>) {
    let text = |key: &str| node.get(key).and_then(|it| it.scalar());
    let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return;
    };
    if kind.value == "List" && depth < MAX_DEPTH {
        let items = node.get("items").into_iter();
        for item in items.flat_map(|list| list.items()) {
            collect(item, depth + 1, objects);
        }
        return;
    }
    objects.push(Object {
        node,
        version: version.value,
        kind: kind.value,
        at: kind.at,
        is_agents: is_agents(&node),
    });
}

/// Whether namespace or labels say that an object is for agents.
fn is_agents(node: &Node<'_>) -> bool {
    let Some(metadata) = node.get("metadata") else {
        return false;
    };
    let namespace = metadata.get("namespace").and_then(|it| it.text());
    let labels = metadata.get("labels").into_iter();
    let ours = labels
        .flat_map(|labels| labels.entries())
        .any(|(key, value)| {
            let key = key.text().unwrap_or_default();
            let manager = key == "app.kubernetes.io/managed-by" && value.text() == Some("fullsend");
            manager || key.starts_with("fullsend.") || key.starts_with("fullsend/")
        });
    ours || namespace.is_some_and(|name| name == "fullsend" || name.starts_with("fullsend-"))
}

impl<'a> Object<'a> {
    /// Whether it is a policy of Kyverno.
    pub(super) fn is_kyverno(&self) -> bool {
        let old = self.version.starts_with("kyverno.io/");
        (old && matches!(self.kind, "ClusterPolicy" | "Policy")) || self.is_image_policy()
    }

    /// Whether it is a policy of Kyverno about images alone.
    pub(super) fn is_image_policy(&self) -> bool {
        let kinds = ["ImageValidatingPolicy", "NamespacedImageValidatingPolicy"];
        self.version.starts_with("policies.kyverno.io/") && kinds.contains(&self.kind)
    }

    /// Its labels.
    pub(super) fn labels(&self) -> Vec<(Node<'a>, Node<'a>)> {
        let metadata = self.node.get("metadata");
        let labels = metadata.and_then(|metadata| metadata.get("labels"));
        labels.map(|labels| labels.entries()).unwrap_or_default()
    }
}

impl<'a> Pod<'a> {
    fn of(object: &Object<'a>) -> Option<Self> {
        let path: &[&str] = match (object.version, object.kind) {
            ("v1", "Pod") => &["spec"],
            ("v1", "PodTemplate") => &["template", "spec"],
            (
                "apps/v1" | "batch/v1" | "v1",
                "Deployment"
                | "StatefulSet"
                | "DaemonSet"
                | "ReplicaSet"
                | "Job"
                | "ReplicationController",
            ) => &["spec", "template", "spec"],
            ("batch/v1", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
            _ => return None,
        };
        let spec = path
            .iter()
            .try_fold(object.node, |node, key| node.get(key))?;
        let lists = ["containers", "initContainers"].into_iter();
        let lists = lists.filter_map(|key| spec.get(key));
        let containers: Vec<Node<'a>> = lists.flat_map(|list| list.items()).collect();
        let template = path[..path.len() - 1].iter();
        let template = template
            .clone()
            .try_fold(object.node, |node, key| node.get(key));
        let is_agent = object.is_agents
            || template.is_some_and(|template| is_agents(&template))
            || containers.iter().any(runs_agent);
        Some(Self {
            spec,
            containers,
            is_agent,
        })
    }

    /// How much a finding about it matters.
    pub(super) fn severity(&self) -> Severity {
        if self.is_agent {
            Severity::Warning
        } else {
            Severity::Note
        }
    }

    /// Where its images are named.
    pub(super) fn places(&self) -> impl Iterator<Item = Range<usize>> {
        let containers = self.containers.iter();
        containers.chain([&self.spec]).map(Node::at)
    }

    /// The paths of the node that it mounts.
    pub(super) fn host_paths(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let volumes = self.spec.get("volumes").into_iter();
        volumes
            .flat_map(|list| list.items())
            .filter_map(|volume| volume.get("hostPath")?.get("path"))
    }
}

/// Whether a container's image is one for agents by its name.
fn runs_agent(container: &Node<'_>) -> bool {
    let image = container.get("image").and_then(|image| image.text());
    image.is_some_and(|image| {
        let name = image.split(['@', ':']).next().unwrap_or_default();
        let mut parts = name.split('/');
        parts.any(|part| part.starts_with("fullsend") || part.contains("agent-sandbox"))
    })
}
