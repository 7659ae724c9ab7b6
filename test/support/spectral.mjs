// @ts-check
import { readFileSync } from 'node:fs';
import spectralCore from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';

/**
 * Prints what Spectral has against the OpenAPI document in the named file, a line each. In a process of
 * its own: loading it takes longer inside of Jest.
 */
const [file = ''] = process.argv.slice(2);
const spectral = new spectralCore.Spectral();
// Its own types do not take its own rules.
spectral.setRuleset(/** @type {any} */ ({ extends: [[rulesets.oas, 'recommended']] }));
const found = await spectral.run(readFileSync(file, 'utf8'));
for (const { code, path, message } of found) {
  process.stdout.write(`${code} at ${path.join('.')}: ${message}\n`);
}
