// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Failure } from '../../tools/local/failure.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { SLOTS } from './redis-servers.mjs';

const READY_DEADLINE_MS = 30_000;
const LOOK_MS = 100;

/**
 * Starts a Redis Cluster of masters without replicas.
 * @param {import('./workplace.mjs').Workplace} workplace
 * @param {string} name
 * @param {number} masters
 * @returns {Promise<string[]>} their URLs in the order of their slots, once all of them know all slots
 */
export async function startCluster(workplace, name, masters) {
  /** @type {{ url: string, busPort: number }[]} */
  const nodes = [];
  for (let index = 0; index < masters; index += 1) {
    // The default, ten thousand above the port, may not exist.
    const busPort = await freePort();
    const flags = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
    const { url } = await workplace.redis(`${name}-${index}`, flags);
    nodes.push({ url, busPort });
  }
  const clients = nodes.map(({ url }) => new Redis(url));
  try {
    await join(clients, nodes);
    await untilComplete(clients, workplace.signal);
  } finally {
    clients.forEach((client) => client.disconnect());
  }
  return nodes.map(({ url }) => url);
}

/**
 * @param {Redis[]} clients
 * @param {{ url: string, busPort: number }[]} nodes
 */
async function join(clients, nodes) {
  const slotsEach = Math.ceil(SLOTS / clients.length);
  for (const [index, client] of clients.entries()) {
    const last = Math.min(SLOTS, (index + 1) * slotsEach) - 1;
    await client.call('CLUSTER', 'ADDSLOTSRANGE', index * slotsEach, last);
    // Without it the nodes would begin with equal epochs and have to agree first.
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
  }
  for (const { url, busPort } of nodes.slice(1)) {
    const { hostname, port } = new URL(url);
    await clients[0]?.call('CLUSTER', 'MEET', hostname, port, busPort);
  }
}

/**
 * @param {Redis[]} clients
 * @param {AbortSignal} signal
 */
async function untilComplete(clients, signal) {
  const deadline = Date.now() + READY_DEADLINE_MS;
  const isComplete = async (/** @type {Redis} */ client) =>
    String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok');
  while (!(await Promise.all(clients.map(isComplete))).every(Boolean)) {
    signal.throwIfAborted();
    if (Date.now() >= deadline) {
      throw new Failure(`The Redis Cluster was not complete within ${READY_DEADLINE_MS / 1000} s.`);
    }
    await sleep(LOOK_MS);
  }
}
