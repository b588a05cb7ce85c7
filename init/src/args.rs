//! The command line, in its two forms.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What this program is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The CLI put it in front of an agent.
    Run(Run),
    /// It is the image's entrypoint.
    Entrypoint(Entrypoint),
    /// Says its version.
    Version,
}

/// `run [--socket PATH | --record PATH] [--timeout-ms N] [--grace-ms N] [--tty] -- COMMAND...`
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) socket: Option<PathBuf>,
    pub(crate) record: Option<PathBuf>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) grace: Duration,
    pub(crate) terminal: bool,
    pub(crate) command: Vec<OsString>,
}

/// `[entrypoint] [--user U] [--workdir DIR] [--strip NAME]... [--] [COMMAND...]`
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Entrypoint {
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<OsString>,
    pub(crate) strip: Vec<OsString>,
    pub(crate) command: Vec<OsString>,
}

/// Reads the arguments, the program's own name excluded. An error is a sentence for its user.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut words = arguments.into_iter().peekable();
    if words.next_if(|word| word == "--version").is_some() {
        return Ok(Request::Version);
    }
    if words.next_if(|word| word == "run").is_some() {
        return parse_run(words).map(Request::Run);
    }
    words.next_if(|word| word == "entrypoint");
    parse_entrypoint(words).map(Request::Entrypoint)
}

fn parse_run(mut words: impl Iterator<Item = OsString>) -> Result<Run, String> {
    let mut run = Run::default();
    loop {
        let word = words.next().ok_or("run needs -- and a command")?;
        let flag = word.to_string_lossy();
        let mut value = || words.next().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_ref() {
            "--" => break,
            "--socket" => run.socket = Some(value()?.into()),
            "--record" => run.record = Some(value()?.into()),
            "--timeout-ms" => run.timeout = Some(milliseconds(&flag, &value()?)?),
            "--grace-ms" => run.grace = milliseconds(&flag, &value()?)?,
            "--tty" => run.terminal = true,
            _ => return Err(format!("run does not know {flag}")),
        }
    }
    run.command = words.collect();
    if run.command.is_empty() {
        return Err("run needs a command after --".into());
    }
    if run.socket.is_some() && run.record.is_some() {
        return Err("--socket and --record exclude each other".into());
    }
    Ok(run)
}

fn milliseconds(flag: &str, value: &OsString) -> Result<Duration, String> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number
        .map(Duration::from_millis)
        .ok_or_else(|| format!("{flag} needs a number"))
}

fn parse_entrypoint(words: impl Iterator<Item = OsString>) -> Result<Entrypoint, String> {
    let mut words = words.peekable();
    let mut entrypoint = Entrypoint::default();
    while let Some(word) = words.next_if(|word| word.to_string_lossy().starts_with('-')) {
        let flag = word.to_string_lossy();
        let mut value = || words.next().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_ref() {
            "--" => break,
            "--user" => {
                let user = value()?.into_string().map_err(|_| "--user is not text")?;
                entrypoint.user = Some(user);
            }
            "--workdir" => entrypoint.workdir = Some(value()?),
            "--strip" => entrypoint.strip.push(value()?),
            _ => return Err(format!("entrypoint does not know {flag}")),
        }
    }
    entrypoint.command = words.collect();
    Ok(entrypoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn run_reads_its_flags_and_leaves_the_commands_alone() {
        let Ok(Request::Run(run)) =
            parsed("run --socket /s --timeout-ms 300000 --grace-ms 5000 --tty -- sh --tty --")
        else {
            panic!("not a run");
        };
        assert_eq!(run.socket, Some(PathBuf::from("/s")));
        assert_eq!(run.timeout, Some(Duration::from_mins(5)));
        assert!(run.terminal);
        assert_eq!(run.command, ["sh", "--tty", "--"]);
    }

    #[test]
    fn entrypoint_is_the_default() {
        let expected = Entrypoint {
            user: Some("agent".into()),
            strip: vec!["A".into(), "B".into()],
            command: vec!["sh".into(), "-c".into()],
            ..Entrypoint::default()
        };
        let line = "--user agent --strip A --strip B sh -c";
        assert_eq!(parsed(line), Ok(Request::Entrypoint(expected)));
        assert_eq!(parsed(&format!("entrypoint {line}")), parsed(line));
    }

    #[test]
    fn mistakes_are_named() {
        for line in [
            "run",
            "run --",
            "run sh",
            "run --socket",
            "run --timeout-ms x -- a",
            "--nope",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
        assert!(parsed("run --socket /a --record /b -- c").is_err());
    }
}
