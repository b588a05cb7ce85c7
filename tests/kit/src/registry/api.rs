//! The distribution API and the token service, as they should be.

use hyper::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, LINK, LOCATION, RANGE, WWW_AUTHENTICATE},
};

use super::Shared;
use crate::web::{Asked, Plain};

/// What a well-behaved registry answers.
pub(super) fn route(shared: &Shared, asked: &Asked) -> Plain {
    if asked.path == "/token" {
        return token(shared, asked);
    }
    let Some(path) = asked.path.strip_prefix("/v2/") else {
        return Plain::not_found("404 page not found\n");
    };
    let split = |mark: &str| {
        let at = path.rfind(mark)?;
        Some((&path[..at], &path[at + mark.len()..]))
    };
    let (repository, kind, rest) = [
        "/blobs/uploads/",
        "/manifests/",
        "/blobs/",
        "/referrers/",
        "/tags/list",
    ]
    .into_iter()
    .find_map(|kind| split(kind).map(|(repository, rest)| (repository, kind, rest)))
    .unwrap_or_default();
    let authorization = asked.headers.get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let admitted = shared.lock().auth.check(repository, authorization);
    if let Err(challenge) = admitted {
        return Plain::error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED")
            .with(WWW_AUTHENTICATE, challenge);
    }
    match kind {
        "/blobs/uploads/" => upload(shared, asked, repository, rest),
        "/manifests/" if asked.method == Method::PUT => {
            push_manifest(shared, asked, repository, rest)
        }
        "/manifests/" => manifest(shared, asked, repository, rest),
        "/blobs/" => blob(shared, rest),
        "/referrers/" => referrers(shared, asked, repository, rest),
        "/tags/list" => tags(shared, asked, repository),
        _ if path.is_empty() => Plain::default(),
        _ => Plain::not_found("404 page not found\n"),
    }
}

fn token(shared: &Shared, asked: &Asked) -> Plain {
    let mut fields: Vec<(String, String)> = pairs(asked.query.as_bytes());
    fields.extend(pairs(&asked.body));
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let authorization = asked.headers.get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let scope = field("scope").unwrap_or_default();
    let issued = shared
        .lock()
        .auth
        .issue(scope, authorization, field("refresh_token"));
    match issued {
        Some(body) => Plain::json(body),
        None => Plain::error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
    }
}

fn manifest(shared: &Shared, asked: &Asked, repository: &str, reference: &str) -> Plain {
    let peek = asked.method == Method::HEAD;
    match shared.lock().store.manifest(repository, reference, peek) {
        Some((digest, stored)) => Plain {
            body: stored.bytes,
            ..Plain::default()
        }
        .with(CONTENT_TYPE, stored.media_type)
        .with(HeaderName::from_static("docker-content-digest"), digest),
        None => Plain::error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
    }
}

fn push_manifest(shared: &Shared, asked: &Asked, repository: &str, reference: &str) -> Plain {
    let media_type = asked.headers.get(CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut state = shared.lock();
    let bytes = asked.body.clone();
    let digest = state
        .store
        .put_manifest(repository, reference, media_type, bytes);
    let mut created = Plain::created(format!("/v2/{repository}/manifests/{digest}"), &digest);
    let manifest: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    if let Some(subject) = manifest["subject"]["digest"]
        .as_str()
        .filter(|_| state.store.referrers_api)
    {
        created = created.with(HeaderName::from_static("oci-subject"), subject.to_owned());
    }
    created
}

fn blob(shared: &Shared, digest: &str) -> Plain {
    match shared.lock().store.blob(digest) {
        Some(body) => Plain {
            body,
            ..Plain::default()
        }
        .with(CONTENT_TYPE, "application/octet-stream".to_owned()),
        None => Plain::error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
    }
}

fn referrers(shared: &Shared, asked: &Asked, repository: &str, digest: &str) -> Plain {
    let state = shared.lock();
    if !state.store.referrers_api {
        return Plain::not_found("404 page not found\n");
    }
    let pairs = pairs(asked.query.as_bytes());
    let page = pairs.iter().find(|(name, _)| name == "page");
    let page = page.and_then(|(_, page)| page.parse().ok()).unwrap_or(0);
    let (index, more) = state.store.referrers(repository, digest, page);
    let plain = Plain {
        body: index.to_string().into(),
        ..Plain::default()
    }
    .with(
        CONTENT_TYPE,
        "application/vnd.oci.image.index.v1+json".to_owned(),
    );
    if more {
        let next = format!("<{}?page={}>; rel=\"next\"", asked.path, page + 1);
        plain.with(LINK, next)
    } else {
        plain
    }
}

fn tags(shared: &Shared, asked: &Asked, repository: &str) -> Plain {
    let pairs = pairs(asked.query.as_bytes());
    let field = |name: &str| {
        let found = pairs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let most = field("n").and_then(|most| most.parse().ok());
    let last = field("last").unwrap_or_default();
    let listed = shared.lock().store.tags(repository, last, most);
    let Some((tags, more)) = listed else {
        return Plain::error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
    };
    let page = serde_json::json!({"name": repository, "tags": tags}).to_string();
    match tags.last().filter(|_| more) {
        Some(last) => {
            let query = most
                .map(|most: usize| format!("n={most}&"))
                .unwrap_or_default();
            let next = format!("<{}?{query}last={last}>; rel=\"next\"", asked.path);
            Plain::json(page).with(LINK, next)
        }
        None => Plain::json(page),
    }
}

/// `POST` opens an upload, `PATCH` adds to it, `PUT` ends it; `POST` with a digest does all.
fn upload(shared: &Shared, asked: &Asked, repository: &str, upload: &str) -> Plain {
    let store = &mut shared.lock().store;
    let unknown = || Plain::error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    let number = if asked.method == Method::POST {
        store.start_upload()
    } else {
        upload.parse().unwrap_or(0)
    };
    let Some(length) = store.extend_upload(number, &asked.body) else {
        return unknown();
    };
    let pairs = pairs(asked.query.as_bytes());
    let Some((_, expected)) = pairs.iter().find(|(name, _)| name == "digest") else {
        return Plain {
            status: StatusCode::ACCEPTED,
            ..Plain::default()
        }
        .with(LOCATION, format!("/v2/{repository}/blobs/uploads/{number}"))
        .with(RANGE, format!("0-{}", length.saturating_sub(1)));
    };
    match store.finish_upload(number) {
        Some(digest) if digest == *expected => {
            Plain::created(format!("/v2/{repository}/blobs/{digest}"), &digest)
        }
        Some(_) => Plain::error(StatusCode::BAD_REQUEST, "DIGEST_INVALID"),
        None => unknown(),
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

impl Plain {
    fn error(status: StatusCode, code: &str) -> Self {
        let errors = serde_json::json!({"errors": [{"code": code, "message": "refused"}]});
        Self {
            status,
            ..Self::json(errors.to_string())
        }
    }

    fn created(location: String, digest: &str) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::default()
        }
        .with(LOCATION, location)
        .with(
            HeaderName::from_static("docker-content-digest"),
            digest.to_owned(),
        )
    }
}
