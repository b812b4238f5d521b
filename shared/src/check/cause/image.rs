//! Images that cannot be pulled: the registry's own words, and whether the registry or the image is at fault.

use super::container_status::{role, unready_since};
use super::missing_object::MissingObject;
use super::{EventsAndNodes, Outlook, PodCause, Sentence, pod_fields};
use crate::check::text::{one_line, text_behind};
use crate::report::{Code, ObjectRef};
use crate::resource::{ContainerStatus, Pod, Resource as _};

/// Words of a failing registry, as opposed to an image that it does not have.
const REGISTRY_FAILS: [&str; 17] = [
    "no such host",
    "connection refused",
    "i/o timeout",
    "deadline exceeded",
    "no route to host",
    "network is unreachable",
    "http response to https client",
    "tls: ",
    "connection reset",
    "server misbehaving",
    "x509:",
    "toomanyrequests",
    "429 too many requests",
    "service unavailable",
    "bad gateway",
    "gateway timeout",
    "internal server error",
];

/// The fields that say what is pulled, with which Secrets, and by which node.
const PULLED: &str = "custom-columns=IMAGES:.spec.containers[*].image,PULLSECRETS:.spec.imagePullSecrets[*].name,\
                      NODE:.spec.nodeName";

/// The cause in a container whose image cannot be pulled.
pub(super) fn pull_cause(
    pod: &Pod,
    container: &ContainerStatus,
    reason: &str,
    sentence: &str,
    known: &EventsAndNodes<'_>,
) -> PodCause {
    let meta = pod.meta();
    let why = image_error(pod, sentence, known);
    // `Unable to retrieve some image pull secrets (a, b); attempting to pull the image may not succeed.`
    let lacking = known.newest(&meta.uid, |e| e.reason == "FailedToRetrieveImagePullSecret");
    // Registries call an image that may not be seen not found.
    let is_final = lacking.is_none() && is_never_pulled(reason, why);
    let lacking = lacking
        .and_then(|e| Some(e.message.split_once('(')?.1.split_once(')')?.0))
        .filter(|_| is_refused(why));
    let who = format!("{} {}", role(pod, container), container.name);
    let (message, subject, hint) = match lacking {
        Some(names) => {
            let first = names.split(", ").next().unwrap_or(names);
            let missing = MissingObject::secret(&meta.namespace, first);
            (
                format!("{who}: image pull secret {names} is missing: {why}"),
                Some(missing.subject),
                missing.hint,
            )
        }
        None => (
            format!("{who}: {why}"),
            image_subject(&container.image, why),
            pod_fields(pod, PULLED),
        ),
    };
    PodCause {
        code: Code::ImagePull,
        hard: true,
        says: Sentence::general(one_line(&message)),
        subject,
        since: unready_since(pod),
        last: None,
        hint,
        outlook: Outlook::new(is_final),
    }
}

/// Whether no try of the kubelet can help: the name is none, the image may not be pulled (`pkg/kubelet/images/types.go` in
/// kubernetes/kubernetes), or the registry says that it has no such image. A registry that refuses may have it.
fn is_never_pulled(reason: &str, why: &str) -> bool {
    let lower = why.to_lowercase();
    let is_lacking = [
        "not found",
        "manifest unknown",
        "name unknown",
        "no match for platform",
    ]
    .iter()
    .any(|words| lower.contains(words));
    matches!(reason, "InvalidImageName" | "ErrImageNeverPull")
        || (is_lacking && !is_refused(why) && !is_registry_failing(&lower))
}

/// Whether these words, in lower case, are about the registry itself.
fn is_registry_failing(why: &str) -> bool {
    REGISTRY_FAILS.iter().any(|word| why.contains(word))
}

/// Whether a registry asks for credentials. Some registries say instead that the image is not found; that does not count.
pub(super) fn is_refused(why: &str) -> bool {
    let why = why.to_lowercase();
    ["authoriz", "authentic", "denied", "forbidden"]
        .iter()
        .any(|word| why.contains(word))
}

/// The registry's own error, without the sentences of the kubelet and the runtime around it.
fn image_error<'a>(pod: &Pod, sentence: &'a str, known: &EventsAndNodes<'a>) -> &'a str {
    let event = known.newest(&pod.meta().uid, |e| {
        e.reason == "Failed" && e.message.contains("Failed to pull image")
    });
    let whole = match event {
        // Before Kubernetes 1.31 a back-off gives no reason.
        Some(event) if !sentence.contains(": ") => event.message.as_str(),
        _ => sentence,
    };
    let mut why = text_behind(whole, &["ErrImagePull: ", " desc = "]);
    for phrase in [
        "Failed to pull image",
        "failed to pull and unpack image",
        "failed to resolve reference",
        "failed to resolve image",
        "failed to do request",
    ] {
        // `phrase "IMAGE": why`, or without the image.
        let rest = why.strip_prefix(phrase);
        let rest = rest.and_then(|r| {
            r.strip_prefix(": ")
                .or_else(|| Some(r.strip_prefix(" \"")?.split_once("\": ")?.1))
        });
        why = rest.unwrap_or(why);
    }
    why
}

/// The registry if it fails, else the image.
fn image_subject(image: &str, why: &str) -> Option<ObjectRef> {
    if image.is_empty() {
        return None;
    }
    let first = image.split_once('/').map_or("", |(first, _)| first);
    let host = if first.contains(['.', ':']) || first == "localhost" {
        first
    } else {
        "docker.io"
    };
    Some(if is_registry_failing(&why.to_lowercase()) {
        ObjectRef::named("Registry", host)
    } else {
        ObjectRef::named("Image", image)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_registry_is_distinguished_from_an_image_that_it_lacks() {
        let subject = |image, why| image_subject(image, why).unwrap_or_default().to_string();
        assert_eq!(
            subject("r.example/a/b:1", "r.example/a/b:1: not found"),
            "Image/r.example/a/b:1"
        );
        assert_eq!(
            subject("r.example:5000/a:1", "dial tcp: lookup r.example: no such host"),
            "Registry/r.example:5000"
        );
        assert_eq!(
            subject("library/a", "429 Too Many Requests"),
            "Registry/docker.io"
        );
        assert_eq!(subject("a", "i/o timeout"), "Registry/docker.io");
        assert_eq!(image_subject("", "not found"), None);
    }
}
