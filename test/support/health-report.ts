import type { HealthReportDto } from '../../apps/api/health/health.dto';
import type { HttpClient } from './http-client';
import { until } from './until';

/** The readiness report, with its status; the server must have answered in JSON. */
export async function readiness({ http }: { http: HttpClient }) {
  const { status, body } = await http.get<HealthReportDto>('/health/ready');
  const { redis, postgres } = body.details;
  return {
    status,
    report: body.status,
    redis: redis!,
    postgres: postgres!,
    warnings: [...redis!.warnings, ...postgres!.warnings].map(({ code }) => code),
  };
}

type Api = Parameters<typeof readiness>[0];

/** Waits until the instance answers from Redis. */
export async function untilInSync(api: Api): Promise<void> {
  await until(
    'Redis is in sync',
    async () => (await readiness(api)).redis,
    ({ inSync }) => inSync,
  );
}

/** Waits until the report has a warning. */
export async function untilWarned(api: Api, code: string): Promise<void> {
  await until(
    `the report has the warning ${code}`,
    async () => (await readiness(api)).warnings,
    (warnings) => warnings.includes(code),
  );
}
