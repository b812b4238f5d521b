use super::*;

/// Pushes `body` in chunks of `step` bytes. Returns each piece as text, and the result of the reading.
fn read(content_type: &str, body: &[u8], step: usize) -> (Vec<String>, Result<(), ListError>) {
    let mut reader = ListReader::for_content_type(content_type);
    let mut seen = Vec::new();
    for chunk in body.chunks(step) {
        let pushed = reader.push(chunk, &mut |piece| {
            seen.push(match piece {
                Piece::Meta(b) => format!("meta {}", String::from_utf8_lossy(b)),
                Piece::Item(b) => format!("item {}", String::from_utf8_lossy(b)),
            });
        });
        if pushed.is_err() {
            return (seen, pushed);
        }
    }
    (seen, reader.finish())
}

#[test]
fn a_json_list_is_cut_into_its_items_wherever_the_chunks_break() {
    let body =
        br#" {"kind":"List","metadata":{"resourceVersion":"7","continue":"a\"]}"}, "other":[1,{"items":[9]}],
        "items": [ {"a":"}],\\"} , 3,"x\\\"y", [] ,null,{"b":{"c":[{}]}}] , "tail":true}
    "#;
    let items = [
        r#"{"a":"}],\\"}"#,
        "3",
        r#""x\\\"y""#,
        "[]",
        "null",
        r#"{"b":{"c":[{}]}}"#,
    ];
    let mut expected = vec![r#"meta {"resourceVersion":"7","continue":"a\"]}"}"#.to_owned()];
    expected.extend(items.iter().map(|i| format!("item {i}")));
    for step in 1..=body.len() {
        assert_eq!(
            read("application/json", body, step),
            (expected.clone(), Ok(())),
            "step {step}"
        );
    }
}

