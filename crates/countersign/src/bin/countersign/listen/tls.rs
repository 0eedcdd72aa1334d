//! TLS 1.2 and 1.3 by rustls on aws-lc, with certificate and key from PEM files.

use std::{path::Path, sync::Arc};

use countersign::config::TlsFiles;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::TlsAcceptor;

use crate::failure::Failure;

/// What takes TLS connections with these files.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, Failure> {
    let certificates = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unreadable("private key", &files.key, &error))?;
    // Named, not taken from the process: two providers in one tree would panic otherwise.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(Failure::ours)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| {
            Failure::input(format!(
                "the certificate {} and the private key {} cannot be used together: {error}",
                files.certificate.display(),
                files.key.display()
            ))
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable("certificate", path, &error))?;
    if chain.is_empty() {
        let path = path.display();
        return Err(Failure::input(format!("{path} has no certificate: it must be PEM")));
    }
    Ok(chain)
}

fn unreadable(what: &str, path: &Path, error: &rustls_pki_types::pem::Error) -> Failure {
    let path = path.display();
    Failure::input(format!("the {what} {path} cannot be read: {error}; it must be a PEM file"))
}
