import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findSecrets, refuseSecretsInLogs, scanLogs } from './log-scan';

const JWT =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIzZjJiOGMxZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ';
const SECRET = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I';
const REFRESH_TOKEN = `3f2b8c1e-5a8e-4a37-9b1f-0d8a0f2f7c11.${SECRET}`;

/** A log line, the kind of its secret, and the text that must not remain. */
const PLANTED: [line: string, kind: string, secret: string][] = [
  [`{"level":30,"token":"${JWT}","msg":"issued"}`, 'a JWT', JWT.split('.')[2]!],
  [`{"msg":"refused ${JWT.slice(0, 30)}"}`, 'a JWT', JWT.slice(4, 30)],
  ['{"hash":"$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"}', 'a password hash', 'aGFzaA'],
  [`{"msg":"rotated ${REFRESH_TOKEN}"}`, 'a refresh token', SECRET],
  [`{"secret":"${SECRET}"}`, '256 random bits', SECRET],
  ['{"msg":"came with Bearer 0123456789abcdef"}', 'credentials of a scheme', '0123456789abcdef'],
  ['{"msg":"came with Basic YmlsbGluZzpzZWM="}', 'credentials of a scheme', 'YmlsbGluZzpzZWM='],
  ['{"req":{"headers":{"authorization":"Digest abc"}}}', 'a header with credentials', '"Digest'],
  ['{"headers":{"cookie":"sid=31337"}}', 'a header with credentials', '31337'],
  ['{"headers":{"set-cookie":["sid=31337"]}}', 'a header with credentials', '31337'],
  ['Authorization: Digest-of-mine', 'a header with credentials', 'Digest-of-mine'],
  ['Cookie: sid=31337', 'a header with credentials', '31337'],
  ['{"body":{"newPassword":"hunter2"}}', 'a field with a password', 'hunter2'],
  ['{"raw":"{\\"password\\":\\"hunter2\\"}"}', 'a field with a password', 'hunter2'],
  ['{"password_hash":"x"}', 'a field with a password', '"x"'],
  ['{"msg":"redis://:hunter2@cache:6379 is away"}', 'credentials of an address', 'hunter2'],
  ['{"msg":"postgres://app:hunter2@db/latchkey"}', 'credentials of an address', 'hunter2'],
  ['{"err":{"parameters":["hunter2"]}}', 'parameters of a driver', 'hunter2'],
  ['{"msg":"Key (email)=(ada@example.com)"}', 'an e-mail address', 'ada@'],
  [
    '{"msg":"wrong: correct horse battery staple"}',
    'a known password or key',
    'correct horse battery staple',
  ],
];

const HARMLESS = [
  '{"level":30,"time":1764000000000,"pid":7,"context":"Auth","msg":"password hash upgraded at sign-in"}',
  '{"method":"PUT","route":"/api/auth/profile/password","status":204,"msg":"answered"}',
  '{"event":"password_changed","sessionId":"3f2b8c1e-5a8e-4a37-9b1f-0d8a0f2f7c11"}',
  '{"headers":{"authorization":"[Redacted]","cookie":"[Redacted]","set-cookie":"[Redacted]"}}',
  '{"kid":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs","msg":"signing keys changed"}',
  '{"msg":"connected to redis://cache:6379 and postgres://db/latchkey"}',
  '{"challenge":"Bearer realm=\\"latchkey\\", error=\\"invalid_token\\""}',
];

describe('the search for secrets in logs', () => {
  it.each(PLANTED)('finds and removes the secret in %s', (line, kind, secret) => {
    const { kinds, text } = findSecrets(line);
    expect(kinds).toContain(kind);
    expect(text).toContain('***');
    expect(text).not.toContain(secret);
  });

  it.each(HARMLESS)('passes %s', (line) => {
    expect(findSecrets(line).kinds).toEqual([]);
  });

  it('names file and line, in any folder, and not the secret', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-scan-'));
    mkdirSync(join(folder, 'api-1'));
    writeFileSync(join(folder, 'api-1', 'api.log'), `${HARMLESS[0]!}\n${PLANTED[0]![0]}\n`);
    writeFileSync(join(folder, 'api-1', 'avatar.webp'), JWT);
    writeFileSync(join(folder, 'app.log'), `${HARMLESS.join('\n')}\n`);
    expect(await scanLogs(folder)).toEqual({
      lines: 2 + HARMLESS.length,
      leaks: [
        {
          file: join('api-1', 'api.log'),
          line: 2,
          kinds: ['a JWT'],
          text: '{"level":30,"token":"***","msg":"issued"}',
        },
      ],
    });
    const refusal = await refuseSecretsInLogs(folder).catch((error: unknown) => String(error));
    expect(refusal).toContain('1 log lines hold secrets');
    expect(refusal).toContain(`${join('api-1', 'api.log')}:2 a JWT`);
    expect(refusal).not.toContain('eyJ');
  });
});
