//! `fetch`, of which only the first bytes of the answer are read.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    ObjectFormat,
    pack::{NotAPack, PackReader, Progress},
    packet::{Lines, Packet, Packets},
    packets, question,
};
use crate::{
    forge::{
        Reason,
        git::{exchange::Exchange, limits, refs::Reach, repository::RemoteRepository},
    },
    model::commit::CommitId,
    seam::exchange::Answer,
};

/// Whether `commit` is one of `tips` or an ancestor of one.
///
/// The host is asked for the commit as if all tips were here already: what it has to send is what
/// they do not lead to. Nothing, where the commit is theirs.
///
/// A host without bitmaps finds its way by the dates of commits. Where many of them lie, it may miss
/// that a commit is reachable, but never takes a stranger's for one that is. There is no `deepen`
/// here: with it, one commit from a clock gone wrong is enough for that.
pub(in crate::forge::git) async fn reach(
    exchange: &Exchange,
    repository: &RemoteRepository,
    commit: &CommitId,
    tips: &[&CommitId],
    until: Instant,
) -> Result<Reach, Reason> {
    let format = ObjectFormat::of(commit);
    let mut lines = Lines::command("fetch", format);
    for line in ["thin-pack", "no-progress", "ofs-delta"] {
        lines.line(line);
    }
    lines.line(&format!("want {commit}"));
    for tip in tips {
        lines.line(&format!("have {tip}"));
    }
    lines.line("done");
    let question = question(repository, lines.finish(), until);
    let count = exchange.ask(&question, |answer| async move {
        let mut pack = Pack::begin(answer, format).await?;
        loop {
            if let Some(count) = pack.reader.count().map_err(malformed)? {
                return Ok(count);
            }
            pack.more().await?;
        }
    });
    match count.await {
        Ok(0) => Ok(Reach::Reachable),
        Ok(_) => Ok(Reach::Impostor),
        Err(reason) if absent(&reason, std::slice::from_ref(commit)).is_some() => Ok(Reach::Absent),
        Err(reason) => Err(reason),
    }
}

/// The times at which `commits` were committed; those that the host does not have are left out.
/// All of them are named in the same way.
pub(in crate::forge::git) async fn commit_times(
    exchange: &Exchange,
    repository: &RemoteRepository,
    commits: &[CommitId],
    until: Instant,
) -> Result<HashMap<CommitId, Timestamp>, Reason> {
    let mut wanted = commits.to_vec();
    let mut filtered = true;
    while !wanted.is_empty() {
        let outcome = times(exchange, repository, &wanted, filtered, until).await;
        let reason = match outcome {
            Ok(times) => return Ok(times),
            Err(reason) => reason,
        };
        match absent(&reason, &wanted) {
            Some(index) => {
                wanted.remove(index);
            }
            // Git hangs up on a filter where its configuration does not allow any.
            None if filtered && matches!(reason, Reason::Silent | Reason::Said(_)) => {
                filtered = false;
            }
            None => return Err(reason),
        }
    }
    Ok(HashMap::new())
}

async fn times(
    exchange: &Exchange,
    repository: &RemoteRepository,
    wanted: &[CommitId],
    filtered: bool,
    until: Instant,
) -> Result<HashMap<CommitId, Timestamp>, Reason> {
    let Some(first) = wanted.first() else {
        return Ok(HashMap::new());
    };
    let format = ObjectFormat::of(first);
    let mut lines = Lines::command("fetch", format);
    lines.line("no-progress");
    lines.line("deepen 1");
    if filtered {
        lines.line("filter tree:0");
    }
    for commit in wanted {
        lines.line(&format!("want {commit}"));
    }
    lines.line("done");
    let question = question(repository, lines.finish(), until);
    exchange
        .ask(&question, |answer| async move {
            let mut pack = Pack::begin(answer, format).await?;
            while pack.reader.read().map_err(malformed)? == Progress::More {
                pack.more().await?;
            }
            let commits = pack.reader.commits();
            let timed = wanted.iter().filter_map(|commit| {
                let time = committed(commits.get(commit)?)?;
                Some((commit.clone(), time))
            });
            Ok(timed.collect())
        })
        .await
}

