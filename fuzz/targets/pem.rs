//! Any bytes as PEM, as DER and as a secret: what is taken as a key is written and read back as the
//! same, and is never taken as a secret too.
#![no_main]

use countersign_jose::{Algorithm, SigningKey, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut is_key = false;
    for algorithm in Algorithm::ALL {
        let private =
            [SigningKey::from_der(bytes, algorithm), SigningKey::from_pem(&text, algorithm)];
        for key in private.into_iter().flatten() {
            is_key = true;
            let again = SigningKey::from_pem(&key.to_pkcs8_pem().expect("pem"), algorithm);
            assert_eq!(again.expect("its own pem").kid(), key.kid());
        }
        let public =
            [VerifyingKey::from_der(bytes, algorithm), VerifyingKey::from_pem(&text, algorithm)];
        for key in public.into_iter().flatten() {
            is_key = true;
            let again = VerifyingKey::from_pem(&key.to_pem().expect("pem"), algorithm);
            assert_eq!(again.expect("its own pem").kid(), key.kid());
        }
    }
    let secret = SigningKey::from_secret(bytes, Algorithm::Hs256);
    assert!(!is_key || secret.is_err(), "a key file was taken for a secret");
});
