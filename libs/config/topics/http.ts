import { z } from 'zod';
import { contactList } from '../contact-list';
import {
  bucketName,
  httpUrl,
  onOff,
  originList,
  retentionSeconds,
  trustedProxies,
} from '../setting-types';

export const HTTP = {
  trustedProxies: trustedProxies()
    .optional()
    .meta({
      env: 'TRUST_PROXY',
      description:
        'Proxies in front of this process: their number, or their addresses and networks. Only the entries that these proxies write into `X-Forwarded-For` are used.',
      examples: ['1', '10.0.0.0/8,192.168.0.0/16'],
      unset: 'the client address is that of the connection',
    }),
  corsOrigins: originList()
    .default([])
    .meta({
      env: 'CORS_ORIGINS',
      description:
        'Origins of the pages and apps that may call the API from a browser, as browsers send them: no path, no trailing slash, no default port, no wildcard.',
      examples: ['https://app.example.com,http://localhost:5173,capacitor://localhost'],
      unset: 'none',
    }),
  cookies: onOff().prefault('off').meta({
    env: 'COOKIES',
    description:
      'Whether a sign-in may ask for its tokens in cookies that no script can read: `on` or `off`. Requests of pages are then admitted by these cookies. Set `PUBLIC_URL` as browsers see the API. See docs/cookies.md.',
  }),
  hstsSeconds: retentionSeconds()
    .optional()
    .meta({
      env: 'HSTS',
      description:
        'How long browsers use HTTPS only (`Strict-Transport-Security`). Leave it unset where a proxy terminates TLS and sends the header itself.',
      examples: ['365d'],
      unset: 'the header is not sent',
    }),
  docs: onOff()
    .optional()
    .meta({
      env: 'DOCS',
      description:
        'Whether the page at `/`, Swagger UI at `/docs` and the OpenAPI document are served.',
      examples: ['on'],
      unset: 'off in production, on otherwise',
    }),
  securityContacts: contactList()
    .default([])
    .meta({
      env: 'SECURITY_CONTACT',
      description:
        'Where to report a vulnerability: `mailto:` and `https:` addresses, the preferred one first. `/.well-known/security.txt` (RFC 9116) lists them; it expires 180 days after each request.',
      examples: ['mailto:security@example.com,https://example.com/report'],
      unset: 'there is no such document',
    }),
};

export const AVATARS = {
  avatarDir: z.string().prefault('.data/avatars').meta({
    env: 'AVATAR_DIR',
    description:
      'Directory of the avatars. All instances need the same one, or a bucket. In a container set it to a volume.',
  }),
  avatarS3Bucket: bucketName()
    .optional()
    .meta({
      env: 'AVATAR_S3_BUCKET',
      description: 'Bucket of an S3-compatible service for the avatars. It replaces `AVATAR_DIR`.',
      examples: ['latchkey-avatars'],
      unset: 'avatars are stored in `AVATAR_DIR`',
    }),
  avatarS3Region: z.string().prefault('us-east-1').meta({
    env: 'AVATAR_S3_REGION',
    description: 'Region of the bucket.',
  }),
  avatarS3Endpoint: httpUrl()
    .optional()
    .meta({
      env: 'AVATAR_S3_ENDPOINT',
      description: 'Address of the S3-compatible service.',
      examples: ['https://s3.example.com'],
      unset: "Amazon's service",
    }),
  avatarS3AccessKeyId: z.string().optional().meta({
    env: 'AVATAR_S3_ACCESS_KEY_ID',
    secret: true,
    description: 'Id of the access key for the bucket. Set both halves of the key, or neither.',
    unset: 'the AWS SDK searches for credentials in its usual places',
  }),
  avatarS3SecretAccessKey: z.string().optional().meta({
    env: 'AVATAR_S3_SECRET_ACCESS_KEY',
    secret: true,
    description: 'Secret of the access key for the bucket.',
    unset: 'as with `AVATAR_S3_ACCESS_KEY_ID`',
  }),
};
