//! An app, and a token that is revoked in the middle.

use fullsend::forge::{IdentityKind, Permission, Reason, Watch};
use fullsend_testkit::forge::{App, Edit, Forge as Server, Repository};

use super::{BRANCH, Scene, Stage, connect, first, refused, watch};

fn stage(lifetime: i64) -> Stage {
    let server = Server::github("acme");
    let mut app = App::new("fullsend");
    app.lifetime = lifetime;
    let (id, key) = (app.id.to_string(), app.private_key.clone());
    server.with(|store| store.app = Some(app));
    let variables = [
        ("FULLSEND_APP_ID", id.as_str()),
        ("FULLSEND_APP_PRIVATE_KEY", &key),
    ];
    let forge = connect(&server, &variables);
    Stage(Scene { server, forge })
}

#[tokio::test]
async fn an_app_speaks_by_its_installation() {
    let stage = stage(3600);
    let mut signed = Repository::new("api");
    signed.rules.signed = true;
    stage.server.add(signed, &[Edit::file("a", "b")]);
    let who = stage.forge.identity().await.unwrap();
    assert_eq!(
        (who.login.as_str(), who.kind),
        ("fullsend[bot]", IdentityKind::App)
    );
    let needed = [
        Permission::Contents,
        Permission::Requests,
        Permission::Workflows,
    ];
    assert!(who.granted.is_some() && who.lacks(&needed).is_empty());
    let (repository, base) = stage.repository("api").await;
    assert!(repository.may_push);
    let request = stage.propose(&repository, &base, &first()).await.unwrap();
    assert_eq!(request.author, "fullsend[bot]");
    let minted = stage.operations();
    let minted = minted
        .iter()
        .filter(|it| it.contains("create-installation-access-token"));
    assert_eq!(minted.count(), 1);
    assert!(
        stage
            .look("api", &watch())
            .await
            .branch
            .is_some_and(|it| it.ahead_count == 1)
    );
    assert!(stage.server.urls_with(BRANCH).is_empty());
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let stage = stage(200);
    stage.add("api");
    for _ in 0..2 {
        stage.forge.survey(&Watch::default()).await.unwrap();
    }
    let minted = stage.operations();
    let minted = minted
        .iter()
        .filter(|it| it.contains("create-installation-access-token"));
    assert!(minted.count() > 1);
}

#[tokio::test]
async fn a_revoked_token_is_said_so() {
    let stage = Stage::new();
    stage.add("api");
    stage.forge.survey(&Watch::default()).await.unwrap();
    stage.server.with(|store| store.revoke(super::TOKEN));
    let error = refused(stage.forge.survey(&Watch::default()).await);
    assert!(matches!(error.reason(), Reason::Unauthorized(_)), "{error}");
}