#[test]
fn a_json_body_that_is_no_list_says_so() {
    let error = |body: &str| {
        read("application/json", body.as_bytes(), 7)
            .1
            .map_err(|e| e.to_string())
    };
    assert_eq!(
        error("<html>login</html>"),
        Err("the body is not a list: it begins with \"<html>l\"".into())
    );
    assert_eq!(
        error(r#"{"kind":"Status"}"#),
        Err("the body is not a list: it has no items".into())
    );
    assert_eq!(error(""), Err("the body is not a list: it is empty".into()));
    assert_eq!(
        error(r#"{"items":[{"a":1},{"b":"#),
        Err("the list was cut off after 1 items".into())
    );
    assert_eq!(
        error(r#"{"items":[]} x"#),
        Err("the body is not a list: 'x' where none belongs".into())
    );
    assert_eq!(error(r#"{"items":null}"#), Ok(()));
}

#[test]
fn json_with_a_missing_value_or_one_bracket_too_many_is_an_error() {
    // Each of them once made the reader pass on empty items for ever.
    for (body, wrong) in [
        (r#"{"items":[}"#, '}'),
        (r#"{"items":[1,}"#, '}'),
        (r#"{"items":[:]}"#, ':'),
        (r#"{"kind":}"#, '}'),
        (r#"{"kind":,"items":[]}"#, ','),
        (r#"{"kind":]"#, ']'),
        (r#"{"items":]"#, ']'),
    ] {
        for step in 1..=body.len() {
            let (_, end) = read("application/json", body.as_bytes(), step);
            assert_eq!(
                end.map_err(|e| e.to_string()),
                Err(format!("the body is not a list: {wrong:?} where a value belongs")),
                "{body} in steps of {step}"
            );
        }
    }
}

#[test]
fn json_that_was_damaged_between_its_values_is_no_list() {
    for (body, wrong) in [
        (r#"{"items":[,,,]}"#, "',' where a value belongs"),
        (r#"{"items":[{"a":1},]}"#, "']' where a value belongs"),
        (r#"{"items":[{"a":1}{"b":2}]}"#, "'{' where none belongs"),
        (r#"{"items":[],}"#, "'}' where none belongs"),
        (
            "{\"items\":\u{c}[]}",
            "a value beside the items is no JSON: expected value at line 1 column 1",
        ),
        (r#"{"items":[{"a":1}}]}"#, "'}' where none belongs"),
        (r#"{,"items":[]}"#, "',' where none belongs"),
        (r#"{"items":[]"kind":"List"}"#, "'\"' where none belongs"),
        (
            r#"{"items":[],"metadata":{"continue":}}"#,
            "a value beside the items is no JSON: expected value at line 1 column 13",
        ),
        (
            r#"{"kind":List,"items":[]}"#,
            "a value beside the items is no JSON: expected value at line 1 column 1",
        ),
    ] {
        for step in 1..=body.len() {
            let (_, end) = read("application/json", body.as_bytes(), step);
            assert_eq!(
                end.map_err(|e| e.to_string()),
                Err(format!("the body is not a list: {wrong}")),
                "{body} in steps of {step}"
            );
        }
    }
}

#[test]
fn json_of_any_brackets_ends_within_a_bound() {
    // Every text of up to six of these bytes, after three beginnings: each step takes a byte or ends.
    let bytes = *b"{}[],:\"1 ";
    for length in 0..=6_u32 {
        for number in 0..bytes.len().pow(length) {
            let mut rest = number;
            let tail: Vec<u8> = (0..length)
                .map(|_| {
                    let byte = bytes[rest % bytes.len()];
                    rest /= bytes.len();
                    byte
                })
                .collect();
            for head in ["", r#"{"items":"#, r#"{"items":[{"#] {
                let body = [head.as_bytes(), &tail].concat();
                let mut pieces = 0;
                let mut list = JsonList::default();
                let _ = list.push(&body, &mut |_| {
                    pieces += 1;
                    assert!(pieces <= body.len(), "{}", String::from_utf8_lossy(&body));
                });
            }
        }
    }
}

/// A protobuf field of bytes.
fn bytes_field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(value.len() as u64, &mut out);
    out.extend_from_slice(value);
    out
}

#[test]
fn a_protobuf_list_is_cut_into_its_items_wherever_the_chunks_break() {
    let long = "i".repeat(300);
    let list = [
        bytes_field(1, b"META"),
        bytes_field(2, b"one"),
        bytes_field(9, b"of a newer server"),
        vec![10 << 3, 0x96, 0x01],
        bytes_field(2, b""),
        bytes_field(2, long.as_bytes()),
    ]
    .concat();
    let body = [
        b"k8s\0".to_vec(),
        bytes_field(1, b"type"),
        bytes_field(2, &list),
        bytes_field(3, b""),
        bytes_field(4, b"x"),
    ]
    .concat();
    let expected = vec![
        "meta META".into(),
        "item one".into(),
        "item ".into(),
        format!("item {long}"),
    ];
    for step in 1..=body.len() {
        let got = read("application/vnd.kubernetes.protobuf", &body, step);
        assert_eq!(got, (expected.clone(), Ok(())), "step {step}");
    }
    for cut in 0..body.len() - 5 {
        let end = read("application/vnd.kubernetes.protobuf", &body[..cut], 11).1;
        assert!(
            matches!(end, Err(ListError::CutOff { .. })),
            "cut at {cut}: {end:?}"
        );
    }
}

#[test]
fn bytes_that_are_no_protobuf_are_refused_without_a_panic() {
    let end = |body: &[u8]| read("application/vnd.kubernetes.protobuf", body, 3).1;
    assert!(matches!(end(b"<html>"), Err(ListError::NotAList(_))));
    assert!(matches!(
        end(b"k8s\0\x12\x02\x12\x7f"),
        Err(ListError::NotAList(_))
    ));
    assert!(matches!(
        end(b"k8s\0\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        Err(ListError::NotAList(_))
    ));
    assert!(matches!(
        end(b"k8s\0\x15"),
        Err(ListError::NotAList(_)) | Err(ListError::CutOff { .. })
    ));
}
