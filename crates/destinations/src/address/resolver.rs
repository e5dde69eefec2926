use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

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
    #[error(transparent)]
    Refused(#[from] AddressRefused),
}

/// The system's resolver behind the policy: addresses that may not be called are left out.
///
/// What it answers is what is dialled, so that no second look at the name can lead elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    policy: AddressPolicy,
    reach: Reach,
}

impl Resolver {
    pub(crate) fn new(policy: AddressPolicy, reach: Reach) -> Self {
        Self { policy, reach }
    }

    /// The addresses of a name that may be called; never none.
    pub(crate) async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, ResolveError> {
        // Port 0: the client puts in the one of the URL.
        let found = tokio::net::lookup_host((name, 0)).await.map_err(ResolveError::Unknown)?;
        let mut refused = None;
        let mut kept = Vec::new();
        for address in found {
            match self.check(address.ip()) {
                Ok(()) => kept.push(address),
                Err(reason) => refused = refused.or(Some(reason)),
            }
        }
        match refused {
            Some(reason) if kept.is_empty() => Err(reason.into()),
            None if kept.is_empty() => {
                Err(ResolveError::Unknown(io::Error::from(io::ErrorKind::NotFound)))
            }
            Some(_) | None => Ok(kept),
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
