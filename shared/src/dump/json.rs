//! JSON files: documents one after the other, each an object, a list or an array.

use super::{Body, Head, Objects};
use crate::decode::{JsonList, Piece};

/// Reads every document of a file.
pub(super) fn read<'a>(file: &str, bytes: &'a [u8], objects: &mut Objects<'a>) {
    let mut rest = bytes;
    let mut number = 0;
    while let Some(start) = rest.iter().position(|b| !b.is_ascii_whitespace() && *b != b',') {
        rest = &rest[start..];
        number += 1;
        let place = if number == 1 {
            file.to_owned()
        } else {
            format!("{file}, document {number}")
        };
        rest = match document(&place, rest, objects) {
            Some(end) => &rest[end..],
            // After a break the next document begins at the next line with a bracket at its margin.
            None => memchr::memchr_iter(b'\n', rest)
                .map(|newline| &rest[newline + 1..])
                .find(|after| matches!(after.first(), Some(b'{' | b'[')))
                .unwrap_or_default(),
        };
    }
}

/// Reads the document at the front and says where it ends; `None` where it breaks off.
fn document<'a>(place: &str, bytes: &'a [u8], objects: &mut Objects<'a>) -> Option<usize> {
    let mut list = match bytes.first() {
        Some(b'{') => JsonList::default(),
        // An array is read as the items of a list without a kind.
        Some(b'[') => JsonList::items(),
        _ => {
            objects.break_off(place, "no object begins here");
            return None;
        }
    };
    let base = bytes.as_ptr() as usize;
    let mut items = Vec::new();
    let end = list.push_document(bytes, &mut |piece| {
        if let Piece::Item(item) = piece {
            let start = item.as_ptr() as usize - base;
            items.push(&bytes[start..start + item.len()]);
        }
    });
    if list.is_list() {
        // What was whole before a break is still true.
        take_items(place, &list, items, objects);
    } else if let Ok(end) = end {
        item(place, &bytes[..end], None, objects);
    }
    end.map_err(|error| objects.break_off(place, error.to_string()))
        .ok()
}

fn take_items<'a>(place: &str, list: &JsonList, items: Vec<&'a [u8]>, objects: &mut Objects<'a>) {
    let head = Head {
        api_version: list.text("apiVersion"),
        kind: list.text("kind"),
    };
    let typed = objects.open_list(&head);
    for (number, bytes) in items.into_iter().enumerate() {
        item(
            &format!("{place}, item {}", number + 1),
            bytes,
            typed.as_ref(),
            objects,
        );
    }
}

fn item<'a>(place: &str, bytes: &'a [u8], typed: Option<&Head>, objects: &mut Objects<'a>) {
    match serde_json::from_slice::<Head>(bytes) {
        Ok(head) => objects.take(place, head, typed, Body::Json(bytes)),
        Err(error) => objects.break_off(place, error.to_string()),
    }
}