/// Which of the wanted commits the host says that it does not have.
fn absent(reason: &Reason, wanted: &[CommitId]) -> Option<usize> {
    let Reason::Said(message) = reason else {
        return None;
    };
    let (_, name) = message.split_once("not our ref ")?;
    wanted
        .iter()
        .position(|commit| name.starts_with(commit.as_str()))
}

fn malformed(_: NotAPack) -> Reason {
    Reason::Malformed("it does not hold the commits that were asked for")
}

/// When a commit was committed: its line `committer NAME <MAIL> SECONDS ZONE`.
fn committed(commit: &[u8]) -> Option<Timestamp> {
    let head = commit.split(|&byte| byte == b'\n');
    let line = head
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix(b"committer "))?;
    let after = line.iter().rposition(|&byte| byte == b'>')? + 1;
    let seconds = str::from_utf8(&line[after..])
        .ok()?
        .split_whitespace()
        .next()?;
    Timestamp::from_second(seconds.parse().ok()?).ok()
}

/// The pack in an answer.
#[derive(Debug)]
struct Pack {
    packets: Packets,
    reader: PackReader,
}

impl Pack {
    /// Reads up to where the pack begins.
    async fn begin(answer: Answer, format: ObjectFormat) -> Result<Self, Reason> {
        let mut packets = packets(answer, limits::PACK_BYTES)?;
        loop {
            match packets.next().await? {
                Some(Packet::Data(line)) if line.trim_ascii_end() == b"packfile" => break,
                Some(Packet::Data(_) | Packet::Delimiter) => {}
                Some(Packet::Flush | Packet::End) | None => {
                    return Err(Reason::Malformed("there is no pack in it"));
                }
            }
        }
        let reader = PackReader::new(format);
        Ok(Self { packets, reader })
    }

    /// Waits for more of the pack. Each line begins with what it is: 1 for the pack, 2 for what
    /// goes on at the host, 3 for why it stops.
    async fn more(&mut self) -> Result<(), Reason> {
        let Some(Packet::Data(line)) = self.packets.next().await? else {
            return Err(Reason::Malformed("the pack is not complete"));
        };
        match line.split_first() {
            Some((1, bytes)) => self.reader.feed(bytes),
            Some((2, _)) => {}
            Some((3, bytes)) => return Err(Reason::Said(super::packet::message(bytes))),
            _ => return Err(Reason::Malformed("it is not git's protocol")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_says_when_it_was_committed() {
        let seconds = |text: &str| committed(text.as_bytes()).map(Timestamp::as_second);
        let line = "committer A B <a@b> 1700000000 +0100\n";
        assert_eq!(seconds(line), Some(1_700_000_000));
        let after = format!("tree x\nauthor C <c@d> 5 +0000\n{line}\ncommitter D <d@e> 7 +0000");
        assert_eq!(seconds(&after), Some(1_700_000_000));
        assert_eq!(seconds("committer <> -1 +0000"), Some(-1));
        for none in [
            "",
            "author A <a@b> 5 +0000\n\ncommitter A <a@b> 5 +0000\n",
            "committer A 5 +0000\n",
            "committer A <a@b>\n",
            "committer A <a@b> soon\n",
            "committer A <a@b> 99999999999999999 +0000\n",
        ] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }

    #[test]
    fn the_host_names_what_it_does_not_have() {
        let ids: Vec<CommitId> = ["1", "2"]
            .map(|digit| digit.repeat(40).parse().unwrap())
            .into();
        let said = |text: String| absent(&Reason::Said(text), &ids);
        assert_eq!(
            said(format!("upload-pack: not our ref {}", ids[1])),
            Some(1)
        );
        assert_eq!(
            said(format!("upload-pack: not our ref {}", "3".repeat(40))),
            None
        );
        assert_eq!(said("not our ref ".to_owned()), None);
        assert_eq!(absent(&Reason::Silent, &ids), None);
    }
}
