FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --ignore-scripts --omit=dev --no-audit --no-fund
# npm keeps typescript, an optional peer of @nestjs/swagger for a compiler plugin that is not used here. Node reads neither
# TypeScript nor source maps of packages. A checkout made under a strict umask has files that only its owner may read.
RUN rm -rf node_modules/typescript node_modules/.bin \
  && find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \) -delete \
  && find node_modules -type d -empty -delete \
  && chmod -R a+rX package.json dist

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
# With one arena per hashing thread, glibc keeps 19 MiB in each.
ENV MALLOC_ARENA_MAX=1
ENV AVATAR_DIR=/var/lib/latchkey/avatars
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN mkdir -p /var/lib/latchkey/avatars && chown node:node /var/lib/latchkey/avatars \
  && ln -s /app/dist/apps/cli/main.js /usr/local/bin/latchkey
VOLUME /var/lib/latchkey/avatars
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=65s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.PORT||3000)+'/health/live').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/apps/api/main.js"]
# At the end, so that a new revision rebuilds no layer above.
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="latchkey" \
  org.opencontainers.image.description="Session authority for backend teams: sign-in, sessions in Redis with a durable record in Postgres, revocation that holds." \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION" \
  org.opencontainers.image.source="$SOURCE"
