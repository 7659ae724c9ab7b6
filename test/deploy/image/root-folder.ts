import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import which from 'which';

/** The user that the base image `node` has besides root. */
export const NODE_USER = { name: 'node', id: 1000 };

export interface Mount {
  /** A file or folder of this machine. */
  source: string;
  /** Its absolute path inside. */
  target: string;
  writable?: boolean;
}

export interface Call {
  cwd: string;
  env: Record<string, string>;
  user: string;
  /** The root folder is read-only except for mounts. Default: false. */
  readOnly?: boolean;
  mounts?: Mount[];
  /** Runs the command as process 1 of its own process namespace. Default: false. */
  asInit?: boolean;
}

/**
 * Why this machine cannot run a command in a root folder of its own. Undefined when it can: on Linux, as root, where
 * mount namespaces are permitted.
 */
export function obstacleToNamespaces(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'it needs root on Linux';
  }
  const trial = ['--mount', '--pid', '--fork', 'sh', '-c', 'mount -t tmpfs trial /mnt'];
  const { status, error, stderr } = spawnSync('unshare', trial, {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return status === 0 ? undefined : `mount namespaces are not permitted: ${error ?? stderr.trim()}`;
}

/**
 * A root folder with the programs and libraries of this machine, read-only, and with Node, npm and the user `node`
 * where the base image has them. Mounts live in a namespace of each command and end with it.
 */
export class RootFolder {
  private readonly mounts: Mount[];

  /**
   * @param path of an empty folder
   * @param node path of the binary
   */
  constructor(
    readonly path: string,
    node: string,
  ) {
    this.mounts = [
      ...this.shareSystem(),
      { source: '/etc', target: '/etc' },
      ...this.accounts(),
      { source: node, target: '/usr/local/bin/node' },
      { source: npmFolder(), target: '/usr/local/lib/node_modules/npm' },
    ];
    for (const folder of ['root', 'tmp', 'var', 'proc', 'dev']) {
      mkdirSync(join(path, folder));
    }
    chmodSync(join(path, 'tmp'), 0o1777);
    for (const mount of this.mounts) {
      this.makeTarget(mount);
    }
    for (const name of ['npm', 'npx']) {
      const target = `../lib/node_modules/npm/bin/${name}-cli.js`;
      symlinkSync(target, join(path, 'usr/local/bin', name));
    }
  }

  /** The path on this machine of an absolute path inside. */
  locate(path: string): string {
    return join(this.path, resolve('/', path));
  }

  /** @returns program and arguments that run a command in this root folder */
  wrap(
    command: string[],
    { cwd, env, user, readOnly, mounts = [], asInit }: Call,
  ): [string, string[]] {
    for (const mount of mounts) {
      this.makeTarget(mount);
    }
    const root = quote(this.path);
    const script = [
      `mount --bind ${root} ${root}`,
      ...[...this.mounts, ...mounts].map(({ source, target, writable }) => {
        const options = writable === true ? 'rw' : 'ro';
        return `mount --bind -o ${options} ${quote(source)} ${quote(this.locate(target))}`;
      }),
      `mount -t proc proc ${quote(this.locate('/proc'))}`,
      `mount --rbind /dev ${quote(this.locate('/dev'))}`,
      ...(readOnly === true ? [`mount -o remount,bind,ro ${root}`] : []),
      `exec chroot ${root} "$@"`,
    ].join('\n');
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const inside = [...asUser(user), 'env', '-i', '-C', cwd, ...variables, ...command];
    const namespaces = ['--mount', ...(asInit === true ? ['--pid', '--fork'] : [])];
    return ['unshare', [...namespaces, 'sh', '-euc', script, 'sh', ...inside]];
  }

  /** The folders of this machine except `/usr/local`, or the links in their places. */
  private shareSystem(): Mount[] {
    mkdirSync(join(this.path, 'usr/local/bin'), { recursive: true });
    const inUsr = readdirSync('/usr').filter((name) => name !== 'local');
    const folders = [
      '/bin',
      '/sbin',
      '/lib',
      '/lib32',
      '/lib64',
      ...inUsr.map((name) => `/usr/${name}`),
    ];
    return folders.filter(existsSync).flatMap((folder) => {
      if (lstatSync(folder).isSymbolicLink()) {
        symlinkSync(readlinkSync(folder), this.locate(folder));
        return [];
      }
      return [{ source: folder, target: folder }];
    });
  }

  private accounts(): Mount[] {
    const { name, id } = NODE_USER;
    return ['passwd', 'group'].map((file) => {
      const others = readFileSync(`/etc/${file}`, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith(`${name}:`) && !line.includes(`:${id}:`));
      const rest = file === 'passwd' ? `${id}:${id}::/home/${name}:/bin/sh` : `${id}:`;
      const source = join(this.path, `.${file}`);
      writeFileSync(source, [...others, `${name}:x:${rest}`, ''].join('\n'), { mode: 0o644 });
      return { source, target: `/etc/${file}` };
    });
  }

  private makeTarget({ source, target }: Mount): void {
    const path = this.locate(target);
    if (target.startsWith('/etc/') || existsSync(path)) {
      return;
    }
    mkdirSync(dirname(path), { recursive: true });
    if (lstatSync(source).isDirectory()) {
      mkdirSync(path);
    } else {
      writeFileSync(path, '');
    }
  }
}

/** Without any privilege, as a container whose capabilities are dropped. */
function asUser(user: string): string[] {
  if (user === 'root') {
    return [];
  }
  if (user !== NODE_USER.name) {
    throw new Error(`The base image has no user ${user}.`);
  }
  const ids = [`--reuid=${NODE_USER.id}`, `--regid=${NODE_USER.id}`, '--clear-groups'];
  return ['setpriv', ...ids, '--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'];
}

function npmFolder(): string {
  const { npm_execpath: ofParent = '' } = process.env;
  const program = basename(ofParent) === 'npm-cli.js' ? ofParent : which.sync('npm');
  return dirname(dirname(realpathSync(program)));
}

/** Settings of npm for the access to the registry, and its cache. */
export function npmSettings(): { cache: string; env: Record<string, string> } {
  const output = execFileSync('npm', ['config', 'list', '--json'], { encoding: 'utf8' });
  const config = JSON.parse(output) as Record<string, string | null>;
  const env = Object.fromEntries(
    ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy']
      .filter((name) => typeof config[name] === 'string' && config[name] !== '')
      .map((name) => [`npm_config_${name.replace('-', '_')}`, config[name]!]),
  );
  return { cache: config.cache!, env: { ...env, npm_config_prefer_offline: 'true' } };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
