import { createHash } from 'node:crypto';
import type { Settings } from '#libs/config';
import { VERSION } from '../../version';
import { STYLE } from './style';

/** What a person needs to know of readiness. */
export type ServiceState = 'ready' | 'degraded' | 'unavailable';

const STATES: Record<ServiceState, string> = {
  ready: '<strong>Ready.</strong> Requests are answered.',
  degraded: '<strong>Degraded.</strong> Requests are answered; the health report has a warning.',
  unavailable: '<strong>Not ready.</strong> The health report has the reason.',
};

/** The page has no script, no picture and no form; its one style is named by its hash. */
export const HOME_POLICY = [
  "default-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
].join(';');

/** The page for people at `/`. Nothing in it comes from a request. */
export function homePage(settings: Settings, state: ServiceState): string {
  const { publicPath: path, publicUrl, securityContacts } = settings;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Latchkey</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Latchkey</h1>
<p>The session authority of your services: it registers and signs in users, issues access tokens, and revokes
sessions immediately. Programs call it; there is nothing to sign in to on this page.</p>
<p class="${state}">${STATES[state]}</p>
</header>
<main>
<h2>Use it</h2>
<ul>
${link(`${path}/docs`, 'Swagger UI', 'Read about every call, and try it.')}
${link(`${path}/docs/openapi.json`, 'OpenAPI document', 'The same for programs.')}
<li><code>${path}/api</code> <span>The API: every call begins with this path.</span></li>
${link(`${path}/.well-known/jwks.json`, 'Public keys', 'They verify access tokens that are signed with ES256.')}
${publicUrl === undefined ? '' : link(`${path}/.well-known/oauth-authorization-server`, 'Metadata', 'Where services find introspection, revocation and the keys.')}
</ul>
<h2>Operate it</h2>
<ul>
${link(`${path}/health/ready`, 'Health report', 'Redis and Postgres with figures and warnings.')}
${metrics(settings)}
${securityContacts.length === 0 ? '' : link(`${path}/.well-known/security.txt`, 'Security contact', 'Where to report a vulnerability.')}
</ul>
<p>The source code has the guides for developers and operators, in <code>README.md</code> and the folder
<code>docs</code>.</p>
</main>
<footer><p>Version ${VERSION}</p></footer>
</body>
</html>
`;
}

function metrics({ publicPath, metricsPort }: Settings): string {
  return metricsPort === undefined
    ? link(
        `${publicPath}/metrics`,
        'Metrics',
        'For Prometheus. METRICS_ALLOW says who may read them.',
      )
    : `<li>Metrics <span>For Prometheus, at port ${metricsPort}.</span></li>`;
}

function link(address: string, name: string, what: string): string {
  return `<li><a href="${address}">${name}</a> <span>${what}</span></li>`;
}
