//! Image layouts: whole, as tools write them, and as nobody should.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use fullsend::{
    document::json,
    registry::{Content, FetchedManifest, Layout, Manifest},
    seam::files::AtomicFile,
};
use fullsend_testkit::signing::SigningKey;
use serde_json::{Value, json};

use super::*;
use crate::support::cosign::{cosign, folder_of, run};

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const KIND: &str = "kind";

/// A layout in a folder of its own.
struct Folder {
    place: tempfile::TempDir,
    entries: Vec<Value>,
}

impl Folder {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("blobs/sha256")).unwrap();
        let folder = Self {
            place,
            entries: Vec::new(),
        };
        folder.write("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
        folder
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    fn write(&self, name: &str, text: &str) {
        let file = AtomicFile::open(&self.path().join(name)).unwrap();
        file.commit(text.as_bytes()).unwrap();
    }

    fn blob(&self, text: &str) -> Digest {
        let digest = Digest::of(text.as_bytes());
        self.write(&format!("blobs/sha256/{}", digest.hex()), text);
        digest
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.path().join("blobs/sha256").join(digest.hex())
    }

    /// Adds a manifest that index.json lists with these annotations.
    fn list(&mut self, manifest: &str, annotations: &[(&str, &str)]) -> Digest {
        let digest = self.blob(manifest);
        let annotations: serde_json::Map<String, Value> = annotations
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        self.entries.push(json!({
            "mediaType": OCI_MANIFEST, "digest": digest, "size": manifest.len(),
            "annotations": annotations,
        }));
        digest
    }

    fn open(&self) -> Layout {
        let index = json!({"schemaVersion": 2, "manifests": self.entries});
        self.write("index.json", &index.to_string());
        Layout::open(self.path()).unwrap()
    }

    fn refusal(&self) -> String {
        let error = Layout::open(self.path()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(&error.host().to_owned()), "{message}");
        assert_eq!(error.host(), format!("oci:{}", self.path().display()));
        message
    }
}

