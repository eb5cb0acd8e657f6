FROM oven/bun:1.4.5 AS build
WORKDIR /build
COPY package.json bun.lock bunfig.toml ./
# Without scripts: the page is built below, from sources that are not here yet.
RUN bun install --frozen-lockfile --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
RUN bun run build

# The binary needs glibc and nothing else: it brings its own certificates.
FROM debian:bookworm-slim
# Docker gives a new volume the owner of the directory that it covers.
RUN useradd --system --uid 10001 --user-group --no-create-home fpai \
 && install --directory --owner=fpai --group=fpai --mode=0750 /var/cache/fpai /var/lib/fpai
COPY --from=build /build/dist/orchestrator /usr/local/bin/orchestrator
# By number: Kubernetes' runAsNonRoot can't check a name.
USER 10001:10001
VOLUME ["/var/cache/fpai", "/var/lib/fpai"]
EXPOSE 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["orchestrator", "health"]
ENTRYPOINT ["orchestrator"]
CMD ["serve"]
