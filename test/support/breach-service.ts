import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The length of the prefix of a hash that the service receives. */
const PREFIX_LENGTH = 5;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface BreachService {
  url: string;
  /** The requests, in order. */
  asked: IncomingMessage[];
  /** Its answers from now on; those of the range API when absent. */
  answer: Answer;
  stop(): Promise<void>;
}

/** SHA-1 in upper case, as the range API has it. */
export function digestOf(password: string): string {
  return createHash('sha1').update(password).digest('hex').toUpperCase();
}

/** A stand-in for "Have I Been Pwned" with these passwords. */
export async function startBreachService(passwords: readonly string[]): Promise<BreachService> {
  const digests = passwords.map(digestOf);
  const server = createServer((request, response) => {
    service.asked.push(request);
    service.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: BreachService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer: ({ url = '' }, response) => {
      const prefix = /^\/range\/([0-9A-F]{5})\?/.exec(url)?.[1];
      const known = digests.filter((digest) => digest.slice(0, PREFIX_LENGTH) === prefix);
      const padding = [`${'0'.repeat(35)}:3`, `${'F'.repeat(35)}:0`];
      const entries = known.map((digest) => `${digest.slice(PREFIX_LENGTH)}:12`);
      response
        .writeHead(prefix === undefined ? 400 : 200)
        .end([...padding, ...entries].join('\r\n'));
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}
