export {
  startFakeIssuer,
  type FakeIssuer,
  type FakeIssuerOptions,
  type IssuedToken,
  type TokenOptions,
} from './fake-issuer.js';
