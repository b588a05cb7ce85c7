//! Builds OCI images of a few files, in memory.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::{digest_of, must};

/// Media type of an OCI image manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of an OCI image index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Bytes that a registry keeps by their digest.
#[derive(Debug, Clone)]
pub struct Blob {
    /// `sha256:<hex>` of `bytes`.
    pub digest: String,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// Hashes `bytes`.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self {
            digest: digest_of(&bytes),
            bytes,
        }
    }

    /// Returns the blob's descriptor under `media_type`.
    pub fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// A manifest or index, as a registry serves it.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// What goes into `Content-Type`.
    pub media_type: String,
    /// `sha256:<hex>` of `bytes`.
    pub digest: String,
    /// The JSON, byte for byte.
    pub bytes: Vec<u8>,
}

impl Manifest {
    /// Serialises `value`.
    pub fn new(media_type: &str, value: &Value) -> Self {
        let bytes = value.to_string().into_bytes();
        Self {
            media_type: media_type.to_owned(),
            digest: digest_of(&bytes),
            bytes,
        }
    }

    /// Returns the manifest's descriptor.
    pub fn descriptor(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// Everything a registry needs to serve an image.
#[derive(Debug, Clone)]
pub struct Image {
    /// Layers and configurations.
    pub blobs: Vec<Blob>,
    /// The manifests an index names; empty for an image of one platform.
    pub children: Vec<Manifest>,
    /// The manifest or index a tag points to.
    pub manifest: Manifest,
    platform: Value,
}

impl Image {
    /// Returns the digest that is signed and pulled.
    pub fn digest(&self) -> &str {
        &self.manifest.digest
    }

    /// Joins images of one platform each under an index.
    pub fn index(images: impl IntoIterator<Item = Self>) -> Self {
        let (mut blobs, mut children, mut descriptors) = (Vec::new(), Vec::new(), Vec::new());
        for image in images {
            let mut descriptor = image.manifest.descriptor();
            descriptor["platform"] = image.platform;
            descriptors.push(descriptor);
            blobs.extend(image.blobs);
            children.extend(image.children);
            children.push(image.manifest);
        }
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors});
        Self {
            blobs,
            children,
            manifest: Manifest::new(INDEX, &index),
            platform: Value::Null,
        }
    }
}

/// Collects the files and the configuration of an image of one layer.
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    files: Vec<Entry>,
    config: serde_json::Map<String, Value>,
    environment: Vec<String>,
    labels: serde_json::Map<String, Value>,
    os: String,
    architecture: String,
}

#[derive(Debug, Clone)]
struct Entry {
    path: String,
    mode: u32,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    File(Vec<u8>),
    Link(String),
    Directory,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            config: serde_json::Map::new(),
            environment: vec!["PATH=/usr/local/bin:/usr/bin:/bin".to_owned()],
            labels: serde_json::Map::new(),
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
        }
    }
}

impl ImageBuilder {
    /// Starts from nothing, for linux/amd64.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file at `path`, without a leading slash.
    #[must_use]
    pub fn file(self, path: &str, bytes: impl Into<Vec<u8>>, mode: u32) -> Self {
        self.entry(path, mode, Kind::File(bytes.into()))
    }

    /// Adds a symbolic link at `path` to `target`.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        self.entry(path, 0o777, Kind::Link(target.to_owned()))
    }

    /// Adds an empty directory.
    #[must_use]
    pub fn directory(self, path: &str, mode: u32) -> Self {
        self.entry(path, mode, Kind::Directory)
    }

    /// Sets the image's `ENTRYPOINT`.
    #[must_use]
    pub fn entrypoint(self, words: &[&str]) -> Self {
        self.set("Entrypoint", json!(words))
    }

    /// Sets the image's `CMD`.
    #[must_use]
    pub fn cmd(self, words: &[&str]) -> Self {
        self.set("Cmd", json!(words))
    }

    /// Sets the image's `USER`.
    #[must_use]
    pub fn user(self, user: &str) -> Self {
        self.set("User", json!(user))
    }

    /// Sets the image's `WORKDIR`.
    #[must_use]
    pub fn workdir(self, path: &str) -> Self {
        self.set("WorkingDir", json!(path))
    }

    /// Adds a variable beside the `PATH` that every image has.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push(format!("{name}={value}"));
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), json!(value));
        self
    }

    /// Sets the platform, for an index of several.
    #[must_use]
    pub fn platform(mut self, os: &str, architecture: &str) -> Self {
        os.clone_into(&mut self.os);
        architecture.clone_into(&mut self.architecture);
        self
    }

    /// Builds layer, configuration and manifest; the same input gives the same digests.
    pub fn build(&self) -> Image {
        let tar = self.tar();
        let layer = Blob::new(gzip(&tar));
        let config = Blob::new(self.config(&digest_of(&tar)).to_string());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(CONFIG),
            "layers": [layer.descriptor(LAYER)],
        });
        Image {
            blobs: vec![layer, config],
            children: Vec::new(),
            manifest: Manifest::new(MANIFEST, &manifest),
            platform: json!({"os": self.os, "architecture": self.architecture}),
        }
    }

    fn entry(mut self, path: &str, mode: u32, kind: Kind) -> Self {
        self.files.push(Entry {
            path: path.trim_start_matches('/').to_owned(),
            mode,
            kind,
        });
        self
    }

    fn set(mut self, key: &str, value: Value) -> Self {
        self.config.insert(key.to_owned(), value);
        self
    }

    fn config(&self, diff_id: &str) -> Value {
        let mut config = self.config.clone();
        config.insert("Env".to_owned(), json!(self.environment));
        if !self.labels.is_empty() {
            config.insert("Labels".to_owned(), json!(self.labels));
        }
        json!({
            "created": "1970-01-01T00:00:00Z",
            "os": self.os,
            "architecture": self.architecture,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        })
    }

    fn tar(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for entry in &self.files {
            must(append(&mut tar, entry), "write a layer");
        }
        must(tar.into_inner(), "end a layer")
    }
}

fn append(tar: &mut tar::Builder<Vec<u8>>, entry: &Entry) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(entry.mode);
    header.set_mtime(0);
    header.set_size(0);
    match &entry.kind {
        Kind::File(bytes) => {
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, &entry.path, bytes.as_slice())
        }
        Kind::Link(target) => {
            header.set_entry_type(tar::EntryType::Symlink);
            tar.append_link(&mut header, &entry.path, target)
        }
        Kind::Directory => {
            header.set_entry_type(tar::EntryType::Directory);
            tar.append_data(&mut header, &entry.path, std::io::empty())
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    must(encoder.write_all(bytes), "compress a layer");
    must(encoder.finish(), "compress a layer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_digest() {
        let build = || {
            ImageBuilder::new()
                .file("a", "x", 0o644)
                .cmd(&["/a"])
                .build()
        };
        assert_eq!(build().digest(), build().digest());
    }

    #[test]
    fn an_index_names_its_platforms() {
        let of = |arch| ImageBuilder::new().platform("linux", arch).build();
        let image = Image::index([of("amd64"), of("arm64")]);
        let index: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
        assert_eq!(index["manifests"][1]["platform"]["architecture"], "arm64");
        assert_eq!(image.children.len(), 2);
    }
}
