//! What a policy is made of, in both generations.

use super::Generation;

/// What can stand in one place.
#[derive(Debug)]
pub(super) enum Shape {
    /// Any text.
    Text,
    /// One of these words; the empty one is like leaving the key out.
    Word(&'static [&'static str]),
    /// A whole number of this range.
    Number(i64, i64),
    /// `true` or `false`.
    Flag,
    /// Items of one shape.
    List(&'static Self),
    /// Keys that the user chooses, and values of one shape.
    Map(&'static Self),
    /// Keys that are known.
    Struct(&'static Struct),
    /// A glob, or `any:` of them.
    Matcher,
    /// Whatever a plug-in wants.
    Anything,
}

/// A mapping whose keys are known.
#[derive(Debug)]
pub(super) struct Struct {
    /// What it is, with its article.
    pub(super) is: &'static str,
    pub(super) fields: &'static [Field],
}

/// A key.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// The only generation that has it; nothing for both.
    pub(super) only: Option<Generation>,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        only: None,
    }
}

const fn only(generation: Generation, name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        only: Some(generation),
    }
}

const TEXTS: Shape = Shape::List(&Shape::Text);
const BYTES: Shape = Shape::Number(0, u32::MAX as i64);
const PORT: Shape = Shape::Number(1, 65_535);

/// The whole file.
pub(super) static POLICY: Shape = Shape::Struct(&Struct {
    is: "a policy",
    fields: &[
        field("version", Shape::Number(0, u32::MAX as i64)),
        field("filesystem_policy", Shape::Struct(&FILESYSTEM)),
        field("landlock", Shape::Struct(&LANDLOCK)),
        field("process", Shape::Struct(&PROCESS)),
        field("network_policies", Shape::Map(&Shape::Struct(&NETWORK))),
        field(
            "network_middlewares",
            Shape::Map(&Shape::Struct(&MIDDLEWARE)),
        ),
    ],
});

static FILESYSTEM: Struct = Struct {
    is: "the filesystem policy",
    fields: &[
        field("include_workdir", Shape::Flag),
        field("read_only", TEXTS),
        field("read_write", TEXTS),
    ],
};

static LANDLOCK: Struct = Struct {
    is: "the landlock section",
    fields: &[field(
        "compatibility",
        Shape::Word(&["best_effort", "hard_requirement"]),
    )],
};

static PROCESS: Struct = Struct {
    is: "the process section",
    fields: &[
        field("run_as_user", Shape::Text),
        field("run_as_group", Shape::Text),
    ],
};

static NETWORK: Struct = Struct {
    is: "a network policy",
    fields: &[
        field("name", Shape::Text),
        field("endpoints", Shape::List(&Shape::Struct(&ENDPOINT))),
        field("binaries", Shape::List(&Shape::Struct(&BINARY))),
    ],
};

static BINARY: Struct = Struct {
    is: "a program",
    fields: &[
        field("path", Shape::Text),
        only(Generation::V0_0, "harness", Shape::Flag),
    ],
};

static ENDPOINT: Struct = Struct {
    is: "an endpoint",
    fields: &[
        field("host", Shape::Text),
        field("path", Shape::Text),
        field("port", PORT),
        field("ports", Shape::List(&PORT)),
        field(
            "protocol",
            Shape::Word(&[
                "",
                "tcp",
                "rest",
                "websocket",
                "graphql",
                "sql",
                "json-rpc",
                "mcp",
            ]),
        ),
        // The first generation also took what the second calls by no name: a rule speaks of those.
        field(
            "tls",
            Shape::Word(&["", "skip", "terminate", "passthrough"]),
        ),
        field("enforcement", Shape::Word(&["", "enforce", "audit"])),
        field(
            "access",
            Shape::Word(&["", "read-only", "read-write", "full"]),
        ),
        field("rules", Shape::List(&Shape::Struct(&ALLOW))),
        field("deny_rules", Shape::List(&Shape::Struct(&MATCH))),
        field("allowed_ips", TEXTS),
        field("allow_encoded_slash", Shape::Flag),
        field("websocket_credential_rewrite", Shape::Flag),
        field("request_body_credential_rewrite", Shape::Flag),
        field("allow_uninspected_credentials", Shape::Flag),
        field(
            "persisted_queries",
            Shape::Word(&["", "deny", "allow_registered"]),
        ),
        field(
            "graphql_persisted_queries",
            Shape::Map(&Shape::Struct(&PERSISTED)),
        ),
        field("graphql_max_body_bytes", BYTES),
        field(
            "credential_signing",
            Shape::Word(&["", "sigv4", "sigv4:body", "sigv4:no_body"]),
        ),
        field("signing_service", Shape::Text),
        field("signing_region", Shape::Text),
        field("credential_binding", Shape::Struct(&BINDING)),
        field("json_rpc", Shape::Struct(&JSON_RPC)),
        field("mcp", Shape::Struct(&MCP)),
    ],
};

static ALLOW: Struct = Struct {
    is: "a rule",
    fields: &[field("allow", Shape::Struct(&MATCH))],
};

static MATCH: Struct = Struct {
    is: "what a rule matches",
    fields: &[
        field("method", Shape::Text),
        field("path", Shape::Text),
        field("command", Shape::Text),
        field("query", Shape::Map(&Shape::Matcher)),
        field("operation_type", OPERATION),
        field("operation_name", Shape::Text),
        field("fields", TEXTS),
        field("tool", Shape::Matcher),
        field("params", Shape::Anything),
    ],
};

const OPERATION: Shape = Shape::Word(&["", "query", "mutation", "subscription", "*"]);

static PERSISTED: Struct = Struct {
    is: "a persisted query",
    fields: &[
        field("operation_type", OPERATION),
        field("operation_name", Shape::Text),
        field("fields", TEXTS),
    ],
};

static BINDING: Struct = Struct {
    is: "a credential binding",
    fields: &[field("provider", Shape::Text)],
};

static JSON_RPC: Struct = Struct {
    is: "the JSON-RPC options",
    fields: &[field("max_body_bytes", BYTES)],
};

static MCP: Struct = Struct {
    is: "the MCP options",
    fields: &[
        only(
            Generation::V0_1,
            "versions",
            Shape::List(&Shape::Word(MCP_VERSIONS)),
        ),
        field("max_body_bytes", BYTES),
        field("strict_tool_names", Shape::Flag),
        field("allow_all_known_mcp_methods", Shape::Flag),
    ],
};

/// Versions of the Model Context Protocol that 0.1 knows; the last is newer than its releases.
pub(super) const MCP_VERSIONS: &[&str] = &["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

static MIDDLEWARE: Struct = Struct {
    is: "a middleware",
    fields: &[
        field("name", Shape::Text),
        field("middleware", Shape::Text),
        field("order", Shape::Number(i32::MIN as i64, i32::MAX as i64)),
        field("config", Shape::Anything),
        field("on_error", Shape::Word(&["fail_closed", "fail_open"])),
        field("endpoints", Shape::Struct(&SELECTOR)),
    ],
};

static SELECTOR: Struct = Struct {
    is: "a selector of endpoints",
    fields: &[field("include", TEXTS), field("exclude", TEXTS)],
};
