//! The namespace that agents run in, and the class that runs them.

use std::net::IpAddr;

use crate::{
    config::Agent,
    generate::{Draft, GenerateError, Request, setting::refused},
    model::limits::Limits,
    template::kubernetes_policies::{AgentsNamespace, RuntimeClass, RuntimeClassRef},
};

/// Networks that are nobody's on the internet.
const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
];

const GVISOR: RuntimeClassRef = RuntimeClassRef {
    name: "fullsend-gvisor",
    handler: "runsc",
    overhead_memory: "64Mi",
};
const KATA: RuntimeClassRef = RuntimeClassRef {
    name: "fullsend-kata",
    handler: "kata",
    overhead_memory: "160Mi",
};

/// The namespace with its limits.
pub(super) fn namespace(request: &Request<'_>) -> Result<Draft, GenerateError> {
    let settings = request.settings;
    let pods = settings.number("pods").unwrap_or(1);
    let (cpu, memory) = largest(request);
    let context = AgentsNamespace {
        namespace: namespace_name(request)?.to_owned(),
        pod_security: settings.get("pod-security").to_owned(),
        pods,
        all_cpu: format!("{}m", cpu.saturating_mul(pods.into())),
        all_memory: format!("{}Mi", memory.saturating_mul(pods.into())),
        cpu: format!("{cpu}m"),
        memory: format!("{memory}Mi"),
        egress: networks(request)?,
        except: PRIVATE.to_vec(),
        ports: ports(request)?,
    };
    Draft::new("kubernetes/namespace.yaml", &context)
}

/// The class of runtime, where one is wanted.
pub(super) fn runtime_class(request: &Request<'_>) -> Result<Option<Draft>, GenerateError> {
    let class = class(request).map(|class| RuntimeClass { class });
    class
        .map(|context| Draft::new("kubernetes/runtime-class.yaml", &context))
        .transpose()
}

fn class(request: &Request<'_>) -> Option<RuntimeClassRef> {
    match request.settings.get("runtime-class") {
        "gvisor" => Some(GVISOR),
        "kata" => Some(KATA),
        _ => None,
    }
}

/// The setting `namespace`, a name that Kubernetes takes.
pub(super) fn namespace_name<'a>(request: &Request<'a>) -> Result<&'a str, GenerateError> {
    let name = request.settings.get("namespace");
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let ends = !name.starts_with('-') && !name.ends_with('-');
    if !name.is_empty() && name.len() <= 63 && ends && name.bytes().all(plain) {
        return Ok(name);
    }
    let hint = "write small letters, digits and hyphens, 63 at most";
    Err(refused("namespace", "is no name of a namespace", hint))
}

/// The most that any agent may use: thousandths of a CPU, and MiB.
fn largest(request: &Request<'_>) -> (u64, u64) {
    let named = request
        .config
        .agents
        .values()
        .map(|agent: &Agent| agent.limits);
    let usual = Limits::AGENTS.into_iter().filter_map(Limits::of_agent);
    let all: Vec<Limits> = if request.config.agents.is_empty() {
        usual.collect()
    } else {
        named.collect()
    };
    let cpu = |limits: &Limits| {
        u64::try_from(limits.cpus.as_nanos())
            .unwrap_or(0)
            .div_ceil(1_000_000)
    };
    let memory = |limits: &Limits| limits.memory.as_bytes().div_ceil(1 << 20);
    (
        all.iter().map(cpu).max().unwrap_or(1000),
        all.iter().map(memory).max().unwrap_or(2048),
    )
}

fn networks(request: &Request<'_>) -> Result<Vec<String>, GenerateError> {
    let hint = "write for example `203.0.113.0/24`, with commas between";
    let given = request.settings.list("egress");
    if given.is_empty() || !given.iter().all(|text| is_network(text)) {
        return Err(refused("egress", "is a list of networks", hint));
    }
    Ok(given.into_iter().map(str::to_owned).collect())
}

fn is_network(text: &str) -> bool {
    let Some((address, prefix)) = text.split_once('/') else {
        return false;
    };
    let longest = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    let digits = prefix.bytes().all(|b| b.is_ascii_digit());
    digits && prefix.parse::<u8>().is_ok_and(|prefix| prefix <= longest)
}

fn ports(request: &Request<'_>) -> Result<Vec<u32>, GenerateError> {
    let port = |text: &&str| {
        text.parse::<u16>()
            .ok()
            .filter(|port| *port > 0)
            .map(u32::from)
    };
    let given = request.settings.list("ports");
    let ports: Option<Vec<u32>> = given.iter().map(port).collect();
    ports.filter(|ports| !ports.is_empty()).ok_or_else(|| {
        let hint = "write numbers from 1 to 65535, with commas between";
        refused("ports", "is a list of ports", hint)
    })
}
