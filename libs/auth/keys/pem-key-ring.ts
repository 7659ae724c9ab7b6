import type { KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SettingsError } from '#libs/config';
import { errorText } from '#libs/log';
import type { Es256Key } from './es256-key';
import { hasKeyFile, listKeys, readKey, readKeys } from './key-directory';
import { KeyRing, type PublicJwks, type SigningKey } from './key-ring';

const POLL_INTERVAL_MS = 2000;
const PAUSE_AFTER_FAILURE_MS = 1000;

interface LoadedKeys {
  /** The listing of the directory when the keys were loaded. */
  listing: string;
  active: Es256Key;
  byKid: ReadonlyMap<string, LoadedKey>;
}

interface LoadedKey extends Es256Key {
  /** The public key alone, in the form of `verificationKeys`. */
  verifies: readonly KeyObject[];
}

/**
 * A directory of P-256 keys, ES256: files `<kid>.pem`, and a file `active` with the `kid` that signs. All others verify
 * until their file is removed. Follows changes of the directory without a restart; while it is unusable, the keys
 * loaded before stay in use.
 */
export class PemKeyRing extends KeyRing implements OnModuleInit, OnModuleDestroy {
  readonly algorithm = 'ES256';
  private readonly logger = new Logger('Keys');
  private readonly directory: string;
  private loaded: LoadedKeys;
  private pausedUntilMs = 0;
  private reportedProblem: string | undefined;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param setting names the directory in errors.
   * @throws SettingsError if the directory, or a key file in it, is unusable.
   */
  constructor(
    directory: string,
    private readonly setting = 'JWT_KEYS_DIR',
  ) {
    super();
    this.directory = resolve(directory);
    this.loaded = this.named(() => this.load(undefined));
  }

  onModuleInit(): void {
    this.timer = setInterval(() => this.refresh(), POLL_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  signingKey(): SigningKey {
    const { kid, privateKey } = this.loaded.active;
    return { key: privateKey, kid };
  }

  /**
   * A `kid` that another instance has begun to use is found immediately. A forged one costs only a check for its file.
   */
  verificationKeys(algorithm: string, kid: string | undefined): readonly KeyObject[] {
    if (algorithm !== this.algorithm || kid === undefined) {
      return [];
    }
    if (!this.loaded.byKid.has(kid) && hasKeyFile(this.directory, kid)) {
      this.refresh();
      this.addFromFile(kid);
    }
    return this.loaded.byKid.get(kid)?.verifies ?? [];
  }

  /** Always includes the key that other instances sign with. The active one comes first. */
  publicJwks(): PublicJwks {
    this.refresh();
    return { keys: [...this.loaded.byKid.values()].map(({ publicJwk }) => ({ ...publicJwk })) };
  }

  /** Loads the keys if the directory has changed; tries at most once per second while that fails. */
  refresh(): void {
    if (performance.now() < this.pausedUntilMs) {
      return;
    }
    try {
      this.follow();
      this.reportedProblem = undefined;
    } catch (error) {
      this.pausedUntilMs = performance.now() + PAUSE_AFTER_FAILURE_MS;
      this.report(errorText(error));
    }
  }

  /**
   * A copy of the directory that is not complete yet, or holds a broken file, is unusable as a whole: the key of one good
   * file verifies all the same.
   */
  private addFromFile(kid: string): void {
    if (this.loaded.byKid.has(kid)) {
      return;
    }
    try {
      const key = toLoaded(this.named(() => readKey(this.directory, kid)));
      this.loaded = { ...this.loaded, byKid: new Map([...this.loaded.byKid, [kid, key]]) };
    } catch (error) {
      this.report(errorText(error));
    }
  }

  private follow(): void {
    const loaded = this.named(() => this.load(this.loaded));
    if (loaded !== this.loaded) {
      this.loaded = loaded;
      this.logger.log({ kid: loaded.active.kid, keys: loaded.byKid.size }, 'signing keys changed');
    }
  }

  /** @returns `current` itself if the directory is unchanged. */
  private load(current: LoadedKeys | undefined): LoadedKeys {
    const found = listKeys(this.directory);
    const listing = JSON.stringify(found);
    if (current?.listing === listing) {
      return current;
    }
    const keys = readKeys(this.directory, found);
    const [active] = keys as [Es256Key];
    return { listing, active, byKid: new Map(keys.map((key) => [key.kid, toLoaded(key)])) };
  }

  /** Errors of the directory name our setting. */
  private named<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw error instanceof SettingsError ? new SettingsError(this.setting, error.problem) : error;
    }
  }

  /** Logs once for each problem, not at every check. */
  private report(problem: string): void {
    if (problem !== this.reportedProblem) {
      this.reportedProblem = problem;
      this.logger.warn({ problem }, 'signing keys not reloaded, the earlier ones stay in use');
    }
  }
}

function toLoaded(key: Es256Key): LoadedKey {
  return { ...key, verifies: [key.publicKey] };
}
