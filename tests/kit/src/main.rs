//! `fullsend-testkit`: keys, images, signatures, a registry, a git host and a forge for demos and
//! tests.
//!
//! ```text
//! fullsend-testkit keygen keys
//! fullsend-testkit image --tag 127.0.0.1:5000/agent:1.0.0 \
//!     --file /bin/busybox=bin/busybox:755 --link bin/sh=busybox --cmd /bin/sh
//! fullsend-testkit sign 127.0.0.1:5000/agent:1.0.0 --key keys/cosign.key
//! ```

mod forge_command;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fullsend_testkit::git::GitHost;
use fullsend_testkit::image::{Image, ImageBuilder};
use fullsend_testkit::push::{Discovery, Pusher};
use fullsend_testkit::registry::{Fault, Registry};
use fullsend_testkit::signing::{Identity, San, Signing, SigningKey, Sigstore};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Makes keys, images and cosign-format signatures, and serves a registry, git or a forge, for tests and demos.
#[derive(Parser)]
#[command(name = "fullsend-testkit")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes cosign.pub and an unencrypted cosign.key into a new or present directory
    Keygen { directory: PathBuf },
    /// Builds an image of local files, pushes it and prints its reference with the digest
    Image(ImageArgs),
    /// Signs a pushed image and attaches the signature
    Sign(SignArgs),
    /// Serves an empty registry on loopback, says where, and ends with its standard input
    Registry {
        /// Waits this long before each answer
        #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
        delay: u64,
        /// Says at each line that it reads how many requests came since the one before
        #[arg(long)]
        count: bool,
    },
    /// Serves the bare repositories OWNER/NAME.git below a folder on loopback, says where, and ends
    /// with its standard input
    Git {
        folder: PathBuf,
        /// Waits this long before each answer
        #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
        delay: u64,
        /// Says at each line that it reads how many requests came since the one before
        #[arg(long)]
        count: bool,
        /// Tells the commits of tags by GitHub's API as well
        #[arg(long)]
        api: bool,
    },
    /// Serves a forge with repositories on loopback, says where, and ends with its standard input
    Forge(forge_command::ForgeArgs),
}

#[derive(Args)]
struct ImageArgs {
    /// Where to push: HOST:PORT/NAME:TAG, in plain HTTP
    #[arg(long)]
    tag: Reference,
    /// LOCAL=PATH[:MODE], the mode in octal (default 644)
    #[arg(long, value_name = "LOCAL=PATH[:MODE]")]
    file: Vec<String>,
    /// PATH=TARGET, a symbolic link
    #[arg(long, value_name = "PATH=TARGET")]
    link: Vec<String>,
    /// PATH[:MODE], an empty directory (default 755)
    #[arg(long, value_name = "PATH[:MODE]")]
    directory: Vec<String>,
    /// One word; repeat for more
    #[arg(long, allow_hyphen_values = true)]
    entrypoint: Vec<String>,
    /// One word; repeat for more
    #[arg(long, allow_hyphen_values = true)]
    cmd: Vec<String>,
    /// OS/ARCHITECTURE; repeat for an index of images with the same files
    #[arg(long, default_value = "linux/amd64")]
    platform: Vec<String>,
    #[arg(long)]
    user: Option<String>,
    #[arg(long)]
    workdir: Option<String>,
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    #[arg(long, value_name = "NAME=VALUE")]
    label: Vec<String>,
}

#[derive(Args)]
struct SignArgs {
    /// HOST:PORT/NAME:TAG or HOST:PORT/NAME@DIGEST
    image: Reference,
    /// A plain PKCS#8 private key in PEM
    #[arg(
        long,
        required_unless_present = "identity",
        conflicts_with = "identity"
    )]
    key: Option<PathBuf>,
    /// Signs keyless as this URI or mail address, certified by a Sigstore made for this one call
    #[arg(long, requires_all = ["issuer", "trusted_root"])]
    identity: Option<String>,
    /// The issuer that the certificate names
    #[arg(long)]
    issuer: Option<String>,
    /// N=VALUE: the Fulcio claim 1.3.6.1.4.1.57264.1.N
    #[arg(long, value_name = "N=VALUE")]
    claim: Vec<String>,
    /// Logs the signature in that Sigstore's Rekor, and writes the trusted root here
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// Logs in Rekor v2, and adds an RFC 3161 timestamp
    #[arg(long, requires = "trusted_root")]
    rekor_v2: bool,
    #[arg(long, value_enum, default_value_t = Format::Bundle)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// cosign 3: a bundle, as a referrer or under the fallback tag
    Bundle,
    /// The same, under the fallback tag whatever the registry can
    FallbackTag,
    /// cosign 1 and 2: the tag `sha256-<hex>.sig`
    Legacy,
    /// Not a signature: SLSA provenance
    Attestation,
}

