//! The forge is not what a test of a thousand repositories waits for.

use std::time::{Duration, Instant};

use fullsend_testkit::forge::{Edit, Repository};
use serde_json::json;

use crate::client::{Client, forge};

const SURVEY: &str = "
query($after: String) {
  organization(login: \"acme\") {
    repositories(first: 100, after: $after, orderBy: {field: NAME, direction: ASC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id nameWithOwner isArchived isFork viewerPermission
        defaultBranchRef {
          name
          target { ... on Commit { oid a: file(path: \"fullsend.yaml\") { oid mode } b: file(path: \".github/workflows/x.yml\") { oid } } }
          compare(headRef: \"fullsend/enroll\") { aheadBy commits(last: 10) { nodes { message } } }
        }
        pullRequests(first: 10, headRefName: \"fullsend/enroll\") { nodes { number state mergeable } }
      }
    }
  }
}";

#[tokio::test]
async fn a_thousand_repositories_are_surveyed_at_once() {
    let forge = forge();
    for number in 0..1000 {
        let files = [
            Edit::file("fullsend.yaml", "version: 1\n"),
            Edit::file("README.md", format!("{number}\n")),
        ];
        forge.add(Repository::new(&format!("r{number:04}")), &files);
    }
    let client = Client::of(&forge);
    let begun = Instant::now();
    let (mut after, mut found) = (json!(null), 0);
    loop {
        let answer = client.ask(SURVEY, json!({ "after": after })).await;
        let page = &answer["data"]["organization"]["repositories"];
        found += page["nodes"].as_array().unwrap().len();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let taken = begun.elapsed();
    assert_eq!((found, forge.counts().requests), (1000, 10));
    assert!(taken < Duration::from_secs(4), "{taken:?}");
}
