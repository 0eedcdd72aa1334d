//! `keys generate` and `keys convert`: keys as files, which only their owner reads, which nothing
//! overwrites, and whose private half leaves only when it is asked for.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    process::Output,
};

use serde_json::Value;

use crate::server::{Place, text};

const ALGORITHMS: [&str; 14] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "ES512", "EdDSA", "Ed25519",
];

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn refused(output: &Output) -> String {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(output.stdout.is_empty() && !error.contains("panicked"), "{error}");
    error
}

fn jwk(place: &Place, file: &str) -> Value {
    serde_json::from_slice(&fs::read(place.file(file)).unwrap()).unwrap()
}

#[test]
fn a_key_of_every_kind_is_made_in_a_private_file_and_comes_back_from_every_form() {
    let place = Place::new();
    for algorithm in ALGORITHMS {
        let file = format!("{algorithm}.jwk");
        let args = ["keys", "generate", "--algorithm", algorithm, "--out", &file];
        let said = done(&place.run(&args));
        let key = jwk(&place, &file);
        assert_eq!(key["alg"], algorithm);
        let kid = key["kid"].as_str().unwrap();
        assert!(kid.len() >= 43, "{kid}");
        assert!(said.contains(kid) && said.contains(algorithm), "{said}");
        let mode = fs::metadata(place.file(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let secret = key["d"].as_str().or(key["k"].as_str()).unwrap();
        assert!(!said.contains(secret), "the key was printed");
        if key["kty"] == "oct" {
            continue;
        }
        for form in ["pem", "der"] {
            let (private, public) =
                (format!("{algorithm}.{form}"), format!("{algorithm}.public.{form}"));
            let convert = |from: &str, out: &str, more: &[&str]| {
                done(
                    &place.run(
                        &[
                            &[
                                "keys",
                                "convert",
                                from,
                                "--to",
                                out.rsplit('.').next().unwrap(),
                                "--out",
                                out,
                            ],
                            more,
                        ]
                        .concat(),
                    ),
                );
            };
            convert(&file, &private, &["--private"]);
            convert(&file, &public, &[]);
            convert(&private, &format!("{private}.jwk"), &["--private", "--algorithm", algorithm]);
            assert_eq!(jwk(&place, &format!("{private}.jwk")), key, "{algorithm} {form}");
            convert(&public, &format!("{public}.jwk"), &["--algorithm", algorithm]);
            let public = jwk(&place, &format!("{public}.jwk"));
            assert_eq!((&public["kid"], &public["alg"]), (&key["kid"], &key["alg"]));
            let private = ["d", "p", "q", "dp", "dq", "qi", "k"];
            assert!(private.iter().all(|name| public.get(name).is_none()), "{public}");
        }
    }
}

/// openssl is asked where there is one: it has nothing in common with the code that wrote the keys.
#[test]
fn openssl_reads_what_is_written() {
    let openssl = |args: &[&str]| std::process::Command::new("openssl").args(args).output();
    if openssl(&["version"]).is_err() {
        return;
    }
    let place = Place::new();
    for algorithm in ["RS256", "ES256", "ES384", "ES512", "EdDSA"] {
        for form in ["pem", "der"] {
            let (private, public) =
                (format!("{algorithm}.{form}"), format!("{algorithm}.public.{form}"));
            done(&place.run(&[
                "keys",
                "generate",
                "--algorithm",
                algorithm,
                "--out",
                &private,
                "--public-out",
                &public,
            ]));
            let path = |name: &str| place.file(name).display().to_string();
            let (private, public) = (path(&private), path(&public));
            let derived =
                openssl(&["pkey", "-inform", form, "-in", &private, "-pubout", "-outform", form])
                    .unwrap();
            assert!(derived.status.success(), "{}", text(&derived.stderr));
            assert_eq!(derived.stdout, fs::read(&public).unwrap(), "{algorithm} {form}");
        }
    }
}

#[test]
fn nothing_is_ever_overwritten_and_nothing_half_done_remains() {
    let place = Place::new();
    fs::write(place.file("there"), "mine").unwrap();
    symlink(place.file("elsewhere"), place.file("link")).unwrap();
    for args in [
        &["--out", "there"][..],
        &["--out", "new", "--public-out", "there"],
        &["--out", "new", "--public-out", "new"],
        &["--out", "link"],
        &["--out", "absent/new"],
        &["--out", "new", "--algorithm", "HS256", "--public-out", "public"],
        &["--out", "new", "--algorithm", "HS256", "--format", "pem"],
        &["--out", "new", "--format", "jwks"],
        &["--out", "new", "--algorithm", "none"],
        &["--out", "new", "--algorithm", ""],
        &["--out", "-", "--public-out", "-"],
        &[],
    ] {
        refused(&place.run(&[&["keys", "generate"], args].concat()));
    }
    assert_eq!(fs::read_to_string(place.file("there")).unwrap(), "mine");
    let mut names: Vec<_> =
        fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["link", "there"]);
    assert!(refused(&place.run(&["keys", "generate", "--out", "there"])).contains("overwritten"));
}

#[test]
fn standard_output_has_the_key_only_when_it_is_asked_for() {
    let place = Place::new();
    let key: Value =
        serde_json::from_str(&done(&place.run(&["keys", "generate", "--out", "-"]))).unwrap();
    assert!(key["d"].is_string());
    fs::write(place.file("private.jwk"), key.to_string()).unwrap();
    let secret = key["d"].as_str().unwrap();
    for form in ["jwk", "jwks", "pem", "der"] {
        let output = place.run(&["keys", "convert", "private.jwk", "--to", form]);
        assert!(output.status.success() && !text(&output.stdout).contains(secret), "{form}");
        // Where it goes must be said too.
        refused(&place.run(&["keys", "convert", "private.jwk", "--to", form, "--private"]));
    }
    let asked = ["keys", "convert", "-", "--to", "pem", "--private", "--out", "-"];
    let pem = done(&place.run_with_input(&asked, &key.to_string()));
    assert!(
        pem.starts_with("-----BEGIN PRIVATE KEY-----\n")
            && pem.ends_with("-----END PRIVATE KEY-----\n")
    );
    let both =
        ["keys", "convert", "private.jwk", "--to", "pem", "--private", "--public", "--out", "-"];
    refused(&place.run(&both));
}

#[test]
fn what_cannot_be_converted_is_said_so() {
    let place = Place::new();
    for algorithm in ["HS256", "RS256"] {
        let file = format!("{algorithm}.jwk");
        done(&place.run(&["keys", "generate", "--algorithm", algorithm, "--out", &file]));
    }
    done(&place.run(&["keys", "convert", "RS256.jwk", "--to", "pem", "--out", "public.pem"]));
    done(&place.run(&["keys", "convert", "RS256.jwk", "--to", "jwks", "--out", "set.jwks"]));
    fs::write(place.file("text"), "a quiet river").unwrap();
    fs::write(
        place.file("deep"),
        format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)),
    )
    .unwrap();
    for (args, part) in [
        (&["HS256.jwk", "--to", "jwk"][..], "a shared secret has no public half"),
        (&["HS256.jwk", "--to", "pem", "--private", "--out", "-"], "written as jwk only"),
        (&["public.pem", "--to", "pem", "--private", "--out", "-"], "no private key in it"),
        (&["public.pem", "--to", "jwk"], "--algorithm RS256"),
        (&["public.pem", "--to", "jwk", "--algorithm", "ES256"], "key_invalid"),
        (&["RS256.jwk", "--to", "jwk", "--algorithm", "PS256"], "another algorithm"),
        (&["set.jwks", "--to", "pem"], "it is a set"),
        (&["text", "--to", "pem"], "neither pem nor der"),
        (&["deep", "--to", "pem"], "key_invalid"),
        (&["absent.pem", "--to", "pem"], "absent.pem cannot be read"),
        (
            &["RS256.jwk", "--to", "jwks", "--private", "--out", "-"],
            "no private key is written into one",
        ),
        (&["RS256.jwk", "--to", "pem", "--out", "set.jwks"], "there already"),
    ] {
        let error = refused(&place.run(&[&["keys", "convert"], args].concat()));
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn the_services_keys_are_still_listed() {
    let place = Place::new();
    let url = place.database_url();
    let init =
        ["init", "--issuer", "https://auth.example", "--audience", "api", "--database", &url];
    done(&place.run(&init));
    let listed = done(&place.run(&["keys", "list", "--database", &url]));
    assert!(listed.contains("signing") && listed.contains("ES256"), "{listed}");
    let help = done(&place.run(&["keys", "generate", "--help"]));
    assert!(!help.contains("--database"), "it needs none: {help}");
}
