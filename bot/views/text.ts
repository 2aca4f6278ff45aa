/** A line of a card fits the narrowest phone without being broken by it. */
export const LINE = 40;
/** Slack takes 3,000 characters in a block; nobody reads that many on a phone. */
const LONGEST = 1_500;

/** At most `most` characters, and a sign that there was more. Never half of a surrogate pair. */
export function cut(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** For the few places that Slack reads as markup: nothing in the text mentions, links or formats any more. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Broken at blanks into lines of at most `LINE` characters; a longer word is cut into pieces. */
export function wrapped(text: string, indent = ''): string {
  const width = LINE - indent.length;
  return cut(text, LONGEST)
    .split('\n')
    .flatMap((paragraph) => linesOf(paragraph, width))
    .map((line) => `${indent}${line}`.trimEnd())
    .join('\n');
}

function linesOf(paragraph: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const words = paragraph.split(' ').flatMap((word) => piecesOf(word, width));
  for (const word of words) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (Array.from(longer).length <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function piecesOf(word: string, width: number): readonly string[] {
  const characters = Array.from(word);
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += width) pieces.push(characters.slice(at, at + width).join(''));
  return pieces.length > 0 ? pieces : [''];
}

/** How long ago, in one unit: `just now`, `5 min ago`, `3 h ago`, `12 d ago`. */
export function ago(from: number, now: number): string {
  const minutes = Math.max(0, Math.floor((now - from) / 60_000));
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

/** Who, as people in Slack read it: a mention where the principal is a Slack user who is not mapped. */
export const whoIs = (principal: string): string =>
  /^slack:[TE][A-Z0-9]+:([UW][A-Z0-9]+)$/.exec(principal)?.[1] ?? principal;
