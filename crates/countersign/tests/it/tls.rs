//! TLS by files.

use std::{fs, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::server::{AUDIENCE, ISSUER, Place, Server, text};

#[tokio::test]
async fn h30_it_serves_tls_with_both_protocols() {
    let place = Place::new();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let (cert_file, key_file) = (place.file("cert.pem"), place.file("key.pem"));
    fs::write(&cert_file, cert.pem()).unwrap();
    fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    let (cert_path, key_path) = (cert_file.display().to_string(), key_file.display().to_string());
    let server = Server::start_in(
        place,
        &["--listen", "127.0.0.1:0", "--tls-cert", &cert_path, "--tls-key", &key_path],
    );
    assert!(server.base_url.starts_with("https://127.0.0.1:"), "{}", server.base_url);
    let root = reqwest::Certificate::from_pem(cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([root])
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let response = client.get(server.url("/healthz")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("strict-transport-security"));
    assert!(
        server.http.get(server.url("/healthz")).send().await.is_err(),
        "a stranger's certificate"
    );
}

#[test]
fn files_that_are_no_certificate_are_named() {
    let place = Place::new();
    fs::write(place.file("empty.pem"), "").unwrap();
    let url = place.database_url();
    let serve = |cert: &str, key: &str| {
        let output = place.run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--issuer",
            ISSUER,
            "--audience",
            AUDIENCE,
            "--database",
            &url,
            "--tls-cert",
            cert,
            "--tls-key",
            key,
        ]);
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr)
    };
    let error = serve("none.pem", "none.pem");
    assert!(error.contains("none.pem cannot be read"), "{error}");
    let error = serve("empty.pem", "empty.pem");
    assert!(error.contains("empty.pem"), "{error}");
    let output = place.run(&[
        "serve",
        "--tls-cert",
        "empty.pem",
        "--issuer",
        ISSUER,
        "--audience",
        AUDIENCE,
    ]);
    assert!(
        text(&output.stderr).contains("`server.tls_key` is not set"),
        "{}",
        text(&output.stderr)
    );
    assert!(!place.database().exists());
}
