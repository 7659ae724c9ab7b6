// @ts-check
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));

/**
 * Bundles the page and serves it.
 * @param {{ port: number, latchkeyUrl: string }} options `port` 0 takes a free one
 * @returns {Promise<import('node:http').Server>}
 */
export async function serve({ port, latchkeyUrl }) {
  const { outputFiles } = await build({
    entryPoints: [join(HERE, 'main.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    // In this checkout: the sources of the package, which need no build.
    conditions: ['latchkey-source'],
    define: { LATCHKEY_URL: JSON.stringify(latchkeyUrl) },
  });
  const text = (/** @type {string} */ name) => readFileSync(join(HERE, name), 'utf8');
  /** @type {Record<string, [type: string, content: string]>} */
  const files = {
    '/': ['text/html', text('index.html')],
    '/style.css': ['text/css', text('style.css')],
    '/main.js': ['text/javascript', outputFiles[0]?.text ?? ''],
  };
  const policy = [
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'",
    `frame-ancestors 'none'; connect-src ${latchkeyUrl}`,
  ].join('; ');
  const server = createServer(({ url = '/' }, response) => {
    const [type, content] = files[url] ?? [];
    if (type === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': policy,
      'cache-control': 'no-cache',
    });
    response.end(content);
  }).listen(port, 'localhost');
  await once(server, 'listening');
  return server;
}
