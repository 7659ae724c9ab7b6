import which from 'which';
import { run } from '../../tools/local/run.mjs';

const INSTALL_DEADLINE_MS = 5 * 60_000;

/**
 * The path of a program that only tests need. Installs its package by apt where it is missing and that
 * is possible.
 * @throws Error that names the package
 */
export async function programOfPackage(program: string, packageName: string): Promise<string> {
  // The folders of daemons in Debian, which are not on the PATH of a user.
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;
  const env = { ...process.env, PATH: path };
  const search = { path, nothrow: true } as const;
  const found = which.sync(program, search);
  if (found !== null) {
    return found;
  }
  const apt = which.sync('apt-get', search);
  if (apt !== null) {
    // Runlevel 1 keeps the package's script from starting a service.
    const environment = ['env', 'RUNLEVEL=1', 'DEBIAN_FRONTEND=noninteractive'];
    const asRoot = process.getuid?.() === 0 ? environment : ['sudo', '-n', ...environment];
    const aptGet = [...asRoot, apt, '-o', 'DPkg::Lock::Timeout=120'];
    // A stale index may still suffice for the installation.
    await runWords([...aptGet, 'update'], env);
    await runWords([...aptGet, 'install', '-y', '--no-install-recommends', packageName], env);
  }
  const installed = which.sync(program, search);
  if (installed === null) {
    throw new Error(`This test needs ${program}: install the package ${packageName}.`);
  }
  return installed;
}

async function runWords([command = '', ...args]: string[], env: NodeJS.ProcessEnv): Promise<void> {
  await run(command, args, { deadlineMs: INSTALL_DEADLINE_MS, env }).catch(() => undefined);
}
