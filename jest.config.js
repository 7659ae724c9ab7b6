'use strict';

/**
 * One configuration for unit, integration and end-to-end tests.
 * Nest 12 ships ESM only, hence the transform of its packages; the export condition
 * `latchkey-source` makes `#libs/*` resolve to the TypeScript sources.
 * @type {import('jest').Config}
 */
module.exports = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['latchkey-source', 'node', 'node-addons'] },
  testMatch: ['<rootDir>/{apps,libs,packages,test,tools}/**/*.spec.ts'],
  // A dynamic import names the file that the build will have.
  moduleNameMapper: {
    '^(\\.{1,2}/(?:actions/)?[a-z-]+)\\.js$': '$1',
    // They export modules for `import` alone, and what Jest runs is CommonJS.
    '^@actions/(expressions|workflow-parser)$': '<rootDir>/node_modules/@actions/$1/dist/index.js',
    '^@actions/expressions/(.+)$': '<rootDir>/node_modules/@actions/expressions/dist/$1.js',
    // The package has no sources of its own: it is built from the libraries.
    '^@latchkey/modules/([a-z-]+)$': '<rootDir>/libs/$1',
  },
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/packages/.*/dist',
    '<rootDir>/.data',
    '<rootDir>/bench/node_modules',
  ],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/open-waits.ts'],
  maxWorkers: 2,
  testTimeout: 60_000,
  transform: {
    '^.+\\.(t|j|mj)s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [
    '/node_modules/(?!(?:@actions|@nestjs|cookie|jose|p-limit|yocto-queue|hibp)/)',
  ],
};
