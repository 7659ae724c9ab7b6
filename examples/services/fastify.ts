import { createVerifier } from '@latchkey/verifier';
import { requireSession, sessionOf } from '@latchkey/verifier/fastify';
import fastify from 'fastify';
import { latchkey, port } from './settings.js';

const verifier = createVerifier(latchkey);
const app = fastify();

app.addHook('onRequest', requireSession(verifier));
app.get('/orders', (request) => ({
  service: 'Fastify',
  ordersOf: sessionOf(request).userId,
}));

await app.listen({ port, host: '127.0.0.1' });
