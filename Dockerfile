# The agent's image, and the plugin's: one static binary, the public certificate authorities and the licences of both, nothing else.
#
#     docker build -t sre-agent:latest .
#     docker build -t kubectl-sre:latest --target kubectl-sre .
#
# `make image` does the first, and `make plugin-image` the second, with docker, podman or buildah. If the image of the stage
# `toolchain` cannot be pulled, they replace the stage `build-PROGRAM` by a directory with an equal /out.
#
# The user of the images cannot read a kubeconfig that only its owner may read (mode 0600, as most tools write it). On
# Linux, mount it and run as the owner:
#
#     docker run --user "$(id -u):$(id -g)" -p 8080:8080 -v ~/.kube/config:/kubeconfig:ro \
#         sre-agent --kubeconfig /kubeconfig --address ":8080"

# On the builder's own platform: the other architecture is cross-compiled and no compiler emulated.
# `make workflows-lint` compares the version with rust-toolchain.toml.
FROM --platform=$BUILDPLATFORM docker.io/library/rust:1.95.0-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082 AS toolchain
ARG TARGETARCH
WORKDIR /src

# ring is the only dependency written in C. It uses so little of the C library that the headers of glibc and musl make no
# difference, so Debian's compilers suffice. musl itself comes with the Rust target.
RUN case "$TARGETARCH" in \
        amd64) machine=x86_64 package=gcc-x86-64-linux-gnu ;; \
        arm64) machine=aarch64 package=gcc-aarch64-linux-gnu ;; \
        *) echo "TARGETARCH is '$TARGETARCH': the image is for amd64 and arm64, and needs BuildKit, podman or buildah" >&2; exit 1 ;; \
    esac \
    && if ! command -v "$machine-linux-gnu-gcc"; then \
        apt-get update \
        && apt-get install -y --no-install-recommends "$package" "libc6-dev-$TARGETARCH-cross" \
        && rm -rf /var/lib/apt/lists/*; \
    fi \
    && rustup target add "$machine-unknown-linux-musl" \
    && echo "$machine-unknown-linux-musl" >/target \
    && printf '%s\n' \
        "[target.$machine-unknown-linux-musl]" "linker = '$machine-linux-gnu-gcc'" \
        "[env]" "CC_${machine}_unknown_linux_musl = '$machine-linux-gnu-gcc'" \
        >>/usr/local/cargo/config.toml

# It writes the names and versions of the crates into the binary, where scanners and makers of SBOMs look for them.
RUN cargo install cargo-auditable --version 0.7.7 --locked --root /usr/local/cargo

COPY . .

FROM toolchain AS build-kubectl-sre
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    target=$(cat /target) \
    && cargo auditable build --release --locked --package kubectl-sre --target "$target" \
    && install -D -m 0755 -t /out "target/$target/release/kubectl-sre" \
    && install -D -m 0644 -t /out/etc/ssl/certs /etc/ssl/certs/ca-certificates.crt \
    && install -D -m 0644 -t /out/licenses LICENSE \
    && gzip -9 --no-name --stdout kubectl-sre/THIRD-PARTY-NOTICES >/out/licenses/THIRD-PARTY-NOTICES.gz

FROM toolchain AS build-sre-agent
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    target=$(cat /target) \
    && cargo auditable build --release --locked --package sre-agent --target "$target" \
    && install -D -m 0755 -t /out "target/$target/release/sre-agent" \
    && install -D -m 0644 -t /out/etc/ssl/certs /etc/ssl/certs/ca-certificates.crt \
    && install -D -m 0644 -t /out/licenses LICENSE \
    && gzip -9 --no-name --stdout agent/THIRD-PARTY-NOTICES >/out/licenses/THIRD-PARTY-NOTICES.gz

FROM scratch AS kubectl-sre
ARG VERSION=unreleased
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="kubectl-sre" \
      org.opencontainers.image.description="Judges the API server and the workloads of a Kubernetes cluster, and says what is wrong" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# The certificate authorities are for a kubeconfig without one of its own, whose API server has a public certificate.
COPY --from=build-kubectl-sre /out/ /
# By number, since with runAsNonRoot a pod refuses the name of a user.
USER 65532:65532
ENTRYPOINT ["/kubectl-sre"]

# The last stage is the image that is built if none is named.
FROM scratch AS sre-agent
ARG VERSION=unreleased
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="sre-agent" \
      org.opencontainers.image.description="Answers over HTTP whether a cluster's API server and its workloads are healthy" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# The certificate authorities are for a kubeconfig without one of its own, whose API server has a public certificate.
COPY --from=build-sre-agent /out/ /
# By number, since with runAsNonRoot a pod refuses the name of a user.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/sre-agent"]
