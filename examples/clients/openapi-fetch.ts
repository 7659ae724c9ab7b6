import { randomUUID } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Problem = components['schemas']['Problem'];

const [baseUrl = 'http://localhost:3000'] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl });
const account = { email: `${randomUUID()}@example.com`, password: 'correct horse battery staple' };

const registered = await client.POST('/api/auth/register', { body: account });
const { user } = registered.data ?? fail(registered.error);
console.log(`registered ${user.email}`);

const signedIn = await client.POST('/api/auth/login', { body: account });
const { accessToken } = signedIn.data ?? fail(signedIn.error);
const headers = { authorization: `Bearer ${accessToken}` };

for (let reads = 0; reads < 2; reads++) {
  const { data, error, response } = await client.GET('/api/auth/profile', { headers });
  const { role } = data ?? fail(error);
  console.log(`profile of a ${role}: ${response.headers.get('x-cache')}`);
}

const signedOut = await client.POST('/api/auth/logout', { headers });
console.log(`signed out: ${signedOut.response.status}`);

const { error } = await client.GET('/api/auth/profile', { headers });
switch (error?.code) {
  case 'token_revoked':
    console.log(`refused: ${error.status} ${error.code}`);
    break;
  case 'token_missing':
  case 'token_invalid':
  case 'token_expired':
    fail(error);
    break;
  default:
    throw new Error('the session still works');
}

function fail(problem: Problem | undefined): never {
  throw new Error(`${problem?.code}: ${problem?.detail}`);
}
