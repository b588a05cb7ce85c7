//! Where an image is read from: a registry, or a copy of one on the disk.

use std::{fmt, path::PathBuf, str::FromStr};

use super::{
    digest::Digest,
    image::{ImageReference, ImageReferenceError, Repository},
    text::excerpt,
};

/// What a user names: an image in a registry, or `oci:DIR[:TAG][@DIGEST]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ImageLocation {
    /// In a registry.
    Registry(ImageReference),
    /// In an OCI image layout.
    Layout(LayoutImage),
}

/// An image in an OCI image layout; without tag and digest, the only one there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LayoutImage {
    /// The layout's folder.
    pub folder: PathBuf,
    /// What the layout calls the image: a tag, or a whole reference as some tools write it.
    pub tag: Option<String>,
    /// The digest, which alone counts where there is one.
    pub digest: Option<Digest>,
}

/// Text that names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageLocationError {
    /// It has no `oci:` and is no image reference.
    #[error(transparent)]
    Reference(#[from] ImageReferenceError),
    /// Nothing stands for the folder.
    #[error("after `oci:` stands the folder of an image layout")]
    Folder,
    /// What stands for the tag is none.
    #[error("`{0}` is not the name of an image in a layout")]
    Tag(String),
}

const SCHEME: &str = "oci:";

impl FromStr for ImageLocation {
    type Err = ImageLocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(SCHEME) {
            // A repository `oci` with a tag is written `docker.io/library/oci:TAG`.
            Some(layout) => layout.parse().map(Self::Layout),
            None => Ok(Self::Registry(text.parse()?)),
        }
    }
}

impl FromStr for LayoutImage {
    type Err = ImageLocationError;

    /// Reads `DIR[:TAG][@DIGEST]`. As for skopeo, the folder ends at the first colon.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, digest) = match text.rsplit_once('@') {
            Some((rest, digest)) if digest.starts_with("sha256:") => {
                let digest = digest.parse().map_err(ImageReferenceError::from)?;
                (rest, Some(digest))
            }
            _ => (text, None),
        };
        let (folder, tag) = match rest.split_once(':') {
            Some((folder, tag)) => (folder, Some(tag)),
            None => (rest, None),
        };
        if folder.is_empty() || folder.contains('\0') {
            return Err(ImageLocationError::Folder);
        }
        if let Some(tag) = tag.filter(|tag| !is_name(tag)) {
            return Err(ImageLocationError::Tag(excerpt(tag)));
        }
        Ok(Self {
            folder: PathBuf::from(folder),
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

/// The image specification's grammar for names in a layout, in short.
fn is_name(tag: &str) -> bool {
    let body = |b: u8| b.is_ascii_alphanumeric() || b"-._:@/+".contains(&b);
    (1..=ImageReference::MAX_LENGTH).contains(&tag.len())
        && tag.as_bytes()[0].is_ascii_alphanumeric()
        && tag.bytes().all(body)
}

impl LayoutImage {
    /// The image at `digest`, taken for one of `repository`, with its tag as far as it has one.
    pub fn standing_for(&self, repository: &Repository, digest: &Digest) -> ImageReference {
        let name = self.tag.as_deref().unwrap_or_default();
        // Where it is a whole reference, the tag is the end of it.
        let tag = name.rsplit(':').next().unwrap_or_default();
        let tagged = format!("{repository}:{tag}@{digest}").parse();
        tagged.unwrap_or_else(|_| repository.at(digest))
    }
}

impl fmt::Display for ImageLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(image) => image.fmt(f),
            Self::Layout(image) => image.fmt(f),
        }
    }
}

impl fmt::Display for LayoutImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.folder.display())?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest
            .iter()
            .try_for_each(|digest| write!(f, "@{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn layout(text: &str) -> (String, Option<String>, bool) {
        let ImageLocation::Layout(image) = text.parse().unwrap() else {
            panic!("{text} is a layout");
        };
        assert_eq!(image.to_string(), text);
        let folder = image.folder.display().to_string();
        (folder, image.tag, image.digest.is_some())
    }

    #[test]
    fn layouts_have_a_folder_a_tag_and_a_digest() {
        let tag = |tag: &str| Some(tag.to_owned());
        for (rest, expected) in [
            ("dir", ("dir", None)),
            ("/a/b.c", ("/a/b.c", None)),
            ("./dir:1.2", ("./dir", tag("1.2"))),
            ("d@e:1", ("d@e", tag("1"))),
            ("dir:r.example:5000/a:1", ("dir", tag("r.example:5000/a:1"))),
        ] {
            let expected = (expected.0.to_owned(), expected.1, false);
            assert_eq!(layout(&format!("oci:{rest}")), expected);
            let pinned = layout(&format!("oci:{rest}@{DIGEST}"));
            assert_eq!(pinned, (expected.0, expected.1, true));
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for bad in [
            "oci:",
            "oci::1",
            "oci:d:",
            "oci:d:a b",
            "oci:d@sha256:1",
            "oci:d:-x",
            "alpine",
        ] {
            bad.parse::<ImageLocation>().unwrap_err();
        }
        let image: ImageLocation = "alpine:3".parse().unwrap();
        assert_eq!(image.to_string(), "docker.io/library/alpine:3");
    }
}
