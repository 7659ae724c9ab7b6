import type { Type } from '@nestjs/common';
import { SessionService } from '../../../libs/session';
import type { Rule } from '../violation';
import { ForgivingSessions } from './forgiving-sessions';

/** A mistake that the product does not make: providers that replace its own in an instance. */
export interface Bug {
  providers: { provide: Type; useClass: Type }[];
  /** The promise that it breaks. */
  breaks: Rule;
}

/** By the name that an instance is started with. */
export const BUGS: Record<string, Bug> = {
  'forgiving-sessions': {
    providers: [{ provide: SessionService, useClass: ForgivingSessions }],
    breaks: 'revoked-stays-revoked',
  },
};
