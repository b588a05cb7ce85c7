//! From an image's name to the manifests that it stands for.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use super::{caps, evaluate::Chain};
use crate::{
    config::Coverage,
    model::{
        digest::Digest,
        image::{ImageReference, Repository},
        platform::Platform,
    },
    registry::{Content, Descriptor, ImageIndex, Manifest},
};

/// Which of an index's images is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The one for this platform.
    Platform(Platform),
    /// Every one.
    All,
}

/// What an image's name stands for.
pub(super) struct Resolved {
    /// The digest of what the name itself stands for: of an index, where there is one.
    pub(super) digest: Digest,
    /// The ways to the images that are wanted, all from `digest`; never none.
    pub(super) chains: Vec<Chain>,
    /// How long it took to follow the name.
    pub(super) time: Duration,
    /// The configuration of an image that stands in no index, which alone says its platform.
    config: Option<Descriptor>,
}

impl Resolved {
    /// The manifests whose signatures are sure to be asked for.
    pub(super) fn covered_by(&self, coverage: Coverage) -> BTreeSet<Digest> {
        match coverage {
            Coverage::Either | Coverage::Index => [self.digest.clone()].into(),
            Coverage::Manifest => self.manifests(),
            Coverage::Both => self.digests().into_iter().collect(),
        }
    }

    /// Looks at the images that may run; an error is what could not be had.
    ///
    /// The configuration of a lone image says its platform. What an index lists as an image must
    /// be one: an index there would hide which image runs, from a deny list too.
    pub(super) async fn read_images(
        &mut self,
        content: &dyn Content,
        repository: &Repository,
    ) -> Result<(), String> {
        if let Some(config) = &self.config {
            let platform = platform_of(content, repository, config).await;
            for chain in &mut self.chains {
                chain.platform.clone_from(&platform);
            }
            return Ok(());
        }
        let manifests = self.manifests().into_iter();
        stream::iter(manifests.map(|manifest| check_image(content, repository, manifest)))
            .buffered(caps::PARALLEL_FETCHES)
            .try_collect()
            .await
    }

    /// The images, each once.
    fn manifests(&self) -> BTreeSet<Digest> {
        let manifests = self.chains.iter().filter_map(Chain::manifest);
        manifests.cloned().collect()
    }

    /// Every digest on the ways, the outermost first.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let links = self.chains.iter().flat_map(|chain| &chain.links);
        let mut digests: Vec<Digest> = Vec::new();
        for link in links {
            if !digests.contains(link) {
                digests.push(link.clone());
            }
        }
        digests
    }
}

/// Follows `image` to the images that are wanted, through nested indexes; an error is what could
/// not be had.
pub(super) async fn resolve(
    content: &dyn Content,
    image: &ImageReference,
    wanted: &Wanted,
) -> Result<Resolved, String> {
    let started = Instant::now();
    let fetched = content.manifest(image).await;
    let fetched = fetched.map_err(|error| error.with_hint())?;
    let root = Chain {
        links: vec![fetched.digest.clone()],
        is_complete: false,
        platform: None,
    };
    let mut walk = Walk {
        content,
        repository: image.repository(),
        wanted,
        chains: Vec::new(),
        fetched: 0,
    };
    let mut config = None;
    match fetched.parsed {
        Manifest::Image(image) => {
            config = Some(image.config);
            walk.chains.push(Chain {
                is_complete: true,
                ..root
            });
        }
        Manifest::Index(index) => {
            walk.index(&root, &index).await?;
            if walk.chains.is_empty() {
                walk.chains.push(root);
            }
        }
    }
    Ok(Resolved {
        digest: fetched.digest,
        chains: walk.chains,
        time: started.elapsed(),
        config,
    })
}

struct Walk<'a> {
    content: &'a dyn Content,
    repository: &'a Repository,
    wanted: &'a Wanted,
    chains: Vec<Chain>,
    /// How many nested indexes were fetched.
    fetched: usize,
}

impl Walk<'_> {
    /// Takes up the images that `index` lists itself, then those of the indexes in it.
    async fn index(&mut self, chain: &Chain, index: &ImageIndex) -> Result<(), String> {
        for entry in &index.manifests {
            if !entry.is_index() && self.is_wanted(entry) {
                self.chains.push(Chain {
                    is_complete: true,
                    platform: entry.platform(),
                    ..chain.followed_by(&entry.digest)
                });
                if self.is_found() {
                    return Ok(());
                }
            }
        }
        if self.chains.len() > caps::PLATFORMS {
            return Err(format!("it has more than {} images", caps::PLATFORMS));
        }
        for entry in index.manifests.iter().filter(|entry| entry.is_index()) {
            let nested = chain.followed_by(&entry.digest);
            self.fetched += 1;
            if nested.links.len() > caps::NESTED_INDEXES || self.fetched > caps::PLATFORMS {
                return Err("its indexes are nested too deeply".to_owned());
            }
            let fetched = self
                .content
                .manifest(&self.repository.at(&entry.digest))
                .await;
            let fetched = fetched.map_err(|error| error.with_hint())?;
            let Manifest::Index(inner) = &fetched.parsed else {
                return Err(format!(
                    "{} calls itself an index and is none",
                    entry.digest
                ));
            };
            Box::pin(self.index(&nested, inner)).await?;
            if self.is_found() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Of several images for one platform the first is meant.
    fn is_found(&self) -> bool {
        matches!(self.wanted, Wanted::Platform(_)) && !self.chains.is_empty()
    }

    fn is_wanted(&self, entry: &Descriptor) -> bool {
        let offered = entry.platform();
        match self.wanted {
            // Without any platform it is an image of unknown kind; `unknown/unknown` is none.
            Wanted::All => offered.is_some() || entry.platform.is_none(),
            Wanted::Platform(wanted) => offered.is_some_and(|offered| wanted.accepts(&offered)),
        }
    }
}

/// Whether what is listed as an image is one.
async fn check_image(
    content: &dyn Content,
    repository: &Repository,
    manifest: Digest,
) -> Result<(), String> {
    let fetched = content.manifest(&repository.at(&manifest)).await;
    match fetched.map_err(|error| error.with_hint())?.parsed {
        Manifest::Image(_) => Ok(()),
        Manifest::Index(_) => Err(format!("{manifest} calls itself an image and is an index")),
    }
}

/// What an image's configuration says that it runs on.
async fn platform_of(
    content: &dyn Content,
    repository: &Repository,
    config: &Descriptor,
) -> Option<Platform> {
    #[derive(Deserialize)]
    struct ImageConfig {
        os: String,
        architecture: String,
        #[serde(default)]
        variant: Option<String>,
    }
    let cap = caps::IMAGE_CONFIG_BYTES;
    let bytes = content
        .blob(repository, &config.digest, config.size, cap)
        .await;
    let config: ImageConfig = serde_json::from_slice(&bytes.ok()?).ok()?;
    Some(Platform {
        os: config.os,
        architecture: config.architecture,
        variant: config.variant.filter(|variant| !variant.is_empty()),
    })
}

impl Chain {
    fn followed_by(&self, link: &Digest) -> Self {
        let mut links = self.links.clone();
        links.push(link.clone());
        Self {
            links,
            is_complete: false,
            platform: None,
        }
    }
}
