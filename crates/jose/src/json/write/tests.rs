//! Byte for byte as `serde_json` writes it, or not at all.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value, json};

use super::write;

/// What is written is the same; says whether it was written at all.
#[track_caller]
fn same(value: &impl Serialize) -> bool {
    let mut room = [0; 1024];
    let written = write(value, &mut room).map(|text| str::from_utf8(text).unwrap());
    if let Some(text) = written {
        assert_eq!(text, serde_json::to_string(value).unwrap());
    }
    written.is_some()
}

#[derive(Serialize)]
struct Unit;
#[derive(Serialize)]
struct Newtype(&'static str);
#[derive(Serialize)]
struct Pair(u8, &'static str);
#[derive(Serialize)]
enum Shape {
    Nothing,
    One(i64),
    Two(bool, char),
    Named { name: &'static str, size: f64 },
}

#[derive(Serialize)]
struct Claims<'a> {
    text: &'a str,
    small: i8,
    large: u64,
    float: f64,
    not_a_number: f32,
    absent: Option<u8>,
    present: Option<&'a str>,
    unit: (),
    unit_struct: Unit,
    newtype: Newtype,
    pair: Pair,
    tuple: (bool, char),
    shape: Shape,
    none: [u8; 0],
    list: Vec<&'a str>,
    #[serde(flatten)]
    others: BTreeMap<&'a str, Value>,
}

fn claims(text: &str) -> Claims<'_> {
    Claims {
        text,
        small: -7,
        large: u64::MAX,
        float: 1.5e300,
        not_a_number: f32::NAN,
        absent: None,
        present: Some(text),
        unit: (),
        unit_struct: Unit,
        newtype: Newtype("inside"),
        pair: Pair(1, "two"),
        tuple: (true, 'x'),
        shape: Shape::Nothing,
        none: [],
        list: vec![text, "", text],
        others: BTreeMap::from([
            ("list", json!([])),
            ("object", json!({})),
            (text, json!({"deep": [[1], {"a": null}, text]})),
        ]),
    }
}

#[test]
fn claims_are_written_alike() {
    let plain = "12345678901234567890 gr\u{fc}n \u{1f600} \u{7f} some more of it";
    for (length, _) in plain.char_indices() {
        assert!(same(&claims(&plain[..length])));
    }
}

#[test]
fn a_string_that_needs_an_escape_is_left_to_others() {
    for text in ["quo\"te", "\"", "back\\slash", "\n", "\0", "\u{1f}"] {
        assert!(!same(&claims(text)));
        assert!(!same(&text));
        assert!(!same(&BTreeMap::from([(text, 1)])));
    }
    assert!(!same(&'"'));
}

#[test]
fn what_is_unusual_is_left_to_others() {
    let raw = RawValue::from_string(r#"{"as": ["it is", 1.50 ]}"#.to_owned()).unwrap();
    assert!(!same(&raw));
    assert!(!same(&json!([1]).as_array().map(|_| &raw)));
    for shape in [Shape::One(-1), Shape::Two(true, 'x'), Shape::Named { name: "n", size: 0.1 }] {
        assert!(!same(&shape));
    }
    assert!(!same(&i128::MIN));
    same(&Number::from(5));
}

#[test]
fn keys_that_are_no_strings_are_left_to_others() {
    assert!(same(&BTreeMap::from([('a', 1), ('b', 2)])));
    assert!(same(&BTreeMap::from([("key", 1)])));
    assert!(!same(&BTreeMap::from([(1_u8, "one")])));
    assert!(!same(&BTreeMap::from([(true, ())])));
    assert!(!same(&BTreeMap::from([((), 1)])));
    assert!(!same(&BTreeMap::from([([1], 1)])));
    assert!(!same(&BTreeMap::from([(("a", "b"), 1)])));
}

#[test]
fn what_does_not_fit_is_left_to_others() {
    for length in 0..2_000 {
        assert_eq!(same(&"x".repeat(length)), length <= 1022, "{length}");
        assert_eq!(same(&vec![7; length]), length <= 511, "{length}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z]{0,40}".prop_map(Value::from),
        "[a-z\"\\\\]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"\\n]{0,20}", inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_written_alike(value in any_json()) {
        same(&value);
    }
}
