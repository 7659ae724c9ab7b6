export {
  admitSocket,
  CLOSE_TRY_AGAIN,
  CLOSE_UNAUTHORIZED,
  socketTokenOf,
  type SessionSocket,
} from '../admit-socket.js';
export { sessionOf } from '../request-session.js';
