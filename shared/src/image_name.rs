//! Names of images, shortened for people.

/// Characters of a digest that are shown.
const DIGEST: usize = 12;

/// Two images without the parts that they share: the registry of both, and the name of the second.
#[must_use]
pub fn image_change(from: &str, to: &str) -> (String, String) {
    let name = |image: &str| -> (String, String) {
        let short = short_image(image);
        let last = short.rfind('/').map_or(0, |at| at + 1);
        let end = short[last..].find([':', '@']).map_or(short.len(), |at| at + last);
        (short[..end].to_owned(), short[end..].to_owned())
    };
    let ((old_name, old_tag), (new_name, new_tag)) = (name(from), name(to));
    let tag = new_tag.trim_start_matches(':');
    if old_name == new_name && !tag.is_empty() {
        let last = old_name.rfind('/').map_or(0, |at| at + 1);
        return (format!("{}{old_tag}", &old_name[last..]), tag.to_owned());
    }
    (format!("{old_name}{old_tag}"), format!("{new_name}{new_tag}"))
}

/// An image whose digest is cut.
#[must_use]
pub fn short_image(image: &str) -> String {
    match image.split_once("@sha256:") {
        Some((name, digest)) => {
            let begin: String = digest.chars().take(DIGEST).collect();
            format!("{name}@{begin}")
        }
        None => image.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_shortened_by_what_they_share() {
        for (from, to, words) in [
            ("a:1", "a:2", ("a:1", "2")),
            ("reg:5000/a:1", "reg:5000/a:2", ("a:1", "2")),
            ("a:1", "b:1", ("a:1", "b:1")),
            ("a:1", "a", ("a:1", "a")),
            ("a", "a:2", ("a", "2")),
            (
                "a@sha256:0123456789abcdef0123",
                "a@sha256:ffff456789abcdef0123",
                ("a@0123456789ab", "@ffff456789ab"),
            ),
        ] {
            let (old, new) = image_change(from, to);
            assert_eq!((old.as_str(), new.as_str()), words);
        }
    }
}
