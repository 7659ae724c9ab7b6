import { ApiError, createClient, LatchkeyError, type SignedOutReason } from '@latchkey/client';

/** Where Latchkey is; `serve.mjs` replaces it. */
declare const LATCHKEY_URL: string;

/** How often the page looks whether the session is still alive, in ms. */
const LOOK_AGAIN_MS = 5_000;

const REASONS: Partial<Record<SignedOutReason, string>> = {
  token_revoked: 'Your session was ended on another device. Sign in again.',
  token_expired: 'Your session has expired. Sign in again.',
  token_missing: 'Your session has expired. Sign in again.',
  elsewhere: 'You have signed out in another tab.',
};

const latchkey = createClient({
  baseUrl: LATCHKEY_URL,
  // The browser keeps the tokens: no script of this page can read them.
  storage: 'cookies',
  onSignedOut: (reason) => showSignIn(REASONS[reason] ?? ''),
});

const message = element('message', HTMLElement);
const signIn = element('sign-in', HTMLFormElement);
const account = element('account', HTMLElement);
const bioForm = element('bio-form', HTMLFormElement);
const bio = field(bioForm, 'bio', HTMLTextAreaElement);

signIn.addEventListener('submit', (event) => {
  event.preventDefault();
  const call = event.submitter?.getAttribute('value') === 'register' ? 'register' : 'login';
  const email = field(signIn, 'email', HTMLInputElement).value;
  const password = field(signIn, 'password', HTMLInputElement).value;
  const remember = field(signIn, 'remember', HTMLInputElement).checked;
  void attempt(async () => {
    await latchkey[call]({ email, password, remember });
    signIn.reset();
    await showAccount();
  });
});

bioForm.addEventListener('submit', (event) => {
  event.preventDefault();
  void attempt(async () => {
    await latchkey.updateProfile({ bio: bio.value || null });
    message.textContent = 'Saved.';
  });
});

element('sign-out', HTMLButtonElement).addEventListener('click', () => {
  void attempt(() => latchkey.logout());
});

/** Reads the account with the cookies that the browser has; shows the form of the sign-in without a session. */
async function showAccount(): Promise<void> {
  const [profile, { sessions }] = await Promise.all([latchkey.profile(), latchkey.sessions()]);
  const email = element('email', HTMLElement);
  // Another tab may have signed in another user.
  if (account.hidden || email.textContent !== profile.email) {
    bio.value = profile.bio ?? '';
    message.textContent = '';
  }
  email.textContent = profile.email;
  element('devices', HTMLElement).textContent = String(sessions.length);
  show(account);
}

function showSignIn(text: string): void {
  message.textContent = text;
  show(signIn);
}

function show(visible: HTMLElement): void {
  for (const part of [signIn, account]) {
    part.hidden = part !== visible;
  }
}

/** Does what the user has asked for. `onSignedOut` has dealt with the end of a session. */
async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof LatchkeyError)) {
      throw error;
    }
    if (!(error instanceof ApiError && error.code.startsWith('token_'))) {
      message.textContent = textOf(error);
    }
  }
}

function textOf(error: LatchkeyError): string {
  if (!(error instanceof ApiError)) {
    return 'The server did not answer. Try again.';
  }
  return [error.detail, ...error.errors.flatMap(({ messages }) => messages)].join(' ');
}

function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new TypeError(`The page has no ${id}.`);
  }
  return found;
}

function field<Kind extends HTMLElement>(
  form: HTMLFormElement,
  name: string,
  kind: new () => Kind,
): Kind {
  const found = form.elements.namedItem(name);
  if (!(found instanceof kind)) {
    throw new TypeError(`The form has no ${name}.`);
  }
  return found;
}

await attempt(showAccount);
if (account.hidden && signIn.hidden) {
  show(signIn);
}
setInterval(() => {
  if (!account.hidden) {
    void attempt(showAccount);
  }
}, LOOK_AGAIN_MS);
