//! Users and groups, from the image's own `/etc/passwd` and `/etc/group`.
//!
//! No name service is asked: it would load code from the image while still root.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};

/// The most of either file that is read.
const FILE_LIMIT: u64 = 1024 * 1024;
/// The kernel's own limit on supplementary groups.
const GROUPS_LIMIT: usize = 65536;

/// Whom to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The user's number.
    pub(crate) uid: u32,
    /// The primary group's number.
    pub(crate) gid: u32,
    /// The supplementary groups, the primary one included.
    pub(crate) groups: Vec<u32>,
    /// The user's name, where it has one.
    pub(crate) name: Option<String>,
    /// The home folder, where the user has one.
    pub(crate) home: Option<String>,
}

/// Why nobody can be found by that name.
#[derive(Debug)]
pub(crate) enum AccountError {
    /// The files know no such user.
    UnknownUser(String),
    /// Neither a name nor `UID[:GID]`.
    Malformed(String),
    /// A file is there and cannot be read.
    Unreadable(&'static str, io::Error),
}

impl Account {
    /// Finds `NAME`, `UID` or `UID:GID` in this image.
    pub(crate) fn find(wanted: &str) -> Result<Self, AccountError> {
        Self::find_in(wanted, &lines("/etc/passwd")?, &lines("/etc/group")?)
    }

    fn find_in(wanted: &str, users: &[String], groups: &[String]) -> Result<Self, AccountError> {
        let malformed = || AccountError::Malformed(wanted.to_owned());
        let (user, group) = match wanted.split_once(':') {
            Some((user, group)) => (user, Some(number(group).ok_or_else(malformed)?)),
            None => (wanted, None),
        };
        if user.is_empty() {
            return Err(malformed());
        }
        let uid = number(user);
        let known = users
            .iter()
            .filter_map(|line| parse_user(line))
            .find(|known| match uid {
                Some(uid) => known.uid == uid,
                None => known.name.as_deref() == Some(user),
            });
        let mut account = match (known, uid) {
            (Some(known), _) => known,
            // A number needs no entry, but then it must say its group: none is a guess.
            (None, Some(uid)) if group.is_some() => Self {
                uid,
                gid: uid,
                groups: Vec::new(),
                name: None,
                home: None,
            },
            _ => return Err(AccountError::UnknownUser(wanted.to_owned())),
        };
        account.gid = group.unwrap_or(account.gid);
        account.groups = vec![account.gid];
        if let Some(name) = &account.name {
            let listed = groups.iter().filter_map(|line| membership(line, name));
            account.groups.extend(listed.take(GROUPS_LIMIT - 1));
        }
        account.groups.sort_unstable();
        account.groups.dedup();
        Ok(account)
    }
}

/// A user or group number; the highest one means "unchanged" to the kernel and is nobody's.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|number| digits && *number != u32::MAX)
}

fn parse_user(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let (uid, gid) = (number(fields.nth(1)?)?, number(fields.next()?)?);
    let home = fields
        .nth(1)
        .filter(|home| home.starts_with('/'))
        .map(str::to_owned);
    Some(Account {
        uid,
        gid,
        groups: Vec::new(),
        name: Some(name.to_owned()),
        home,
    })
}

fn membership(line: &str, user: &str) -> Option<u32> {
    let mut fields = line.split(':');
    let gid = number(fields.nth(2)?)?;
    fields
        .next()?
        .split(',')
        .any(|member| member == user)
        .then_some(gid)
}

fn lines(path: &'static str) -> Result<Vec<String>, AccountError> {
    let unreadable = |error| AccountError::Unreadable(path, error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let size = file.metadata().map_err(unreadable)?.len();
    if size > FILE_LIMIT {
        return Err(unreadable(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "larger than 1 MiB",
        )));
    }
    BufReader::new(file.take(FILE_LIMIT))
        .lines()
        .collect::<Result<_, _>>()
        .map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(wanted: &str) -> Result<Account, AccountError> {
        let users = [
            "root:x:0:0:root:/root:/bin/sh",
            "broken:x:not-a-number:1::/:",
            "agent:x:1000:1001:Agent:/home/agent:/bin/sh",
            "agent:x:0:0:an impostor further down:/:",
        ];
        let groups = [
            "wheel:x:10:root",
            "docker:x:999:agent,other",
            "audio:x:29:agents",
        ];
        let own = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        Account::find_in(wanted, &own(&users), &own(&groups))
    }

    #[test]
    fn a_name_brings_its_groups_and_home() {
        let account = find("agent").unwrap();
        assert_eq!((account.uid, account.gid), (1000, 1001));
        assert_eq!(account.groups, [999, 1001]);
        assert_eq!(account.home.as_deref(), Some("/home/agent"));
        assert_eq!(find("1000").unwrap(), account);
        assert_eq!(find("1000:7").unwrap().groups, [7, 999]);
    }

    #[test]
    fn nobody_is_ever_guessed() {
        for unknown in ["nobody", "broken", "2000", ""] {
            assert!(find(unknown).is_err(), "{unknown}");
        }
        for malformed in ["1000:", "1000:wheel", ":0", "4294967295", "-1:0", "+0:0"] {
            assert!(find(malformed).is_err(), "{malformed}");
        }
        assert_eq!(find("2000:2000").unwrap().groups, [2000]);
    }
}
