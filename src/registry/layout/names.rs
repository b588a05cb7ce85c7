//! What index.json calls its manifests.

use super::Layout;
use crate::{
    model::{digest::Digest, image::ImageReference},
    registry::{
        error::Reason,
        manifest::{Descriptor, FetchedManifest, Manifest},
    },
};

/// A tag, says the specification; a whole reference, write some tools.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Where containerd and docker put the whole reference.
const IMAGE_NAME: &str = "io.containerd.image.name";
/// What `cosign save` says of each manifest, of which the first of a kind counts for it.
const KIND: &str = "kind";
const COSIGN_IMAGE: &str = "dev.cosignproject.cosign/image";
const COSIGN_INDEX: &str = "dev.cosignproject.cosign/imageIndex";
/// The kinds that stand for cosign's tags, by those tags' endings.
const COSIGN_TAGS: [(&str, &str); 2] = [
    (".sig", "dev.cosignproject.cosign/sigs"),
    (".att", "dev.cosignproject.cosign/atts"),
];

/// Images that an error names.
const LISTED: usize = 8;

impl Layout {
    /// The manifest that is called `name`; `None` where none is.
    pub(super) fn named(&self, name: &str) -> Result<Option<FetchedManifest>, Reason> {
        let exact = |entry: &&Descriptor| names(entry).any(|known| known == name);
        let mut found: Vec<_> = self.entries.iter().filter(exact).collect();
        if found.is_empty() {
            let tagged = |entry: &&Descriptor| {
                names(entry).any(|known| tag_of(known).as_deref() == Some(name))
            };
            found = self.entries.iter().filter(tagged).collect();
        }
        found.extend(self.saved_by_cosign(name).filter(|_| found.is_empty()));
        found.dedup_by(|one, other| one.digest == other.digest);
        match found.as_slice() {
            [] => Ok(None),
            [entry] => self.manifest_at(&entry.digest).map(Some),
            several => Err(Reason::Ambiguous(listed(several.iter().copied()))),
        }
    }

    /// What `cosign save` has put beside its image, asked for by the tag of the registry.
    fn saved_by_cosign(&self, tag: &str) -> Option<&Descriptor> {
        let of_kind = |kind: &str| {
            let mut entries = self.entries.iter();
            entries.find(|entry| entry.annotations.get(KIND).is_some_and(|own| own == kind))
        };
        let (ending, kind) = COSIGN_TAGS
            .iter()
            .find(|(ending, _)| tag.ends_with(ending))?;
        let image = of_kind(COSIGN_INDEX).or_else(|| of_kind(COSIGN_IMAGE))?;
        let own = format!("{}{ending}", image.digest.fallback_tag());
        of_kind(kind).filter(|_| own == tag)
    }

    /// The one image that is there, beside which there may be signatures.
    pub(super) fn only_image(&self) -> Result<FetchedManifest, Reason> {
        let mut images: Vec<FetchedManifest> = Vec::new();
        for entry in self.image_entries() {
            if images.iter().any(|known| known.digest == entry.digest) {
                continue;
            }
            let manifest = self.manifest_at(&entry.digest)?;
            if !refers(&manifest.parsed) {
                images.push(manifest);
            }
            if images.len() > 1 {
                return Err(Reason::Ambiguous(listed(self.image_entries())));
            }
        }
        images.pop().ok_or(Reason::NotFound)
    }

    /// What is not called a signature.
    fn image_entries(&self) -> impl Iterator<Item = &Descriptor> {
        self.entries.iter().filter(|entry| {
            let kind = entry.annotations.get(KIND);
            let saved = COSIGN_TAGS
                .iter()
                .any(|(_, signs)| kind.is_some_and(|kind| kind == signs));
            !saved && !names(entry).any(is_cosign_tag)
        })
    }

    pub(super) fn no_such_image(&self) -> Reason {
        Reason::NoSuchImage(listed(self.image_entries()))
    }
}

fn names(entry: &Descriptor) -> impl Iterator<Item = &str> {
    [REF_NAME, IMAGE_NAME]
        .into_iter()
        .filter_map(|key| entry.annotations.get(key).map(String::as_str))
}

/// The tag at the end of a whole reference.
fn tag_of(name: &str) -> Option<String> {
    let image: ImageReference = name.parse().ok()?;
    image.tag().map(str::to_owned)
}

/// Whether a name is a tag of cosign's, `sha256-<hex>` with or without an ending.
fn is_cosign_tag(name: &str) -> bool {
    let tag = name.rsplit(':').next().unwrap_or(name);
    let hex = tag.strip_prefix("sha256-").and_then(|rest| rest.get(..64));
    hex.is_some_and(|hex| format!("sha256:{hex}").parse::<Digest>().is_ok())
}

fn refers(manifest: &Manifest) -> bool {
    match manifest {
        Manifest::Image(image) => image.subject.is_some(),
        Manifest::Index(index) => index.subject.is_some(),
    }
}

/// The entries as a message shows them: by name where they have one that can be shown.
fn listed<'a>(entries: impl Iterator<Item = &'a Descriptor>) -> String {
    let mut entries = entries.map(|entry| {
        let printable =
            |name: &&str| name.len() <= 128 && name.bytes().all(|b| b.is_ascii_graphic());
        let name = names(entry).find(printable);
        name.unwrap_or(entry.digest.as_str()).to_owned()
    });
    let mut shown: Vec<_> = entries.by_ref().take(LISTED).collect();
    match entries.count() {
        0 if shown.is_empty() => shown.push("no image".to_owned()),
        0 => {}
        more => shown.push(format!("{more} more")),
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_cosign_are_told_from_tags_of_images() {
        let hex = "a".repeat(64);
        for tag in ["sha256-HEX", "sha256-HEX.sig", "r.example/a:sha256-HEX.att"] {
            assert!(is_cosign_tag(&tag.replace("HEX", &hex)), "{tag}");
        }
        for tag in ["1.2", "sha256-abc", "sha256-é", "xsha256-HEX"] {
            assert!(!is_cosign_tag(&tag.replace("HEX", &hex)), "{tag}");
        }
    }
}
