//! `doctor --token`: what a token says, and what is wrong with it.

use serde_json::Value;

use super::{code, doctor, messages, rules};
use crate::server::{Place, Server, text};

/// `{"alg":"HS256","typ":"JWT"}` and `{"user_id":1}` under `your-secret-key`, as the guide makes it.
const GUIDES: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxfQ.RTekvj49A01hoZw-4OZ4VzmR0jsMRsgud08Rn8LvGAY";

#[test]
fn a_guides_token_is_taken_apart_and_its_secret_guessed() {
    let place = Place::new();
    let (status, answer) = doctor(&place, &["--token", GUIDES]);
    assert_eq!(status, 1);
    let expected = ["T11", "T14", "T3", "T4", "T6", "T7", "T8"];
    assert_eq!(rules(&answer).into_iter().collect::<Vec<_>>(), expected);
    assert!(messages(&answer, "T3")[0].contains("your-secret-key"));
    assert_eq!(answer["token"]["claims"]["user_id"], 1);
    let output = place.run_with_input(&["doctor", "--token", "-"], &format!("Bearer {GUIDES}\n"));
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 1);
    assert!(shown.contains("claims (not verified)") && shown.contains("\"user_id\": 1"), "{shown}");
    assert!(shown.contains("T3") && shown.contains("openssl rand"), "{shown}");
}

#[test]
fn what_is_no_token_is_said_so() {
    let place = Place::new();
    let long = "a.".repeat(200_000);
    for input in ["", "not a token", "a.b", "..", "\u{0}.\u{1b}[2J.x", &long] {
        let output = place.run_with_input(&["doctor", "--token", "-", "--json"], input);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((code(&output), rules(&answer).len()), (1, 1), "{input:?}");
        assert!(rules(&answer).contains("T1"));
    }
}

#[tokio::test]
async fn our_own_tokens_have_their_roles_and_nothing_else_to_say() {
    let server = Server::start(&[]);
    server.add_user("ada", "correct horse battery", &["--role", "editor", "--scope", "read"]);
    let pair = server.login("ada", "correct horse battery").await;
    let access = pair["access_token"].as_str().unwrap();
    let (status, answer) = doctor(&server.dir, &["--token", access]);
    assert_eq!((status, rules(&answer).len()), (0, 0), "{answer}");
    let refresh = pair["refresh_token"].as_str().unwrap();
    let (_, answer) = doctor(&server.dir, &["--token", refresh]);
    assert!(messages(&answer, "T1")[0].contains("refresh token of Countersign"));
    assert!(!answer.to_string().contains(refresh), "the refresh token was repeated");
}