/// A manifest that differs from others by `number`.
fn manifest(number: usize) -> String {
    MANIFEST.replacen('{', &format!(r#"{{"annotations":{{"n":"{number}"}},"#), 1)
}

/// A manifest whose subject is `digest`.
fn artifact(number: usize, digest: &Digest) -> String {
    let subject = format!(
        r#"{{"artifactType":"t/{number}","subject":{{"mediaType":"{OCI_MANIFEST}","digest":"{digest}","size":1}},"#
    );
    manifest(number).replacen('{', &subject, 1)
}

fn anywhere() -> Repository {
    "r.example/a".parse().unwrap()
}

fn found(layout: &Layout, name: &str) -> Result<Digest, RegistryError> {
    layout
        .image(Some(name), None)
        .map(|manifest| manifest.digest)
}

async fn tagged(layout: &Layout, tag: &str) -> Option<FetchedManifest> {
    layout.manifest_by_tag(&anywhere(), tag).await.unwrap()
}

async fn referrers(layout: &Layout, digest: &Digest) -> Result<Vec<Digest>, RegistryError> {
    let list = layout.referrers(&anywhere(), digest).await?.unwrap();
    Ok(list.into_iter().map(|entry| entry.digest).collect())
}

#[tokio::test]
async fn an_image_has_a_tag_or_a_whole_name() {
    let mut folder = Folder::new();
    let one = folder.list(&manifest(1), &[(REF_NAME, "1.0")]);
    let two = folder.list(&manifest(2), &[(REF_NAME, "docker.io/acme/agent:2.0")]);
    let whole = "r.example:5000/acme/agent:3.0";
    let names = [("io.containerd.image.name", whole), (REF_NAME, "3.0")];
    let three = folder.list(&manifest(3), &names);
    let layout = folder.open();
    assert_eq!(found(&layout, "1.0").unwrap(), one);
    assert_eq!(found(&layout, "2.0").unwrap(), two);
    assert_eq!(found(&layout, "docker.io/acme/agent:2.0").unwrap(), two);
    assert_eq!(found(&layout, "3.0").unwrap(), three);
    assert_eq!(found(&layout, whole).unwrap(), three);
    let by_digest = layout.image(Some("1.0"), Some(&two)).unwrap();
    assert_eq!(by_digest.digest, two, "the digest alone counts");

    let image: ImageReference = "r.example/a:1.0".parse().unwrap();
    assert_eq!(
        Content::manifest(&layout, &image).await.unwrap().digest,
        one
    );
    assert!(tagged(&layout, "4.0").await.is_none());
    let error = found(&layout, "4.0").unwrap_err();
    assert_reason!(&error, Reason::NoSuchImage(_));
    assert!(
        error
            .to_string()
            .contains("but 1.0, docker.io/acme/agent:2.0, 3.0"),
        "{error}"
    );
    let error = layout
        .image(None, Some(&Digest::of(b"absent")))
        .unwrap_err();
    assert_reason!(&error, Reason::NotFound);
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn without_a_name_there_is_only_one_image() {
    let mut folder = Folder::new();
    let image = folder.list(&manifest(0), &[]);
    let tag = image.fallback_tag();
    folder.list(&manifest(1), &[(REF_NAME, &format!("{tag}.sig"))]);
    folder.list(&manifest(2), &[(KIND, "dev.cosignproject.cosign/atts")]);
    folder.list(&artifact(3, &image), &[]);
    assert_eq!(folder.open().image(None, None).unwrap().digest, image);
    folder.list(&manifest(0), &[(REF_NAME, "again")]);
    assert_eq!(folder.open().image(None, None).unwrap().digest, image);

    for number in 10..30 {
        folder.list(&manifest(number), &[(REF_NAME, &number.to_string())]);
    }
    let error = folder.open().image(None, None).unwrap_err();
    assert_reason!(&error, Reason::Ambiguous(_));
    let message = error.to_string();
    assert!(message.contains(", 10, 11, "), "{message}");
    assert!(message.ends_with("more"), "{message}");
    assert!(message.len() < 1000, "{message}");
    assert!(error.hint().unwrap().contains(":NAME"));

    folder.list(&manifest(40), &[(REF_NAME, "10")]);
    assert_reason!(
        found(&folder.open(), "10").unwrap_err(),
        Reason::Ambiguous(_)
    );
    let empty = Folder::new().open().image(None, None).unwrap_err();
    assert_reason!(empty, Reason::NotFound);
}

#[tokio::test]
async fn signatures_are_found_by_subject_tag_and_kind() {
    let mut folder = Folder::new();
    let image = folder.list(&manifest(0), &[(KIND, "dev.cosignproject.cosign/image")]);
    let other = folder.list(&manifest(1), &[]);
    let listed = folder.list(&artifact(2, &image), &[]);
    let unlisted = folder.blob(&artifact(3, &image));
    folder.blob(&format!(r#"{{"payload":"{}"}}"#, image.hex()));
    folder.blob(&format!("{} in a layer", image.hex()));
    folder.write("blobs/sha256/.temporary", "{");
    let saved = folder.list(&manifest(4), &[(KIND, "dev.cosignproject.cosign/sigs")]);
    let layout = folder.open();
    let mut found = referrers(&layout, &image).await.unwrap();
    found.sort();
    let mut expected = [listed, unlisted];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(referrers(&layout, &other).await.unwrap(), []);
    let legacy = tagged(&layout, &format!("{}.sig", image.fallback_tag())).await;
    assert_eq!(legacy.unwrap().digest, saved);
    for (digest, ending) in [(&other, ".sig"), (&image, ".att"), (&image, "")] {
        let tag = format!("{}{ending}", digest.fallback_tag());
        assert!(tagged(&layout, &tag).await.is_none(), "{tag}");
    }

    let tag = format!("{}.sig", other.fallback_tag());
    let tagged_manifest = folder.list(&manifest(5), &[(REF_NAME, &tag)]);
    assert_eq!(
        tagged(&folder.open(), &tag).await.unwrap().digest,
        tagged_manifest
    );
}

#[tokio::test]
async fn a_broken_copy_is_never_unsigned() {
    let mut folder = Folder::new();
    let image = folder.list(&manifest(0), &[]);
    let signature = folder.list(&artifact(1, &image), &[]);
    let blob = folder.blob_path(&signature);
    folder.open();
    let broken = async |folder: &Folder| referrers(&folder.open(), &image).await.unwrap_err();

    let name = format!("blobs/sha256/{}", signature.hex());
    folder.write(&name, &artifact(2, &image));
    assert_reason!(broken(&folder).await, Reason::DigestMismatch { .. });
    std::fs::remove_file(&blob).unwrap();
    assert_reason!(broken(&folder).await, Reason::Malformed(_));
    symlink("/etc/passwd", &blob).unwrap();
    assert_reason!(broken(&folder).await, Reason::File(_));
    std::fs::remove_file(&blob).unwrap();
    std::fs::create_dir(&blob).unwrap();
    assert_reason!(broken(&folder).await, Reason::File(_));
    std::fs::remove_dir(&blob).unwrap();

    let mut ambiguous = Folder::new();
    ambiguous.list(&manifest(0), &[]);
    ambiguous.list(
        &artifact(1, &image).replacen('{', r#"{"Subject":null,"#, 1),
        &[],
    );
    assert_reason!(broken(&ambiguous).await, Reason::Malformed(_));
}

#[tokio::test]
async fn blobs_have_their_size_and_digest() {
    let folder = Folder::new();
    let blob = folder.blob("hello");
    let layout = folder.open();
    let get = async |size, cap| layout.blob(&anywhere(), &blob, size, cap).await;
    assert_eq!(get(5, 5).await.unwrap(), "hello");
    assert_reason!(
        get(4, 9).await.unwrap_err(),
        Reason::SizeMismatch { received: 5, .. }
    );
    assert_reason!(
        get(5, 4).await.unwrap_err(),
        Reason::TooLarge { limit: 4, .. }
    );
    assert_reason!(
        get(3, 4).await.unwrap_err(),
        Reason::TooLarge { limit: 4, .. }
    );
    folder.write(&format!("blobs/sha256/{}", blob.hex()), "hallo");
    assert_reason!(get(5, 5).await.unwrap_err(), Reason::DigestMismatch { .. });
    let absent = layout.blob(&anywhere(), &Digest::of(b"x"), 1, 1).await;
    assert_reason!(absent.unwrap_err(), Reason::NotFound);
}

#[test]
fn what_is_no_layout_is_refused() {
    let folder = Folder::new();
    assert!(folder.refusal().contains("index.json"));
    for (text, expected) in [
        (
            r#"{"schemaVersion":2,"manifests":[],"Manifests":[]}"#,
            "twice",
        ),
        (r#"{"schemaVersion":2}"#, "manifests"),
        (
            r#"{"manifests":[{"mediaType":"m","size":1,"digest":"sha256:../../../etc/passwd"}]}"#,
            "digest",
        ),
        (&" ".repeat((4 << 20) + 1), "larger than"),
    ] {
        folder.write("index.json", text);
        let message = folder.refusal();
        assert!(message.contains(expected), "{message}");
    }
    folder.open();
    folder.write("oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#);
    assert!(folder.refusal().contains("imageLayoutVersion"));
    std::fs::remove_file(folder.path().join("oci-layout")).unwrap();
    assert!(folder.refusal().contains("No such file"));

    let linked = Folder::new();
    linked.open();
    let outside = tempfile::tempdir().unwrap();
    std::fs::remove_dir_all(linked.path().join("blobs")).unwrap();
    symlink(outside.path(), linked.path().join("blobs")).unwrap();
    linked.refusal();
    let error = Layout::open(Path::new("/absent")).unwrap_err();
    assert!(error.hint().unwrap().contains("index.json"), "{error}");
}

/// A layout that cosign has written of an image that it has signed in the given formats.
fn saved(formats: &[&str]) -> (tempfile::TempDir, Layout, Digest) {
    let (registry, _) = with_image();
    registry.put_blob("{}");
    let digest = Digest::of(MANIFEST.as_bytes());
    let image = format!("{}/a/b@{digest}", registry.host());
    let cosign = cosign();
    let folder = folder_of(&cosign, &SigningKey::p256());
    let path = folder.path();
    for format in formats {
        let offline = [
            "--tlog-upload=false",
            "--use-signing-config=false",
            "-y",
            &image,
        ];
        let sign = [&["sign", "--key", "real.key", *format][..], &offline].concat();
        run(&cosign, path, &sign);
    }
    run(&cosign, path, &["save", "--dir", "saved", &image]);
    let layout = Layout::open(&path.join("saved")).unwrap();
    (folder, layout, digest)
}

#[tokio::test]
async fn what_cosign_saves_is_read() {
    let formats = ["--new-bundle-format=true", "--new-bundle-format=false"];
    let (_folder, layout, digest) = saved(&formats);
    assert_eq!(layout.image(None, None).unwrap().digest, digest);
    let legacy = tagged(&layout, &format!("{}.sig", digest.fallback_tag())).await;
    let Manifest::Image(legacy) = legacy.unwrap().parsed else {
        panic!("a legacy signature is an image manifest");
    };
    assert_eq!(legacy.layers.len(), 1);

    let bundles = referrers(&layout, &digest).await.unwrap();
    let [bundle] = bundles.as_slice() else {
        panic!("one bundle: {bundles:?}");
    };
    let Manifest::Image(bundle) = layout.image(None, Some(bundle)).unwrap().parsed else {
        panic!("a bundle is in an image manifest");
    };
    let layer = &bundle.layers[0];
    let bytes = layout
        .blob(&anywhere(), &layer.digest, layer.size, 1 << 20)
        .await;
    let bundle: Value = json::parse(&bytes.unwrap()).unwrap();
    assert!(bundle["dsseEnvelope"].is_object(), "{bundle}");
}
