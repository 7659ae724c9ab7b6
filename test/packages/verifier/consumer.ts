/**
 * Programs of a service that installed the package. They are compiled and run outside this checkout, as ES modules and
 * as CommonJS. The connection to the issuer must not keep the process alive: nothing here closes the verifier.
 */
export const USES_CORE = `
import { createServer } from 'node:http';
import { createVerifier, TokenRevokedError, type VerifiedSession, type VerifierEvent } from '@latchkey/verifier';
import { requireSession as forExpress, sessionOf } from '@latchkey/verifier/express';
import { requireSession as forFastify } from '@latchkey/verifier/fastify';
import { startFakeIssuer, type FakeIssuer } from '@latchkey/verifier/testing';
import { admitSocket, CLOSE_UNAUTHORIZED } from '@latchkey/verifier/ws';

const events: VerifierEvent[] = [];
const verifier = createVerifier({
  url: process.env.ISSUER_URL ?? '',
  clientId: process.env.ISSUER_CLIENT ?? '',
  clientSecret: process.env.ISSUER_SECRET ?? '',
  onEvent: (event) => events.push(event),
});
const middleware = forExpress(verifier);
export const server = createServer((request, response) => {
  middleware(request, response, () => response.end(sessionOf(request).userId));
});
export const unused: unknown[] = [forFastify(verifier), startFakeIssuer, admitSocket, CLOSE_UNAUTHORIZED];
export type Unused = FakeIssuer;

async function main(): Promise<void> {
  const session: VerifiedSession = await verifier.verify(process.env.TOKEN);
  const userId: string = session.userId;
  const refused = await verifier.verify(process.env.ENDED_TOKEN).catch((error: unknown) => error);
  const signal: AbortSignal = verifier.onSessionEnd(session);
  const isRight = refused instanceof TokenRevokedError && refused.status === 401 && !signal.aborted;
  console.log(isRight ? userId : String(refused));
}
void main();
`;

export const USES_NEST = `
import { CurrentSession, LatchkeyVerifierModule, SessionGuard, SessionSockets } from '@latchkey/verifier/nest';
import type { DynamicModule } from '@nestjs/common';

export const module_: DynamicModule = LatchkeyVerifierModule.forRoot({ url: 'http://localhost', clientId: 'a', clientSecret: 'b' });
export const others: unknown[] = [CurrentSession(), SessionGuard, SessionSockets];
console.log(module_.exports?.length);
`;
