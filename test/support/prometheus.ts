import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../tools/local/ports.mjs';
import { Server } from '../../tools/local/server.mjs';
import { programOfPackage } from './debian-package';
import { newLogFile } from './run-logs';
import { sharedStores } from './shared-stores';

const READY_DEADLINE_MS = 30_000;
const STOP_GRACE_MS = 5_000;

/** One series of an instant query. */
export interface Series {
  labels: Record<string, string>;
  value: number;
}

/** A real Prometheus that scrapes every second. */
export class TestPrometheus {
  private constructor(
    private readonly origin: string,
    private readonly server: Server,
  ) {}

  /** @param targets addresses, `host:port`, by the name of their scrape job */
  static async start(targets: Record<string, string[]>): Promise<TestPrometheus> {
    const program = await programOfPackage('prometheus', 'prometheus');
    const folder = mkdtempSync(join(sharedStores().folder, 'prometheus-'));
    const configuration = join(folder, 'prometheus.yml');
    // JSON is YAML.
    writeFileSync(
      configuration,
      JSON.stringify({
        global: { scrape_interval: '1s', scrape_timeout: '1s' },
        scrape_configs: Object.entries(targets).map(([job_name, addresses]) => ({
          job_name,
          static_configs: [{ targets: addresses }],
        })),
      }),
    );
    const port = await freePort();
    const server = await Server.spawn(
      program,
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      {
        name: 'Prometheus',
        stopSignal: 'SIGTERM',
        killSignal: 'SIGKILL',
        graceMs: STOP_GRACE_MS,
        logFile: newLogFile('prometheus'),
      },
    );
    const origin = `http://127.0.0.1:${port}`;
    await server.waitUntil(() => isReady(origin), { deadlineMs: READY_DEADLINE_MS });
    return new TestPrometheus(origin, server);
  }

  /** The series that an expression has now. @throws Error for an expression that is wrong */
  async query(expression: string): Promise<Series[]> {
    const query = new URLSearchParams({ query: expression }).toString();
    const response = await fetch(`${this.origin}/api/v1/query?${query}`);
    const answer = (await response.json()) as {
      error?: string;
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    if (!answer.data) {
      throw new Error(`${answer.error ?? 'no answer'}: ${expression}`);
    }
    return answer.data.result.map(({ metric, value: [, text] }) => ({
      labels: metric,
      value: Number(text),
    }));
  }

  /** The values of a label, like the query of a variable of a dashboard. */
  async labelValues(selector: string, label: string): Promise<string[]> {
    const query = new URLSearchParams({ 'match[]': selector }).toString();
    const response = await fetch(`${this.origin}/api/v1/label/${label}/values?${query}`);
    return ((await response.json()) as { data: string[] }).data;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

async function isReady(origin: string): Promise<boolean> {
  try {
    return (await fetch(`${origin}/-/ready`)).ok;
  } catch {
    return false;
  }
}
