// @ts-check
import eslint from '@eslint/js';
import node from 'eslint-plugin-n';
import { defineConfig } from 'eslint/config';
import { readFileSync } from 'node:fs';
import tseslint from 'typescript-eslint';

const { engines } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/**
 * The libraries from the lowest layer to the highest. A library may import from layers below its
 * own, through their door, and from nowhere else.
 */
const LAYERS = [
  ['common'],
  ['log'],
  ['metrics', 'tracing'],
  ['config', 'redis', 'database'],
  ['sync', 'audit', 'rate-limit'],
  ['statistics'],
  ['session', 'cache'],
  ['user'],
  ['auth', 'avatar'],
  ['http', 'maintenance'],
];

/** Each process and the other one, from which it may not import. */
const PROCESSES = [
  ['api', 'cli'],
  ['cli', 'api'],
];

const OWNED_PACKAGES = [
  {
    owner: 'tracing',
    names: [
      '@opentelemetry/api',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/instrumentation',
      '@opentelemetry/instrumentation-http',
      '@opentelemetry/instrumentation-pg',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace-node',
    ],
    use: 'Tracer of #libs/tracing',
  },
  {
    owner: 'redis',
    names: ['ioredis', '@liaoliaots/nestjs-redis'],
    use: 'RedisClient of #libs/redis',
  },
  { owner: 'metrics', names: ['prom-client'], use: 'Metrics of #libs/metrics' },
  {
    owner: 'rate-limit',
    names: ['rate-limiter-flexible'],
    use: 'AttemptLimits of #libs/rate-limit',
  },
  { owner: 'common', names: ['opossum'], use: 'CircuitBreaker of #libs/common' },
  {
    owner: 'auth',
    names: ['argon2', '@nestjs/jwt', 'bcrypt', '@phc/format', '@zxcvbn-ts/language-common', 'hibp'],
    use: 'the services of #libs/auth',
  },
  {
    owner: 'avatar',
    names: ['sharp', '@aws-sdk/client-s3'],
    use: 'AvatarService of #libs/avatar',
  },
];

/**
 * @param {string} owner name of the library whose own packages stay allowed; empty for the apps
 * @param {{ regex: string, message: string }[]} more
 */
function importRules(owner, more = []) {
  return /** @type {import('eslint').Linter.RuleEntry} */ ([
    'error',
    {
      paths: [
        {
          name: '@nestjs/common',
          importNames: ['Ip'],
          message: 'A proxy may write it in many ways. Use clientAddress of apps/api/http.',
        },
        ...OWNED_PACKAGES.filter((owned) => owned.owner !== owner).flatMap(
          ({ names, owner, use }) =>
            names.map((name) => ({
              name,
              message: `Only libs/${owner} imports ${name}. Use ${use}.`,
            })),
        ),
      ],
      patterns: [
        {
          regex: '^#libs/[^/]+/|^\\.\\.?/(.*/)?libs/',
          message: 'Import a library through its door: #libs/<name>.',
        },
        ...more,
      ],
    },
  ]);
}

const noEnvironment = /** @type {import('eslint').Linter.RuleEntry} */ ([
  'error',
  {
    object: 'process',
    property: 'env',
    message: 'Only libs/config reads the environment. Add a setting there and inject Settings.',
  },
]);

/**
 * Messages of errors quote what clients sent, and errors of drivers hold parameters. These are the ways by
 * which they got into a log; test/e2e/error-log.spec.ts looks for the secrets themselves.
 */
const noErrorInTheLog = /** @type {import('eslint').Linter.RuleEntry} */ ([
  'error',
  {
    selector: "Property[key.name='err'] > :not(CallExpression[callee.name='serializeError']).value",
    message: 'An error carries data: write { err: serializeError(error) }, of #libs/log.',
  },
  {
    selector: "MemberExpression[property.name='stack']",
    message: 'A stack begins with the message, which may quote data: serializeError of #libs/log.',
  },
  {
    selector: "CallExpression[callee.name='String'] > Identifier[name=/^(error|err|e|cause)$/]",
    message: 'The text of an error may quote data: errorText(error), of #libs/log.',
  },
  {
    selector:
      'CallExpression[callee.property.name=/^(log|verbose|debug|warn|error|fatal)$/] ' +
      "MemberExpression[object.name=/^(error|err|e|cause|reason)$/][property.name='message']",
    message: 'The message of an error may quote data: errorText(error), of #libs/log.',
  },
  {
    selector: "NewExpression[callee.name='Error']",
    message:
      'The log withholds the text of an Error: throw an InternalError, or a DomainError, of #libs/common.',
  },
]);

