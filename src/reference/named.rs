//! The images that a repository's files name, each once, with every place that names it.

use std::{collections::HashMap, path::Path};

use super::{Reference, images, unreadable, unresolved};
use crate::{
    model::image::ImageReference,
    report::{finding::Finding, verify_all::Location},
};

/// An image and every place that names it.
#[derive(Debug)]
pub struct NamedImage {
    /// The image, as it is written.
    pub reference: ImageReference,
    /// In the order of the files that were added, and of the places in each.
    pub locations: Vec<Location>,
}

/// What files name, and what is wrong with them.
#[derive(Debug, Default)]
pub struct NamedImages {
    /// In the order of their first places.
    pub images: Vec<NamedImage>,
    /// Files that could not be read, and images of which the file does not tell which they are.
    pub findings: Vec<Finding>,
    /// Where in `images` each is.
    known: HashMap<ImageReference, usize>,
}

impl NamedImages {
    /// Adds what the file `name` with these `bytes` names; as for [`images`], the name is relative
    /// to the repository's root.
    pub fn add(&mut self, name: &Path, bytes: &[u8]) {
        match images(name, bytes) {
            Ok(found) => found.into_iter().for_each(|found| self.add_image(found)),
            Err(error) => self.findings.push(unreadable(&error)),
        }
    }

    fn add_image(&mut self, found: Reference) {
        self.findings.extend(unresolved(&found));
        let Ok(image) = found.image() else {
            return;
        };
        let location = Location::new(found.file, found.span);
        let number = *self.known.entry(image.clone()).or_insert_with(|| {
            self.images.push(NamedImage {
                reference: image,
                locations: Vec::new(),
            });
            self.images.len() - 1
        });
        self.images[number].locations.push(location);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_every_place_and_stands_once() {
        let mut named = NamedImages::default();
        named.add(
            Path::new("Dockerfile"),
            b"FROM a:1 AS b\nFROM c:2\nFROM $D\n",
        );
        named.add(Path::new("x/Dockerfile"), b"FROM c:2\nFROM a:1\nFROM b:1\n");
        named.add(Path::new("y/Dockerfile"), b"\xff");
        let images = named.images.iter().map(|image| {
            let places = image.locations.iter();
            let places = places.map(|at| (at.file.to_str().unwrap(), at.line));
            (image.reference.to_string(), places.collect())
        });
        let wanted: [(&str, Vec<(&str, usize)>); 3] = [
            (
                "docker.io/library/a:1",
                vec![("Dockerfile", 1), ("x/Dockerfile", 2)],
            ),
            (
                "docker.io/library/c:2",
                vec![("Dockerfile", 2), ("x/Dockerfile", 1)],
            ),
            ("docker.io/library/b:1", vec![("x/Dockerfile", 3)]),
        ];
        let wanted = wanted.map(|(image, places)| (image.to_owned(), places));
        assert_eq!(images.collect::<Vec<_>>(), wanted);
        let wrong = named.findings.iter();
        let wrong: Vec<_> = wrong
            .map(|it| (it.file.to_str().unwrap(), it.line))
            .collect();
        assert_eq!(wrong, [("Dockerfile", Some(3)), ("y/Dockerfile", Some(1))]);
    }
}
