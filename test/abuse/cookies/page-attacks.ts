/** What a page does to make the browser of its visitor send a request, in words of the page. */
export interface Attack {
  title: string;
  /** Path of the target. */
  path: string;
  /** An expression; `url` is the target with a mark by which the test finds the request. */
  act: (url: string) => string;
}

/** Submits a form into a frame. @param target `_top` for the whole tab */
const form =
  (enctype: string, fields = '<input name="bio" value="changed">', target = 'frame') =>
  (url: string) => `{
    document.body.insertAdjacentHTML('beforeend', \`<iframe name="frame"></iframe>
      <form action="${url}" method="post" enctype="${enctype}" target="${target}">${fields}</form>\`);
    [...document.forms].at(-1).submit();
  }`;

/** A frame without an origin of its own, whose page runs the script. */
const sandboxed = (script: string) => `{
  const frame = document.createElement('iframe');
  frame.sandbox = 'allow-scripts allow-forms';
  frame.srcdoc = '<body><script>' + ${JSON.stringify(script)} + '</' + 'script>';
  document.body.append(frame);
}`;

export const LOGOUT = '/api/auth/logout';
export const PROFILE = '/api/auth/profile';
const fetchWith = (options: string) => (url: string) =>
  `void fetch('${url}', { credentials: 'include', ${options} }).catch(() => undefined)`;

export const ATTACKS: Attack[] = [
  { title: 'a form', path: LOGOUT, act: form('application/x-www-form-urlencoded') },
  {
    title: 'a form without fields',
    path: LOGOUT,
    act: form('application/x-www-form-urlencoded', ''),
  },
  { title: 'a form of plain text', path: LOGOUT, act: form('text/plain') },
  {
    title: 'a form with files',
    path: `${PROFILE}/avatar`,
    act: form('multipart/form-data', '<input type="file" name="avatar">'),
  },
  { title: 'a form in the whole tab', path: LOGOUT, act: form('text/plain', '', '_top') },
  { title: 'a form for a refresh', path: '/api/auth/refresh', act: form('text/plain', '') },
  {
    title: 'a fetch without a body',
    path: LOGOUT,
    act: fetchWith("method: 'POST', mode: 'no-cors'"),
  },
  {
    title: 'a fetch of plain text',
    path: '/api/auth/logout-all',
    act: fetchWith("method: 'POST', mode: 'no-cors', body: '{}'"),
  },
  {
    title: 'a refresh by fetch',
    path: '/api/auth/refresh',
    act: fetchWith("method: 'POST', mode: 'no-cors'"),
  },
  { title: 'a fetch that wants to read', path: LOGOUT, act: fetchWith("method: 'POST'") },
  { title: 'a beacon', path: LOGOUT, act: (url) => `void navigator.sendBeacon('${url}')` },
  { title: 'a picture', path: LOGOUT, act: (url) => `void (new Image().src = '${url}')` },
  {
    title: 'a fetch of a sandboxed frame',
    path: LOGOUT,
    act: (url) =>
      sandboxed(`fetch("${url}", { method: "POST", mode: "no-cors", credentials: "include" })`),
  },
  {
    title: 'a form of a sandboxed frame',
    path: LOGOUT,
    act: (url) =>
      sandboxed(
        `document.write("<form method=post action=${url}></form>"); document.forms[0].submit()`,
      ),
  },
];

/** How the answers to the attacks differ: whether the browser sends the cookie, and the status. */
export const VERDICTS: Record<string, { other: [boolean, number]; sibling: [boolean, number] }> = {
  'a form': { other: [false, 415], sibling: [true, 415] },
  'a form without fields': { other: [false, 415], sibling: [true, 415] },
  'a form of plain text': { other: [false, 415], sibling: [true, 415] },
  'a form with files': { other: [false, 401], sibling: [true, 403] },
  'a form in the whole tab': { other: [false, 415], sibling: [true, 415] },
  'a form for a refresh': { other: [false, 415], sibling: [true, 415] },
  'a fetch without a body': { other: [false, 401], sibling: [true, 403] },
  'a fetch of plain text': { other: [false, 415], sibling: [true, 415] },
  'a refresh by fetch': { other: [false, 401], sibling: [true, 403] },
  'a fetch that wants to read': { other: [false, 401], sibling: [true, 403] },
  'a beacon': { other: [false, 401], sibling: [true, 403] },
  'a picture': { other: [false, 405], sibling: [true, 405] },
  'a fetch of a sandboxed frame': { other: [false, 401], sibling: [false, 401] },
  'a form of a sandboxed frame': { other: [false, 415], sibling: [false, 415] },
};
