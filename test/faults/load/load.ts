import { setTimeout as pause } from 'node:timers/promises';
import { newEmail } from '../../support/app';
import { lasting } from '../../support/long-tests';
import type { Cluster } from '../cluster';
import { History } from '../history';
import type { Instance } from '../instance';
import type { Account, Device } from './account';
import { Actions } from './actions';
import type { Random } from './random';

export interface LoadOptions {
  random: Random;
  accounts?: number;
  /** Clients that make one request after another. */
  clients?: number;
  /** The weights of the actions, where they differ from the default. */
  weights?: Partial<typeof WEIGHTS>;
  /** Instances that requests may go to at the moment. All when absent. */
  targets?: () => readonly Instance[];
}

const ACCOUNTS = 4;
const CLIENTS = 6;
/** Sessions of one user: fewer would give too few collisions, more would make them rarer. */
const FEWEST_DEVICES = 1;
const MOST_DEVICES = 4;
/** Between two requests of a client: the machine must not be too busy for the deadlines. */
const THINK_MS = 12;
/** The same while the script waits for servers, not for requests: many more requests of the same state would show nothing. */
const THINK_WHILE_WAITING_MS = lasting(48, 12);
/** The share of requests that use an ended session. */
const RETIRED_SHARE = 0.35;
/** Ended sessions whose tokens are tried at once after a revoke. */
const PROBED = 2;

const WEIGHTS = {
  verify: 30,
  'read-profile': 22,
  'write-profile': 8,
  refresh: 6,
  login: 6,
  'list-sessions': 3,
  logout: 5,
  'delete-session': 3,
  'logout-all': 1.2,
  'logout-others': 1.2,
  'change-password': 0.8,
  'revoke-by-admin': 0.8,
};

/** Clients of a few users, on all instances at once, until they are stopped. */
export class Load {
  readonly history = new History();
  private readonly accounts: Account[] = [];
  private admin: Device | null = null;
  private clients: Promise<void>[] = [];
  private stopping = false;
  /** Calls that wait for requests. */
  private expecting = 0;

  private constructor(
    private readonly cluster: Cluster,
    private readonly options: LoadOptions,
  ) {}

  /** Registers the users, on two devices each, and an administrator; then starts the clients. */
  static async start(cluster: Cluster, options: LoadOptions): Promise<Load> {
    const load = new Load(cluster, options);
    await load.prepare();
    const { clients = CLIENTS } = options;
    load.clients = Array.from({ length: clients }, (_, index) =>
      load.run(`client ${index + 1}`, options.random.fork()),
    );
    // A failed client stops the others.
    load.clients.forEach((client) => void client.catch(() => (load.stopping = true)));
    return load;
  }

  /** All sign-ins so far, also those that have ended. */
  get devices(): readonly Device[] {
    return this.accounts.flatMap(({ devices }) => devices);
  }

  /** Resolves when this many more requests have been answered. */
  async goesOn(requests: number): Promise<void> {
    this.expecting += 1;
    try {
      await Promise.race([this.history.grown(requests), Promise.all(this.clients)]);
    } finally {
      this.expecting -= 1;
    }
  }

  /** Waits for requests in flight; then every token of the run is tried once more. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.clients);
    const actions = new Actions(this.history, 'last check', this.admin);
    const looking = this.accounts.map(async ({ devices }) => {
      for (const device of devices) {
        await this.onAll((instance) => actions.verify(instance, device));
      }
    });
    await Promise.all(looking);
  }

  private async prepare(): Promise<void> {
    const { accounts = ACCOUNTS } = this.options;
    const actions = new Actions(this.history, 'preparation', null);
    const [on, other] = this.cluster.instances as [Instance, Instance];
    const registering = Array.from({ length: accounts }, async () => {
      const account = await actions.register(on, newEmail());
      await actions.login(other, account, 0);
      return account;
    });
    this.accounts.push(...(await Promise.all(registering)));
    const admin = await actions.register(on, newEmail());
    await this.cluster.database.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [admin.id]);
    this.admin = await actions.login(on, admin, 0);
  }

  private async run(name: string, random: Random): Promise<void> {
    const actions = new Actions(this.history, name, this.admin);
    while (!this.stopping) {
      const instance = random.pick(this.options.targets?.() ?? this.cluster.instances);
      if (instance) {
        await this.step(actions, instance, random);
      }
      await pause(random.below(this.expecting > 0 ? THINK_MS : THINK_WHILE_WAITING_MS));
    }
  }

  private async step(actions: Actions, on: Instance, random: Random): Promise<void> {
    const account = random.pick(this.accounts)!;
    const { live } = account;
    const device = this.deviceOf(account, random);
    const op =
      live.length < FEWEST_DEVICES || !device
        ? 'login'
        : random.weighted({ ...WEIGHTS, ...this.options.weights });
    if (op === 'login' || !device) {
      if (live.length < MOST_DEVICES) {
        await actions.login(on, account, random.pick(account.passwords)!);
      }
      return;
    }
    switch (op) {
      case 'verify':
        return actions.verify(on, device);
      case 'read-profile':
        return actions.readProfile(on, device);
      case 'refresh':
        return actions.refresh(on, device);
      case 'list-sessions':
        return actions.listSessions(on, device);
      case 'write-profile':
        return this.readEverywhere(await actions.writeProfile(on, device), actions, device);
      case 'logout':
        return this.probe(actions, await actions.logout(on, device));
      case 'logout-all':
        return this.probe(actions, await actions.logoutAll(on, device));
      case 'logout-others':
        return this.probe(actions, await actions.logoutOthers(on, device));
      case 'delete-session':
        return this.probe(
          actions,
          await actions.deleteSession(on, device, random.pick(account.devices)!),
        );
      case 'change-password':
        return this.probe(actions, await actions.changePassword(on, device));
      case 'revoke-by-admin':
        return this.probe(actions, await actions.revokeByAdmin(on, account));
    }
  }

  private deviceOf(account: Account, random: Random): Device | undefined {
    return random.chance(RETIRED_SHARE)
      ? // Recent ones more often: a fault of a moment ago may not be corrected yet.
        random.pick(random.chance(0.5) ? account.retired.slice(-3) : account.retired)
      : random.pick(account.live);
  }

  /** A broken rule shows in the moment after the answer. */
  private async probe(actions: Actions, ended: readonly Device[]): Promise<void> {
    for (const device of ended.slice(-PROBED)) {
      await Promise.all([
        this.onAll((instance) => actions.verify(instance, device)),
        this.onAll((instance) => actions.readProfile(instance, device)),
      ]);
    }
  }

  private async readEverywhere(wrote: boolean, actions: Actions, device: Device): Promise<void> {
    if (wrote) {
      await this.onAll((instance) => actions.readProfile(instance, device));
    }
  }

  private async onAll(ask: (instance: Instance) => Promise<void>): Promise<void> {
    const targets = this.options.targets?.() ?? this.cluster.instances;
    await Promise.all(targets.map(ask));
  }
}
