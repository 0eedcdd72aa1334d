//! Keys in and out of every format, and the refusal of those that are not what they should be.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_jose::{Algorithm, KeySet, Signer, SigningKey, VerifyingKey};
use serde_json::{Value, json};

use crate::support::{NOW, claims, hs256, verifier};

fn pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<String> = STANDARD
        .encode(der)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Signs with one and verifies with the other.
fn belong_together(signing: &SigningKey, verifying: &SigningKey) {
    let token = Signer::new(signing.clone()).sign(&claims()).unwrap();
    assert!(verifier(verifying).verify(&token, NOW).is_ok());
}

fn public_jwk(key: &VerifyingKey) -> Value {
    serde_json::to_value(key.to_jwk().unwrap()).unwrap()
}

#[test]
fn private_keys_survive_jwk_and_pkcs8() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap().with_kid("my key");
        let jwk = key.to_private_jwk().unwrap();
        let again = SigningKey::from_jwk(jwk.as_bytes(), None).unwrap();
        assert_eq!((again.algorithm(), again.kid()), (algorithm, "my key"));
        assert_eq!(*again.to_private_jwk().unwrap(), *jwk);
        belong_together(&again, &key);
        if algorithm.is_symmetric() {
            let secret = key.to_secret().unwrap();
            belong_together(&SigningKey::from_secret(&secret, algorithm).unwrap(), &key);
            assert!(key.to_pkcs8_der().is_err());
            assert!(key.to_pkcs8_pem().is_err());
            continue;
        }
        assert!(key.to_secret().is_err());
        let der = key.to_pkcs8_der().unwrap();
        let from_der = SigningKey::from_der(&der, algorithm).unwrap();
        let thumbprint = key.verifying_key().thumbprint();
        assert_eq!(from_der.kid(), thumbprint);
        belong_together(&from_der, &key);
        let text = key.to_pkcs8_pem().unwrap();
        assert_eq!(*text, pem("PRIVATE KEY", &der));
        assert_eq!(SigningKey::from_pem(&text, algorithm).unwrap().kid(), thumbprint);
    }
}

#[test]
fn public_keys_survive_jwk_and_der() {
    for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()) {
        let key = SigningKey::generate(algorithm).unwrap().verifying_key();
        let jwk = public_jwk(&key);
        assert_eq!(jwk["alg"], algorithm.as_str());
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["kid"], key.thumbprint());
        let again = VerifyingKey::from_jwk(jwk.to_string().as_bytes(), None).unwrap();
        assert_eq!(public_jwk(&again), jwk);
        let der = key.to_der().unwrap();
        assert_eq!(public_jwk(&VerifyingKey::from_der(&der, algorithm).unwrap()), jwk);
        let text = key.to_pem().unwrap();
        assert_eq!(text, pem("PUBLIC KEY", &der));
        assert_eq!(public_jwk(&VerifyingKey::from_pem(&text, algorithm).unwrap()), jwk);
        let set = KeySet::new(vec![key.clone(), hs256().verifying_key()]);
        assert!(set.is_err(), "a secret beside a public key");
        let published = KeySet::new(vec![key]).unwrap().to_jwks();
        let document = serde_json::to_vec(&published).unwrap();
        let read = KeySet::from_jwks(&document).unwrap();
        assert_eq!(read.to_jwks(), published);
    }
}

