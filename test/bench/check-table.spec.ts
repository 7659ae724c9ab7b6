import { checkTable, type CheckFigures } from '../../bench/report/check-table.mjs';

function resultOf(id: string, reference: string, perSecond: number[], cpuPer1000: number) {
  const rounds = perSecond.map((value): CheckFigures => ({
    requests: value,
    seconds: 1,
    perSecond: value,
    p50: 1,
    p99: 2,
    cpuPer1000,
    issuerCpuPer1000: 0.07,
  }));
  return { row: { id, title: id, path: '/', reference }, rounds };
}

it('divides each row by the bare route of its own framework, and shows microseconds per request', () => {
  const lines = checkTable([
    resultOf('express', 'express', [1000, 2000], 0.1),
    resultOf('fastify', 'fastify', [4000, 4000], 0.02),
    resultOf('verified', 'fastify', [2000, 3000], 0.03),
  ]).split('\n');
  const cells = lines
    .at(-1)
    ?.split('|')
    .map((cell) => cell.trim());
  expect(cells?.slice(1, -1)).toEqual([
    'verified',
    '2,500 (2,000–3,000)',
    '0.63 (0.50–0.75)',
    '30 (30–30)',
    '1.50 (1.50–1.50)',
    '70',
  ]);
});
