/** The caches of accounts: Latchkey provides each export. To add one, see ARCHITECTURE.md. */
export { ProfileCache } from './profile.cache';
