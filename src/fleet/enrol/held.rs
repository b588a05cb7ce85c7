//! A hold before Renovate, which reads its own configuration and no fullsend.yaml.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::civil::Date;

use super::{
    CONFIG, Obstacle, own,
    renovate::{KIND, PATH},
};
use crate::{
    config,
    document::renovate::choose,
    fleet::Texts,
    forge::Change,
    generate::{Origin, Standing, origin},
};

/// What becomes of Renovate's configuration with a hold in fullsend.yaml.
#[derive(Debug, Default)]
pub struct Held {
    /// The file that is ours, with the hold as rules, where it differs.
    pub change: Option<Change>,
    /// A file of somebody else that Renovate reads in its place: it knows nothing of the hold.
    pub foreign: Option<&'static str>,
}

/// What becomes of Renovate's configuration where fullsend.yaml becomes `edited`.
pub fn held(edited: &str, texts: &Texts, today: Date) -> Result<Held, Obstacle> {
    let text = |path: &str| {
        let text = texts.get(path).map(|bytes| bytes.to_vec());
        Ok::<_, Obstacle>(text.and_then(|bytes| String::from_utf8(bytes).ok()))
    };
    let Some(found) = choose(text)? else {
        return Ok(Held::default());
    };
    let settings = match origin(found.path.as_ref(), &found.text) {
        Origin::Ours { stamp, is_edited }
            if stamp.kind == KIND && found.path == PATH && !is_edited =>
        {
            stamp.settings
        }
        _ => {
            let foreign = Some(found.path);
            return Ok(Held {
                foreign,
                ..Held::default()
            });
        }
    };
    let config = config::parse(edited.as_bytes(), CONFIG)
        .map_err(|error| Obstacle::Unreadable(error.to_string()))?;
    let existing = BTreeMap::from([(PathBuf::from(PATH), found.text)]);
    let file = own::make(KIND, &config, &settings, today, &existing)?;
    let change = (file.standing != Standing::Current).then(|| Change {
        path: PATH.to_owned(),
        content: Some(file.text.into_bytes()),
    });
    Ok(Held {
        change,
        ..Held::default()
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const FREE: &str = "version: 1\nimage: x.y/z:1.4.2@sha256:HEX\n";

    fn today() -> Date {
        "2026-01-01".parse().unwrap()
    }

    /// fullsend.yaml, with more lines.
    fn config(more: &str) -> String {
        FREE.replace("HEX", &"a".repeat(64)) + more
    }

    fn on_hold() -> String {
        config("hold: {version: 1.4.2, reason: slow, until: 2026-01-01}\n")
    }

    /// renovate.json as an enrolment makes it.
    fn ours() -> String {
        let settings = [
            ("only", "x.y/z"),
            ("fleet", "github>acme/fleet//renovate"),
            ("ring", "stable"),
        ];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let config = config::parse(config("").as_bytes(), CONFIG).unwrap();
        let made = own::make(KIND, &config, &settings, today(), &BTreeMap::new());
        made.unwrap().text
    }

    fn of(path: &str, text: &str, edited: &str) -> (Option<String>, Option<&'static str>) {
        let texts = Texts::from([(path.to_owned(), Bytes::from(text.to_owned()))]);
        let Held { change, foreign } = held(edited, &texts, today()).unwrap();
        let text = change.map(|it| String::from_utf8(it.content.unwrap()).unwrap());
        (text, foreign)
    }

    #[test]
    fn ours_follows_the_hold_there_and_back() {
        let free = ours();
        let (held, foreign) = of(PATH, &free, &on_hold());
        let held = held.unwrap();
        assert!(held.contains("/^v?1\\\\.4\\\\.2$/"), "{held}");
        assert!(held.contains("renovate/ring-stable"), "{held}");
        assert_eq!(foreign, None);
        assert_eq!(of(PATH, &held, &on_hold()), (None, None));
        assert_eq!(of(PATH, &held, &config("")), (Some(free), None));
    }

    #[test]
    fn somebody_elses_stays_and_is_named() {
        let elsewhere = ours();
        let edited = elsewhere.replace("stable", "canary");
        for (path, text) in [
            (PATH, edited.as_str()),
            (PATH, "{}"),
            (".github/renovate.json5", elsewhere.as_str()),
            ("package.json", "{\"renovate\": {\"extends\": []}}"),
        ] {
            assert_eq!(of(path, text, &on_hold()), (None, Some(path)), "{text}");
        }
        assert_eq!(of("package.json", "{}", &on_hold()), (None, None));
    }
}
