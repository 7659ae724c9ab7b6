// @ts-check
import http from 'node:http';

/*
 * Reads one path again and again over many connections, in a process of its own:
 *   node reader.mjs ORIGIN PATH CONNECTIONS TOKEN...
 * Prints how many answers it got when it is told to stop (SIGTERM).
 */

const [, , origin = '', path = '', connections = '1', ...tokens] = process.argv;
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(connections) });
let answers = 0;
let next = 0;

function read() {
  next += 1;
  const authorization = `Bearer ${tokens[next % tokens.length]}`;
  const request = http.get(
    `${origin}${path}`,
    { agent, headers: { authorization } },
    (response) => {
      response.resume().on('end', () => {
        answers += 1;
        read();
      });
    },
  );
  request.on('error', () => setTimeout(read, 10));
}

for (let connection = 0; connection < Number(connections); connection += 1) {
  read();
}
process.on('SIGTERM', () => {
  process.stdout.write(`${answers}\n`);
  process.exit(0);
});
