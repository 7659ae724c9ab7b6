import { randomUUID } from 'node:crypto';
import { client } from './hey-api/client.gen.js';
import { getProfile, login, logout, register, type Problem } from './hey-api/index.js';

const [baseUrl = 'http://localhost:3000'] = process.argv.slice(2);
client.setConfig({ baseUrl });
const account = { email: `${randomUUID()}@example.com`, password: 'correct horse battery staple' };

const registered = await register({ body: account });
const { user } = registered.data ?? fail(registered.error);
console.log(`registered ${user.email}`);

const signedIn = await login({ body: account });
const { accessToken } = signedIn.data ?? fail(signedIn.error);
client.setConfig({ auth: accessToken });

for (let reads = 0; reads < 2; reads++) {
  const { data, error, response } = await getProfile();
  const { role } = data ?? fail(error);
  console.log(`profile of a ${role}: ${response?.headers.get('x-cache')}`);
}

const signedOut = await logout();
console.log(`signed out: ${signedOut.response?.status}`);

const { error } = await getProfile();
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
