//! Values of the `Accept` header.

/// For lists. Protobuf has half the bytes of JSON and costs both sides a fraction of the work. A server or proxy that does
/// not speak it answers in JSON, which is read as well.
pub(super) const PROTOBUF_OR_JSON: &str = "application/vnd.kubernetes.protobuf,application/json";
/// For a single object or a stream of events.
pub(super) const JSON: &str = "application/json";
/// For the metadata of a single object, without the rest of it.
pub(super) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// For the metadata of the objects in a list.
pub(super) const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
