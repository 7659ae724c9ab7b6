import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { Tracer } from '#libs/tracing';

/** A span for the handler of a request, named after its controller and method. */
@Injectable()
export class TraceInterceptor implements NestInterceptor {
  constructor(private readonly tracer: Tracer) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const name = `${context.getClass().name}.${context.getHandler().name}`;
    return from(
      this.tracer.span(name, 'work', () =>
        lastValueFrom<unknown, undefined>(next.handle(), { defaultValue: undefined }),
      ),
    );
  }
}
