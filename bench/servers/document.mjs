import express from 'express';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import { profileOf } from './users.mjs';

/**
 * The design of the document that Latchkey is based on: one session per user, a set of the user's tokens, a blacklist
 * of tokens, a cached profile; every request reads each of them.
 */

const TTL = {
  SESSION: 24 * 60 * 60,
  USER_PROFILE: 30 * 60,
  TOKEN_BLACKLIST: 24 * 60 * 60,
};

const redis = new Redis(process.env.REDIS_URL);

const redisService = {
  async storeSession(userId, token, userData) {
    const pipeline = redis.pipeline();
    pipeline.setex(`session:${userId}`, TTL.SESSION, JSON.stringify({ token, ...userData }));
    pipeline.sadd(`user:tokens:${userId}`, token);
    pipeline.expire(`user:tokens:${userId}`, TTL.SESSION);
    await pipeline.exec();
  },

  async validateToken(userId, token) {
    if (await redis.exists(`blacklist:${token}`)) {
      return false;
    }
    const session = await redis.get(`session:${userId}`);
    return session !== null && (await redis.sismember(`user:tokens:${userId}`, token)) === 1;
  },

  async cacheUserProfile(userId, profile) {
    await redis.setex(`user:profile:${userId}`, TTL.USER_PROFILE, JSON.stringify(profile));
  },

  async getCachedUserProfile(userId) {
    const profile = await redis.get(`user:profile:${userId}`);
    return profile === null ? null : JSON.parse(profile);
  },
};

function signToken(user) {
  return jwt.sign({ userId: user.id, email: user.email }, process.env.JWT_SECRET, {
    expiresIn: '24h',
  });
}

async function authenticate(req, res, next) {
  const token = req.headers.authorization?.split(' ')[1];
  if (!token) {
    return res.status(401).json({ message: 'No token' });
  }
  try {
    const { userId } = jwt.verify(token, process.env.JWT_SECRET);
    if (!(await redisService.validateToken(userId, token))) {
      return res.status(401).json({ message: 'Invalid token' });
    }
    req.userId = userId;
  } catch {
    return res.status(401).json({ message: 'Invalid token' });
  }
  next();
}

const app = express();
app.use(express.json());

app.post('/api/auth/login', async (req, res) => {
  const profile = profileOf(req.body.user);
  const token = signToken(profile);
  await redisService.storeSession(profile.id, token, { email: profile.email, role: profile.role });
  await redisService.cacheUserProfile(profile.id, profile);
  res.json({ accessToken: token });
});

app.get('/api/auth/profile', authenticate, async (req, res) => {
  res.json(await redisService.getCachedUserProfile(req.userId));
});

app.listen(Number(process.env.PORT), '127.0.0.1');
