//! What policies say about images: which, and whose signatures.

use super::Object;
use crate::document::yaml::Node;

/// More than any policy has; what lies deeper is left alone.
const MOST: usize = 10_000;

/// Each `verifyImages` of the rules of a policy of Kyverno.
pub(super) fn verifications<'a>(object: &Object<'a>) -> Vec<Node<'a>> {
    let rules = object.node.get("spec").and_then(|spec| spec.get("rules"));
    let rules = rules.into_iter().flat_map(|rules| rules.items());
    let lists = rules.filter_map(|rule| rule.get("verifyImages"));
    lists.flat_map(|list| list.items()).take(MOST).collect()
}

/// The patterns of images of any policy.
pub(super) fn patterns<'a>(object: &Object<'a>) -> Vec<Node<'a>> {
    let spec = object.node.get("spec");
    let list = |node: Option<Node<'a>>, key: &str| -> Vec<Node<'a>> {
        let list = node.and_then(|node| node.get(key));
        list.map(|list| list.items().take(MOST).collect())
            .unwrap_or_default()
    };
    let glob = |entries: Vec<Node<'a>>| -> Vec<Node<'a>> {
        entries.iter().filter_map(|it| it.get("glob")).collect()
    };
    match object.kind {
        "ClusterImagePolicy" if object.version.starts_with("policy.sigstore.dev/") => {
            glob(list(spec, "images"))
        }
        _ if object.is_image_policy() => glob(list(spec, "matchImageReferences")),
        _ if object.is_kyverno() => verifications(object)
            .into_iter()
            .flat_map(|it| list(Some(it), "imageReferences"))
            .collect(),
        _ => Vec::new(),
    }
}

/// Each mapping that names a certificate's issuer and subject.
pub(super) fn identities<'a>(object: &Object<'a>) -> Vec<Node<'a>> {
    let is_controller = object.version.starts_with("policy.sigstore.dev/");
    let spec = object.node.get("spec");
    let Some(spec) = spec.filter(|_| is_controller || object.is_kyverno()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    collect(spec, &mut found);
    found
}

/// The `keyless` of any depth: with `identities`, or with the keys in itself.
fn collect<'a>(node: Node<'a>, found: &mut Vec<Node<'a>>) {
    if found.len() >= MOST {
        return;
    }
    for (key, value) in node.own_entries() {
        if key.text() == Some("keyless") && value.is_mapping() {
            match value.get("identities") {
                Some(list) => found.extend(list.items().take(MOST)),
                None => found.push(value),
            }
        } else {
            collect(value, found);
        }
    }
    for item in node.items() {
        collect(item, found);
    }
}

/// Whether an expression or a wildcard covers every text.
pub(super) fn is_anything(text: &str) -> bool {
    matches!(
        text,
        "*" | ".*" | ".+" | "^.*$" | "^.+$" | "^.*" | ".*$" | "**"
    )
}
