// @ts-check
import { existsSync } from 'node:fs';
import which from 'which';
import { run } from './run.mjs';

const DEADLINE_MS = 10 * 60_000;
const SERVICE_DEADLINE_MS = 30_000;
const APT_LOCK_WAIT_SECONDS = 120;

/** @typedef {import('./preparation.mjs').StepContext & { env: NodeJS.ProcessEnv }} InstallContext */

/**
 * Installs Redis with a package manager of this machine, if one may be used.
 * @param {InstallContext} context
 * @returns {Promise<boolean>} whether something was installed
 */
export async function installRedis(context) {
  return (await installWithApt(context)) || (await installWithBrew(context));
}

/** @param {InstallContext} context */
async function installWithApt(context) {
  const apt = which.sync('apt-get', { path: context.env['PATH'], nothrow: true });
  const asRoot = await rootPrefix(context);
  if (apt === null || asRoot === undefined) {
    return false;
  }
  const settings = [
    '-o',
    `DPkg::Lock::Timeout=${APT_LOCK_WAIT_SECONDS}`,
    '-o',
    'Acquire::Retries=2',
  ];
  // Runlevel 1 keeps the package's script from starting a service.
  const environment = ['env', 'RUNLEVEL=1', 'DEBIAN_FRONTEND=noninteractive'];
  const aptGet = [...asRoot, ...environment, apt, ...settings];
  return context.output.step('installing redis-server (apt-get)', async () => {
    // A stale or incomplete index may still suffice for the installation.
    await runWords([...aptGet, 'update'], context);
    const installation = ['install', '-y', '--no-install-recommends', 'redis-server'];
    const { ok, output } = await runWords([...aptGet, ...installation], context);
    if (!ok) {
      context.output.say(`apt-get failed: ${output.trimEnd().split('\n').at(-1)}`);
      return false;
    }
    await stopService(asRoot, context);
    return true;
  });
}

/**
 * Stops the service that the package has started: systemd ignores the runlevel variable.
 * @param {string[]} asRoot
 * @param {InstallContext} context
 */
async function stopService(asRoot, context) {
  if (existsSync('/run/systemd/system')) {
    const words = [...asRoot, 'systemctl', 'disable', '--now', 'redis-server'];
    await runWords(words, context, SERVICE_DEADLINE_MS);
  }
}

/** @param {InstallContext} context */
async function installWithBrew(context) {
  const brew = which.sync('brew', { path: context.env['PATH'], nothrow: true });
  if (brew === null) {
    return false;
  }
  return context.output.step('installing redis (brew)', async () => {
    const { ok, output } = await runWords([brew, 'install', 'redis'], context);
    if (!ok) {
      context.output.say(`brew failed: ${output.trimEnd().split('\n').at(-1)}`);
    }
    return ok;
  });
}

/**
 * @param {InstallContext} context
 * @returns {Promise<string[] | undefined>} what to put before a command to run it as root
 */
async function rootPrefix(context) {
  if (process.getuid?.() === 0) {
    return [];
  }
  const sudo = which.sync('sudo', { path: context.env['PATH'], nothrow: true });
  if (sudo === null) {
    return undefined;
  }
  const { ok } = await runWords([sudo, '-n', 'true'], context, SERVICE_DEADLINE_MS);
  return ok ? [sudo, '-n'] : undefined;
}

/**
 * @param {string[]} words
 * @param {InstallContext} context
 * @param {number} [deadlineMs]
 */
function runWords([command = '', ...args], { env, signal }, deadlineMs = DEADLINE_MS) {
  return run(command, args, { deadlineMs, env, signal });
}
