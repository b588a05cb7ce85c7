//! `ls-refs`: the tags and branches of a repository.

use tokio::time::Instant;

use super::{
    ObjectFormat, SERVICE,
    packet::{Lines, Packet},
    packets, question,
};
use crate::{
    forge::{
        Reason,
        git::{
            exchange::Exchange,
            limits,
            refs::{Refs, Tag},
            repository::RemoteRepository,
        },
    },
    model::commit::CommitId,
    seam::exchange::Answer,
};

/// Asks for all tags and branches, in one request; where objects are named by SHA-256, in two.
pub(in crate::forge::git) async fn ls_refs(
    exchange: &Exchange,
    repository: &RemoteRepository,
    until: Instant,
) -> Result<Refs, Reason> {
    match ls_refs_as(exchange, repository, ObjectFormat::Sha1, until).await {
        // Git has no word for "the other format": it hangs up.
        Err(Reason::Silent) => ls_refs_as(exchange, repository, ObjectFormat::Sha256, until).await,
        outcome => outcome,
    }
}

async fn ls_refs_as(
    exchange: &Exchange,
    repository: &RemoteRepository,
    format: ObjectFormat,
    until: Instant,
) -> Result<Refs, Reason> {
    let question = question(repository, request(format), until);
    exchange
        .ask(&question, |answer| async move {
            let moved_to = RemoteRepository::of_service(&answer.url, SERVICE);
            let mut refs = read(answer).await?;
            refs.moved_to = moved_to.filter(|moved_to| moved_to != repository);
            Ok(refs)
        })
        .await
}

fn request(format: ObjectFormat) -> Vec<u8> {
    let mut lines = Lines::command("ls-refs", format);
    for line in [
        "peel",
        "symrefs",
        "ref-prefix refs/tags/",
        "ref-prefix refs/heads/",
        "ref-prefix HEAD",
    ] {
        lines.line(line);
    }
    lines.finish()
}

async fn read(answer: Answer) -> Result<Refs, Reason> {
    let mut packets = packets(answer, limits::REFS_BYTES)?;
    let mut refs = Refs::default();
    loop {
        match packets.next().await? {
            Some(Packet::Data(line)) => add(&mut refs, &line)?,
            Some(Packet::Flush) => return Ok(refs),
            Some(Packet::Delimiter | Packet::End) | None => {
                return Err(Reason::Malformed("the list of refs has no end"));
            }
        }
        if refs.tags.len() + refs.branches.len() > limits::REFS {
            return Err(Reason::TooLarge {
                limit: limits::REFS as u64,
                unit: "tags and branches",
            });
        }
    }
}

/// Adds what one line says: the object, the ref's name, then more about it.
///
/// A host may send more refs than asked for; those of pull requests are anyone's and never count.
fn add(refs: &mut Refs, line: &[u8]) -> Result<(), Reason> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    // Git allows names that are no text; nobody can write them down.
    let Ok(line) = str::from_utf8(line) else {
        return Ok(());
    };
    let mut words = line.split(' ');
    let malformed = Reason::Malformed("a line is not that of a ref");
    let (Some(object), Some(name)) = (words.next(), words.next()) else {
        return Err(malformed);
    };
    // A HEAD that points to no commit yet.
    if object == "unborn" {
        return Ok(());
    }
    let (Ok(object), true) = (object.parse::<CommitId>(), is_ref_name(name)) else {
        return Err(malformed);
    };
    let about = |key| words.clone().find_map(|word| word.strip_prefix(key));
    if let Some(tag) = name.strip_prefix("refs/tags/") {
        let tag_of = match about("peeled:").map(str::parse) {
            None => Tag {
                commit: object,
                object: None,
            },
            Some(Ok(commit)) => Tag {
                commit,
                object: Some(object),
            },
            Some(Err(_)) => return Err(malformed),
        };
        refs.tags.insert(tag.to_owned(), tag_of);
    } else if let Some(branch) = name.strip_prefix("refs/heads/") {
        refs.branches.insert(branch.to_owned(), object);
    } else if name == "HEAD" {
        let target = about("symref-target:");
        refs.head = target
            .and_then(|target| target.strip_prefix("refs/heads/"))
            .filter(|target| is_ref_name(target))
            .map(str::to_owned);
    }
    Ok(())
}

/// Whether git itself would take the name, as far as that keeps it from being taken for more.
pub(in crate::forge::git) fn is_ref_name(name: &str) -> bool {
    let bad =
        |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    (1..=limits::REF_NAME).contains(&name.len())
        && !name.contains(bad)
        && !name.contains("..")
        && !name.contains("@{")
        && name
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.'))
}