#[test]
fn secrets_are_never_published() {
    let key = hs256().verifying_key();
    assert!(key.to_jwk().is_err());
    assert!(key.to_der().is_err());
    assert!(key.to_pem().is_err());
    assert_ne!(key.kid(), key.thumbprint());
    let set = KeySet::new(vec![key]).unwrap();
    assert_eq!(serde_json::to_string(&set.to_jwks()).unwrap(), r#"{"keys":[]}"#);
}

/// Keys as another program writes them.
#[test]
fn openssl_keys_are_read() {
    let openssl = |arguments: &[&str], input: &str| {
        use std::io::Write;
        use std::process::Stdio;
        let mut child = Command::new("openssl")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        child.stdin.take()?.write_all(input.as_bytes()).ok()?;
        let output = child.wait_with_output().ok()?;
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    let Some(_) = openssl(&["version"], "") else {
        eprintln!("openssl is not installed: skipped");
        return;
    };
    let rsa = "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    let cases = [
        (rsa, Algorithm::Rs256, Some(("rsa -traditional", "rsa -RSAPublicKey_out"))),
        (rsa, Algorithm::Ps384, None),
        (
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
            Algorithm::Es256,
            Some(("ec", "ec -pubout")),
        ),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384", Algorithm::Es384, None),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521", Algorithm::Es512, None),
        ("genpkey -algorithm ed25519", Algorithm::EdDsa, None),
    ];
    let run = |command: &str, input: &str| {
        let arguments: Vec<&str> = command.split(' ').collect();
        openssl(&arguments, input).unwrap_or_else(|| panic!("openssl {command}"))
    };
    for (generate, algorithm, other_formats) in cases {
        let private = run(generate, "");
        let key = SigningKey::from_pem(&private, algorithm).unwrap();
        let public = run("pkey -pubout", &private);
        let verifying = VerifyingKey::from_pem(&public, algorithm).unwrap();
        assert_eq!(verifying.thumbprint(), key.verifying_key().thumbprint());
        assert!(VerifyingKey::from_pem(&private, algorithm).is_err(), "a private key");
        assert!(SigningKey::from_pem(&public, algorithm).is_err(), "a public key");
        assert!(SigningKey::from_pem(&private.repeat(2), algorithm).is_err(), "two keys");
        // Parameters stand in front of the key when `ecparam` makes it.
        let parameters = pem("EC PARAMETERS", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07");
        assert!(SigningKey::from_pem(&(parameters + &private), algorithm).is_ok());
        if let Some((traditional, public)) = other_formats {
            let again = SigningKey::from_pem(&run(traditional, &private), algorithm).unwrap();
            assert_eq!(again.kid(), key.kid());
            let again = VerifyingKey::from_pem(&run(public, &private), algorithm).unwrap();
            assert_eq!(again.kid(), key.kid());
        }
        for other in Algorithm::ALL {
            let same = verifying.algorithm() == other
                || VerifyingKey::from_pem(&public, other).is_err()
                || matches!(
                    (other.as_str().as_bytes()[0], algorithm.as_str().as_bytes()[0]),
                    (b'R' | b'P', b'R' | b'P')
                )
                || matches!(other, Algorithm::EdDsa | Algorithm::Ed25519);
            assert!(same, "{algorithm} key taken for {other}");
        }
    }
}

#[test]
fn jwk_use_and_operations_are_honoured() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let private: Value = serde_json::from_str(&key.to_private_jwk().unwrap()).unwrap();
    let public = public_jwk(&key.verifying_key());
    let with = |jwk: &Value, name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        jwk.to_string().into_bytes()
    };
    let verifying = |name, value| VerifyingKey::from_jwk(&with(&public, name, value), None).is_ok();
    let signing = |name, value| SigningKey::from_jwk(&with(&private, name, value), None).is_ok();
    assert!(verifying("key_ops", json!(["verify"])));
    assert!(verifying("use", json!("sig")));
    assert!(signing("key_ops", json!(["sign", "verify"])));
    for value in [json!(["sign"]), json!([]), json!("verify"), json!([1]), json!(["Verify"])] {
        assert!(!verifying("key_ops", value));
    }
    // RFC 7517 section 4.3: no operation twice, and none that contradicts `use`, which is `sig`.
    assert!(!verifying("key_ops", json!(["verify", "verify"])));
    assert!(!verifying("key_ops", json!(["verify", "encrypt"])));
    assert!(!signing("key_ops", json!(["verify"])));
    for value in [json!("enc"), json!(""), json!("SIG"), json!(null)] {
        assert!(!verifying("use", value.clone()));
        assert!(!signing("use", value));
    }
    for value in [json!("ES384"), json!("none"), json!("es256"), json!("ECDH-ES"), json!(1)] {
        assert!(!verifying("alg", value.clone()));
        assert!(!signing("alg", value));
    }
    assert!(!verifying("kty", json!("OKP")));
    assert!(!verifying("kid", json!(7)));
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let foreign = public_jwk(&other.verifying_key());
    assert!(!signing("x", foreign["x"].clone()), "halves of two keys");
    assert!(VerifyingKey::from_jwk(private.to_string().as_bytes(), None).is_err(), "private");
    assert!(SigningKey::from_jwk(public.to_string().as_bytes(), None).is_err(), "public");
}

