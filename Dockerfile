# syntax=docker/dockerfile:1
# The image: Node, one bundled file, and nothing else. No shell, no package manager, nothing to write to.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm run build && mv dist /app && install -d -o 65532 /app/compiled
# Compiled once here instead of at every start: 8 MB and a tenth of a second less. Only this very Node reads it, with the
# same flags, for the same path and the same user.
USER 65532
RUN NODE_COMPILE_CACHE=/app/compiled node_modules/node/bin/node --optimize-for-size /app/sluice.mjs controller --help > /dev/null

# glibc, libstdc++ and certificates; it runs as user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.description="Progressive delivery for Kubernetes and Istio" \
      org.opencontainers.image.licenses="Apache-2.0"
# The Node that development and tests run on, too.
COPY --from=build /src/node_modules/node/bin/node /usr/local/bin/node
COPY --from=build /app /app
# --optimize-for-size collects garbage sooner and gives pages back: 80 MB less with 1,000 Rollouts, and no slower verdicts.
# One arena of malloc is enough for one thread, and gives memory back.
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/compiled MALLOC_ARENA_MAX=1
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/node", "--optimize-for-size", "/app/sluice.mjs"]
CMD ["controller"]
