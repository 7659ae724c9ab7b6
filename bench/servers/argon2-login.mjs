import argon2 from 'argon2';
import Fastify from 'fastify';
import { passwordOf, profileOf } from './users.mjs';

/** The minimum of a sign-in: verifies one argon2id hash with Latchkey's parameters, and nothing else. */

const OWASP = { type: argon2.argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
const USERS = 16;

const hashes = new Map();
for (let user = 0; user < USERS; user += 1) {
  hashes.set(profileOf(user).email, await argon2.hash(passwordOf(user), OWASP));
}

const app = Fastify();
app.post('/api/auth/login', async ({ body: { email, password } }, reply) => {
  const matches = await argon2.verify(hashes.get(email), password);
  return matches ? {} : reply.code(401).send({ message: 'Wrong password' });
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
