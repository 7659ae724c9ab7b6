import { env } from 'node:process';

/** Where Latchkey is, and this service as a client of its INTROSPECTION_CLIENTS. */
export const latchkey = {
  url: env.LATCHKEY_URL ?? 'http://localhost:3000',
  clientId: env.LATCHKEY_CLIENT_ID ?? '',
  clientSecret: env.LATCHKEY_CLIENT_SECRET ?? '',
};

export const port = Number(env.PORT ?? 4000);
