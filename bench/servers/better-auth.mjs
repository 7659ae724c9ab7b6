import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { fromNodeHeaders } from 'better-auth/node';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import pg from 'pg';
import { passwordOf, profileOf } from './users.mjs';

/** better-auth on Fastify: users in Postgres, sessions in Redis as its secondary storage. */

const redis = new Redis(process.env.REDIS_URL);

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: process.env.JWT_SECRET,
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL }),
  secondaryStorage: {
    get: (key) => redis.get(key),
    getAndDelete: (key) => redis.getdel(key),
    increment: async (key, ttl) => {
      const [[, count]] = await redis.multi().incr(key).expire(key, ttl, 'NX').exec();
      return count;
    },
    set: async (key, value, ttl) => {
      await (ttl ? redis.set(key, value, 'EX', ttl) : redis.set(key, value));
    },
    delete: async (key) => {
      await redis.del(key);
    },
  },
  emailAndPassword: { enabled: true },
  user: {
    additionalFields: {
      bio: { type: 'string', required: false },
      role: { type: 'string', defaultValue: 'user', input: false },
    },
  },
  advanced: { database: { generateId: 'uuid' } },
  // Counts requests, but refuses none of the bench.
  rateLimit: { customRules: { '/sign-in/email': { window: 10, max: 1_000_000 } } },
  telemetry: { enabled: false },
});
await (await getMigrations(auth.options)).runMigrations();

const app = Fastify();

app.post('/api/auth/login', async ({ body: { user } }, reply) => {
  const { email, displayName, bio } = profileOf(user);
  const { headers } = await auth.api.signUpEmail({
    body: { email, password: passwordOf(user), name: displayName, bio },
    returnHeaders: true,
  });
  reply.header('set-cookie', headers.getSetCookie());
  return {};
});

app.get('/api/auth/profile', async (request, reply) => {
  const session = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
  if (session === null) {
    return reply.code(401).send({ message: 'Not signed in' });
  }
  const { id, email, name, bio, image, role, createdAt, updatedAt } = session.user;
  return {
    id,
    email,
    displayName: name,
    bio,
    avatarUrl: image ?? null,
    role,
    createdAt,
    updatedAt,
  };
});

app.route({
  method: ['GET', 'POST'],
  url: '/api/auth/*',
  async handler(request, reply) {
    const url = new URL(request.url, `http://${request.headers.host}`);
    const headers = fromNodeHeaders(request.headers);
    const response = await auth.handler(
      new Request(url, {
        method: request.method,
        headers,
        ...(request.body ? { body: JSON.stringify(request.body) } : {}),
      }),
    );
    reply.status(response.status);
    response.headers.forEach((value, key) => reply.header(key, value));
    return reply.send(response.body ? await response.text() : null);
  },
});

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
