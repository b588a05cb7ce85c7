//! What changes in a file, as a patch that `git apply` takes.

use std::{fmt::Write as _, os::unix::ffi::OsStrExt as _, path::Path, time::Duration};

use similar::{ChangeTag, TextDiff, udiff::UnifiedHunkHeader};

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;

/// How long the shortest patch is searched for; after that a longer one does.
const PATIENCE: Duration = Duration::from_secs(1);

/// The patch that makes `new` out of `old` in the file `name`; nothing where they are equal.
///
/// Nothing for `old` makes the file. Lines keep the ends that they have, and `name`, relative to the
/// folder that the patch is for, is quoted as git does it.
pub(super) fn patch(name: &Path, old: Option<&str>, new: &str) -> String {
    let before = old.map_or_else(|| "/dev/null".to_owned(), |_| header("a/", name));
    // Not by the crate's own idea of lines, for which a carriage return ends one too.
    let old: Vec<&str> = old.unwrap_or_default().split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_slices(&old, &new);
    let mut text = String::new();
    for hunk in diff.grouped_ops(CONTEXT) {
        if text.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "--- {before}\n+++ {}", header("b/", name));
        }
        let _ = writeln!(text, "{}", UnifiedHunkHeader::new(&hunk));
        for change in hunk.iter().flat_map(|part| diff.iter_changes(part)) {
            line(&mut text, change.tag(), change.value());
        }
    }
    text
}

fn line(text: &mut String, tag: ChangeTag, line: &str) {
    text.push(match tag {
        ChangeTag::Equal => ' ',
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
    });
    text.push_str(line);
    if !line.ends_with('\n') {
        text.push_str("\n\\ No newline at end of file\n");
    }
}

/// `name` as git writes it: in quotes, with escapes, where it holds anything odd.
fn header(side: &str, name: &Path) -> String {
    let name = name.as_os_str().as_bytes();
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !b"\"\\".contains(byte);
    if name.iter().all(is_plain) {
        let name = String::from_utf8_lossy(name);
        // A tab ends a name that would seem to end at its first space.
        let end = if name.contains(' ') { "\t" } else { "" };
        return format!("{side}{name}{end}");
    }
    let mut quoted = format!("\"{side}");
    for byte in name {
        let _ = match byte {
            b'\t' => write!(quoted, "\\t"),
            b'\n' => write!(quoted, "\\n"),
            b'"' | b'\\' => write!(quoted, "\\{}", char::from(*byte)),
            byte if is_plain(byte) => write!(quoted, "{}", char::from(*byte)),
            byte => write!(quoted, "\\{byte:03o}"),
        };
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, process::Stdio};

    use proptest::prelude::*;

    use super::*;
    use crate::seam::files;

    /// Whether git makes `new` out of `old` with our patch, byte by byte.
    #[expect(
        clippy::disallowed_methods,
        reason = "the patch is for git, so git is asked"
    )]
    fn applies(name: &OsStr, old: Option<&str>, new: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        files::make_parents(&path).unwrap();
        if let Some(old) = old {
            files::create(&path, old.as_bytes(), 0o644).unwrap();
        }
        let text = patch(Path::new(name), old, new);
        let file = folder.path().join("the.patch");
        files::create(&file, text.as_bytes(), 0o644).unwrap();
        let status = std::process::Command::new("git")
            .args(["-c", "core.autocrlf=false", "apply", "the.patch"])
            .current_dir(folder.path())
            .env("GIT_CEILING_DIRECTORIES", folder.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stderr(Stdio::null())
            .status()
            .unwrap();
        status.success() && files::read(&path, 1 << 20).unwrap() == new.as_bytes()
    }

    #[test]
    fn git_applies_it() {
        let many: Vec<String> = (0..30).map(|n| format!("line {n}\n")).collect();
        let many = many.concat();
        let changed = many.replace("line 3\n", "").replace("line 20", "LINE 20");
        for (old, new) in [
            ("a\nb\nc\n", "a\nB\nc\n"),
            ("a\r\nb\r\n", "a\r\nB\r\n"),
            ("a\rb\nc", "a\rB\nc"),
            ("a\r", "b\r"),
            ("a", "a\n"),
            ("a\n", "a"),
            ("a\nb", "b\nb"),
            ("", "a"),
            ("\u{feff}a: \u{e9}\n", "\u{feff}a: \u{e8}\n"),
            (&many, &changed),
        ] {
            assert!(applies(OsStr::new("x/y.yml"), Some(old), new), "{old:?}");
            let text = patch(Path::new("x"), Some(new), new);
            assert_eq!(text, "", "nothing changes");
        }
        assert!(applies(OsStr::new("x/y.yml"), None, "a\nb"));
    }

    #[test]
    fn git_finds_the_file_whatever_it_is_called() {
        for name in [
            &b"x y/a b.yml"[..],
            b"tab\there",
            b"line\nbreak",
            b"\"quoted\"",
            b"back\\slash",
            "\u{fc}ml\u{e4}ut.yml".as_bytes(),
            b"not-utf8-\xff",
            b"bell\x07\x7f1",
            b" led by a space",
        ] {
            let name = OsStr::from_bytes(name);
            assert!(applies(name, Some("a\n"), "b\n"), "{name:?}");
        }
    }

    #[test]
    fn it_looks_as_git_writes_it() {
        let text = patch(Path::new("a b"), Some("1\n2"), "1\n3\n");
        let wanted =
            "--- a/a b\t\n+++ b/a b\t\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+3\n";
        assert_eq!(text, wanted);
        assert_eq!(header("b/", Path::new("\u{e9}\"")), r#""b/\303\251\"""#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn git_applies_any(old in "([ab]?\r?\n?){0,30}", new in "([ab]?\r?\n?){1,30}") {
            prop_assume!(old != new);
            // Git takes what is empty in the end for a file to remove.
            prop_assume!(!new.is_empty());
            prop_assert!(applies(OsStr::new("x"), Some(&old), &new));
        }
    }
}
