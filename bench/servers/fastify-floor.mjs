import fastifyJwt from '@fastify/jwt';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { profileOf } from './users.mjs';

/** The minimum of a check on every request: a signature, and one MGET for session and profile. */

const DAY_SECONDS = 24 * 60 * 60;
const HALF_HOUR_SECONDS = 30 * 60;

const redis = new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });
const app = Fastify();
await app.register(fastifyJwt, { secret: process.env.JWT_SECRET });

const sessionKey = (user, session) => `floor:session:${user}:${session}`;
const profileKey = (user) => `floor:profile:${user}`;

app.post('/api/auth/login', async ({ body: { user } }) => {
  const profile = profileOf(user);
  const session = randomUUID();
  await redis.set(sessionKey(profile.id, session), '1', 'EX', DAY_SECONDS);
  await redis.set(profileKey(profile.id), JSON.stringify(profile), 'EX', HALF_HOUR_SECONDS);
  const token = app.jwt.sign({ sub: profile.id, sid: session }, { expiresIn: '24h' });
  return { accessToken: token };
});

async function authenticate(request, reply) {
  await request.jwtVerify();
  const { sub, sid } = request.user;
  const [session, profile] = await redis.mget(sessionKey(sub, sid), profileKey(sub));
  if (session === null) {
    return reply.code(401).send({ message: 'The session has ended.' });
  }
  request.profile = profile;
}
app.decorateRequest('profile', null);

app.get('/api/auth/profile', { onRequest: authenticate }, async (request, reply) => {
  reply.type('application/json');
  return request.profile;
});

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
