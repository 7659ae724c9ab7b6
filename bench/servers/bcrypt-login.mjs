import bcrypt from 'bcrypt';
import Fastify from 'fastify';
import { passwordOf, profileOf } from './users.mjs';

/** As the bare argon2id server, with bcrypt and its most common cost. */

const COST = 10;
const USERS = 16;

const hashes = new Map();
for (let user = 0; user < USERS; user += 1) {
  hashes.set(profileOf(user).email, await bcrypt.hash(passwordOf(user), COST));
}

const app = Fastify();
app.post('/api/auth/login', async ({ body: { email, password } }, reply) => {
  const matches = await bcrypt.compare(password, hashes.get(email));
  return matches ? {} : reply.code(401).send({ message: 'Wrong password' });
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
