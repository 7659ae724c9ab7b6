import { createVerifier } from '@latchkey/verifier';
import { requireSession } from '@latchkey/verifier/fastify';
import Fastify from 'fastify';
import { isActive, issuer } from './issuer.mjs';
import { profileOf } from './users.mjs';

/** A route of Fastify, with the check that CHECK names. */

const PROFILE = profileOf(0);

async function introspect(request, reply) {
  if (!(await isActive(request.headers.authorization))) {
    return reply.code(401).send({ message: 'Not signed in' });
  }
}

const checks = {
  bare: () => [],
  verifier: () => [requireSession(createVerifier(issuer))],
  introspection: () => [introspect],
};

const app = Fastify();
app.get('/api/auth/profile', { onRequest: checks[process.env.CHECK]() }, async () => PROFILE);
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
