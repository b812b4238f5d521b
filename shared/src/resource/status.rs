//! `v1` Status, with which the API server refuses a request.

use super::null_as_default;
use serde::Deserialize;

/// `metav1.Status`: the body of an API server's refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiStatus {
    /// `Status` in a real one; anything else is another server's answer.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// The sentence to show.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// A stable word such as `Forbidden` or `Expired`.
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The HTTP status code.
    #[serde(deserialize_with = "null_as_default")]
    pub code: u16,
}

/// `metav1.Status` in protobuf. Its kind is in the envelope.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct ProtoStatus {
    #[prost(string, tag = "3")]
    message: String,
    #[prost(string, tag = "4")]
    reason: String,
    #[prost(int32, tag = "6")]
    code: i32,
}

/// `runtime.Unknown`, the envelope of everything that the API server writes in protobuf.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Envelope {
    #[prost(message, optional, tag = "1")]
    type_meta: Option<TypeMeta>,
    #[prost(bytes = "vec", tag = "2")]
    raw: Vec<u8>,
}

/// `runtime.TypeMeta`: the version and the kind of an object in protobuf.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct TypeMeta {
    #[prost(string, tag = "1")]
    pub api_version: String,
    #[prost(string, tag = "2")]
    pub kind: String,
}

impl ApiStatus {
    /// Reads a refusal in JSON or in protobuf. The API server refuses in protobuf if that was requested. `None` if the
    /// body is something else, or only the beginning of a refusal.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        use prost::Message as _;
        let status = match body.strip_prefix(b"k8s\0") {
            None => serde_json::from_slice(body).ok()?,
            Some(envelope) => {
                let envelope = Envelope::decode(envelope).ok()?;
                let status = ProtoStatus::decode(envelope.raw.as_slice()).ok()?;
                Self {
                    kind: envelope.type_meta.unwrap_or_default().kind,
                    message: status.message,
                    reason: status.reason,
                    code: u16::try_from(status.code).unwrap_or_default(),
                }
            }
        };
        (status.kind == "Status").then_some(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;

    #[test]
    fn a_refusal_reads_the_same_in_json_and_in_protobuf() {
        let json = br#"{"kind": "Status", "message": "no", "reason": "Forbidden", "code": 403}"#;
        let status = ProtoStatus {
            message: "no".into(),
            reason: "Forbidden".into(),
            code: 403,
        };
        let envelope = |kind: &str| {
            let envelope = Envelope {
                type_meta: Some(TypeMeta {
                    kind: kind.into(),
                    ..TypeMeta::default()
                }),
                raw: status.encode_to_vec(),
            };
            [b"k8s\0".as_slice(), &envelope.encode_to_vec()].concat()
        };
        let read = ApiStatus::read(&envelope("Status"));
        assert!(read.as_ref().is_some_and(|s| s.message == "no" && s.code == 403));
        assert_eq!(read, ApiStatus::read(json));
        assert_eq!(ApiStatus::read(&envelope("PodList")), None);
        assert_eq!(ApiStatus::read(b"k8s\0\xff"), None);
        assert_eq!(ApiStatus::read(b"{\"kind\": \"Pod\"}"), None);
    }
}
