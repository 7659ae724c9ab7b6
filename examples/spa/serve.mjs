// @ts-check
import { serve } from './page-server.mjs';

const { PORT = '5173', LATCHKEY_URL = 'http://localhost:3000' } = process.env;
await serve({ port: Number(PORT), latchkeyUrl: LATCHKEY_URL });
console.log(`http://localhost:${PORT} uses Latchkey at ${LATCHKEY_URL}`);
