import { createVerifier } from '@latchkey/verifier';
import { requireSession } from '@latchkey/verifier/express';
import express from 'express';
import { isActive, issuer } from './issuer.mjs';
import { profileOf } from './users.mjs';

/** A route of Express, with the check that CHECK names. */

const PROFILE = profileOf(0);

async function introspect(request, response, next) {
  if (await isActive(request.headers.authorization)) {
    return next();
  }
  response.status(401).json({ message: 'Not signed in' });
}

const checks = {
  bare: () => [],
  verifier: () => [requireSession(createVerifier(issuer))],
  introspection: () => [introspect],
};

const app = express();
app.get('/api/auth/profile', ...checks[process.env.CHECK](), (_request, response) => {
  response.json(PROFILE);
});
app.listen(Number(process.env.PORT), '127.0.0.1');
