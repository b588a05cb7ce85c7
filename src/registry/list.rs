//! What registries give in pages: referrers and tags.

use std::collections::BTreeSet;

use serde::Deserialize;
use tokio::time::Instant;

use super::{
    auth::Access,
    client::Registry,
    error::{Reason, RegistryError},
    exchange::{Absence, Answer, Question, Received, Size},
    limits, link,
    manifest::{self, Descriptor, ImageIndex, essence, media_type},
};
use crate::{
    document::json,
    model::{
        digest::Digest,
        image::{Repository, is_tag},
    },
};

/// What is asked for, and how much of it is taken.
struct List {
    /// Behind the repository in the address.
    path: String,
    accept: &'static str,
    page: u64,
    pages: usize,
    entries: usize,
    /// What the entries are called.
    unit: &'static str,
}

impl Registry {
    /// Lists what refers to `digest`, all pages together; `None` where the registry has no such
    /// list, so that the fallback tag counts.
    ///
    /// The list is the registry's claim: what a referrer is, its own manifest says. A mirror's
    /// empty list is taken for none, as those that pull through do not know better.
    pub async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let asked = format!("the referrers of {repository}@{digest}");
        let list = List {
            path: format!("referrers/{digest}"),
            accept: media_type::OCI_INDEX,
            page: limits::REFERRERS_PAGE,
            pages: limits::PAGES,
            entries: limits::MANIFESTS,
            unit: "entries",
        };
        let listed = |list: &Option<Vec<_>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let find = async |place: Repository, until| {
            let found = self.find_list(&place, &list, until, referrers_page).await?;
            Ok(found.ok())
        };
        self.first(repository, &asked, listed, find).await
    }

    /// Lists the repository's tags, all pages together, as far as they have the form of tags.
    ///
    /// A mirror's list counts unless it is empty: what it lacks could not be had from it either.
    pub async fn tags(&self, repository: &Repository) -> Result<Vec<String>, RegistryError> {
        let asked = format!("the tags of {repository}");
        let list = List {
            path: "tags/list?n=1000".to_owned(),
            accept: "application/json",
            page: limits::TAGS_PAGE,
            pages: limits::TAG_PAGES,
            entries: limits::TAGS,
            unit: "tags",
        };
        let listed = |list: &Result<Vec<_>, _>| list.as_ref().is_ok_and(|list| !list.is_empty());
        let find =
            async |place: Repository, until| self.find_list(&place, &list, until, tags_page).await;
        let found = self.first(repository, &asked, listed, find).await?;
        found.map_err(|absence| RegistryError::new(repository.host(), asked, absence.into()))
    }

    async fn find_list<T>(
        &self,
        repository: &Repository,
        list: &List,
        until: Instant,
        entries_of: impl Fn(&Received) -> Result<Vec<T>, Reason>,
    ) -> Result<Result<Vec<T>, Absence>, Reason> {
        let mut question = Question {
            repository,
            access: Access::Pull,
            url: self.exchange.url(repository, &list.path)?,
            accept: list.accept,
            size: Size::AtMost(list.page),
            until,
        };
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        loop {
            let page = match self.exchange.ask(&question).await? {
                Answer::Found(page) => page,
                Answer::Absent(absence) if seen.is_empty() => return Ok(Err(absence)),
                Answer::Absent(_) => {
                    return Err(Reason::Malformed("a page of the list is absent".to_owned()));
                }
            };
            entries.extend(entries_of(&page)?);
            if entries.len() > list.entries {
                return Err(too_many(list.entries, list.unit));
            }
            let next = link::next(&question.url, page.links.iter().map(String::as_str))?;
            let Some(next) = next else {
                return Ok(Ok(entries));
            };
            seen.insert(std::mem::replace(&mut question.url, next));
            if seen.contains(&question.url) {
                return Err(Reason::Malformed("its pages form a circle".to_owned()));
            }
            if seen.len() == list.pages {
                return Err(too_many(list.pages, "pages"));
            }
        }
    }
}

fn referrers_page(page: &Received) -> Result<Vec<Descriptor>, Reason> {
    let kind = page.content_type.as_deref().map(essence);
    let index: ImageIndex = manifest::strict(&page.bytes)?;
    if kind.as_deref() != Some(media_type::OCI_INDEX) {
        return Err(Reason::Malformed(
            "the list's Content-Type is not that of an index".to_owned(),
        ));
    }
    Ok(index.manifests)
}

fn tags_page(page: &Received) -> Result<Vec<String>, Reason> {
    #[derive(Deserialize)]
    struct Page {
        /// Go writes an empty list as `null`.
        tags: Option<Vec<String>>,
    }
    // Beside the tags stand the name, and what registries of their own accord add.
    let page: Page = json::parse_bounded(&page.bytes, limits::TAGS + limits::VALUES)?;
    let mut tags = page.tags.unwrap_or_default();
    tags.retain(|tag| is_tag(tag));
    Ok(tags)
}

fn too_many(limit: usize, unit: &'static str) -> Reason {
    Reason::TooLarge {
        limit: limit as u64,
        unit,
    }
}
