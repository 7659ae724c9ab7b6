import { createVerifier } from '@latchkey/verifier';
import { requireSession, sessionOf } from '@latchkey/verifier/express';
import express from 'express';
import { latchkey, port } from './settings.js';

const verifier = createVerifier(latchkey);
const app = express();

app.use('/orders', requireSession(verifier));
app.get('/orders', (request, response) => {
  response.json({ service: 'Express', ordersOf: sessionOf(request).userId });
});

app.listen(port, '127.0.0.1');
