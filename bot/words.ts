/** The words of a line: quotes keep blanks together, and phones make quotes curly. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  let begun = false;
  for (const character of line) {
    if (QUOTES.has(character)) {
      quoted = !quoted;
      begun = true;
    } else if (!quoted && /\s/.test(character)) {
      if (begun) words.push(word);
      word = '';
      begun = false;
    } else {
      word += character;
      begun = true;
    }
  }
  return begun ? [...words, word] : words;
}

const QUOTES: ReadonlySet<string> = new Set(['"', '“', '”', '„']);

/** A mention, as Slack sends it where it escapes them: `<@U012AB3CD|ann>`. */
export const mentioned = (word: string): string | undefined => /^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$/.exec(word)?.[1];

/** Slack sends `&`, `<` and `>` of people as entities. */
export const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
