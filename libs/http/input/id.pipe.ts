import { Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';

/** An id as it is stored; null for a text that is no UUID, and so no id of a user, a session or an event. */
export function parseId(text: string): string | null {
  return isUUID(text) ? text.toLowerCase() : null;
}

/** Answers a text that is no id as it answers an unknown id: not found. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const id = parseId(value);
    if (id === null) {
      throw new NotFoundException();
    }
    return id;
  }
}
