/** The introduction of the document, in Markdown. */
export const DESCRIPTION = `
Latchkey registers and signs in users, issues access tokens, keeps sessions, caches profiles and revokes
sessions immediately.

**Where to begin**

1. Call \`POST /api/auth/register\` and copy \`accessToken\` of the answer.
2. Press **Authorize** and paste it under \`bearer\`.
3. Call \`GET /api/auth/profile\`: \`X-Cache\` is \`MISS\` once, then \`HIT\`.
4. Call \`POST /api/auth/logout\`, then the profile again: the answer is 401 \`token_revoked\`.

Errors are \`application/problem+json\` (RFC 9457). Each has a stable \`code\`; each response lists its codes.
`.trim();

/** The tags of controllers, in the order in which Swagger UI shows them. */
export const TAGS: Record<string, string> = {
  Authentication: 'Register, sign in, refresh tokens, sign out.',
  Sessions: 'Your sessions: one for each device.',
  Profile: 'Your profile, avatar and password.',
  'Audit events': 'Sign-ins, refused attempts and changes of your account.',
  'Gateways and services': 'Verify sessions and tokens for other services.',
  Administration: "Other users' accounts, sessions and events; needs the role `admin`.",
  Health: 'Probes, health and metrics for operators.',
};
