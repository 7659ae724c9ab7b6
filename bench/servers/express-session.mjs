import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { profileOf } from './users.mjs';

/** express-session with connect-redis: the session, and the profile in it, behind a cookie. */

const redisClient = createClient({ url: process.env.REDIS_URL });
await redisClient.connect();

const app = express();
app.use(express.json());
app.use(
  session({
    store: new RedisStore({ client: redisClient }),
    resave: false,
    saveUninitialized: false,
    secret: process.env.JWT_SECRET,
    cookie: { maxAge: 24 * 60 * 60 * 1000 },
  }),
);

app.post('/api/auth/login', (req, res, next) => {
  req.session.regenerate((error) => {
    if (error) {
      return next(error);
    }
    req.session.user = profileOf(req.body.user);
    res.json({});
  });
});

app.get('/api/auth/profile', (req, res) => {
  if (!req.session.user) {
    return res.status(401).json({ message: 'Not signed in' });
  }
  res.json(req.session.user);
});

app.listen(Number(process.env.PORT), '127.0.0.1');
