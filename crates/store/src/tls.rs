//! How a connection to the database is protected, as its URL says.
//!
//! `sslmode=require` means TLS with a certificate that holds for the host's name, by the system's roots or by those of
//! `sslrootcert=FILE`. libpq's `require` takes any certificate; here there is no way to take one unseen. Without
//! `sslmode` nothing is encrypted: a server on the same machine, or reached through a private network.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::StoreError;

/// The parameter that only this program reads: the driver knows no such one.
const ROOTS: &str = "sslrootcert";

/// What a URL says: the driver's configuration, and what makes its TLS.
pub(crate) struct Endpoint {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) tls: MakeRustlsConnect,
}

/// Reads a database URL.
pub(crate) fn endpoint(url: &str) -> Result<Endpoint, StoreError> {
    const FORM: StoreError = StoreError::Url("write postgres://user:password@host:port/database");
    let (url, roots) = without_roots(url);
    let mut config: tokio_postgres::Config = url.parse().map_err(|_| FORM)?;
    if !url.contains("sslmode=") {
        config.ssl_mode(SslMode::Disable);
    }
    let client = match (config.get_ssl_mode(), roots) {
        (SslMode::Disable, None) => trusting(RootCertStore::empty())?,
        (SslMode::Require, Some(file)) => trusting(read_roots(&file)?)?,
        (SslMode::Require, None) => trusting_the_system()?,
        (SslMode::Disable, Some(_)) => {
            return Err(StoreError::Url("sslrootcert needs sslmode=require beside it"));
        }
        // `prefer` gives way to whoever stands between and says that there is no TLS.
        _ => return Err(StoreError::Url("sslmode is require or disable")),
    };
    Ok(Endpoint { config, tls: MakeRustlsConnect::new(client) })
}

/// Takes the file of the roots out of a URL.
fn without_roots(url: &str) -> (String, Option<String>) {
    let Some((place, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let file_of = |pair: &str| {
        let file = pair.strip_prefix(ROOTS)?.strip_prefix('=')?;
        Some(percent_decode_str(file).decode_utf8_lossy().into_owned())
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| file_of(pair).is_none()).collect();
    (format!("{place}?{}", kept.join("&")), query.split('&').find_map(file_of))
}

fn read_roots(file: &str) -> Result<RootCertStore, StoreError> {
    const UNREADABLE: StoreError =
        StoreError::Url("the file of sslrootcert cannot be read, or holds no PEM certificate");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|_| UNREADABLE)? {
        roots.add(certificate.map_err(|_| UNREADABLE)?).map_err(|_| UNREADABLE)?;
    }
    if roots.is_empty() { Err(UNREADABLE) } else { Ok(roots) }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, StoreError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|_| StoreError::Url("TLS cannot be set up"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn trusting_the_system() -> Result<ClientConfig, StoreError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|_| StoreError::Url("the system's root certificates cannot be read"))?;
    Ok(builder.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> Option<String> {
        endpoint(url).err().map(|error| error.to_string())
    }

    #[test]
    fn without_sslmode_nothing_is_encrypted() {
        for url in ["postgres://u:p@h/d", "postgres://u:p@h/d?sslmode=disable"] {
            assert_eq!(endpoint(url).unwrap().config.get_ssl_mode(), SslMode::Disable, "{url}");
        }
        let url = "postgres://u:p@h/d?connect_timeout=3&sslmode=require";
        assert_eq!(endpoint(url).unwrap().config.get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn what_would_not_protect_is_refused() {
        for (url, told) in [
            ("postgres://u:p@h/d?sslmode=prefer", "sslmode is require or disable"),
            ("postgres://u:p@h/d?sslrootcert=/ca.pem", "sslrootcert needs sslmode=require"),
            ("postgres://u:p@h/d?sslmode=require&sslrootcert=/no/such", "cannot be read"),
            ("postgres://u:p@h/d?sslmode=require&sslrootcert=/dev/null", "no PEM certificate"),
            ("h/d", "postgres://user:password@host"),
        ] {
            let refused = refusal(url).unwrap();
            assert!(refused.contains(told), "{url}: {refused}");
        }
    }

    #[test]
    fn the_file_of_the_roots_is_taken_out_of_the_url() {
        let url = "postgres://u:p@h/d?sslrootcert=%2Fa%20b.pem&sslmode=require";
        let (rest, file) = without_roots(url);
        assert_eq!(rest, "postgres://u:p@h/d?sslmode=require");
        assert_eq!(file.as_deref(), Some("/a b.pem"));
    }
}
