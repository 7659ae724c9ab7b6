import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  convertWorkflowTemplate,
  NoOperationTraceWriter,
  parseWorkflow,
} from '@actions/workflow-parser';
import yaml from 'js-yaml';
import semver from 'semver';
import { NODE_VERSIONS } from '../../tools/local/node-program.mjs';
import { ROOT } from '../../tools/local/paths.mjs';

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Job {
  needs?: string | string[];
  permissions?: Record<string, string>;
  uses?: string;
  strategy?: { matrix: { node: number[] } };
  container?: { image: string };
  steps?: Step[];
}

interface Workflow {
  permissions: Record<string, string>;
  env?: Record<string, string>;
  jobs: Record<string, Job>;
}

const FOLDER = '.github/workflows';
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const NAMES = readdirSync(join(ROOT, FOLDER));
const workflow = (name: string) => yaml.load(read(`${FOLDER}/${name}`)) as Workflow;
const ci = workflow('ci.yml');
const release = workflow('release.yml');
const manifest = JSON.parse(read('package.json')) as { engines: { node: string } };

/** What GitHub's own parser has against a workflow. */
async function problemsOf(name: string, content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const template = value && (await convertWorkflowTemplate(context, value));
  const errors = [...context.errors.getErrors(), ...(template?.errors ?? [])];
  return errors.map((error) => ('rawMessage' in error ? error.rawMessage : error.Message));
}

const jobsOf = (name: string) => Object.entries(workflow(name).jobs);
const stepsOf = (name: string) => jobsOf(name).flatMap(([, { steps = [] }]) => steps);

/** How the last step of a job calls a program for a tag, where every other program does nothing and curl finds nothing. */
function callsOf(job: string, program: string, tag: string): string[] {
  const functions = ['gh', 'npm', 'node'].map((one) =>
    one === program ? `${one}() { echo "CALL $*"; }` : `${one}() { :; }`,
  );
  const script = release.jobs[job]!.steps!.at(-1)!
    .run!.replaceAll('> notes.md', '')
    .replaceAll('> latchkey.cdx.json', '')
    .replaceAll('$(jq -r .name "$package")', '$package');
  const { stdout, status } = spawnSync(
    'bash',
    ['-e', '-o', 'pipefail', '-c', [...functions, 'curl() { return 22; }', script].join('\n')],
    { cwd: ROOT, encoding: 'utf8', env: { PATH: process.env.PATH, GITHUB_REF_NAME: tag } },
  );
  expect(status).toBe(0);
  return stdout.split('\n').flatMap((line) => /^CALL (.*)$/.exec(line)?.[1] ?? []);
}

/** Names of the jobs that end before a job begins. */
function before(job: string, jobs = release.jobs): string[] {
  const needs = [jobs[job]?.needs ?? []].flat();
  return needs.flatMap((one) => [one, ...before(one, jobs)]);
}

