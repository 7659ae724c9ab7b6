import { z } from 'zod';
import { attributeList } from '../attribute-list';
import { publicUrl } from '../public-url';
import { clientList, durationSeconds, onOff, positiveInteger } from '../setting-types';

export const TOKENS_AND_SESSIONS = {
  jwtSecret: z.string().optional().meta({
    env: 'JWT_SECRET',
    secret: true,
    description:
      'Key of the HS256 signature. In production at least 32 random bytes, for example from `openssl rand -base64 48`; a placeholder such as `change-me` or a secret of these examples is refused, here, in `INTROSPECTION_CLIENTS` and as the password of a store.',
    unset: 'required without `JWT_KEYS_DIR`; `npm start` generates a secret once',
  }),
  jwtKeysDir: z
    .string()
    .optional()
    .meta({
      env: 'JWT_KEYS_DIR',
      description:
        'Directory of ES256 keys; it replaces `JWT_SECRET`. Tokens are signed with the active key, and `/.well-known/jwks.json` lists the public keys. `latchkey keys add` creates the first key. See docs/security.md.',
      examples: ['/var/lib/latchkey/keys'],
      unset: 'tokens are signed with `JWT_SECRET`',
    }),
  jwtAcceptedSecret: z.string().optional().meta({
    env: 'JWT_ACCEPTED_SECRET',
    secret: true,
    description:
      'A second secret: its tokens are accepted, and none is signed with it. For a change of keys without a refused token: the next secret while instances restart with it, then the earlier one until its last token has expired. As strong as `JWT_SECRET`. See docs/operations.md.',
    unset: 'one secret or directory at a time',
  }),
  jwtAcceptedKeysDir: z
    .string()
    .optional()
    .meta({
      env: 'JWT_ACCEPTED_KEYS_DIR',
      description:
        'A directory as for `JWT_KEYS_DIR` whose keys are accepted and published, and do not sign: for a change between `JWT_SECRET` and `JWT_KEYS_DIR`. See docs/operations.md.',
      examples: ['/var/lib/latchkey/keys'],
      unset: 'one secret or directory at a time',
    }),
  jwtExpiresInSeconds: durationSeconds().prefault('24h').meta({
    env: 'JWT_EXPIRES_IN',
    description: 'Lifetime of an access token. A token never outlives its session.',
  }),
  sessionTtlSeconds: durationSeconds().prefault('24h').meta({
    env: 'SESSION_TTL',
    description: 'Lifetime of a session from sign-in or its last refresh.',
  }),
  sessionMaxLifetimeSeconds: durationSeconds().prefault('30d').meta({
    env: 'SESSION_MAX_LIFETIME',
    description:
      'Lifetime of a session from sign-in, regardless of refreshes. At least `SESSION_TTL`.',
  }),
  rememberTtlSeconds: durationSeconds().prefault('30d').meta({
    env: 'REMEMBER_TTL',
    description:
      'Lifetime of a session from sign-in or its last refresh, if the user asked to be remembered (`remember` of a sign-in).',
  }),
  rememberMaxLifetimeSeconds: durationSeconds().prefault('90d').meta({
    env: 'REMEMBER_MAX_LIFETIME',
    description:
      'Lifetime of a remembered session from sign-in, regardless of refreshes. At least `REMEMBER_TTL`.',
  }),
  sessionIdleTimeoutSeconds: durationSeconds({ min: '1m', max: '366d', examples: '15m or 24h' })
    .optional()
    .meta({
      env: 'SESSION_IDLE_TIMEOUT',
      description:
        'A session ends that is not used for so long, remembered or not. Every request that is admitted is a use. Exact to a minute: a session may end up to 1 minute early. Use the same value on all instances.',
      examples: ['15m', '24h'],
      unset: 'a session that is not used lives until it expires',
    }),
  recentAuthTtlSeconds: durationSeconds().prefault('10m').meta({
    env: 'RECENT_AUTH_TTL',
    description:
      'How long a sign-in or `POST /api/auth/reauthenticate` counts as a recent proof of identity, for calls that ask for one.',
  }),
  verifyAttributes: attributeList()
    .default([])
    .meta({
      env: 'VERIFY_ATTRIBUTES',
      description:
        'Attributes of the session that `/api/auth/verify` tells as headers, percent-encoded: `orgId` as `X-Session-Org-Id`.',
      examples: ['plan,orgId'],
      unset: 'no attribute',
    }),
  maxSessionsPerUser: positiveInteger().prefault('100').meta({
    env: 'MAX_SESSIONS_PER_USER',
    description:
      'Maximum number of sessions per user. A sign-in beyond it ends the oldest session.',
  }),
  nearCache: onOff().prefault('off').meta({
    env: 'NEAR_CACHE',
    description:
      'Whether this process keeps sessions that Redis has confirmed in memory for 5 s, so that checking them needs no Redis command: `on` or `off`. Another instance then refuses a revoked session up to 1 s after the answer to the revocation. See docs/near-cache.md.',
  }),
  nearCacheMaxSessions: positiveInteger().prefault('50000').meta({
    env: 'NEAR_CACHE_MAX',
    description:
      'Maximum number of sessions in the near cache. A session with its profile takes about 2 KiB.',
  }),
  profileTtlSeconds: durationSeconds().prefault('30m').meta({
    env: 'PROFILE_TTL',
    description: 'Lifetime of a cached profile.',
  }),
  blacklistTtlSeconds: durationSeconds().prefault('24h').meta({
    env: 'BLACKLIST_TTL',
    description:
      "Maximum lifetime of a revoked session's tombstone in Redis. A tombstone lives until 1 minute after the last access token of its session has expired: with `JWT_EXPIRES_IN=15m` at most 16 minutes. It lives at least 5 s with any value, so that a write in flight to Redis finds it. The maximum does not apply while Postgres is unavailable.",
  }),
  publicUrl: publicUrl()
    .optional()
    .meta({
      env: 'PUBLIC_URL',
      description:
        'The address at which clients reach the API: the claim `iss` of access tokens, and the addresses in `/.well-known/oauth-authorization-server`. It may have a path: docs/public-address.md. Tokens that were issued before it was set stay valid; change it at all instances at once.',
      examples: ['https://auth.example.com', 'https://example.com/auth'],
      unset: '`iss` is `latchkey`, and there is no such document',
    }),
  introspectionClients: clientList()
    .default([])
    .meta({
      env: 'INTROSPECTION_CLIENTS',
      secret: true,
      description:
        'Services that may call `/api/auth/introspect`, `/api/auth/revocations` and `/api/auth/sessions/{id}/attributes` with HTTP Basic: `id:secret,id:secret`, with secrets of at least 16 characters.',
      examples: ['billing:a-long-random-secret'],
      unset: 'no client',
    }),
  maxRevocationSubscribers: positiveInteger().prefault('1000').meta({
    env: 'MAX_REVOCATION_SUBSCRIBERS',
    description:
      'Maximum number of open streams of revocations (`/api/auth/revocations`) of this instance. Further ones are refused by 503. A service needs one for each of its processes.',
  }),
};
