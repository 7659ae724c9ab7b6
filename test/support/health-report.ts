import type { HealthReportDto } from '../../apps/api/health/health.dto';
import type { HttpClient } from './http-client';

/** What `/health/ready` says, with its status; the server must have answered in JSON. */
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
