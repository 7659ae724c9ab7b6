import {
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { newFolder } from './stores';

/**
 * A directory as Kubernetes mounts a Secret: each file is a link into a copy that is replaced as a whole, some time after
 * the Secret has changed.
 */
export class SecretMount {
  readonly directory = newFolder('mount-');
  private copy: string | undefined;

  /** @param secret the directory whose files the Secret holds. */
  constructor(private readonly secret: string) {
    this.renew();
  }

  /** Mounts the present content of the Secret. */
  renew(): void {
    const inside = (name: string) => join(this.directory, name);
    const earlier = this.copy;
    this.copy = mkdtempSync(inside('..copy_'));
    cpSync(this.secret, this.copy, { recursive: true });
    symlinkSync(basename(this.copy), inside('..data_tmp'));
    renameSync(inside('..data_tmp'), inside('..data'));
    const names = readdirSync(this.copy);
    for (const name of names.filter((name) => !isLink(inside(name)))) {
      symlinkSync(join('..data', name), inside(name));
    }
    for (const name of readdirSync(this.directory)) {
      if (!name.startsWith('..') && !names.includes(name)) {
        rmSync(inside(name));
      }
    }
    if (earlier) {
      rmSync(earlier, { recursive: true });
    }
  }
}

function isLink(path: string): boolean {
  return existsSync(path) && lstatSync(path).isSymbolicLink();
}
