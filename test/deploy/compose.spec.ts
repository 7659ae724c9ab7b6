import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { parseSettings } from '../../libs/config';
import { ROOT } from '../../tools/local/paths.mjs';
import { ask, freePort } from '../../tools/local/ports.mjs';
import { Server } from '../../tools/local/server.mjs';
import { commandLineOf } from '../support/command-line';
import { sharedStores } from '../support/shared-stores';
import { newFolder } from '../support/stores';
import { until } from '../support/until';
import { COMPOSE_SCHEMA, readComposeFile } from './compose';
import { all, parseDockerfile } from './image/dockerfile';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const readYaml = (path: string) => load(read(path));

const file = readComposeFile();
const services = Object.entries(file.services);
const { api, migrate, redis, prometheus, grafana } = file.services;

/** `source` and `target` of a service's mounts. */
const mountsOf = (name: string) =>
  (file.services[name]?.volumes ?? []).map((mount) => {
    const [source = '', target = ''] = mount.split(':');
    return { source, target };
  });

describe('docker-compose.yml', () => {
  it('has the form that Compose requires, images with versions, and ports on the loopback address alone', () => {
    const validate = new Ajv({ allErrors: true, strictTuples: false }).compile(COMPOSE_SCHEMA);
    validate(file);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('names services, volumes, files and variables that exist', () => {
    for (const [name, { depends_on = {} }] of services) {
      expect(Object.keys(file.services)).toEqual(expect.arrayContaining(Object.keys(depends_on)));
      for (const { source } of mountsOf(name)) {
        const isThere = source.startsWith('./')
          ? existsSync(join(ROOT, source))
          : source in file.volumes;
        expect([name, source, isThere]).toEqual([name, source, true]);
      }
    }
    const variables = [...read('docker-compose.yml').matchAll(/\$\{(\w+)/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(variables)].sort()).toEqual([
      'JWT_SECRET',
      'POSTGRES_PASSWORD',
      'REDIS_PASSWORD',
    ]);
  });

  it('sets settings of the API that are valid in production', () => {
    const filled: Record<string, string> = { NODE_ENV: 'production' };
    for (const [name, value] of Object.entries(api!.environment!)) {
      filled[name] = value.replace(/\$\{\w+[^}]*\}/g, randomBytes(32).toString('hex'));
    }
    const settings = parseSettings(filled);
    expect(settings.metricsPort).toBe(9464);
    expect(migrate!.environment).toEqual(api!.environment);
  });

  it('starts every service again after a crash, and the migration once', () => {
    const restarts = services.map(([name, { restart }]) => [name, restart]);
    expect(restarts.filter(([, restart]) => restart === 'no')).toEqual([['migrate', 'no']]);
    expect(api!.depends_on).toMatchObject({
      migrate: { condition: 'service_completed_successfully' },
    });
  });

  it.each(services)(
    'gives %s no capability, no new privilege and no file to change',
    (_name, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    },
  );

  it('runs no service as root, and lets each write to volumes and memory alone', () => {
    // Of these images root is the user; the others name one of their own.
    const users = services.map(([name, { user }]) => [name, user]).filter(([, user]) => user);
    expect(users).toEqual([
      ['postgres', 'postgres'],
      ['redis', 'redis'],
    ]);
    expect(all(parseDockerfile(read('Dockerfile')), 'USER').map(({ name }) => name)).toEqual([
      'node',
    ]);
    const inMemory = services.flatMap(([name, { tmpfs }]) => (tmpfs ? [[name, ...tmpfs]] : []));
    expect(inMemory).toEqual([
      ['postgres', '/tmp', '/var/run/postgresql'],
      ['grafana', '/tmp'],
    ]);
    const outside = services.flatMap(([, { volumes = [] }]) =>
      volumes.filter((mount) => mount.startsWith('./') && !mount.endsWith(':ro')),
    );
    expect(outside).toEqual([]);
  });

  it('publishes the API, Prometheus and Grafana, and no store', () => {
    const published = services.filter(([, { ports }]) => ports).map(([name]) => name);
    expect(published).toEqual(['api', 'prometheus', 'grafana']);
  });

  it('shows no password in a command line', () => {
    const commands = services.map(([, { command = [] }]) => command.join(' '));
    // A doubled one is expanded in the container.
    expect(commands.filter((command) => /(?<!\$)\$(?!\$)/.test(command))).toEqual([]);
  });

  it('starts a Redis that requires its password and stops on SIGTERM', async () => {
    const password = randomBytes(32).toString('hex');
    const port = await freePort();
    const { redis: found } = sharedStores();
    const program = found.kind === 'program' ? found.path : 'redis-server';
    const place = `--port ${port} --bind 127.0.0.1 --dir ${newFolder('compose-redis-')}`;
    const [shell = '', ...words] = redis!.command!.map((word) =>
      word.replaceAll('$$', '$').replace('redis-server -', `${program} - ${place}`),
    );
    const server = await Server.spawn(shell, words, {
      name: 'Redis',
      stopSignal: 'SIGTERM',
      killSignal: 'SIGKILL',
      graceMs: 10_000,
      logFile: join(newFolder('compose-redis-log-'), 'redis.log'),
      env: { PATH: process.env.PATH, REDIS_PASSWORD: password },
    });
    try {
      await until(
        'Redis requires a password',
        () => ask(port, 'PING\r\n'),
        (reply) => reply?.startsWith('-NOAUTH') === true,
      );
      const answer = await ask(port, `AUTH ${password}\r\nCONFIG GET maxmemory-policy\r\n`);
      expect(answer).toMatch(/^\+OK\r\n[^]*noeviction/);
      // The server has replaced the shell, so it gets the signals.
      expect(commandLineOf(server.pid)).toContain(String(port));
      expect(commandLineOf(server.pid)).not.toContain('requirepass');
      expect(commandLineOf(server.pid)).not.toContain(password);
    } finally {
      await server.stop();
    }
    expect(await server.ended).toBe('exit code 0');
  });

  it('keeps avatars in the volume of the image, and probes readiness', () => {
    const [volume] = all(parseDockerfile(read('Dockerfile')), 'VOLUME');
    expect(mountsOf('api')).toEqual([{ source: 'avatars', target: volume!.path }]);
    expect(api!.healthcheck!.test.join(' ')).toContain('/health/ready');
  });

  describe('the profile monitoring', () => {
    const scraping = readYaml('deploy/prometheus/prometheus.yml') as {
      rule_files: string[];
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };

    it('is optional, and has Prometheus and Grafana', () => {
      const names = services.filter(([, { profiles }]) => profiles).map(([name]) => name);
      expect(names).toEqual(['prometheus', 'grafana']);
      expect([prometheus!.profiles, grafana!.profiles]).toEqual([['monitoring'], ['monitoring']]);
    });

    it('scrapes the metrics port of the API, inside alone, and loads the alerts', () => {
      const port = api!.environment!.METRICS_PORT;
      expect(scraping.scrape_configs).toEqual([
        { job_name: 'latchkey', static_configs: [{ targets: [`api:${port}`] }] },
      ]);
      expect(api!.ports).toEqual(['127.0.0.1:3000:3000']);
      expect(mountsOf('prometheus')).toContainEqual({
        source: './deploy/prometheus',
        target: '/etc/prometheus',
      });
      expect(prometheus!.command).toContain('--config.file=/etc/prometheus/prometheus.yml');
      expect(scraping.rule_files).toEqual(['alerts.yml']);
      expect(existsSync(join(ROOT, 'deploy/prometheus/alerts.yml'))).toBe(true);
    });

    it('has no account that can sign in to Grafana', () => {
      expect(grafana!.environment).toMatchObject({
        GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
        GF_AUTH_BASIC_ENABLED: 'false',
        GF_AUTH_DISABLE_LOGIN_FORM: 'true',
        GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
      });
    });

    it('provisions Grafana with that Prometheus and the dashboard', () => {
      const place = './deploy/grafana/provisioning';
      expect(mountsOf('grafana')).toContainEqual({
        source: place,
        target: '/etc/grafana/provisioning',
      });
      expect(readYaml(`${place}/datasources/prometheus.yml`)).toMatchObject({
        datasources: [{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }],
      });
      const { providers } = readYaml(`${place}/dashboards/latchkey.yml`) as {
        providers: { type: string; options: { path: string } }[];
      };
      const dashboard = mountsOf('grafana').find(({ source }) => source.endsWith('.json'))!;
      expect(providers).toMatchObject([
        { type: 'file', options: { path: dirname(dashboard.target) } },
      ]);
      expect(statSync(join(ROOT, dashboard.source)).isFile()).toBe(true);
      expect(basename(dashboard.target)).toBe('latchkey.json');
      expect(grafana!.environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(
        dashboard.target,
      );
    });
  });
});
