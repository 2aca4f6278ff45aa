# Two stages: the first has npm and its cache, the second only what runs.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-fund --no-audit && npm cache clean --force
# docker build --build-arg GIT_COMMIT=$(git rev-parse HEAD): what /health, the metrics and --version then say.
ARG GIT_COMMIT=''
RUN test -z "$GIT_COMMIT" || npm pkg set gitHead="$GIT_COMMIT"

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="journey-orchestrator"
ENV NODE_ENV=production \
    JOURNEY_DATA_DIR=/var/lib/journey \
    JOURNEY_CONFIG_DIR=/app/config
WORKDIR /app
# What changes seldom comes first, so that a new version of the product is a small layer.
COPY --from=dependencies /app/node_modules ./node_modules
COPY config ./config
COPY migrations ./migrations
COPY bot ./bot
COPY mcp ./mcp
COPY src ./src
COPY --from=dependencies /app/package.json ./
# The command line on the PATH: `kubectl exec … -- journey-cli status --client-id=…`.
RUN ln -s /app/src/cli/journey-cli.ts /usr/local/bin/journey-cli \
 && mkdir -p /var/lib/journey && chown 10001:10001 /var/lib/journey
USER 10001:10001
VOLUME /var/lib/journey
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
