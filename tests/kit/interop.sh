#!/bin/sh
# Signs with the kit and verifies with real cosign (3.1), on Debian's docker-registry.
# Run by hand: needs docker-registry, cosign and busybox; ends with "all accepted" or stops.
set -eu

cosign=${COSIGN:-cosign}
kit=${KIT:-target/debug/fullsend-testkit}
port=${PORT:-5891}
work=$(mktemp -d)
image=127.0.0.1:$port/kit/agent
identity=https://github.com/acme/agent/.github/workflows/release.yml@refs/tags/v1.0.0
issuer=https://token.actions.githubusercontent.com
number=0

cat > "$work/registry.yml" <<YML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
YML
docker-registry serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
registry=$!
trap 'kill $registry; rm -rf "$work"' EXIT
sleep 1

# Pushes a new image and names it in $ref.
push() {
    number=$((number + 1))
    ref=$("$kit" image --tag "$image:$number" --label "number=$number" --cmd sh \
        --file /bin/busybox=bin/busybox:755 --link bin/sh=busybox)
}

accepted() {
    "$cosign" verify "$@" "$ref" > /dev/null 2> "$work/errors" || {
        echo "refused: cosign verify $* $ref"
        cat "$work/errors"
        exit 1
    }
    echo "accepted: $*"
}

refused() {
    if "$cosign" verify "$@" "$ref" > /dev/null 2>&1; then
        echo "accepted, but should not be: cosign verify $* $ref"
        exit 1
    fi
    echo "refused: $*"
}

"$kit" keygen "$work/keys"
"$kit" keygen "$work/others"
key=$work/keys/cosign.key
public=$work/keys/cosign.pub
root=$work/trusted_root.json

push
refused --key "$public" --private-infrastructure
"$kit" sign "$ref" --key "$key"
accepted --key "$public" --private-infrastructure
accepted --key "$public" --insecure-ignore-tlog
refused --key "$work/others/cosign.pub" --private-infrastructure
"$kit" sign "$ref" --key "$work/others/cosign.key"
accepted --key "$work/others/cosign.pub" --private-infrastructure
accepted --key "$public" --private-infrastructure

push
"$kit" sign "$ref" --key "$key" --format legacy
"$kit" sign "$ref" --key "$work/others/cosign.key" --format legacy
accepted --key "$public" --private-infrastructure --new-bundle-format=false
accepted --key "$work/others/cosign.pub" --private-infrastructure

for format in bundle legacy; do
    push
    "$kit" sign "$ref" --key "$key" --trusted-root "$root" --format $format
    accepted --key "$public" --trusted-root "$root"
    push
    "$kit" sign "$ref" --identity "$identity" --issuer "$issuer" --trusted-root "$root" \
        --claim 12=https://github.com/acme/agent --format $format
    accepted --certificate-identity "$identity" --certificate-oidc-issuer "$issuer" \
        --trusted-root "$root"
    refused --certificate-identity "$identity" --certificate-oidc-issuer https://other.test \
        --trusted-root "$root"
done

push
"$kit" sign "$ref" --identity "$identity" --issuer "$issuer" --trusted-root "$root" --rekor-v2
accepted --certificate-identity "$identity" --certificate-oidc-issuer "$issuer" \
    --trusted-root "$root" --use-signed-timestamps

push
"$kit" sign "$ref" --identity "$identity" --issuer "$issuer" --trusted-root "$root" --rekor-v2 \
    --format legacy
accepted --certificate-identity "$identity" --certificate-oidc-issuer "$issuer" \
    --trusted-root "$root" --use-signed-timestamps

push
"$kit" sign "$ref" --key "$key" --format attestation
"$cosign" verify-attestation --type slsaprovenance1 --private-infrastructure --key "$public" \
    "$ref" > /dev/null 2>&1
echo "all accepted"
