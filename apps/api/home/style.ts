/** The style of the page at `/`. Each colour of text has a contrast of at least 4.5 to what is behind it (WCAG 2.2 AA). */
export const STYLE = `
:root {
  --text: #1c1e21; --quiet: #55595f; --back: #ffffff; --line: #d8dbdf; --link: #0b57b7;
  --ready: #17652f; --degraded: #855000; --unavailable: #a81b1b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e8eaed; --quiet: #a9aeb5; --back: #16181b; --line: #3a3e44; --link: #8ab8f5;
    --ready: #7bd394; --degraded: #f0b95b; --unavailable: #f59a94;
  }
}
body {
  max-width: 40rem; margin: 0 auto; padding: 2rem 1.25rem; overflow-wrap: break-word;
  font: 1rem/1.55 system-ui, sans-serif; color: var(--text); background: var(--back);
}
h1 { margin: 0 0 .5rem; font-size: 2rem; line-height: 1.2; }
h2 { margin: 2rem 0 .5rem; font-size: 1.2rem; }
p { margin: .75rem 0; }
ul { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
li { padding: .7rem 0; border-bottom: 1px solid var(--line); }
li > span { display: block; color: var(--quiet); }
a { color: var(--link); }
li > a { display: inline-block; min-height: 1.5rem; font-weight: 600; }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 3px; }
code { font: .95em ui-monospace, monospace; }
header > p:last-child { padding: .6rem .9rem; border: 1px solid currentcolor; border-radius: .4rem; }
.ready { color: var(--ready); }
.degraded { color: var(--degraded); }
.unavailable { color: var(--unavailable); }
footer { margin-top: 2rem; color: var(--quiet); }
`;