describe.each(NAMES)('%s', (name) => {
  it('is a workflow that GitHub understands', async () => {
    expect(await problemsOf(name, read(`${FOLDER}/${name}`))).toEqual([]);
  });

  it('names each action by a commit, with its version beside it', () => {
    const uses = [...read(`${FOLDER}/${name}`).matchAll(/uses: (.*)$/gm)].map(([, text]) => text);
    expect(uses.length).toBeGreaterThan(0);
    for (const one of uses.filter((text) => text !== './.github/workflows/ci.yml')) {
      expect(one).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it('gives no permission to all jobs, and leaves no token in a checkout', () => {
    expect(workflow(name).permissions).toEqual({});
    const checkouts = stepsOf(name).filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const checkout of checkouts) {
      expect(checkout.with).toEqual({ 'persist-credentials': false });
    }
  });

  it('puts no expression into a script, where its value would be code', () => {
    const scripts = stepsOf(name).flatMap(({ run }) => run ?? []);
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });
});

describe('the parser', () => {
  const good = read(`${FOLDER}/ci.yml`);

  it.each([
    ['an unknown key', 'runs-on: ubuntu-24.04', 'runs-onn: ubuntu-24.04'],
    ['an unknown permission', 'contents: read', 'content: read'],
    ['an unknown context', '${{ github.ref }}', '${{ githb.ref }}'],
    ['a job that does not exist', '    name: Image\n', '    name: Image\n    needs: nothing\n'],
    ['an unknown event', 'pull_request:', 'pull_requests:'],
  ])('refuses %s', async (_what, from, to) => {
    expect(good).toContain(from);
    expect(await problemsOf('ci.yml', good.replace(from, to))).not.toEqual([]);
  });
});

describe('the tests in CI', () => {
  const { test } = ci.jobs;

  it('run on each line of Node that package.json supports', () => {
    const lines = test!.strategy!.matrix.node;
    expect(lines).toEqual(Object.keys(NODE_VERSIONS).map(Number));
    for (const line of [18, 19, 20, 21, 22, 23, 24]) {
      const isSupported = semver.intersects(manifest.engines.node, `${line}.x`);
      expect([line, lines.includes(line)]).toEqual([line, isSupported]);
    }
    expect(test!.container!.image).toBe('node:${{ matrix.node }}-bookworm');
  });

  it('run what a developer runs', () => {
    expect(test!.steps!.at(-1)).toEqual({ run: '.ci/run' });
    expect(() => accessSync(join(ROOT, '.ci/run'), constants.X_OK)).not.toThrow();
  });
});

describe('a release', () => {
  it('gives each job what it needs and no more', () => {
    const permissions = Object.fromEntries(
      Object.entries(release.jobs).map(([name, job]) => [name, job.permissions]),
    );
    const contents = 'read';
    expect(permissions).toEqual({
      version: { contents },
      test: { contents },
      image: { contents, packages: 'write' },
      packages: { contents, 'id-token': 'write' },
      chart: { contents, packages: 'write' },
      release: { contents: 'write' },
    });
    expect(Object.values(ci.jobs).map(({ permissions: own }) => own)).toEqual([
      { contents },
      { contents },
    ]);
  });

  it('publishes only after the version was compared and all tests have passed', () => {
    expect(release.jobs.test!.uses).toBe('./.github/workflows/ci.yml');
    for (const job of ['image', 'packages', 'chart', 'release']) {
      expect(before(job)).toEqual(expect.arrayContaining(['version', 'test']));
    }
    expect(release.jobs.release!.needs).toEqual(['image', 'packages', 'chart']);
  });

  it('builds the image of CI, and gives it the arguments that the Dockerfile takes', () => {
    const build = (job: Job) =>
      job.steps!.find(({ uses }) => uses?.startsWith('docker/build-push-action@'))!.with!;
    const published = build(release.jobs.image!);
    const platforms = 'linux/amd64,linux/arm64';
    expect(build(ci.jobs.image!)).toEqual({ context: '.', platforms, push: false });
    expect(published).toMatchObject({ platforms, push: true, sbom: true, provenance: 'mode=max' });
    const given = String(published['build-args']).match(/^\w+(?==)/gm);
    expect(given).toEqual(read('Dockerfile').match(/(?<=^ARG )\w+/gm));
  });

  it('builds packages on the line of Node of the image', () => {
    const nodes = stepsOf('release.yml')
      .filter(({ uses }) => uses?.startsWith('actions/setup-node@'))
      .map((step) => step.with!['node-version']);
    const image = /^FROM node:(\d+)-slim$/m.exec(read('Dockerfile'))![1];
    expect(new Set(nodes)).toEqual(new Set([Number(image)]));
  });

  it('has packages that npm takes', () => {
    for (const folder of readdirSync(join(ROOT, 'packages'))) {
      if (!folder.includes('.')) {
        const one = JSON.parse(read(`packages/${folder}/package.json`)) as Record<string, unknown>;
        expect(one).toMatchObject({
          name: `@latchkey/${folder}`,
          files: expect.any(Array) as unknown,
        });
        expect(one).not.toHaveProperty('private');
      }
    }
  });

  it.each([
    ['v1.0.0', [], 'latest'],
    ['v1.0.0-rc.1', ['--prerelease'], 'next'],
  ])('gives %s the flags %j at GitHub and the tag %s at npm', (version, flags, tag) => {
    const calls = callsOf('release', 'gh', version);
    expect(calls).toEqual([expect.stringMatching(`^release create ${version} .* --notes-file`)]);
    expect(calls[0]!.match(/--prerelease|--latest\S*/g) ?? []).toEqual(flags);
    const published = callsOf('packages', 'npm', version);
    expect(published).toHaveLength(3);
    published.forEach((call) => expect(call).toMatch(new RegExp(`^publish .* --tag ${tag}$`)));
  });

  it('calls scripts that exist', () => {
    const scripts = stepsOf('release.yml')
      .flatMap(({ run }) => run ?? [])
      .join('\n');
    const { scripts: known } = JSON.parse(read('package.json')) as { scripts: object };
    for (const [, name = ''] of scripts.matchAll(/npm run (?:-s )?([\w:-]+)/g)) {
      expect(Object.keys(known)).toContain(name);
    }
    for (const [, path = ''] of scripts.matchAll(/node (\S+\.mjs)/g)) {
      expect(read(path)).not.toBe('');
    }
  });
});
