//! emulate in the place of GitHub: what we write by REST is what another hand's GitHub then tells.
//!
//! It takes a second request for a branch, and one for a branch that is not there, and knows neither
//! rules nor commit statuses: what it shows is that ours is not the only GitHub that we get on with.

use tempfile::TempDir;

use super::*;

const OWNER: &str = "octocat";

/// A GitHub of one person with a few repositories.
struct Stage {
    emulate: Served,
    home: TempDir,
    github: Arc<dyn Forge>,
}

impl Stage {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        let repositories = ["fleet", "api", "web"]
            .map(|name| serde_json::json!({"owner": OWNER, "name": name, "auto_init": true}));
        let seed = serde_json::json!({
            "tokens": {TOKEN: {"login": OWNER, "scopes": ["repo", "workflow"]}},
            "github": {
                "users": [{"login": OWNER, "name": "Octo Cat", "email": "octocat@example.com"}],
                "repos": repositories,
            },
        });
        // JSON is YAML.
        let path = home.path().join("seed.yaml");
        let file = fullsend::seam::files::AtomicFile::open(&path).unwrap();
        file.commit(seed.to_string().as_bytes()).unwrap();
        let emulate = Served::start("emulate", |command, port| {
            command.args(["start", "--service", "github", "--port", port, "--seed"]);
            command.arg(&path).current_dir(home.path());
        });
        let github = connect(&emulate.url(), OWNER, &[("GITHUB_TOKEN", TOKEN)]);
        Self {
            emulate,
            home,
            github,
        }
    }

    async fn look(&self, name: &str) -> forge::Seen {
        look(&self.github, name).await
    }

    /// Puts a file onto the default branch.
    async fn put(&self, name: &str, path: &str, text: &str) {
        let seen = self.look(name).await;
        let changes = [change(path, Some(text.as_bytes()))];
        let commit = Commit {
            repository: &seen.repository,
            branch: "main",
            parent: &seen.head.unwrap(),
            changes: &changes,
            message: &message(),
        };
        self.github.commit(&commit).await.unwrap();
    }

    /// Runs to the end, which is to have this code.
    fn run(&self, words: &str, code: i32) -> String {
        let output = fullsend(words, OWNER, &self.emulate.url(), self.home.path());
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words}: {text}");
        text
    }
}

#[tokio::test]
async fn what_is_there_is_seen() {
    let stage = Stage::new();
    let Identity { login, name, .. } = stage.github.identity().await.unwrap();
    assert_eq!((login.as_str(), name.as_str()), (OWNER, "Octo Cat"));
    let seen = stage.github.survey(&watch()).await.unwrap();
    let names: Vec<&str> = seen.iter().map(|it| it.repository.name.as_str()).collect();
    assert_eq!(names, ["api", "fleet", "web"]);
    let api = &seen[0];
    assert!(api.repository.may_push && api.branch.is_none() && api.request.is_none());
    let readme = FileAt {
        repository: api.repository.id.clone(),
        full_name: api.repository.full_name.clone(),
        commit: api.head.clone().unwrap(),
        path: "README.md".to_owned(),
        blob: api.files["README.md"].id.clone(),
    };
    let texts = stage.github.texts(&[readme]).await.unwrap();
    assert_eq!(texts, [Some("# api\n".into())]);
}

#[tokio::test]
async fn what_is_written_is_told_again() {
    let stage = Stage::new();
    let seen = stage.look("api").await;
    let base = seen.head.unwrap();
    let changes = [
        change("fullsend.yaml", Some(b"version: 1\n")),
        change("README.md", None),
    ];
    let proposal = Proposal {
        repository: &seen.repository,
        base: &base,
        branch: BRANCH,
        changes: &changes,
        message: &message(),
        title: "Run agents",
        body: "Please.",
    };
    let request = stage.github.propose(&proposal).await.unwrap();
    let now = stage.look("api").await;
    assert_eq!(now.head, Some(base));
    let branch = now.branch.unwrap();
    let files: Vec<&str> = branch.files.keys().map(String::as_str).collect();
    assert_eq!((files, branch.ahead_count), (vec!["fullsend.yaml"], 1));
    assert!(branch.ahead[0].message.contains("Fullsend-Branch"));
    let told = now.request.unwrap();
    assert_eq!(
        (told.number, told.branch.as_str()),
        (request.number, BRANCH)
    );
    assert_eq!(told.head.as_ref(), Some(&branch.head));
    let repository = &seen.repository;
    stage.github.close(repository, &told).await.unwrap();
    stage
        .github
        .delete_branch(repository, BRANCH, &branch.head)
        .await
        .unwrap();
    let left = stage.look("api").await;
    assert!(left.branch.is_none());
    assert_eq!(left.request.unwrap().state, RequestState::Closed);
}

/// The program itself, from a fleet.yaml to a request in each repository.
#[tokio::test]
async fn the_program_enrolls_a_fleet() {
    let stage = Stage::new();
    stage.put("fleet", "fleet.yaml", &fleet_yaml(OWNER)).await;
    stage.run("enroll --check-access", 0);
    let text = stage.run("enroll", 0);
    for name in ["api", "web"] {
        let seen = stage.look(name).await;
        assert_eq!(seen.open.len(), 1, "{text}");
        assert!(
            seen.branch.unwrap().files.contains_key("fullsend.yaml"),
            "{text}"
        );
    }
    // Nobody has merged them yet.
    let text = stage.run("status", 1);
    assert!(text.contains("/octocat/api/pull/1 is open"), "{text}");
}
