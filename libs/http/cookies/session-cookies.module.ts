import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { SessionCookies } from './session-cookies';
import { SessionCookieOptions } from './session-cookies.options';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<SessionCookieOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** The guard then also admits requests by the cookie of a session. Import it beside `GuardModule`. */
@Module({
  providers: [{ provide: SessionCookieOptions, useExisting: MODULE_OPTIONS_TOKEN }, SessionCookies],
  exports: [SessionCookies],
})
export class SessionCookiesModule extends ConfigurableModuleClass {}
