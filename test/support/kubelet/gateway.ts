import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../../tools/local/ports.mjs';
import { Server } from '../../../tools/local/server.mjs';
import { programOfPackage } from '../debian-package';
import { sharedStores } from '../shared-stores';
import { until } from '../until';
import type { Pod } from './pod';

const STOP_GRACE_MS = 3_000;
const GENERATION = '/_generation';
const TEMPORARY_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** With it the gateway marks its own answers while no pod is an endpoint. */
export const NO_ENDPOINTS = 'x-no-endpoints';

/**
 * A real nginx in front of the pods that are endpoints, as an ingress controller. A change of the endpoints reaches it after a
 * delay, as through the API server. It never repeats a request at another pod, so that each failure shows.
 */
export class Gateway {
  private readonly pods = new Set<Pod>();
  /** The ports of the endpoints that nginx was told last. */
  private current = '';
  private stopped = false;
  private changing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly server: Server,
    private readonly folder: string,
    readonly port: number,
    private readonly delayMs: number,
  ) {}

  /** @param delayMs from a change of the endpoints until nginx has it */
  static async start(delayMs: number): Promise<Gateway> {
    const program = await programOfPackage('nginx', 'nginx-light');
    const folder = mkdtempSync(join(sharedStores().folder, 'gateway-'));
    const port = await freePort();
    writeFileSync(join(folder, 'nginx.conf'), configuration(port, []));
    // Workers of an nginx of root would be another user, who may not enter this folder.
    const user = process.getuid?.() === 0 ? 'user root; ' : '';
    const globals = `${user}daemon off; pid nginx.pid; error_log stderr;`;
    const server = await Server.spawn(
      program,
      ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf'), '-g', globals],
      {
        name: 'nginx',
        stopSignal: 'SIGTERM',
        killSignal: 'SIGKILL',
        graceMs: STOP_GRACE_MS,
        logFile: join(folder, 'nginx.log'),
      },
    );
    const gateway = new Gateway(server, folder, port, delayMs);
    await until('nginx answers', () => gateway.answers());
    return gateway;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What nginx has complained about. */
  get log(): string {
    return this.server.log;
  }

  /** Takes up the state of a pod, after the delay. */
  onEndpoint(pod: Pod): void {
    this.pods.add(pod);
    const ports = this.endpoints();
    this.changing = Promise.all([this.changing, pause(this.delayMs)]).then(() => this.apply(ports));
  }

  /** Resolves when nginx has the present endpoints, and no worker with earlier ones is left. */
  async settled(): Promise<void> {
    await until('nginx has the endpoints', async () => {
      await this.changing;
      const isCurrent = this.current === this.endpoints().join();
      return (
        isCurrent &&
        (await this.generation()) === generationOf(this.current) &&
        this.workers() === 1
      );
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.changing;
    await this.server.stop();
  }

  private endpoints(): number[] {
    return [...this.pods].filter(({ isEndpoint }) => isEndpoint).map(({ port }) => port);
  }

  private apply(ports: readonly number[]): void {
    if (ports.join() !== this.current && !this.stopped) {
      this.current = ports.join();
      writeFileSync(join(this.folder, 'nginx.conf'), configuration(this.port, ports));
      process.kill(this.server.pid, 'SIGHUP');
    }
  }

  private async answers(): Promise<boolean> {
    return (await this.generation()) === generationOf(this.current);
  }

  private async generation(): Promise<string> {
    return fetch(`${this.origin}${GENERATION}`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      () => '',
    );
  }

  /** Processes of nginx beside the first one. */
  private workers(): number {
    const { pid } = this.server;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children.split(' ').length;
  }
}

/** Names one set of endpoints. */
function generationOf(ports: string): string {
  return `endpoints: ${ports}`;
}

function configuration(port: number, ports: readonly number[]): string {
  const servers = ports.map((one) => `server 127.0.0.1:${one} max_fails=0;`).join(' ');
  const paths = TEMPORARY_PATHS.map((name) => `${name}_temp_path ${name};`).join(' ');
  const noEndpoints = `add_header ${NO_ENDPOINTS} 1 always; return 503;`;
  const proxy = `
      proxy_pass http://pods;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_next_upstream off;`;
  return `
worker_processes 1;
events {}
http {
  access_log off; ${paths}
  ${ports.length > 0 ? `upstream pods { ${servers} keepalive 32; }` : ''}
  server {
    listen 127.0.0.1:${port};
    location / { ${ports.length > 0 ? proxy : noEndpoints} }
    location = ${GENERATION} { return 200 "${generationOf(ports.join())}"; }
  }
}
`;
}