#[derive(Clone)]
struct Reference {
    host: String,
    repository: String,
    version: String,
}

impl std::str::FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, rest) = text.split_once('/').ok_or("no host")?;
        let (repository, version) = rest
            .split_once('@')
            .or_else(|| rest.rsplit_once(':'))
            .unwrap_or((rest, "latest"));
        let repository = repository.split(':').next().unwrap_or(repository);
        Ok(Self {
            host: host.to_owned(),
            repository: repository.to_owned(),
            version: version.to_owned(),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Outcome<()> {
    match command {
        Command::Keygen { directory } => {
            std::fs::create_dir_all(&directory)?;
            let written = SigningKey::p256().write(&directory);
            written.map_err(|error| format!("{}: {error}", directory.display()).into())
        }
        Command::Image(args) => push(&args).await,
        Command::Sign(args) => sign(&args).await,
        Command::Registry { delay, count } => serve(Duration::from_millis(delay), count),
        Command::Git {
            folder,
            delay,
            count,
            api,
        } => serve_git(&folder, Duration::from_millis(delay), count, api),
        Command::Forge(args) => forge_command::serve(&args, read),
    }
}

fn serve(delay: Duration, count: bool) -> Outcome<()> {
    let registry = Registry::start();
    registry.fault("*", Fault::normal().delay(delay));
    writeln!(std::io::stdout(), "{}", registry.host())?;
    until_the_end(|| {
        let requests = registry.requests().len();
        registry.clear_requests();
        count.then_some(requests)
    })
}

fn serve_git(folder: &Path, delay: Duration, count: bool, api: bool) -> Outcome<()> {
    let host = GitHost::of(&folder.canonicalize()?);
    host.fault("*", Fault::normal().delay(delay));
    if api {
        host.open_api();
    }
    writeln!(std::io::stdout(), "{}", host.host())?;
    until_the_end(|| {
        let requests = host.requests().len();
        host.clear_requests();
        count.then_some(requests)
    })
}

/// Waits for the end of the standard input; prints what `counted` says at each of its lines.
fn until_the_end(counted: impl Fn() -> Option<usize>) -> Outcome<()> {
    for line in std::io::stdin().lines() {
        line?;
        if let Some(requests) = counted() {
            writeln!(std::io::stdout(), "{requests}")?;
        }
    }
    Ok(())
}

async fn push(args: &ImageArgs) -> Outcome<()> {
    let image = build(args)?;
    let Reference {
        host,
        repository,
        version,
    } = &args.tag;
    let pusher = Pusher::new(host)?;
    pusher.image(repository, Some(version), &image).await?;
    let digest = image.digest();
    writeln!(std::io::stdout(), "{host}/{repository}:{version}@{digest}")?;
    Ok(())
}

fn build(args: &ImageArgs) -> Outcome<Image> {
    let mut image = ImageBuilder::new();
    for text in &args.directory {
        let (path, mode) = with_mode(text, 0o755)?;
        image = image.directory(path, mode);
    }
    for text in &args.file {
        let (local, path) = pair(text)?;
        let (path, mode) = with_mode(path, 0o644)?;
        image = image.file(path, read(Path::new(local))?, mode);
    }
    for text in &args.link {
        let (path, target) = pair(text)?;
        image = image.link(path, target);
    }
    for text in &args.env {
        let (name, value) = pair(text)?;
        image = image.env(name, value);
    }
    for text in &args.label {
        let (name, value) = pair(text)?;
        image = image.label(name, value);
    }
    on_platforms(&configure(image, args), &args.platform)
}

fn on_platforms(image: &ImageBuilder, platforms: &[String]) -> Outcome<Image> {
    let mut images = Vec::new();
    for platform in platforms {
        let (os, architecture) = platform.split_once('/').ok_or("a platform is OS/ARCH")?;
        images.push(image.clone().platform(os, architecture).build());
    }
    if images.len() > 1 {
        return Ok(Image::index(images));
    }
    Ok(images.pop().ok_or("no platform")?)
}

fn configure(mut image: ImageBuilder, args: &ImageArgs) -> ImageBuilder {
    if !args.entrypoint.is_empty() {
        image = image.entrypoint(&borrowed(&args.entrypoint));
    }
    if !args.cmd.is_empty() {
        image = image.cmd(&borrowed(&args.cmd));
    }
    if let Some(user) = &args.user {
        image = image.user(user);
    }
    if let Some(path) = &args.workdir {
        image = image.workdir(path);
    }
    image
}

async fn sign(args: &SignArgs) -> Outcome<()> {
    let Reference {
        host,
        repository,
        version,
    } = &args.image;
    let pusher = Pusher::new(host)?;
    let manifest = pusher.get(repository, version).await?;
    let digest = manifest.ok_or("no such image")?.digest;
    let key = args.key.as_deref().map(read_key).transpose()?;
    let pki = args.trusted_root.is_some().then(Sigstore::new);
    let mut signing = signer(args, key.as_ref(), pki.as_ref())?;
    if args.rekor_v2 {
        signing = signing.rekor_v2();
    }
    if let (Some(path), Some(pki)) = (&args.trusted_root, &pki) {
        std::fs::File::create(path)?.write_all(pki.trusted_root().as_bytes())?;
    }
    let discovery = match args.format {
        Format::FallbackTag => Discovery::FallbackTag,
        _ => Discovery::Automatic,
    };
    let bundle = match args.format {
        Format::Legacy => {
            let signature = signing.legacy(&digest, &format!("{host}/{repository}"));
            return Ok(pusher.legacy(repository, &digest, &signature).await?);
        }
        Format::Attestation => signing.attestation(&digest),
        Format::Bundle | Format::FallbackTag => signing.bundle(&digest),
    };
    pusher
        .bundle(repository, &digest, &bundle, discovery)
        .await?;
    Ok(())
}

fn signer<'a>(
    args: &SignArgs,
    key: Option<&'a SigningKey>,
    pki: Option<&'a Sigstore>,
) -> Outcome<Signing<'a>> {
    match (key, pki) {
        (Some(key), None) => Ok(Signing::with_key(key)),
        (Some(key), Some(pki)) => Ok(Signing::with_key(key).logged_in(pki)),
        (None, Some(pki)) => Ok(Signing::keyless(pki, identity(args)?)),
        (None, None) => Err("keyless signing needs --trusted-root".into()),
    }
}

fn identity(args: &SignArgs) -> Outcome<Identity> {
    let name = args.identity.clone().ok_or("no --identity")?;
    let issuer = args.issuer.as_deref().ok_or("no --issuer")?;
    let is_uri = name.contains("://");
    let san = if is_uri {
        San::Uri(name)
    } else {
        San::Email(name)
    };
    let mut identity = Identity::new(san, issuer);
    for text in &args.claim {
        let (arc, value) = pair(text)?;
        identity = identity.claim(arc.parse()?, value);
    }
    Ok(identity)
}

fn read_key(path: &Path) -> Outcome<SigningKey> {
    Ok(SigningKey::from_pem(&String::from_utf8(read(path)?)?)?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the seam belongs to the product, and the files are the developer's own"
)]
fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn pair(text: &str) -> Outcome<(&str, &str)> {
    let pair = text.split_once('=');
    pair.ok_or_else(|| format!("no `=` in {text:?}").into())
}

fn with_mode(text: &str, default: u32) -> Outcome<(&str, u32)> {
    match text.rsplit_once(':') {
        Some((path, mode)) => Ok((path, u32::from_str_radix(mode, 8)?)),
        None => Ok((text, default)),
    }
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
