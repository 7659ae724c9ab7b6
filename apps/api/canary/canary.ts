import { setTimeout as pause } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { AddressInfo, Server } from 'node:net';
import { CanarySession } from '#libs/auth';
import { DependencyUnavailableError, ThrottledLog } from '#libs/common';
import { Settings } from '#libs/config';
import { serializeError } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { revocationOf } from '#libs/session';
import { OutboxFeed } from '#libs/sync';
import { originsOf, statusAt } from './peers';

const INTERVAL_MS = 60_000;
const POLL_MS = 50;
const LIMIT_MS = 10_000;

/**
 * Measures what is promised: once a minute it opens a session of a reserved subject, ends it, and sees how long after
 * that every instance, and the stream of revocations, go on without the end.
 */
@Injectable()
export class Canary implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Canary');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly stopping = new AbortController();
  /** Called for each session that the stream names. */
  private readonly named = new Map<string, () => void>();
  /** After this time a session that is still accepted counts as late. */
  limitMs = LIMIT_MS;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly sessions: CanarySession,
    private readonly feed: OutboxFeed,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
    private readonly adapter: HttpAdapterHost,
  ) {}

  onApplicationBootstrap(): void {
    this.feed.onRead({
      read: ({ entries }) => {
        for (const entry of entries) {
          const revocation = this.named.size > 0 ? revocationOf(entry) : null;
          if (revocation?.kind === 'session') {
            this.named.get(revocation.sessionId)?.();
          }
        }
      },
      complete: () => undefined,
      reset: () => undefined,
    });
    if (this.settings.canary) {
      this.timer = setInterval(() => this.start(), INTERVAL_MS).unref();
    }
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  /**
   * Measures once. A store that is away, or a peer that does not accept the session to begin with, counts as
   * `unmeasured`.
   */
  async run(): Promise<void> {
    await this.feed.start();
    const { session, accessToken } = await this.sessions.open();
    const accepting: string[] = [];
    for (const origin of await this.peers()) {
      if ((await statusAt(origin, accessToken)) === 200) {
        accepting.push(origin);
      } else {
        this.metrics.revocations.canary('unmeasured');
      }
    }
    const inStream = new Promise<void>((resolve) => this.named.set(session.id, resolve));
    try {
      await this.sessions.end(session);
      const endedMs = performance.now();
      await Promise.all([
        this.observe('stream', endedMs, () => inStream),
        ...accepting.map((origin) =>
          this.observe('verify', endedMs, (signal) => this.refusedAt(origin, accessToken, signal)),
        ),
      ]);
    } finally {
      this.named.delete(session.id);
    }
  }

  private start(): void {
    this.running ??= this.run()
      .catch((error: unknown) => {
        this.metrics.revocations.canary('unmeasured');
        if (!this.stopping.signal.aborted && !(error instanceof DependencyUnavailableError)) {
          this.errors.write({ err: serializeError(error) }, 'the canary could not measure');
        }
      })
      .finally(() => (this.running = undefined));
  }

  private async observe(
    path: 'verify' | 'stream',
    endedMs: number,
    isReached: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const limit = new AbortController();
    const signal = AbortSignal.any([limit.signal, this.stopping.signal]);
    const late = pause(this.limitMs, 'late' as const, { signal }).catch(() => 'stopped' as const);
    const outcome = await Promise.race([isReached(signal).then(() => 'reached' as const), late]);
    limit.abort();
    if (outcome === 'stopped') {
      return;
    }
    this.metrics.revocations.canary(outcome);
    this.metrics.revocations.reached(path, performance.now() - endedMs);
    if (outcome === 'late') {
      this.logger.error(`a revoked session was not refused within ${this.limitMs} ms (${path})`);
    }
  }

  /** A peer that does not answer does not accept the session either. */
  private async refusedAt(origin: string, token: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await statusAt(origin, token)) === 200) {
      await pause(POLL_MS);
    }
  }

  private async peers(): Promise<string[]> {
    const { canaryPeers } = this.settings;
    if (canaryPeers.length > 0) {
      return originsOf(canaryPeers);
    }
    const server = this.adapter.httpAdapter.getHttpServer() as Server;
    const { address, family, port } = server.address() as AddressInfo;
    const isAny = address === '::' || address === '0.0.0.0';
    const host = isAny ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
    return [`http://${host}:${port}`];
  }
}
