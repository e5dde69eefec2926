use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tracing::debug;

use super::{AddressPolicy, AddressRefused};

/// Which of a policy's addresses a client may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All: the client speaks TLS.
    Everything,
    /// Those of the allow-list: the client speaks plain HTTP.
    AllowList,
}

/// Why a name leads to no address that may be called.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error("the name does not resolve")]
    Unknown(#[source] io::Error),
    /// Whoever named it is not told which: they would read the names of this network.
    #[error("the name leads to no address that may be called")]
    NotPublic,
    /// The name leads to public addresses only, which plain HTTP does not reach.
    #[error(transparent)]
    NotHttps(AddressRefused),
}

/// Asks for the addresses of a name.
pub(crate) type Lookup = for<'a> fn(&'a str) -> LookingUp<'a>;
type LookingUp<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// The lookup of this machine. Port 0: the client puts in the one of the URL.
pub(crate) fn system(name: &str) -> LookingUp<'_> {
    Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
}

/// A lookup behind the policy: addresses that may not be called are left out.
///
/// What it answers is what is dialled, so that no second look at the name can lead elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    policy: AddressPolicy,
    reach: Reach,
    lookup: Lookup,
}

impl Resolver {
    pub(crate) fn new(policy: AddressPolicy, reach: Reach, lookup: Lookup) -> Self {
        Self { policy, reach, lookup }
    }

    /// The addresses of a name that may be called; never none.
    pub(crate) async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, ResolveError> {
        let found = (self.lookup)(name).await.map_err(ResolveError::Unknown)?;
        let mut refused = None;
        let mut kept = Vec::new();
        for address in found {
            match self.check(address.ip()) {
                Ok(()) => kept.push(address),
                Err(reason) => refused = refused.or(Some(reason)),
            }
        }
        match refused {
            Some(_) | None if !kept.is_empty() => Ok(kept),
            Some(reason @ AddressRefused::NotHttps) => Err(ResolveError::NotHttps(reason)),
            Some(reason) => {
                debug!("{name} leads nowhere that may be called: {reason}");
                Err(ResolveError::NotPublic)
            }
            None => Err(ResolveError::Unknown(io::Error::from(io::ErrorKind::NotFound))),
        }
    }

    fn check(&self, address: IpAddr) -> Result<(), AddressRefused> {
        self.policy.check(address)?;
        match self.reach {
            Reach::Everything => Ok(()),
            Reach::AllowList if self.policy.is_allowed_by_list(address) => Ok(()),
            Reach::AllowList => Err(AddressRefused::NotHttps),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