const layerRules = LAYERS.flatMap((layer, level) =>
  layer.map((name) => {
    const above = LAYERS.slice(level).flat().join('|');
    return {
      files: [`libs/${name}/**/*.ts`],
      rules: {
        'no-restricted-imports': importRules(name, [
          {
            regex: `^#libs/(${above})$`,
            message: `libs/${name} may import only from lower layers (see LAYERS).`,
          },
          {
            regex: `^\\.\\./(\\.\\./)*(${LAYERS.flat().join('|')})/`,
            message: 'Import a library through its door: #libs/<name>.',
          },
          { regex: '/apps/', message: 'Arrows point from apps to libs.' },
          ...(name === 'http'
            ? []
            : [
                {
                  regex: '^(fastify|@fastify/.*|@nestjs/platform-.*|@nestjs/swagger)$',
                  message: 'Libraries know nothing of HTTP; that is the business of apps.',
                },
              ]),
        ]),
      },
    };
  }),
);

export default defineConfig(
  // The clients import what a test generates beside a copy of them; the page has the types of a browser.
  {
    ignores: [
      '**/dist/',
      'node_modules/',
      '.data/',
      'coverage/',
      'examples/clients/',
      'examples/spa/main.ts',
      'packages/client/src/api-types.ts',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      // A module class of Nest is a name for its decorator.
      '@typescript-eslint/no-extraneous-class': [
        'error',
        { allowWithDecorator: true, allowStaticOnly: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // DTO and option classes describe a shape; Nest and we hand in plain objects of it.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'no-restricted-imports': importRules(''),
      'no-restricted-properties': noEnvironment,
      'no-console': 'error',
    },
  },
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts'],
    ignores: ['libs/log/**'],
    rules: { 'no-restricted-syntax': noErrorInTheLog },
  },
  ...PROCESSES.map(([own, other]) => ({
    files: [`apps/${own}/**/*.ts`],
    rules: {
      'no-restricted-imports': importRules('', [
        {
          regex: `/${other}/`,
          message: 'What both processes need is in libs, or beside them in apps.',
        },
      ]),
    },
  })),
  ...layerRules,
  { files: ['libs/config/**/*.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    // Tests look behind doors, start servers and speak to them directly.
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: {
      'no-restricted-imports': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  {
    // Each Node version of `engines` must have what is used, and no version may deprecate it.
    plugins: { n: node },
    settings: { node: { version: engines.node } },
    rules: {
      'n/no-deprecated-api': 'error',
      'n/no-unsupported-features/es-builtins': 'error',
      'n/no-unsupported-features/node-builtins': [
        'error',
        // Called experimental on some of these versions, but complete there and without a warning.
        { ignores: ['fetch', 'Request', 'fs.cpSync', 'util.parseEnv'] },
      ],
    },
  },
  {
    // The client uses them where the platform has them: browsers do, and some versions of Node.
    files: ['packages/client/src/**/*.ts'],
    rules: {
      'n/no-unsupported-features/node-builtins': [
        'error',
        {
          ignores: [
            'fetch',
            'FormData',
            'Headers',
            'Response',
            'localStorage',
            'navigator',
            'navigator.locks',
            'navigator.locks.request',
          ],
        },
      ],
    },
  },
  {
    // Deprecated members are known to TypeScript alone. For .ts strictTypeChecked has this rule.
    files: ['**/*.mjs', '**/*.js'],
    ignores: ['bench/servers/**'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: './tsconfig.json' },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: { '@typescript-eslint/no-deprecated': 'error' },
  },
  {
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        setImmediate: 'readonly',
        fetch: 'readonly',
        URL: 'readonly',
        Request: 'readonly',
        AbortSignal: 'readonly',
        AbortController: 'readonly',
        Buffer: 'readonly',
        TextDecoder: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
        performance: 'readonly',
      },
    },
  },
);