#[test]
fn an_rsa_jwk_needs_somebody_to_name_its_algorithm() {
    let key = SigningKey::generate(Algorithm::Ps256).unwrap().verifying_key();
    let mut jwk = public_jwk(&key);
    jwk.as_object_mut().unwrap().remove("alg");
    let json = jwk.to_string();
    assert!(VerifyingKey::from_jwk(json.as_bytes(), None).is_err());
    assert!(VerifyingKey::from_jwk(json.as_bytes(), Some(Algorithm::Ps256)).is_ok());
    let set = json!({"keys": [jwk]}).to_string();
    let by_default = KeySet::from_jwks(set.as_bytes()).unwrap();
    assert_eq!(by_default.get(key.kid()).unwrap().algorithm(), Algorithm::Rs256);
    let algorithms = [Algorithm::Ps256, Algorithm::Rs512, Algorithm::Es256];
    let chosen = KeySet::from_jwks_for(set.as_bytes(), &algorithms).unwrap();
    let found: Vec<_> = chosen.iter().map(VerifyingKey::algorithm).collect();
    assert_eq!(found, [Algorithm::Ps256, Algorithm::Rs512]);
}

#[test]
fn sets_leave_out_what_they_cannot_use_and_refuse_what_must_not_be_there() {
    let good = public_jwk(&SigningKey::generate(Algorithm::EdDsa).unwrap().verifying_key());
    let other = public_jwk(&SigningKey::generate(Algorithm::EdDsa).unwrap().verifying_key());
    let private: Value = serde_json::from_str(
        &SigningKey::generate(Algorithm::EdDsa).unwrap().to_private_jwk().unwrap(),
    )
    .unwrap();
    let secret: Value = serde_json::from_str(&hs256().to_private_jwk().unwrap()).unwrap();
    let read = |keys: Value| KeySet::from_jwks(json!({"keys": keys}).to_string().as_bytes());
    let mut unusable = vec![
        json!(1),
        json!({}),
        json!({"kty": "new", "x": 1}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
    ];
    for (name, value) in [("use", json!("enc")), ("alg", json!("ECDH-ES")), ("x", json!("AA"))] {
        let mut jwk = good.clone();
        jwk[name] = value;
        unusable.push(jwk);
    }
    unusable.push(good.clone());
    unusable.push(good.clone());
    assert_eq!(read(json!(unusable)).unwrap().len(), 1);
    assert!(read(json!([])).unwrap().is_empty());
    assert!(read(json!([good, private])).is_err());
    assert!(read(json!([good, secret])).is_err());
    let mut same_id = other.clone();
    same_id["kid"] = good["kid"].clone();
    assert!(read(json!([good, same_id])).is_err());
    assert_eq!(read(json!([good, other])).unwrap().len(), 2);
    for document in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[]} x"#,
        r#"{"keys":null}"#,
    ] {
        assert!(KeySet::from_jwks(document.as_bytes()).is_err(), "{document}");
    }
    assert!(KeySet::from_jwks(b"\xff").is_err());
}

/// The library reads a key and leaves what stands behind it; two programs could read two keys.
#[test]
fn nothing_stands_behind_a_key() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let (private, public) =
            (key.to_pkcs8_der().unwrap(), key.verifying_key().to_der().unwrap());
        for behind in [&b"\0"[..], b"\n", b"-----", &public] {
            let (private, public) = ([&private, behind].concat(), [&public, behind].concat());
            assert!(SigningKey::from_der(&private, algorithm).is_err());
            assert!(SigningKey::from_pem(&pem("PRIVATE KEY", &private), algorithm).is_err());
            assert!(VerifyingKey::from_der(&public, algorithm).is_err());
            assert!(VerifyingKey::from_pem(&pem("PUBLIC KEY", &public), algorithm).is_err());
        }
    }
}

#[test]
fn malformed_pem_and_der_are_refused() {
    let der = SigningKey::generate(Algorithm::Es256).unwrap().to_pkcs8_der().unwrap();
    let good = pem("PRIVATE KEY", &der);
    for broken in [
        String::new(),
        "not pem".to_owned(),
        good.replace("PRIVATE KEY", "CERTIFICATE"),
        good.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        good.replace("-----END PRIVATE KEY-----", ""),
        good.replace("MI", "M!"),
    ] {
        assert!(SigningKey::from_pem(&broken, Algorithm::Es256).is_err(), "{broken}");
        assert!(VerifyingKey::from_pem(&broken, Algorithm::Es256).is_err(), "{broken}");
    }
    for length in 0..der.len() {
        assert!(SigningKey::from_der(&der[..length], Algorithm::Es256).is_err());
    }
    assert!(SigningKey::from_der(&der, Algorithm::Hs256).is_err());
    assert!(VerifyingKey::from_der(&der, Algorithm::Hs256).is_err());
    assert!(SigningKey::from_secret(&[1; 64], Algorithm::Rs256).is_err());
}
