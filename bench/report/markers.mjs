// @ts-check
import { Failure } from '../../tools/local/failure.mjs';

/**
 * @param {string} document
 * @param {string} name of a pair of comments, `<!-- name:begin -->` and `<!-- name:end -->`
 * @param {string} content
 * @returns {string} the document with the content between the two, and nothing else of it changed
 */
export function replaceBetween(document, name, content) {
  const begin = `<!-- ${name}:begin -->`;
  const end = `<!-- ${name}:end -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) {
    throw new Failure(`The document has no ${begin} with an ${end} after it.`);
  }
  return `${document.slice(0, from + begin.length)}\n\n${content.trim()}\n\n${document.slice(to)}`;
}
