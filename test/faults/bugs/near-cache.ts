import { Injectable } from '@nestjs/common';
import { NearCache } from '../../../libs/session/near-cache/near-cache';

/** Does not listen to what Redis says has changed. */
@Injectable()
export class DeafNearCache extends NearCache {
  protected override keysChanged(): void {
    // Nothing is forgotten.
  }
}

/** Goes by what it has, though Redis may not be heard any more. */
@Injectable()
export class TrustingNearCache extends NearCache {
  override isOpen(): boolean {
    return true;
  }

  protected override forgetAll(): void {
    // Nothing is forgotten.
  }
}
