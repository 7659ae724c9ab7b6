import { URLSearchParams } from 'node:url';

/** Latchkey, for the servers of `bench/checks.mjs`: the options of a verifier, and introspection (RFC 7662) by fetch. */
export const issuer = {
  url: process.env.LATCHKEY_URL,
  clientId: 'bench',
  clientSecret: process.env.CLIENT_SECRET,
};

const credentials = Buffer.from(`${issuer.clientId}:${issuer.clientSecret}`).toString('base64');

/** @param {string | undefined} authorization header field of the request */
export async function isActive(authorization = '') {
  const response = await fetch(`${issuer.url}/api/auth/introspect`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ token: authorization.slice('Bearer '.length) }),
  });
  return (await response.json()).active === true;
}
