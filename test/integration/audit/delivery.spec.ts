import { randomUUID } from 'node:crypto';
import { AuditEvents, AuditRecorder, type NewAuditEvent } from '../../../libs/audit';
import { AuditEventRepository } from '../../../libs/audit/audit-event.repository';
import { EventQueue } from '../../../libs/audit/event-queue';
import { Database } from '../../../libs/database';
import { newEmail, startTestApp, type TestApp } from '../../support/app';
import { auditRows, loggedEvents } from '../../support/audit-events';
import { sharedStores } from '../../support/shared-stores';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';

const DAY_SECONDS = 86_400;
const CAPACITY = 10_000;

describe('audit events on their way into the table', () => {
  let app: TestApp;
  let postgres: TcpProxy;
  let events: AuditRecorder;
  /** The test ends the application, so that the next one needs another. */
  let isEnded = true;

  beforeEach(async () => {
    if (isEnded) {
      postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
      app = await startTestApp({ postgresPort: postgres.port });
      events = app.nest.get(AuditRecorder);
      isEnded = false;
    }
    await app.nest.get(EventQueue).flush();
    app.log.length = 0;
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    postgres.restore();
    if (isEnded) {
      await stop();
    }
  });

  afterAll(async () => {
    if (!isEnded) {
      await stop();
    }
  });

  async function stop(): Promise<void> {
    await app.close();
    postgres.stop();
  }

  /** As a process that ends. */
  async function end(): Promise<void> {
    isEnded = true;
    app.nest.getHttpServer().closeAllConnections();
    await app.nest.close();
  }

  const newEvent = (userId: string = randomUUID()): NewAuditEvent => ({
    name: 'login_succeeded',
    userId,
    details: {},
  });

  const rowsOf = (userId: string) => auditRows(app.database.sql, userId);

  async function countOf(userId: string): Promise<number> {
    const [row] = await app.database.sql.query<[{ count: number }]>(
      'SELECT count(*)::int AS count FROM audit_events WHERE user_id = $1',
      [userId],
    );
    return row.count;
  }

  /** Messages of the library itself. */
  function complaints(): string[] {
    return app.log
      .map((line) => JSON.parse(line) as { context?: string; event?: string; msg: string })
      .filter(({ context, event }) => context === 'AuditRecorder' && event === undefined)
      .map(({ msg }) => msg);
  }

  it('are written in the background, many with one statement', async () => {
    const insert = jest.spyOn(app.nest.get(AuditEventRepository), 'insert');
    const userId = randomUUID();
    for (let more = 0; more < 1200; more++) {
      events.record(newEvent(userId));
    }
    await until('all events are written', () => countOf(userId), 1200);
    expect(insert.mock.calls.map(([batch]) => batch.length)).toEqual([500, 500, 200]);
  });

  it('delay no sign-in, though the table accepts no row', async () => {
    const { user } = await app.register();
    const runner = app.database.sql.createQueryRunner();
    await runner.startTransaction();
    await runner.query('LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE');
    try {
      const { accessToken: token, refreshToken } = await app.login(user.email);
      const wrong = { email: user.email, password: 'a wrong password' };
      const answers = [
        await app.http.post('/api/auth/login', { json: wrong }),
        await app.http.post('/api/auth/login', { json: { ...wrong, email: newEmail() } }),
        await app.http.post('/api/auth/refresh', { json: { refreshToken } }),
        await app.http.post('/api/auth/logout', { token }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 200, 204]);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    await until('four events are written', () => countOf(user.id), 4);
  });

  it.each(['cut', 'hang'] as const)('wait for a Postgres that is away (%s)', async (fault) => {
    const droppedBefore = events.droppedEvents;
    const { user } = await app.register();
    postgres[fault]();
    events.record({ name: 'logout', userId: user.id, details: {} });
    await app.nest.get(EventQueue).flush();
    expect(loggedEvents(app).at(-1)).toMatchObject({ event: 'logout', userId: user.id });
    expect((await rowsOf(user.id)).map(({ name }) => name)).toEqual(['account_registered']);
    postgres.restore();
    await until('both events are written', () => countOf(user.id), 2);
    expect(events.droppedEvents).toBe(droppedBefore);
  });

  it('are written once, though the answer to the first attempt is lost', async () => {
    const droppedBefore = events.droppedEvents;
    const store = app.nest.get(AuditEventRepository);
    const insert = store.insert.bind(store);
    const lost = jest.spyOn(store, 'insert').mockImplementationOnce(async (batch) => {
      await insert(batch);
      postgres.endConnections();
      await app.nest.get(Database).run((manager) => manager.query('SELECT 1'));
    });
    const userId = randomUUID();
    events.record(newEvent(userId));
    await until('the insert is repeated', () => lost.mock.calls.length, 2);
    await app.nest.get(EventQueue).flush();
    expect(await rowsOf(userId)).toHaveLength(1);
    expect(events.droppedEvents).toBe(droppedBefore);
  });

  it('are written when the process ends', async () => {
    const userId = randomUUID();
    events.record(newEvent(userId));
    events.record(newEvent(userId));
    await end();
    expect(await rowsOf(userId)).toHaveLength(2);
    expect(complaints()).toEqual([]);
  });

  it('do not keep the process from ending without Postgres, and the log has the number of lost ones', async () => {
    postgres.cut();
    events.record(newEvent());
    events.record(newEvent());
    await end();
    expect(complaints()).toEqual(['2 events are in the log only: Postgres is unavailable']);
  });

  it('are dropped beyond a limit, counted, and logged as a warning once', async () => {
    const told: unknown[] = [];
    events.onRecorded((event) => told.push(event));
    postgres.cut();
    await app.nest.get(EventQueue).flush();
    const droppedBefore = events.droppedEvents;
    const userId = randomUUID();
    for (let more = 0; more < CAPACITY + 100; more++) {
      events.record(newEvent(userId));
    }
    expect(told).toHaveLength(CAPACITY + 100);
    expect(loggedEvents(app).filter((line) => line.userId === userId)).toHaveLength(CAPACITY + 100);
    expect(events.droppedEvents).toBe(droppedBefore + 100);
    expect(complaints()).toEqual([
      'too many events wait for Postgres: further events are in the log only',
    ]);
    postgres.restore();
    await until('all kept events are written', () => countOf(userId), CAPACITY);
    await until('the second warning is logged', complaints, (messages) => messages.length === 2);
    expect(complaints()[1]).toBe(
      `events are written again; missing since the start: ${events.droppedEvents}`,
    );
  });

  it('do not wait behind an event that Postgres always refuses', async () => {
    const droppedBefore = events.droppedEvents;
    const userId = randomUUID();
    events.record(newEvent('no uuid'));
    await app.nest.get(EventQueue).flush();
    events.record(newEvent(userId));
    await app.nest.get(EventQueue).flush();
    expect(await rowsOf(userId)).toHaveLength(1);
    expect(events.droppedEvents).toBe(droppedBefore + 1);
    expect(complaints()).toEqual(['1 events are in the log only']);
  });

  it('keep an address without its zone, and the beginning of a long user agent', async () => {
    const userId = randomUUID();
    const userAgent = 'x'.repeat(600);
    for (const ip of ['::1', 'fe80::1%eth0', 'unknown']) {
      events.record({ ...newEvent(userId), origin: { ip, userAgent } });
    }
    await app.nest.get(EventQueue).flush();
    const rows = await rowsOf(userId);
    expect(rows.map(({ ip }) => ip).sort()).toEqual(['::1', 'fe80::1', null]);
    expect(rows[0]!.user_agent).toBe('x'.repeat(512));
  });

  it('are in the table if and only if the change is committed, and listeners are called after that', async () => {
    const database = app.nest.get(Database);
    const told: unknown[] = [];
    events.onRecorded(({ userId }) => told.push(userId));
    const [kept, undone] = [randomUUID(), randomUUID()];
    await database.transaction(async () => {
      await events.recordInTransaction(newEvent(kept));
      expect(told).toEqual([]);
    });
    const undoing = database.transaction(async () => {
      await events.recordInTransaction(newEvent(undone));
      throw new Error('undone');
    });
    await expect(undoing).rejects.toThrow('undone');
    expect(told).toEqual([kept]);
    expect(await rowsOf(kept)).toHaveLength(1);
    expect(await rowsOf(undone)).toHaveLength(0);
  });

  it('that wait are not written in a transaction during which they were recorded', async () => {
    const userId = randomUUID();
    const undoing = app.nest.get(Database).transaction(async () => {
      events.record(newEvent(userId));
      await until('the event is written', () => countOf(userId), 1);
      throw new Error('undone');
    });
    await expect(undoing).rejects.toThrow('undone');
    expect(await rowsOf(userId)).toHaveLength(1);
  });

  describe('and their deletion', () => {
    it('delete them after their retention, in batches, and no others', async () => {
      const { sql } = app.database;
      await sql.query('TRUNCATE audit_events');
      await sql.query(
        `INSERT INTO audit_events (id, occurred_at, name, details)
         SELECT gen_random_uuid(), now() - interval '91 days', 'logout', '{}'
           FROM generate_series(1, 2100)`,
      );
      await sql.query(
        `INSERT INTO audit_events (id, occurred_at, name, details)
         VALUES (gen_random_uuid(), now() - interval '89 days', 'logout', '{}')`,
      );
      const batches = jest.spyOn(app.nest.get(AuditEventRepository), 'deleteBefore');
      const audit = app.nest.get(AuditEvents);
      const both = [audit.deleteOld(90 * DAY_SECONDS), audit.deleteOld(90 * DAY_SECONDS)];
      const deleted = await Promise.all(both);
      expect(deleted[0]! + deleted[1]!).toBe(2100);
      expect(batches.mock.calls.every(([, limit]) => limit === 1000)).toBe(true);
      expect(await auditRows(sql)).toHaveLength(1);
      expect(await audit.deleteOld(90 * DAY_SECONDS)).toBe(0);
    });

    it('read them by an index, for a user and for the clean-up', async () => {
      const { sql } = app.database;
      await sql.query(
        `INSERT INTO audit_events (id, occurred_at, name, user_id, details)
         SELECT gen_random_uuid(), now() - number * interval '1 second', 'logout',
                ('00000000-0000-4000-8000-' || lpad((number % 5)::text, 12, '0'))::uuid, '{}'
           FROM generate_series(1, 20000) AS number`,
      );
      await sql.query('ANALYZE audit_events');
      const plan = async (statement: string) => {
        const rows = await sql.query<{ 'QUERY PLAN': string }[]>(`EXPLAIN ${statement}`);
        return rows.map((row) => row['QUERY PLAN']).join('\n');
      };
      const page = await plan(
        `SELECT * FROM audit_events WHERE user_id = '00000000-0000-4000-8000-000000000001'
            AND (occurred_at, id) < (now(), '00000000-0000-4000-8000-000000000001')
          ORDER BY occurred_at DESC, id DESC LIMIT 51`,
      );
      expect(page).toContain('Index Scan Backward using ix_audit_events_user');
      expect(page).not.toContain('Sort');
      const old = await plan(
        `SELECT id FROM audit_events WHERE occurred_at < now() - interval '90 days'
          ORDER BY occurred_at LIMIT 1000`,
      );
      expect(old).toContain('ix_audit_events_occurred_at');
    });
  });
});
