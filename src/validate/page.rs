//! The pages of `docs/rules/`, made from the rules themselves.

use std::fmt::Write as _;

use super::{Example, Rule, rules};

/// The page of `rule`, Markdown.
pub fn page(rule: &Rule) -> String {
    let about = &rule.about;
    let mut page = format!(
        "# {}\n\n{}. {} · {}\n\n## Why\n\n{}\n\n## Mend\n\n{}\n",
        about.id,
        about.summary,
        rule.kind().map_or("every kind", |kind| kind.as_str()),
        about.severity.as_str(),
        rule.why,
        about.help,
    );
    for (title, examples) in [("Bad", rule.bad), ("Good", rule.good)] {
        for example in examples {
            // Writing to a String cannot fail.
            let _ = write!(page, "\n## {title}\n\n{}", block(example));
        }
    }
    let _ = write!(
        page,
        "\nSilence one finding, with a reason: `# fullsend: ignore[{}] because ...`\n",
        about.id
    );
    page
}

fn block(example: &Example) -> String {
    let language = example.path.rsplit_once('.').map_or("", |(_, end)| end);
    let language = if language == "yml" { "yaml" } else { language };
    format!(
        "`{}`\n```{language}\n{}\n```\n",
        example.path,
        example.text.trim_end()
    )
}

/// The list of every page, Markdown.
pub fn index_page() -> String {
    let mut page = String::from(
        "# Rules of `fullsend validate`\n\n\
         Made from the rules themselves; `fullsend validate --list-rules` prints the same list.\n\n\
         | rule | kind | severity | finds |\n|---|---|---|---|\n",
    );
    for rule in rules() {
        let about = &rule.about;
        let _ = writeln!(
            page,
            "| [{0}]({0}.md) | {1} | {2} | {3} |",
            about.id,
            rule.kind().map_or("every kind", |kind| kind.as_str()),
            about.severity.as_str(),
            about.summary,
        );
    }
    page
}
