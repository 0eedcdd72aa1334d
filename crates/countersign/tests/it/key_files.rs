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
    // Before the subcommand, too, as with the other commands; what stands behind it wins.
    let before = ["keys", "--database", &url, "list"];
    assert_eq!(done(&place.run(&before)), listed);
    let nowhere = format!("{url}.absent");
    let both = ["keys", "--database", &nowhere, "list", "--database", &url, "--json"];
    assert!(done(&place.run(&both)).contains("ES256"));
    refused(&place.run(&["keys", "--database", &nowhere, "list"]));
    let rotated = done(&place.run(&["keys", "--database", &url, "--json", "rotate"]));
    let kid = serde_json::from_str::<Value>(&rotated).unwrap()["kid"].as_str().unwrap().to_owned();
    done(&place.run(&["keys", "--database", &url, "compromise", &kid]));
    for subcommand in ["generate", "convert"] {
        let help = done(&place.run(&["keys", subcommand, "--help"]));
        assert!(!help.contains("--database"), "it needs none: {help}");
    }
    let error = refused(&place.run(&["keys", "--database", &url, "generate", "--out", "key.jwk"]));
    assert!(error.contains("keys generate needs no database"), "{error}");
    assert!(!place.file("key.jwk").exists());
}

#[test]
fn an_rsa_key_has_the_size_that_is_asked_for() {
    let place = Place::new();
    for (bits, characters) in [("2048", 342), ("3072", 512), ("4096", 683)] {
        let file = format!("{bits}.jwk");
        let args =
            ["keys", "generate", "--algorithm", "PS256", "--bits", bits, "--out", file.as_str()];
        done(&place.run(&args));
        assert_eq!(jwk(&place, &file)["n"].as_str().unwrap().len(), characters, "{bits}");
    }
    for algorithm in ["ES256", "EdDSA", "HS256"] {
        let args =
            ["keys", "generate", "--algorithm", algorithm, "--bits", "3072", "--out", "other.jwk"];
        let error = refused(&place.run(&args));
        assert!(error.contains("--bits") && error.contains("only an rsa key"), "{error}");
    }
    for bits in ["1024", "2047", "8192", "", "abc"] {
        let args =
            ["keys", "generate", "--algorithm", "RS256", "--bits", bits, "--out", "other.jwk"];
        assert!(refused(&place.run(&args)).contains("2048"));
    }
    assert!(!place.file("other.jwk").exists());
}

#[test]
fn what_is_no_key_yet_says_how_it_becomes_one() {
    let place = Place::new();
    for (label, part) in [
        ("ENCRYPTED PRIVATE KEY", "openssl pkey -in"),
        ("CERTIFICATE", "openssl x509 -in"),
        ("OPENSSH PRIVATE KEY", "ssh-keygen -p -m PKCS8"),
    ] {
        let pem = format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
        fs::write(place.file("given.pem"), pem).unwrap();
        let error = refused(&place.run(&["keys", "convert", "given.pem", "--to", "jwk"]));
        assert!(error.contains(part), "{label}: {error}");
    }
}
