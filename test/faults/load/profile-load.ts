import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../cluster';
import type { Random } from './random';
import { send, type Message } from './send';

/** One read or change of the profile, as its client received it. Instants by the monotonic clock. */
export interface ProfileRequest {
  op: 'read' | 'change';
  instance: string;
  startMs: number;
  endMs: number;
  status: number;
  /** From the ETag; null where the answer has none. */
  version: number | null;
  /** From the body; null for 304 and for errors. */
  bio: string | null;
  /** The version of If-Match; null without one. */
  onlyVersion: number | null;
}

const PATH = '/api/auth/profile';
const CLIENTS = 10;
const CHANGE_SHARE = 0.2;
const CONDITIONAL_SHARE = 0.4;
/** Between two requests of a client. */
const THINK_MS = 6;

/** Many clients of one user, who read and change the same profile on all instances at once. */
export class ProfileLoad {
  readonly requests: ProfileRequest[] = [];
  private readonly clients: Promise<void>[];
  private stopping = false;
  private changes = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly token: string,
    random: Random,
  ) {
    this.clients = Array.from({ length: CLIENTS }, () => this.run(random.fork()));
  }

  /** Resolves when this many more requests have been answered. */
  async goesOn(requests: number): Promise<void> {
    const enough = this.requests.length + requests;
    while (this.requests.length < enough) {
      await pause(THINK_MS);
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.clients);
  }

  private async run(random: Random): Promise<void> {
    let known: string | null = null;
    while (!this.stopping) {
      const condition: string | null = random.chance(CONDITIONAL_SHARE) ? known : null;
      const isChange = random.chance(CHANGE_SHARE);
      const etag: string | null = await (isChange
        ? this.change(condition, random)
        : this.read(condition, random));
      known = etag ?? known;
      await pause(random.below(THINK_MS));
    }
  }

  private async read(ifNoneMatch: string | null, random: Random): Promise<string | null> {
    const headers: Record<string, string> = ifNoneMatch ? { 'if-none-match': ifNoneMatch } : {};
    return this.ask('read', { method: 'GET', path: PATH, headers }, null, random);
  }

  private async change(ifMatch: string | null, random: Random): Promise<string | null> {
    this.changes += 1;
    const headers: Record<string, string> = ifMatch ? { 'if-match': ifMatch } : {};
    const json = { bio: `change ${this.changes}` };
    return this.ask('change', { method: 'PUT', path: PATH, json, headers }, ifMatch, random);
  }

  private async ask(
    op: ProfileRequest['op'],
    message: Message,
    ifMatch: string | null,
    random: Random,
  ): Promise<string | null> {
    const { name, origin } = random.pick(this.cluster.instances)!;
    const startMs = performance.now();
    const { status, etag, body } = await send(origin, { ...message, token: this.token });
    this.requests.push({
      op,
      instance: name,
      startMs,
      endMs: performance.now(),
      status,
      version: versionOf(etag),
      bio: (body as { bio?: string | null } | null)?.bio ?? null,
      onlyVersion: versionOf(ifMatch),
    });
    return etag;
  }
}

function versionOf(etag: string | null): number | null {
  const version = /\.(\d+)"$/.exec(etag ?? '')?.[1];
  return version === undefined ? null : Number(version);
}
