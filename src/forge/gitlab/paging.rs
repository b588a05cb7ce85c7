//! Lists, page by page. A page may be short where something in it may not be seen, so that only
//! GitLab's word on the next page counts.

use std::borrow::Cow;

use gitlab::api::{BodyError, Endpoint, QueryParams};
use serde::de::DeserializeOwned;

use super::{
    super::Reason,
    client::{Client, Manner, read},
};
use crate::seam::http::{
    Method,
    header::{HeaderMap, HeaderName},
};

/// Entries of a page; GitLab gives no more.
const PAGE: usize = 100;
/// Pages of one list: as many as a group of 100,000 projects has.
const PAGES: u64 = 1000;

/// One page of what `list` lists.
struct Page<'a, E> {
    list: &'a E,
    number: u64,
}

impl<E: Endpoint> Endpoint for Page<'_, E> {
    fn method(&self) -> Method {
        self.list.method()
    }

    fn endpoint(&self) -> Cow<'static, str> {
        self.list.endpoint()
    }

    fn parameters(&self) -> QueryParams<'_> {
        let mut parameters = self.list.parameters();
        parameters.push("per_page", PAGE as u64);
        parameters.push("page", self.number);
        parameters
    }

    fn body(&self) -> Result<Option<(&'static str, Vec<u8>)>, BodyError> {
        self.list.body()
    }
}

impl Client {
    /// The first entries of a list, at most 100.
    pub(super) async fn first<T: DeserializeOwned>(
        &self,
        list: &(impl Endpoint + Sync),
    ) -> Result<Vec<T>, Reason> {
        self.get(&Page { list, number: 1 }).await
    }

    /// All entries of a list.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        list: &(impl Endpoint + Sync),
    ) -> Result<Vec<T>, Reason> {
        let mut all = Vec::new();
        let mut number = 1;
        while number <= PAGES {
            let page = Page { list, number };
            let (body, headers) = self.send(&page, Manner::READ).await?;
            let entries: Vec<T> = read(&body)?;
            let is_full = entries.len() >= PAGE;
            all.extend(entries);
            match next(&headers) {
                Next::Page(next) if next > number => number = next,
                // A proxy that drops the header must not hide the rest.
                Next::Untold if is_full => number += 1,
                _ => return Ok(all),
            }
        }
        Err(Reason::TooLarge {
            limit: PAGES * PAGE as u64,
            unit: "entries",
        })
    }
}

/// What an answer says of the next page.
enum Next {
    Page(u64),
    None,
    Untold,
}

fn next(headers: &HeaderMap) -> Next {
    let Some(header) = headers.get(HeaderName::from_static("x-next-page")) else {
        return Next::Untold;
    };
    let next = header.to_str().ok().and_then(|next| next.parse().ok());
    next.map_or(Next::None, Next::Page)
}
