import { readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import sharp from 'sharp';
import { avatarForm } from '../support/avatars';
import { picture } from '../support/pictures';
import { askRepeatedly, Meter } from '../faults/load/meter';
import { populate } from '../faults/load/population';
import { send } from '../faults/load/send';
import { useCluster } from '../faults/scenario';

/*
 * Prints the cost of uploads for readers, and their memory; asserts nothing about either:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/uploads.ts'
 */

const READERS = { clients: 16, requests: 4_000 };
const UPLOADERS = 20;
const ROUNDS = 3;
const MIB = 1024 * 1024;

interface Round {
  perSecond: number;
  medianMs: number;
  mostMs: number;
  uploads: number;
  peakMib: number;
}

describe('figures', () => {
  const cluster = useCluster({ env: { TRUST_PROXY: '1' } });
  let tokens: string[];
  let pid: number;
  const lines: string[] = [];

  beforeAll(async () => {
    tokens = await populate(cluster(), 100);
    pid = cluster().instances[0]!.pid!;
    await round([]);
  });

  afterAll(() => {
    process.stdout.write(`\n${lines.join('\n')}\n\n`);
  });

  /** Reads, and beside them uploads of these pictures one after another by each of so many clients. */
  async function round(pictures: Uint8Array[]): Promise<Round> {
    const { origin } = cluster().instances[0]!;
    const meter = new Meter();
    let uploads = 0;
    let reading = true;
    forgetPeak(pid);
    const beganMs = performance.now();
    const uploading = pictures.map(async (content, index) => {
      while (reading) {
        const response = await fetch(`${origin}/api/auth/profile/avatar`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${tokens[index]!}`,
            // One address has only a share of all uploads.
            'x-forwarded-for': `192.0.2.${index}`,
          },
          body: avatarForm(content),
        });
        expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
        uploads += 1;
      }
    });
    await askRepeatedly(meter, READERS, (index) =>
      send(origin, {
        method: 'GET',
        path: '/api/auth/profile',
        token: tokens[50 + (index % 50)]!,
      }),
    );
    const tookMs = performance.now() - beganMs;
    reading = false;
    await Promise.all(uploading);
    expect(meter.failed).toBe(0);
    return {
      perSecond: READERS.requests / (tookMs / 1000),
      medianMs: meter.percentileMs(0.5),
      mostMs: meter.percentileMs(0.99),
      uploads: uploads / ((performance.now() - beganMs) / 1000),
      peakMib: peakKib(pid) / 1024,
    };
  }

  function report(what: string, rounds: Round[]): void {
    const median = (of: (round: Round) => number) =>
      rounds.map(of).sort((one, other) => one - other)[Math.floor(rounds.length / 2)]!;
    lines.push(
      `| ${what} | ${median((one) => one.perSecond).toFixed(0)} | ` +
        `${median((one) => one.medianMs).toFixed(1)} | ${median((one) => one.mostMs).toFixed(1)} | ` +
        `${median((one) => one.uploads).toFixed(1)} | ${median((one) => one.peakMib).toFixed(0)} |`,
    );
  }

  it('of reads beside uploads', async () => {
    const photo = await picture(4000, 3000).blur(2).jpeg({ quality: 90 }).toBuffer();
    const worst = await interlacedPng(5000, 5000);
    lines.push(`photo: 12 megapixels, ${(photo.length / MIB).toFixed(1)} MiB`);
    lines.push(
      `worst: 25 megapixels, interlaced 16-bit PNG, ${(worst.length / MIB).toFixed(1)} MiB`,
    );
    lines.push('| what | reads/s | p50 ms | p99 ms | uploads/s | peak MiB |');
    lines.push('| --- | --- | --- | --- | --- | --- |');
    const quiet: Round[] = [];
    const busy: Round[] = [];
    for (let time = 0; time < ROUNDS; time++) {
      quiet.push(await round([]));
      busy.push(await round(Array.from({ length: UPLOADERS }, () => photo)));
    }
    report('no uploads', quiet);
    report('20 clients upload photos', busy);
    report('20 clients upload the worst', [
      await round(Array.from({ length: UPLOADERS }, () => worst)),
    ]);
  });
});

/** All of it has to be decoded before the first row is known. */
function interlacedPng(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 4, background: '#102030' } })
    .toColourspace('rgb16')
    .png({ progressive: true, compressionLevel: 6 })
    .toBuffer();
}

function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function peakKib(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
