//! Who we are, what files say, and where components are.

use fullsend::forge::{CommitOf, FileAt, IdentityKind, MAX_FILE_BYTES, Permission, blob_id};
use fullsend_testkit::forge::{Actor, Edit, Instance, Repository, Right};

use super::{Stage, commit_id, reason, watch};

#[tokio::test]
async fn an_identity_tells_what_its_token_may() {
    let stage = Stage::new();
    assert_eq!(
        stage.server.calls().len(),
        0,
        "nothing is asked before it is needed"
    );
    let who = stage.forge.identity().await.unwrap();
    assert_eq!(
        (who.login.as_str(), who.kind),
        ("fullsend", IdentityKind::User)
    );
    assert_eq!(
        who.sign_off(),
        "Signed-off-by: fullsend <fullsend@example.com>"
    );
    assert!(
        who.lacks(&[Permission::Contents, Permission::Runs])
            .is_empty()
    );

    let reader = Actor::app("watcher").with(&[Right::Read, Right::Runs]);
    let stage = Stage::of(Instance::default(), reader);
    let who = stage.forge.identity().await.unwrap();
    assert_eq!(who.kind, IdentityKind::App);
    let needed = [Permission::Read, Permission::Contents, Permission::Runs];
    assert_eq!(who.lacks(&needed), [Permission::Contents]);
}

#[tokio::test]
async fn the_same_text_is_read_once() {
    let stage = Stage::new();
    let text = Edit::file("fullsend.yaml", "version: 1\n");
    let mut wanted = Vec::new();
    for at in 0..40 {
        let name = format!("project-{at:02}");
        let own = Edit::file("own", format!("{at}\n"));
        let id = stage
            .server
            .add(Repository::new(&name), &[text.clone(), own]);
        for (path, content) in [
            ("fullsend.yaml", "version: 1\n".to_owned()),
            ("own", format!("{at}\n")),
        ] {
            wanted.push(file(&stage, id, path, content.as_bytes()));
        }
    }
    stage.operations();
    let texts = stage.forge.texts(&wanted).await.unwrap();
    assert_eq!(texts.len(), 80);
    for (file, text) in wanted.iter().zip(&texts) {
        assert_eq!(blob_id(text.as_ref().unwrap()), file.blob);
    }
    // 41 files, 16 in a document.
    assert_eq!(stage.operations(), ["query"; 3]);
}

fn file(stage: &Stage, id: u64, path: &str, content: &[u8]) -> FileAt {
    let head = stage
        .server
        .with(|store| store.repository(id).unwrap().head().unwrap());
    FileAt {
        repository: id.to_string(),
        full_name: String::new(),
        commit: commit_id(head),
        path: path.to_owned(),
        blob: blob_id(content),
    }
}

#[tokio::test]
async fn what_is_no_text_is_read_byte_by_byte_and_what_is_no_file_is_not() {
    let stage = Stage::new();
    let large = "x".repeat(usize::try_from(MAX_FILE_BYTES).unwrap() + 1);
    let latin: &[u8] = b"caf\xe9\n";
    let binary: &[u8] = b"\0\xff\xfe";
    let edits = [
        Edit::file("latin", latin),
        Edit::file("binary", binary),
        Edit::file("odd name+%20.yaml", "fine\n"),
        Edit::link("link", "target"),
        Edit::file("large", large.clone()),
    ];
    let id = stage.server.add(Repository::new("api"), &edits);
    let wanted = [
        file(&stage, id, "latin", latin),
        file(&stage, id, "binary", binary),
        file(&stage, id, "odd name+%20.yaml", b"fine\n"),
        file(&stage, id, "link", b"target"),
        file(&stage, id, "large", large.as_bytes()),
        file(&stage, id, "gone", b"gone"),
    ];
    let texts = stage.forge.texts(&wanted).await.unwrap();
    let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
    assert_eq!(
        texts,
        [Some(latin), Some(binary), Some(b"fine\n"), None, None, None]
    );
}

#[tokio::test]
async fn components_are_there_with_their_tag() {
    let stage = Stage::new();
    let templates = [Edit::file("templates/exec/template.yml", "spec: {}\n")];
    let id = stage
        .server
        .add(Repository::new("platform/fullsend"), &templates);
    let bare = stage.add("platform/bare");
    for project in [id, bare] {
        stage.server.with(|store| {
            let head = store.repository(project).unwrap().head();
            store.set_ref(project, "refs/tags/v1.4.0", head);
        });
    }
    let gitlab = &stage.forge;
    assert!(
        gitlab
            .offers("acme/platform/fullsend", "v1.4.0")
            .await
            .unwrap()
    );
    assert!(
        !gitlab
            .offers("acme/platform/fullsend", "v1.5.0")
            .await
            .unwrap()
    );
    assert!(!gitlab.offers("acme/platform/bare", "v1.4.0").await.unwrap());
    assert!(
        !gitlab
            .offers("acme/platform/nowhere", "v1.4.0")
            .await
            .unwrap()
    );
    let endless = "y".repeat(100_000);
    let refused = gitlab.offers("acme/platform/fullsend", &endless).await;
    assert!(reason(refused).0.contains("the name is too long"));
}

#[tokio::test]
async fn files_of_any_commit_are_told() {
    let stage = Stage::new();
    let file = Edit::file("fullsend.yaml", "version: 1\n");
    stage.server.add(Repository::new("api"), &[file]);
    let seen = stage.look("api", &watch()).await;
    stage.server.act("edit api fullsend.yaml x").unwrap();
    let now = stage.look("api", &watch()).await;
    let of = |commit: &fullsend::model::commit::CommitId| CommitOf {
        repository: seen.repository.id.clone(),
        full_name: seen.repository.full_name.clone(),
        commit: commit.clone(),
    };
    let (head, new) = (seen.head.clone().unwrap(), now.head.clone().unwrap());
    let files = stage
        .forge
        .files(&[of(&head), of(&new)], &watch().paths)
        .await;
    let files = files.unwrap();
    assert_eq!(files[0].as_ref(), Some(&seen.files));
    assert_eq!(files[1].as_ref(), Some(&now.files));
    assert_ne!(files[0], files[1]);
    let gone = "0123456789".repeat(4).parse().unwrap();
    let gone = stage
        .forge
        .files(&[of(&gone)], &watch().paths)
        .await
        .unwrap();
    assert!(
        gone[0]
            .as_ref()
            .is_none_or(std::collections::BTreeMap::is_empty)
    );
}
