# syntax=docker/dockerfile:1
# What `npm pack` has made, on a slim Node: docs/ci.md says how it is built and used.
FROM node:22-slim

# bai has a client of its own; yes adds the system's ssh, for those who want its configuration and options.
ARG OPENSSH=no
# Debian keeps no older releases of a package, so a release that is named here fails later.
# hadolint ignore=DL3008
RUN if [ "$OPENSSH" = yes ]; then \
      apt-get update \
      && apt-get install --yes --no-install-recommends openssh-client \
      && rm -rf /var/lib/apt/lists/*; \
    fi

# The tarball is looked at where it is, so that no layer holds it.
RUN --mount=type=bind,target=/context \
    npm install --global --offline --no-audit --no-fund /context/bai-cli-*.tgz

RUN mkdir /work && chown 1000:1000 /work
# That of `node` in the image.
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["bai"]
