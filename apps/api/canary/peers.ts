import { lookup } from 'node:dns/promises';

/** Milliseconds within which a peer must answer. */
const DEADLINE_MS = 2_000;
const VERIFY = '/api/auth/verify';

/**
 * The addresses behind each origin: a host name of several instances, such as that of a headless Service of Kubernetes,
 * stands for all of them. With https a certificate names the host, so its name is kept.
 * @throws an error of the resolver
 */
export async function originsOf(peers: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    peers.map(async (peer) => {
      const url = new URL(peer);
      if (url.protocol === 'https:') {
        return [url.origin];
      }
      const addresses = await lookup(url.hostname.replace(/^\[(.*)\]$/, '$1'), { all: true });
      return addresses.map(({ address, family }) => {
        url.hostname = family === 6 ? `[${address}]` : address;
        return url.origin;
      });
    }),
  );
  return [...new Set(found.flat())];
}

/** @returns the status with which a peer answers `verify` for a token; 0 without an answer in time. */
export async function statusAt(origin: string, token: string): Promise<number> {
  try {
    const response = await fetch(`${origin}${VERIFY}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}
