import bowser from 'bowser';
import type { SessionListDto } from '../../apps/api/session/session.dto';
import { startTestApp, type TestApp } from '../support/app';
import { inTurns } from '../support/in-turns';
import { Sessions } from '../support/sessions';

const SESSIONS = 100;
const LISTS = 20;

describe('the list of sessions', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  it('parses each user agent once, for any number of requests', async () => {
    const { user, accessToken: token } = await app.register();
    const service = new Sessions(app.nest);
    const generation = await service.generationOf(user.id);
    await inTurns(SESSIONS - 1, 4, (index) =>
      service.open({
        userId: user.id,
        role: 'user',
        generation,
        client: { userAgent: `Client-${index}/1.0 ${'('.repeat(480)}` },
      }),
    );
    const parse = jest.spyOn(bowser, 'parse');
    const path = `/api/auth/sessions?limit=${SESSIONS}`;
    for (let time = 0; time < LISTS; time++) {
      const { body } = await app.http.get<SessionListDto>(path, { token });
      expect(body.sessions).toHaveLength(SESSIONS);
    }
    expect(parse.mock.calls.length).toBeGreaterThan(0);
    expect(parse.mock.calls.length).toBeLessThanOrEqual(SESSIONS);
  });
});
